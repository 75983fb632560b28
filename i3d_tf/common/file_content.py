"""What a file holds, so that what was made from it can be told from what another one would give."""

from collections.abc import Mapping
import hashlib
import os
from typing import Any


def describe(path: str | os.PathLike) -> dict[str, Any] | None:
  """Size, time of change and SHA-256 of a file, or of the files right in a folder.

  Returns:
    A dict of 'bytes', 'mtime_ns' and 'sha256', which JSON can hold; None if there is nothing.
  """
  try:
    size, time = size_and_time(path)
    if os.path.isdir(path):
      # A folder of frames: their names and their contents.
      parts = [f'{name}\0{_sha256(os.path.join(path, name))}\0' for name in _names(path)]
      sha256 = hashlib.sha256(''.join(parts).encode()).hexdigest()
    else:
      sha256 = _sha256(path)
  except OSError:
    return None
  return {'bytes': size, 'mtime_ns': time, 'sha256': sha256}


def is_same(path: str | os.PathLike, known: Mapping[str, Any]) -> bool:
  """Whether a file still holds what `describe` said; it is read only if its time has changed.

  A folder of frames is read in any case.
  """
  try:
    size, time = size_and_time(path)
  except OSError:
    return False
  if size != known.get('bytes'):
    return False
  # Frames of a folder may have changed places: only reading tells.
  if time == known.get('mtime_ns') and not os.path.isdir(path):
    return True
  now = describe(path)
  return now is not None and now['sha256'] == known.get('sha256')


def size_and_time(path: str | os.PathLike) -> tuple[int, int]:
  """Bytes, and the latest time of change in nanoseconds, of a file or of a folder's files.

  Raises:
    OSError: there is nothing, or it cannot be read.
  """
  files = [os.path.join(path, name) for name in _names(path)] if os.path.isdir(path) else []
  found = [os.stat(file) for file in (files if files else [path])]
  return sum(status.st_size for status in found), max(status.st_mtime_ns for status in found)


def _names(folder: str | os.PathLike) -> list[str]:
  names = (name for name in os.listdir(folder) if not name.startswith('.'))
  return sorted(name for name in names if os.path.isfile(os.path.join(folder, name)))


def _sha256(path: str | os.PathLike) -> str:
  with open(path, 'rb') as f:
    return hashlib.file_digest(f, 'sha256').hexdigest()
