"""Features of a set on disk: appended as they come, so that a stopped call resumes."""

from collections.abc import Iterable, Mapping
import hashlib
import json
import os
from typing import Any

import numpy as np

from i3d_tf.common import journal

_BYTES = 4  # of a float32


class FeatureStore:
  """Rows of features by the name of their video, in a file of float32 and a journal.

  The files are named by what the features are of: those of other settings get others.

  Args:
    folder: where the files are.
    about: what decides the features; serializable as JSON.
    dimension: D, the number of features of a row.
  """

  def __init__(self, folder: str, about: Mapping[str, Any], dimension: int) -> None:
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    self._path = os.path.join(folder, f'features-{key}.f32')
    self._dimension = dimension
    self._rows: dict[str, tuple[int, int]] = {}
    self._content: dict[str, dict[str, Any]] = {}
    os.makedirs(folder, exist_ok=True)
    self._file = open(self._path, 'ab')  # noqa: SIM115, closed by `close`
    self._available = os.path.getsize(self._path) // (dimension * _BYTES)
    self._journal = journal.Journal(
      os.path.join(folder, f'features-{key}.jsonl'), dict(about), self._accept
    )
    # What was written without being noted is written again.
    self._end = max((start + count for start, count in self._rows.values()), default=0)
    self._file.truncate(self._end * dimension * _BYTES)

  def _accept(self, entry: Any) -> bool:
    name, start, count, content = entry
    if not (start >= 0 and count > 0 and start + count <= self._available):
      return False
    self._rows[name], self._content[name] = (start, count), dict(content)
    return True

  def content(self, name: str) -> dict[str, Any] | None:
    """What a video held when its features were made; None if there are none."""
    return self._content.get(name)

  def add(self, name: str, rows: np.ndarray, content: Mapping[str, Any]) -> None:
    """Adds the features of a video, float [n, D]; on return, a kill cannot lose them.

    What was there of the video before no longer counts.
    """
    self._file.write(np.ascontiguousarray(rows, '<f4').tobytes())
    self._file.flush()
    self._journal.add([[name, self._end, len(rows), dict(content)]])
    self._rows[name], self._content[name] = (self._end, len(rows)), dict(content)
    self._end += len(rows)

  def rows(self, names: Iterable[str]) -> tuple['StoredRows', np.ndarray]:
    """The features of videos, which must have some, in the order of the names.

    Returns:
      (features [N, D], left on disk; int64 [N], the number of each row's video).
    """
    found = [self._rows[name] for name in names]
    order = np.concatenate(
      [np.zeros(0, np.int64), *(np.arange(start, start + count) for start, count in found)]
    )
    groups = np.repeat(np.arange(len(found)), [count for _, count in found])
    shape = self._end, self._dimension
    # An empty file cannot be mapped.
    stored = np.memmap(self._path, '<f4', 'r', shape=shape) if self._end else np.zeros(shape)
    return StoredRows(stored, order), groups

  def close(self) -> None:
    """Closes the files; rows that were handed out can still be read."""
    self._file.close()
    self._journal.close()


class StoredRows:
  """Features on disk in a given order, of which slices are read.

  Args:
    stored: float32 [M, D].
    order: int [N], which row of `stored` each row is.
  """

  def __init__(self, stored: np.ndarray, order: np.ndarray) -> None:
    self._stored, self._order = stored, order

  @property
  def shape(self) -> tuple[int, ...]:
    """(N, D)."""
    return len(self._order), self._stored.shape[1]

  def __getitem__(self, rows: slice) -> np.ndarray:
    """Rows as an array, float32 [n, D]."""
    return np.asarray(self._stored[self._order[rows]])
