"""What a run shows while it trains: TensorBoard pictures and scalars, history.csv."""

from collections.abc import Iterator
import contextlib
import csv
import errno
import os
from typing import Any

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import files

_COLUMNS = ('step', 'loss', 'accuracy', 'learning_rate', 'clips_per_second')


def contact_sheet(clips: Any, rows: int = 4, columns: int = 8) -> np.ndarray:
  """A picture of what the network sees: a clip a row, time running to the right.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1]; C is 3 (RGB) or 2 (flow, shown as
      red for horizontal and green for vertical motion on grey).
    rows: clips shown at most.
    columns: frames shown at most, evenly spread.

  Returns:
    uint8 [1, H * rows, W * columns, 3].
  """
  clips = np.asarray(clips[:rows])
  clips = clips[:, np.linspace(0, clips.shape[1] - 1, min(columns, clips.shape[1])).astype(int)]
  if clips.shape[-1] == 2:
    clips = np.concatenate([clips, np.zeros_like(clips[..., :1])], axis=-1)
  batch, time, height, width, _ = clips.shape
  sheet = clips.transpose(0, 2, 1, 3, 4).reshape(1, batch * height, time * width, 3)
  return np.round((np.clip(sheet, -1, 1) + 1) * 127.5).astype(np.uint8)


class History:
  """history.csv and TensorBoard's scalars of a training.

  Args:
    run_dir: the run directory.
    step: the step that training resumes from; later rows, of a training that
      was stopped after its last checkpoint, are dropped.
  """

  def __init__(self, run_dir: str | os.PathLike, step: int) -> None:
    self._path = os.path.join(run_dir, 'history.csv')
    rows = self._read(step)
    files.write_csv(self._path, _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows))
    self._file = open(self._path, 'a', newline='')  # noqa: SIM115
    self._csv = csv.DictWriter(self._file, _COLUMNS, lineterminator='\n')
    self._events_folder = os.path.join(run_dir, 'tensorboard')
    self._events = tf.summary.create_file_writer(self._events_folder)

  def _read(self, step: int) -> list[dict[str, str]]:
    try:
      with open(self._path, newline='') as f:
        # A kill may have cut the last line off.
        rows = list(csv.DictReader(line for line in f if line.endswith('\n')))
      for row in rows:
        if tuple(row) != _COLUMNS or None in row.values():
          raise ValueError(f'columns {", ".join(_COLUMNS)}; found {row}')
      return [row for row in rows if int(row['step']) <= step]
    except FileNotFoundError:
      return []
    except (ValueError, csv.Error) as e:
      raise errors.UserError(f'{self._path}: expected what train writes; {e}') from e

  def add(self, step: int, **values: float) -> None:
    """Adds one row: the columns of history.csv as keyword arguments."""
    try:
      self._csv.writerow({'step': step, **values})
      self._file.flush()
    except OSError as e:
      e.filename = self._path  # a full disk is found by write(), which knows no name
      raise
    with self._writing_events(step):
      for name, value in values.items():
        tf.summary.scalar(name, value)

  def add_picture(self, step: int, name: str, clips: tf.Tensor) -> None:
    """Shows clips (see `contact_sheet`) in TensorBoard."""
    with self._writing_events(step):
      tf.summary.image(name, contact_sheet(clips))

  @contextlib.contextmanager
  def _writing_events(self, step: int) -> Iterator[None]:
    try:
      with self._events.as_default(step=step):
        yield
      self._events.flush()
    except tf.errors.ResourceExhaustedError as e:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._events_folder) from e

  def close(self) -> None:
    """Closes the files."""
    self._file.close()
    self._events.close()
