"""Atomic writes and locks: a file is complete or absent, whenever the process is killed."""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import csv
import fcntl
import io
import json
import os
from typing import Any

Path = str | os.PathLike


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[str]:
  """Yields a temporary path to write to, which is renamed to `path` at the end.

  The temporary file is next to `path`. Its name starts with a dot, so that patterns like
  *.avi do not match it, and keeps the suffix, from which some libraries infer the format.
  An exception removes it; after a kill, the next call overwrites it.

  Args:
    path: the file to write or to replace; its folder is made if missing.

  Yields:
    The temporary path.
  """
  os.makedirs(os.path.dirname(os.fspath(path)) or '.', exist_ok=True)
  temporary = partial(path)
  try:
    yield temporary
    os.replace(temporary, path)
  except BaseException as e:
    if isinstance(e, OSError) and e.filename is None:
      e.filename = os.fspath(path)  # write() reports a full disk without naming the file
    with contextlib.suppress(FileNotFoundError):
      os.remove(temporary)
    raise


def partial(path: Path) -> str:
  """The temporary path of `replacing`, which a killed process may leave behind."""
  folder, name = os.path.split(os.fspath(path))
  return os.path.join(folder, f'.partial_{name}')


def write_text(path: Path, text: str) -> None:
  """Writes a text file (UTF-8) atomically."""
  with replacing(path) as temporary, open(temporary, 'w', encoding='utf-8', newline='') as f:
    f.write(text)


def write_json(path: Path, content: Any, indent: int | None = 2) -> None:
  """Writes a JSON file atomically; values that JSON lacks are written as their `str`."""
  write_text(path, json.dumps(content, indent=indent, default=str))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
  """Writes a CSV file (UTF-8, lines end with a line feed) atomically.

  Args:
    path: the file.
    header: the names of the columns.
    rows: the cells of each row; None becomes an empty cell, a bool 0 or 1.
  """
  write_text(path, csv_text(header, rows))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
  """The content of a CSV file, as `write_csv` writes it."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(header)
  writer.writerows([int(cell) if isinstance(cell, bool) else cell for cell in row] for row in rows)
  return text.getvalue()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
  """Lets one process at a time work in a folder; others wait.

  The operating system releases the lock when its process ends, however it ends.

  Args:
    folder: made if missing.
  """
  os.makedirs(folder, exist_ok=True)
  descriptor = os.open(folder, os.O_RDONLY)
  try:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield
  finally:
    os.close(descriptor)
