"""Results of an evaluation: one CSV row per video, and a summary that follows from the rows.

  results/test1.background.csv    video, label, class, group, prediction, correct,
                                  mask_found, coverage, frames, logit_0 ...; before the
                                  logits seen_again, if a second look at the masks was taken,
                                  and the accepted labels, if they are not the label alone,
                                  and place and place_video, if people are pasted elsewhere
  results/test1.background.json   accuracies, per class too, and what was asked for
  results/test1.background-other.pairs.csv   video, place_video, place: who was pasted where

Named after the list (split 1's test list) and the treatment of the test.
"""

from collections.abc import Mapping, Sequence
import csv
import dataclasses
import json
import os
from typing import Any

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import journal
from i3d_tf.records import ucf101
from i3d_tf.statistics import stats

_COLUMNS = (
  'video',
  'label',
  'class',
  'group',
  'prediction',
  'correct',
  'mask_found',
  'coverage',
  'frames',
)
_SEEN_AGAIN = 'seen_again'  # only where it is known of a video
_PLACE, _PLACE_VIDEO = 'place', 'place_video'  # only where a person was pasted on another place
_ACCEPTED = 'accepted'  # labels with spaces between them; only where they are not the label alone


@dataclasses.dataclass(frozen=True)
class Row:
  """The result of one video.

  Attributes:
    video: its path in the data set.
    label: 0-based, what it is.
    class_name: the same as a name.
    frames: how many frames the network saw.
    has_person: whether its masks show a person; if not, it kept its original frames.
    coverage: share of its pixels that the person covers, or None without a mask file.
    logits: float32 [N].
    accepted: the labels that count as right, if these are others than `label` alone: where the
      classes of data set and network differ. `class_name` is then that of the data set.
    source: what the video was cut out of, or the group that it shares with other classes, if its
      name does not tell (`clip_sources`); else ''.
    seen_again: the part of its people that the masks missed, `SecondLook.seen_again`; None if
      nobody has looked again.
    place: the class of the video on whose place its person was pasted; '' if it was not.
    place_video: that video.
  """

  video: str
  label: int
  class_name: str
  frames: int
  has_person: bool
  coverage: float | None
  logits: np.ndarray
  accepted: tuple[int, ...] = ()
  source: str = ''
  seen_again: float | None = None
  place: str = ''
  place_video: str = ''

  @property
  def right(self) -> tuple[int, ...]:
    """The classes of the network that count as right: its label, or those that are accepted."""
    return self.accepted if self.accepted else (self.label,)

  @property
  def is_correct(self) -> bool:
    """Whether the class of the highest logit counts as right."""
    return self.prediction in self.right

  @property
  def is_in_top_5(self) -> bool:
    """Whether fewer than five logits are higher than those that count as right."""
    best = self.logits[list(self.right)].max()
    # Not `>`: NaN logits must not count as top five.
    return bool(np.count_nonzero(~(self.logits <= best)) < 5)

  @property
  def prediction(self) -> int:
    """The class of the highest logit."""
    return int(np.argmax(self.logits))

  @property
  def group(self) -> str:
    """What its video shares performer and place with: 'Class/g01', or else the video's source."""
    if self.source:
      return self.source
    group = ucf101.group(self.video)
    return f'{self.class_name}/{group}' if group else ucf101.source(self.video)


def path(run_dir: str | os.PathLike, name: str, treatment: str, suffix: str = '.csv') -> str:
  """The file of a result: of a list such as 'test1' and the name of a treatment."""
  return os.path.join(run_dir, 'results', f'{name}.{treatment}{suffix}')


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
  """What follows from rows.

  Args:
    rows: a list of `Row`, at least one.

  Returns:
    A JSON-able dict.
  """
  correct = [row.is_correct for row in rows]
  in_top_5 = [row.is_in_top_5 for row in rows]
  found = [c for row, c in zip(rows, correct) if row.has_person]
  classes = []
  for _, name in sorted({(row.label, row.class_name) for row in rows}):
    of_class = [c for row, c in zip(rows, correct) if row.class_name == name]
    classes.append(
      {
        'class': name,
        'videos': len(of_class),
        'correct': sum(of_class),
        'accuracy': sum(of_class) / len(of_class),
      }
    )
  interval = stats.accuracy(np.array(correct), np.array([row.group for row in rows]))
  bounds = [None if np.isnan(bound) else bound for bound in (interval.low, interval.high)]
  return {
    'videos': len(rows),
    'correct': sum(correct),
    'accuracy': sum(correct) / len(rows),
    'accuracy_interval': bounds,
    'top_5_accuracy': sum(in_top_5) / len(rows),
    'mean_class_accuracy': float(np.mean([c['accuracy'] for c in classes])),
    'kept_original': [row.video for row in rows if not row.has_person],
    'accuracy_where_mask_found': sum(found) / len(found) if found else None,
    'classes': classes,
  }


def write(
  run_dir: str | os.PathLike,
  name: str,
  treatment: str,
  rows: Sequence[Row],
  label_names: Sequence[str],
  metadata: Mapping[str, Any],
) -> dict[str, Any]:
  """Writes rows and summary.

  Args:
    run_dir: the run directory.
    name: which list, such as 'test1'.
    treatment: its name.
    rows: a list of `Row`.
    label_names: class names, in the order of their labels.
    metadata: a JSON-able dict of what was evaluated, and how.

  Returns:
    The summary, a dict.
  """
  optional = [_SEEN_AGAIN] if any(row.seen_again is not None for row in rows) else []
  optional += [_ACCEPTED] if any(row.accepted for row in rows) else []
  pasted = [(row.video, row.place_video, row.place) for row in rows if row.place]
  if pasted:
    optional += [_PLACE, _PLACE_VIDEO]
    pairs = path(run_dir, name, treatment, '.pairs.csv')
    files.write_csv(pairs, ('video', _PLACE_VIDEO, _PLACE), pasted)
  files.write_csv(
    path(run_dir, name, treatment),
    [*_COLUMNS, *optional, *(f'logit_{i}' for i in range(len(label_names)))],
    (_to_csv(row, optional) for row in rows),
  )
  summary = {'about': metadata, **summarize(rows)}
  files.write_json(path(run_dir, name, treatment, '.json'), summary)
  return summary


def read(csv_path: str) -> list[Row]:
  """Reads the rows of a result: a list of `Row`.

  Raises:
    UserError: the file is missing or damaged.
  """
  try:
    with open(csv_path, newline='') as f:
      rows = [_from_csv(row) for row in csv.DictReader(f)]
    if not rows:
      raise ValueError('there is none')
    return rows
  except (OSError, KeyError, ValueError, TypeError, csv.Error) as e:
    raise errors.UserError(
      f'{csv_path}: expected the rows of a result; {type(e).__name__}: {e}'
    ) from e


def read_summary(run_dir: str | os.PathLike, name: str, treatment: str) -> dict[str, Any] | None:
  """Reads a summary: a dict, or None if there is none."""
  try:
    with open(path(run_dir, name, treatment, '.json')) as f:
      summary = json.load(f)
    for key, kind in (('about', dict), ('videos', int), ('accuracy', (int, float))):
      if not isinstance(summary[key], kind):
        raise ValueError(f'{key} is {summary[key]!r}')
    return summary
  except FileNotFoundError:
    return None
  except (ValueError, LookupError, TypeError, RecursionError) as e:
    raise errors.UserError(
      f'{f.name}: expected the summary of a result; {type(e).__name__}: {e}'
    ) from e


class RowJournal:
  """The rows of an evaluation in progress, kept as they come; see `journal.Journal`.

  Args:
    path: where to keep them.
    metadata: a JSON-able dict of what is evaluated, and how.

  Attributes:
    rows: a dict from (treatment name, video) to `Row`.
  """

  def __init__(self, path: str, metadata: Mapping[str, Any]) -> None:
    self.rows = {}
    self._journal = journal.Journal(path, metadata, self._accept)

  def _accept(self, entry: Any) -> bool:
    treatment, values = entry
    logits = np.array(values['logits'], np.float32)
    has_person = values['has_person'] if 'has_person' in values else values['mask_found']
    row = Row(
      values['video'],
      values['label'],
      values['class_name'],
      values['frames'],
      has_person,
      values['coverage'],
      logits,
      tuple(values.get('accepted', ())),
      values.get('source', ''),
      values.get('seen_again'),
      values.get(_PLACE, ''),
      values.get(_PLACE_VIDEO, ''),
    )
    self.rows[treatment, row.video] = row
    return True

  def add(self, treatment: str, rows: Sequence[Row]) -> None:
    """Keeps rows (a list of `Row`) of a treatment; they are safe from a kill on return."""
    self.rows.update({(treatment, row.video): row for row in rows})
    self._journal.add(
      [treatment, {**dataclasses.asdict(row), 'logits': row.logits.tolist()}] for row in rows
    )

  def close(self, delete: bool = False) -> None:
    """Closes the journal, and removes it if `delete`."""
    self._journal.close(delete)


def _group_name(row: Row) -> str:
  """'g03', or the source if the video is a part of one or shares it with others; else ''."""
  group, source = ucf101.group(row.video), ucf101.source(row.video)
  if group or row.source:
    return row.source if row.source else group
  return source if source != os.path.splitext(row.video)[0] else ''


def _source(row: Mapping[str, str]) -> str:
  """The source of a row, if it is not what the name of the video says."""
  named, video = row['group'], row['video']
  return '' if named in ('', ucf101.group(video), ucf101.source(video)) else named


def _to_csv(row: Row, optional: Sequence[str]) -> list[Any]:
  more = {
    _SEEN_AGAIN: '' if row.seen_again is None else row.seen_again,
    _ACCEPTED: ' '.join(map(str, row.right)),
    _PLACE: row.place,
    _PLACE_VIDEO: row.place_video,
  }
  return [
    row.video,
    row.label,
    row.class_name,
    _group_name(row),
    row.prediction,
    int(row.is_correct),
    int(row.has_person),
    '' if row.coverage is None else row.coverage,
    row.frames,
    *(more[name] for name in optional),
    *map(str, row.logits),
  ]  # the shortest decimals that are this float32


def _from_csv(row: Mapping[str, str]) -> Row:
  if None in row or None in row.values():
    raise ValueError(f'the line of {row["video"]} does not have as many cells as the first line')
  count = max(len([name for name in row if name.startswith('logit_')]), 1)
  logits = np.array([row[f'logit_{i}'] for i in range(count)], np.float32)
  if not np.isfinite(logits).all() or not 0 <= int(row['label']) < len(logits):
    raise ValueError(
      f'the line of {row["video"]} has logits that are not finite, or a label without a logit'
    )
  return Row(
    row['video'],
    int(row['label']),
    row['class'],
    int(row['frames']),
    bool(int(row['mask_found'])),
    float(row['coverage']) if row['coverage'] else None,
    logits,
    _accepted(row, count),
    _source(row),
    float(row[_SEEN_AGAIN]) if row.get(_SEEN_AGAIN) else None,
    row.get(_PLACE, ''),
    row.get(_PLACE_VIDEO, ''),
  )


def _accepted(row: Mapping[str, str], count: int) -> tuple[int, ...]:
  """The labels that count as right, of `count` classes; () if these are the label alone."""
  found = tuple(map(int, row.get(_ACCEPTED, '').split()))
  if not all(0 <= label < count for label in found):
    raise ValueError(f'the line of {row["video"]} accepts labels without a logit')
  return () if found == (int(row['label']),) else found
