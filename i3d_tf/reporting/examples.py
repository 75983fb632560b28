"""Figure 3: what the network saw of single videos: the frame, the person only, the place only.

The videos are named or chosen: one that is classified correctly by the person alone but not by
the place alone, and one for which it is the reverse.
"""

from collections.abc import Sequence
import dataclasses
import glob
import os
from typing import Any

from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.common import errors
from i3d_tf.records import shards
from i3d_tf.reporting import figures
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib

# (condition, region that is replaced, what is left)
VIEWS = (
  ('1b-rgb', 'none', 'frame'),
  ('2a', 'background', 'person on black'),
  ('2b', 'activity', 'person black'),
)
_DECIDES = {'person': ('2a', '2b'), 'place': ('2b', '2a')}
_SIZE = 224  # side in pixels
_CORRECT, _WRONG = '#0072b2', '#d55e00'


@dataclasses.dataclass(frozen=True)
class Example:
  """A video of the figure.

  Attributes:
    video: its path in the data set.
    split: the split in which it is tested.
    kind: which of 'person' and 'place' decides; '' if the video was named.
  """

  video: str
  split: int
  kind: str = ''


def choose(paper: load_results.Paper, names: Sequence[str] = ()) -> tuple[list[Example], list[str]]:
  """Chooses the videos of the figure.

  Args:
    paper: the results.
    names: paths of videos or names such as 'v_Waving_g01_c01'. Without names, the videos in
      which the answers differ most are chosen.

  Returns:
    (the videos, sentences on what could not be found).

  Raises:
    UserError: no video of a name was tested.
  """
  if names:
    return [_named(paper, name) for name in names], []
  missing = [name for name in ('2a', '2b') if not paper.splits_of(name)]
  if missing:
    return [], [f'No example video can be chosen: {" and ".join(missing)} was not run.']
  outcomes = {name: paper.outcomes(name) for name in ('2a', '2b')}
  a, b = load_results.same_videos(outcomes['2a'], outcomes['2b'])
  chosen, sentences = [], []
  for kind, (correct, wrong) in _DECIDES.items():
    first, second = (a, b) if correct == '2a' else (b, a)
    fits = (first.correct == 1) & (second.correct == 0) & first.has_person
    if not fits.any():
      what = 'The person' if kind == 'person' else 'The place, with its hole,'
      sentences.append(
        f'{what} decides in no video, which would be correct in {correct} and wrong in {wrong}.'
      )
      continue
    gap = np.where(fits, first.probability - second.probability, -np.inf)
    index = int(np.argmax(gap))
    chosen.append(Example(str(a.videos[index]), int(a.splits[index]), kind))
  return chosen, sentences


def _named(paper: load_results.Paper, name: str) -> Example:
  """The video of a name."""
  viewed = [condition for condition, _, _ in VIEWS]
  for split in paper.splits:
    for (condition, of_split, _), result in paper.results.items():
      # Conditions with their own data set have other videos of the same names.
      for video in result.videos if condition in viewed and of_split == split else ():
        if name in (video, os.path.splitext(video)[0]) or (
          os.path.splitext(os.path.basename(video))[0] == os.path.splitext(name)[0]
        ):
          return Example(video, split)
  raise errors.UserError(
    f'--examples: expected videos that were tested in {", ".join(viewed)}; received {name}'
  )


def predictions(paper: load_results.Paper, example: Example) -> list[tuple[str, str, bool]]:
  """(condition, predicted class, whether it is correct) of the views that were tested."""
  found = []
  for condition, _, _ in VIEWS:
    for seed in paper.seeds_of(condition, example.split)[:1]:
      result = paper.results[condition, example.split, seed]
      if example.video in result.videos:
        index = result.videos.index(example.video)
        found.append((condition, str(result.answers[index]), bool(result.correct[index])))
  return found


def table(
  paper: load_results.Paper, examples: Sequence[Example], hole_may_tell: bool = False
) -> table_lib.Table:
  """The table of the examples and the predictions.

  Args:
    paper: the results.
    examples: the videos.
    hole_may_tell: whether what 2b gets right may be due to the hole.
  """
  words = {'': 'named', 'place': 'place or hole' if hole_may_tell else 'place'}
  rows = [
    {
      'decides': words.get(example.kind, example.kind),
      'video': example.video,
      'split': example.split,
      **{condition: answer for condition, answer, _ in predictions(paper, example)},
    }
    for example in examples
  ]
  columns = (
    table_lib.Column('decides', 'Decided by'),
    table_lib.Column('video', 'Video'),
    table_lib.Column('split', 'Split', 'count'),
    *(table_lib.Column(condition, f'Prediction of {condition}') for condition, _, _ in VIEWS),
  )
  return table_lib.Table('examples', 'The videos of Figure 3', columns, tuple(rows))


def views(paper: load_results.Paper, examples: Sequence[Example]) -> list[np.ndarray]:
  """Makes what the network saw of the middle frame of each example.

  Args:
    paper: the results. The records of the first condition of `VIEWS` that was tested are read.
    examples: the videos.

  Returns:
    One image per view for each example: uint8 [3, 224, 224, 3].

  Raises:
    UserError: the records are missing, or lack a video.
  """
  from i3d_tf.inputs import clip_settings
  from i3d_tf.records import folders
  from i3d_tf.records import splits
  from i3d_tf.training import runs

  viewed = [condition for condition, _, _ in VIEWS]
  folder = next(condition.records for condition in paper.tested if condition.name in viewed)
  run_dir, run = _tested_run(paper)
  source = folders.open_folder(folder)
  if run is not None and run_dir is not None:
    source, _ = splits.apply_verdicts(source, runs.verdicts(run_dir, run))
  entries = {entry.path: entry for entry in source.entries}
  missing = [example.video for example in examples if example.video not in entries]
  if missing:
    raise errors.UserError(f'{folder}: expected records of {missing[0]}; it is not among them')
  dilation = (clip_settings.ClipSettings() if run is None else run.clips).mask_dilation
  return [_view(source, entries[example.video], dilation) for example in examples]


def _view(source: Any, entry: Any, dilation: int) -> np.ndarray:
  """The middle frame of a record in all `VIEWS`: uint8 [3, 224, 224, 3]."""
  import tensorflow as tf

  from i3d_tf.inputs import preprocess
  from i3d_tf.inputs import treatments
  from i3d_tf.records import schema

  shard = os.path.join(source.folder, entry.shard)
  try:
    offset = tf.data.Dataset.from_tensors(tf.constant(entry.offset, tf.int64))
    record = offset.flat_map(lambda offset: shards.read_at(shard, offset))
    video = schema.parse(next(iter(record)))
    middle = len(video['frames']) // 2
    frame = tf.io.decode_jpeg(video['frames'][middle], channels=3)[tf.newaxis]
    mask = tf.zeros_like(frame[..., :1])
    if len(video['masks']):
      mask = tf.io.decode_png(video['masks'][middle], channels=1)[tf.newaxis]
  except (tf.errors.OpError, StopIteration) as e:
    raise errors.UserError(f'{shard}: {entry.path} cannot be read; {type(e).__name__}') from e
  mask = preprocess.dilate(tf.cast(mask > 0, tf.uint8), dilation)
  frame = preprocess.center(frame, _SIZE, 'crop')
  mask = preprocess.center(mask, _SIZE, 'crop', 'nearest')
  batch = {
    'frames': frame[tf.newaxis],
    'masks': mask[tf.newaxis, ..., 0],
    'has_person': tf.constant([entry.has_person]),
  }
  clips = [preprocess.network_input(batch, treatments.Treatment(region)) for _, region, _ in VIEWS]
  return np.round((np.concatenate(clips)[:, 0] + 1) * 127.5).astype(np.uint8)


def _tested_run(paper: load_results.Paper) -> tuple[str, Any] | tuple[None, None]:
  """(directory, `run_settings.Run`) of a network that saw the views; (None, None) if it is gone."""
  from i3d_tf.training import runs

  for folder in sorted(
    glob.glob(os.path.join(glob.escape(paper.folder), 'runs', 'rgb_none_split*'))
  ):
    try:
      return folder, runs.load(folder)
    except errors.UserError:
      continue
  return None, None


def draw(
  paper: load_results.Paper, examples: Sequence[Example], pictures: Sequence[np.ndarray]
) -> figure_lib.Figure:
  """Draws the figure.

  Args:
    paper: the results.
    examples: the videos, at least one.
    pictures: their images, as `views` returns them.
  """
  numbers = {name: number for number, name, _ in load_results.numbered_classes(paper.label_names)}
  with figures.look():
    figure = figure_lib.Figure((figures.COLUMN, 0.15 + 1.32 * len(examples)), layout='constrained')
    rows = figure.subplots(len(examples), len(VIEWS), squeeze=False)
    for index, (axes, example, images) in enumerate(zip(rows, examples, pictures)):
      answers = {condition: rest for condition, *rest in predictions(paper, example)}
      for column, (axis, image, (condition, _, what)) in enumerate(zip(axes, images, VIEWS)):
        axis.imshow(image, interpolation='lanczos')
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
        letter = chr(ord('a') + index * len(VIEWS) + column)
        axis.set_title(f'{letter}) {what}', loc='left', pad=3)
        if condition in answers:
          answer, is_correct = answers[condition]
          axis.set_xlabel(
            f'{"correct" if is_correct else "wrong"}: {answer}',
            fontsize=6,
            labelpad=2,
            color=_CORRECT if is_correct else _WRONG,
          )
      name = os.path.dirname(example.video)
      axes[0].set_ylabel(f'{name} {numbers[name]}' if name in numbers else name, labelpad=3)
  return figure
