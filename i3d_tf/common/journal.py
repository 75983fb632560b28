"""A log of finished work, written line by line, so that a killed process loses none of it."""

from collections.abc import Callable, Iterable, Iterator
import contextlib
import json
import os
from typing import Any

from i3d_tf.common import files


class Journal:
  """A file of JSON lines: a header, then one entry per finished item.

  A journal with another header belongs to other work and is discarded. Damaged lines and
  entries that `accept` rejects are dropped, so that their items are redone.

  Args:
    path: the file; its folder is made if missing.
    header: identifies the work; serializable as JSON.
    accept: says whether an entry of an earlier process is still valid; called for each of
      them in order. It raises ValueError, LookupError or TypeError if the entry is damaged.

  Attributes:
    path: the file.
  """

  def __init__(self, path: files.Path, header: Any, accept: Callable[[Any], bool]) -> None:
    self.path = os.fspath(path)
    first = json.dumps(header, sort_keys=True)
    kept = [first]
    with contextlib.suppress(FileNotFoundError), open(path, 'rb') as f:
      # A kill may have cut off what follows the last line break.
      found = f.read().decode(errors='replace').split('\n')[:-1]
      if found and found[0] == first:
        kept += _accepted(found[1:], accept)
    files.write_text(path, ''.join(line + '\n' for line in kept))
    self._file = open(path, 'a', encoding='utf-8')  # noqa: SIM115, closed by `close`

  def add(self, entries: Iterable[Any]) -> None:
    """Appends entries, serializable as JSON; on return, a kill of the process cannot lose them."""
    self._file.write(''.join(json.dumps(entry) + '\n' for entry in entries))
    self._file.flush()

  def close(self, delete: bool = False) -> None:
    """Closes the journal and, if `delete`, removes the file."""
    self._file.close()
    if delete:
      os.remove(self.path)


def _accepted(lines: Iterable[str], accept: Callable[[Any], bool]) -> Iterator[str]:
  """The lines whose entries are accepted."""
  for line in lines:
    with contextlib.suppress(ValueError, LookupError, TypeError):
      if accept(json.loads(line)):
        yield line
