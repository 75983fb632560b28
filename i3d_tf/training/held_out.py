"""Tests on held-out videos while a network trains: to choose the number of steps by, or to stop.

validation.csv of a run directory has one row per test: the step, the accuracy with its 95%
interval, and the number of videos. Whether a training stops follows from these rows alone, so that
one that was killed stops where it would have stopped.
"""

from collections.abc import Callable, Mapping, Sequence
import csv
import dataclasses
import math
import os
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.model import inception_i3d

FILE = 'validation.csv'
_COLUMNS = ('step', 'accuracy', 'accuracy_low', 'accuracy_high', 'videos')


@dataclasses.dataclass(frozen=True)
class Schedule:
  """When a network in training is tested, and by what.

  Attributes:
    every: steps between two tests; the last step has one, too.
    patience: tests in a row that may bring nothing above the best before the training stops;
      None to train all steps.
    test: tests the network of a step: a function of both that gives a summary with the keys
      'accuracy', 'accuracy_interval' and 'videos' (`inference.results.summarize`).
  """

  every: int
  patience: int | None
  test: Callable[[inception_i3d.InceptionI3D, int], Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Row:
  """A test: the step after which it was made, and what came out, as shares of the videos.

  The bounds are NaN where there are too few videos for an interval.
  """

  step: int
  accuracy: float
  low: float
  high: float
  videos: int


class Tests:
  """The tests of a run so far.

  Args:
    run_dir: the run directory.
    step: that the training resumes from; later rows are dropped.
    schedule: when tests are due.

  Raises:
    UserError: validation.csv is not one that `train` made.
  """

  def __init__(self, run_dir: str | os.PathLike, step: int, schedule: Schedule) -> None:
    self._path = os.path.join(run_dir, FILE)
    self._schedule = schedule
    self.rows = [row for row in read(run_dir) if row.step <= step]

  @property
  def stopped(self) -> bool:
    """Whether the training is to stop at the last of the rows."""
    patience = self._schedule.patience
    if patience is None or not self.rows:
      return False
    return len(self.rows) - 1 - self.rows.index(best(self.rows)) >= patience

  def is_due(self, step: int, is_last: bool) -> bool:
    """Whether a test comes after a step."""
    return step % self._schedule.every == 0 or is_last

  def after(self, model: inception_i3d.InceptionI3D, step: int) -> bool:
    """Tests the network after a step; says whether to stop."""
    summary = self._schedule.test(model, step)
    low, high = (math.nan if v is None else v for v in summary['accuracy_interval'])
    self.rows.append(Row(step, summary['accuracy'], low, high, summary['videos']))
    files.write_csv(self._path, _COLUMNS, (dataclasses.astuple(row) for row in self.rows))
    return self.stopped


def read(run_dir: str | os.PathLike) -> list[Row]:
  """The tests of a run, by step; empty if there were none.

  Raises:
    UserError: validation.csv is not one that `train` made.
  """
  path = os.path.join(run_dir, FILE)
  try:
    with open(path, newline='') as f:
      rows = list(csv.DictReader(f))
    return [
      Row(
        int(row['step']),
        float(row['accuracy']),
        float(row['accuracy_low']),
        float(row['accuracy_high']),
        int(row['videos']),
      )
      for row in rows
    ]
  except FileNotFoundError:
    return []
  except (ValueError, TypeError, KeyError, csv.Error) as e:
    raise errors.UserError(f'{path}: expected what train writes; {type(e).__name__} {e}') from e


def best(rows: Sequence[Row]) -> Row:
  """The first row of the highest accuracy: the fewest steps that reach it."""
  return max(rows, key=lambda row: row.accuracy)


def described(run_dir: str | os.PathLike, last: int | None, steps: int) -> str:
  """The tests of a run as lines of text.

  Args:
    run_dir: the run directory.
    last: the step that its training has come to.
    steps: that it was to take.
  """
  rows = read(run_dir)
  if not rows:
    return 'no tests on held-out videos while it trained: it had been trained before'
  chosen = best(rows)
  lines = [f'on the held-out videos, by steps ({os.path.join(run_dir, FILE)}):']
  for row in rows:
    interval = '' if math.isnan(row.low) else f' ({row.low:.4f} to {row.high:.4f})'
    mark = '  best' if row == chosen else ''
    lines.append(f'{row.step:>8}  {row.accuracy:.4f}{interval}{mark}')
  if rows[-1].step == last and last < steps:
    lines.append(f'stopped there, of {steps} steps: nothing above the best came any more')
  elif rows[-1].step != last:
    lines.append('the steps after these were trained without tests')
  lines.append(
    f'to train on all of the list: --steps={chosen.step}, without --hold_out and with another '
    '--run_dir (--schedule=cosine then falls to 0 within these steps)'
  )
  return '\n'.join(lines)
