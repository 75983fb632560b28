"""Work that is done, kept line by line, so that a killed process loses none of it."""

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
import json
import os
from typing import Any

from i3d_tf.common import files


class Journal:
  """A file of JSON lines: a header, then an entry for each thing that is done.

  A journal with another header is of other work and is discarded. A last line that a kill
  cut off, and entries that `accept` refuses, are dropped.

  Args:
    path: the file; its folder is made if missing.
    header: what the work is, JSON-able.
    accept: a function from an entry to whether it is still valid, called once for every
      entry of an earlier process, in their order; a ValueError, LookupError or TypeError
      counts as no.

  Attributes:
    path: the file.
  """

  def __init__(self, path: files.Path, header: Any, accept: Callable[[Any], bool]):
    self.path = os.fspath(path)
    lines = [json.dumps(header, sort_keys=True)]
    with contextlib.suppress(FileNotFoundError), open(path, 'rb') as f:
      # Whatever follows the last line break was cut off by a kill.
      found = f.read().decode(errors='replace').split('\n')[:-1]
      if found and found[0] == lines[0]:
        lines += [line for line in found[1:] if _is_accepted(line, accept)]
    files.write_text(path, ''.join(line + '\n' for line in lines))
    self._file = open(path, 'a', encoding='utf-8')

  def add(self, entries: Iterable[Any]) -> None:
    """Keeps entries, JSON-able; they are safe from a kill on return."""
    self._file.write(''.join(json.dumps(entry) + '\n' for entry in entries))
    self._file.flush()

  def close(self, delete: bool = False) -> None:
    """Closes the journal, and removes it if `delete`."""
    self._file.close()
    if delete:
      os.remove(self.path)


def _is_accepted(line: str, accept: Callable[[Any], bool]) -> bool:
  try:
    return accept(json.loads(line))
  except (ValueError, LookupError, TypeError):
    return False
