"""What a network computes, as a hash: results of another network are not taken for its own."""

from collections.abc import Iterable
import hashlib
import os
from typing import Any


def of_files(paths: Iterable[str | os.PathLike]) -> str:
  """A hash of files, hexadecimal; folders stand for the files in them, wherever these are.

  Raises:
    OSError: a file cannot be read.
  """
  content = hashlib.sha256()
  for path in paths:
    for name, file in _files(os.fspath(path)):
      with open(file, 'rb') as f:
        content.update(f'{name}\0'.encode() + hashlib.file_digest(f, 'sha256').digest())
  return content.hexdigest()


def of_variables(variables: Iterable[Any]) -> str:
  """A hash of the values of Keras variables, hexadecimal: equal for equal weights."""
  content = hashlib.sha256()
  for variable in variables:
    content.update(variable.numpy().tobytes())
  return content.hexdigest()


def _files(path: str) -> list[tuple[str, str]]:
  """(name within `path`, path) of the files of a folder, in order; those of a file are itself."""
  if not os.path.isdir(path):
    return [('', path)]
  found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
  return sorted((os.path.relpath(file, path), file) for file in found)
