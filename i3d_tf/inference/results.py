"""Results of an evaluation: one CSV row a video, and a summary that follows from the rows.

  results/test1.background.csv    video, label, class, group, prediction, correct,
                                  mask_found, coverage, frames, logit_0 ...
  results/test1.background.json   accuracies, per class too, and what was asked for

Named after the list (split 1's test list) and the region that is replaced.
"""

import contextlib
import csv
import dataclasses
import json
import os

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.records import ucf101

_COLUMNS = ('video', 'label', 'class', 'group', 'prediction', 'correct', 'mask_found', 'coverage',
            'frames')


@dataclasses.dataclass(frozen=True)
class Row:
  """The result of one video.

  Attributes:
    video: its path in the data set.
    label: 0-based, what it is.
    class_name: the same as a name.
    frames: how many frames the network saw.
    mask_found: whether its masks show a person; if not, it kept its original frames.
    coverage: share of its pixels that the person covers, or None without a mask file.
    logits: float32 [N].
  """

  video: str
  label: int
  class_name: str
  frames: int
  mask_found: bool
  coverage: float | None
  logits: np.ndarray

  @property
  def prediction(self):
    return int(np.argmax(self.logits))


def path(run_dir, name, region, suffix='.csv'):
  return os.path.join(run_dir, 'results', f'{name}.{region}{suffix}')


def summarise(rows, label_names):
  """What follows from rows.

  Args:
    rows: a list of `Row`, at least one.
    label_names: class names, in the order of their labels.

  Returns:
    A JSON-able dict.
  """
  correct = [row.prediction == row.label for row in rows]
  # Not `>`: logits that are NaN are no top five.
  in_top_5 = [np.count_nonzero(~(row.logits <= row.logits[row.label])) < 5 for row in rows]
  found = [c for row, c in zip(rows, correct) if row.mask_found]
  classes = []
  for label, name in enumerate(label_names):
    of_class = [c for row, c in zip(rows, correct) if row.label == label]
    if of_class:
      classes.append({'class': name, 'videos': len(of_class), 'correct': sum(of_class),
                      'accuracy': sum(of_class) / len(of_class)})
  return {
      'videos': len(rows),
      'correct': sum(correct),
      'accuracy': sum(correct) / len(rows),
      'top_5_accuracy': sum(in_top_5) / len(rows),
      'mean_class_accuracy': float(np.mean([c['accuracy'] for c in classes])),
      'kept_original': [row.video for row in rows if not row.mask_found],
      'accuracy_where_mask_found': sum(found) / len(found) if found else None,
      'classes': classes,
  }


def write(run_dir, name, region, rows, label_names, about):
  """Writes rows and summary.

  Args:
    run_dir: the run directory.
    name: which list, such as 'test1'.
    region: the region that was replaced.
    rows: a list of `Row`.
    label_names: class names, in the order of their labels.
    about: a JSON-able dict of what was evaluated, and how.

  Returns:
    The summary, a dict.
  """
  csv_path = path(run_dir, name, region)
  with files.replacing(csv_path) as temporary, open(temporary, 'w', newline='') as f:
    writer = csv.writer(f)
    writer.writerow([*_COLUMNS, *(f'logit_{i}' for i in range(len(label_names)))])
    writer.writerows(map(_to_csv, rows))
  summary = {'about': about, **summarise(rows, label_names)}
  summary_path = path(run_dir, name, region, '.json')
  with files.replacing(summary_path) as temporary, open(temporary, 'w') as f:
    json.dump(summary, f, indent=2)
  return summary


def read(csv_path):
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
    raise errors.UserError(f'{csv_path}: expected the rows of a result; '
                           f'{type(e).__name__}: {e}') from e


def read_summary(run_dir, name, region):
  """Reads a summary: a dict, or None if there is none."""
  try:
    with open(path(run_dir, name, region, '.json')) as f:
      summary = json.load(f)
    for key, kind in (('about', dict), ('videos', int), ('accuracy', (int, float))):
      if not isinstance(summary[key], kind):
        raise ValueError(f'{key} is {summary[key]!r}')
    return summary
  except FileNotFoundError:
    return None
  except (ValueError, LookupError, TypeError, RecursionError) as e:
    raise errors.UserError(f'{f.name}: expected the summary of a result; '
                           f'{type(e).__name__}: {e}') from e


class Journal:
  """The rows of an evaluation under way, kept as they come so that it can go on after a kill.

  One JSON line a row; the first line says what is being evaluated. A journal of
  something else is thrown away.

  Args:
    journal_path: where to keep it.
    about: a JSON-able dict.
  """

  def __init__(self, journal_path, about):
    self._path = journal_path
    self.rows = {}  # (region, video) -> Row
    os.makedirs(os.path.dirname(journal_path), exist_ok=True)
    header = json.dumps(about, sort_keys=True)
    with contextlib.suppress(FileNotFoundError):
      self._read(header)
    # What was read is written anew, without a last line that a kill cut off.
    with files.replacing(journal_path) as temporary, open(temporary, 'w') as f:
      f.write(header + '\n')
      f.writelines(_to_line(region, row) for (region, _), row in self.rows.items())
    self._file = open(journal_path, 'a')

  def _read(self, header):
    with open(self._path, errors='replace') as f:
      lines = f.read().split('\n')
    if lines[0] != header:
      return
    for line in lines[1:-1]:  # behind the last line break is nothing, or half a row
      try:
        region, row = _from_line(line)
      except (ValueError, LookupError, TypeError):
        return  # damaged: what follows is computed again
      self.rows[region, row.video] = row

  def add(self, region, rows):
    """Keeps rows (a list of `Row`) of a region; they are safe from a kill on return."""
    self.rows.update({(region, row.video): row for row in rows})
    self._file.write(''.join(_to_line(region, row) for row in rows))
    self._file.flush()

  def close(self, delete=False):
    """Closes the journal, and removes it if `delete`."""
    self._file.close()
    if delete:
      os.remove(self._path)


def _to_csv(row):
  return [row.video, row.label, row.class_name, ucf101.group(row.video), row.prediction,
          int(row.prediction == row.label), int(row.mask_found),
          '' if row.coverage is None else row.coverage, row.frames,
          *map(str, row.logits)]  # the shortest decimals that are this float32


def _from_csv(row):
  if None in row or None in row.values():
    raise ValueError(f'the line of {row["video"]} does not have as many cells as the first line')
  logits = [row[f'logit_{i}'] for i in range(max(len(row) - len(_COLUMNS), 1))]
  logits = np.array(logits, np.float32)
  if not np.isfinite(logits).all() or not 0 <= int(row['label']) < len(logits):
    raise ValueError(f'the line of {row["video"]} has logits that are no numbers, or a label that '
                     'has none')
  return Row(row['video'], int(row['label']), row['class'], int(row['frames']),
             bool(int(row['mask_found'])), float(row['coverage']) if row['coverage'] else None,
             logits)


def _to_line(region, row):
  return json.dumps([region, {**dataclasses.asdict(row), 'logits': row.logits.tolist()}]) + '\n'


def _from_line(line):
  region, values = json.loads(line)
  return region, Row(**{**values, 'logits': np.array(values['logits'], np.float32)})
