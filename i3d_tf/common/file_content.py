"""What a file holds, so that what was made from it can be told from what another one would give."""

from collections.abc import Mapping
import hashlib
import os
from typing import Any


def describe(path: str | os.PathLike) -> dict[str, Any] | None:
  """Size, time of change and SHA-256 of a file.

  Returns:
    A dict of 'bytes', 'mtime_ns' and 'sha256', which JSON can hold; None if `path` is no file.
  """
  try:
    status = os.stat(path)
    with open(path, 'rb') as f:
      sha256 = hashlib.file_digest(f, 'sha256').hexdigest()
  except OSError:
    return None
  return {'bytes': status.st_size, 'mtime_ns': status.st_mtime_ns, 'sha256': sha256}


def is_same(path: str | os.PathLike, known: Mapping[str, Any]) -> bool:
  """Whether a file still holds what `describe` said; it is read only if its time has changed."""
  try:
    status = os.stat(path)
  except OSError:
    return False
  if status.st_size != known.get('bytes'):
    return False
  if status.st_mtime_ns == known.get('mtime_ns'):
    return True
  now = describe(path)
  return now is not None and now['sha256'] == known.get('sha256')
