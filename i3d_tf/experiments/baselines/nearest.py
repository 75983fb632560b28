"""The rows without a network: each test video is answered as the training video of the nearest box.

Nothing is drawn and nothing is fitted: the distance is Euclid's, between the numbers of
`boxes.read`. So what such a row gets right, no network had to learn, and any hole gives away that
much: it tells where somebody is and how large.
"""

from collections.abc import Mapping, Sequence
import os

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.experiments import conditions as conditions_lib
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments.baselines import boxes as boxes_lib
from i3d_tf.inference import results
from i3d_tf.inputs import treatments
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import clip_sources
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.records import hold_out
from i3d_tf.records import shards
from i3d_tf.records import splits

JOURNAL = 'boxes.jsonl'
# The logit of a class without a training video: below minus any distance of numbers from 0 to 1.
_FARTHEST = -4.0


def logits(
  known: np.ndarray, labels: np.ndarray, asked: np.ndarray, num_classes: int
) -> np.ndarray:
  """Answers by the nearest neighbour.

  Args:
    known: float [N, D], numbers from 0 to 1 of the training videos; D at most 15.
    labels: int [N], their classes, 0-based.
    asked: float [M, D], those of the test videos.
    num_classes: how many classes there are.

  Returns:
    float32 [M, num_classes]: minus the distance to the nearest training video of each class, -4
    for a class without one. So the highest is the class of the nearest, of equally near ones the
    first class. They are no probabilities.
  """
  answers = np.full((len(asked), num_classes), _FARTHEST, np.float32)
  for row, one in zip(answers, asked):
    distances = np.sqrt(((known - one) ** 2).sum(axis=1))
    np.maximum.at(row, labels, -distances.astype(np.float32))
  return answers


def run(reproduction: reproduction_lib.Reproduction) -> dict[str, str]:
  """Writes the results of all rows without a network: from the name of what failed to the reason.

  They are the same for every seed, as the rows that they are compared with have them.

  Args:
    reproduction: what is to be run.
  """
  failures = {}
  rows = [condition for condition in reproduction.conditions if not condition.network]
  for split in reproduction.splits if rows else ():
    try:
      with files.locked(reproduction.run_dir):
        _write_split(reproduction, rows, split)
    except errors.UserError as e:
      failures[f'{", ".join(row.name for row in rows)}, split {split}'] = str(e)
  return failures


def _write_split(
  reproduction: reproduction_lib.Reproduction, rows: Sequence[conditions_lib.Condition], split: int
) -> None:
  """Answers the videos of a split and writes the results."""
  clips, verdicts = reproduction.clips, reproduction.verdicts
  source = folders.open_folder(reproduction.records[None])
  source, _ = splits.apply_verdicts(source, verdicts)
  subset = hold_out.tested(reproduction.hold_out)
  training, _ = splits.load(source, 'train', split, reproduction.hold_out)
  tested, missing = splits.load(source, subset, split, reproduction.hold_out)
  for entries in (training, tested):
    splits.check(source, entries, 'rgb', ['both'])
  found = boxes_lib.read(
    source,
    [*training, *tested],
    os.path.join(reproduction.run_dir, JOURNAL),
    max_frames=clips.max_frames,
    growth=clips.mask_dilation,
  )
  about = {
    'split': split,
    'models': [],
    'missing': list(missing),
    'records': source.address,
    'content': fingerprints.content_hash(source),
    'verdicts': None if verdicts is None else verdicts_lib.content_hash(verdicts),
    'max_frames': clips.max_frames,
    'mask_dilation': clips.mask_dilation,
    'neighbours': len(training),
  }
  labels = np.array([entry.label for entry in training])
  for condition in rows:
    numbers = found[treatments.Treatment.parse(condition.tested_on).shape]
    answers = logits(
      numbers[: len(training)], labels, numbers[len(training) :], len(source.label_names)
    )
    answered = _rows(source, tested, answers, clips.max_frames)
    for seed in reproduction.seeds:
      results.write(
        reproduction.run_dir,
        f'{condition.name}.split{split}',
        f'seed{seed}',
        answered,
        source.label_names,
        {**condition.to_json(), **about, 'seed': seed},
      )


def _rows(
  source: folders.Records, tested: Sequence[shards.Entry], answers: np.ndarray, max_frames: int
) -> list[results.Row]:
  """The rows of a result, one a video."""
  sources: Mapping[str, str] = clip_sources.beyond_names(source)
  return [
    results.Row(
      entry.path,
      entry.label,
      source.label_names[entry.label],
      min(entry.frames, max_frames),
      entry.has_person,
      entry.coverage,
      answer,
      source=sources.get(entry.path, ''),
      seen_again=entry.seen_again,
    )
    for entry, answer in zip(tested, answers, strict=True)
  ]
