"""Files by path or by address in a store: read, written as a whole, listed, removed.

A store has no rename and needs none: an object is there as a whole or not at all. So a file is
written here first and then put into the store.
"""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import json
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.storage import stores


def size(path: files.Path) -> int | None:
  """Bytes of a file; None if there is none.

  Raises:
    StoreError: the store cannot be used.
  """
  try:
    if not stores.is_url(path):
      return os.path.getsize(path)
    with stores.client(str(path)) as (store, key):
      info = store.info(key)
    return None if info['type'] == 'directory' else int(info['size'])
  except FileNotFoundError:
    return None


def read_text(path: files.Path, errors: str = 'strict') -> str:
  """Reads a text file (UTF-8), with its line ends as they are.

  Args:
    path: the file.
    errors: what is done about bytes that are not UTF-8, as `bytes.decode` takes it.

  Raises:
    OSError: there is no such file, or it cannot be read.
    UnicodeDecodeError: it is not text.
    StoreError: the store cannot be used.
  """
  if stores.is_url(path):
    with stores.client(str(path)) as (store, key):
      content: bytes = store.cat_file(key)
    return content.decode('utf-8', errors)
  with open(path, encoding='utf-8', errors=errors, newline='') as f:
    return f.read()


@contextlib.contextmanager
def replacing(path: files.Path) -> Iterator[str]:
  """As `files.replacing`, for paths and addresses.

  Raises:
    StoreError: the store cannot be used, or has another size than what was put there.
  """
  if not stores.is_url(path):
    with files.replacing(path) as temporary:
      yield temporary
    return
  folder, name = os.path.split(str(path))
  temporary = files.partial(os.path.join(stores.local(folder), name))
  os.makedirs(os.path.dirname(temporary), exist_ok=True)
  try:
    yield temporary
    _put(temporary, str(path))
  finally:
    with contextlib.suppress(FileNotFoundError):
      os.remove(temporary)


def _put(file: str, url: str) -> None:
  """Puts a file into a store."""
  with stores.client(url) as (store, key):
    store.put_file(os.path.abspath(file), key)
  there, expected = size(url), os.path.getsize(file)
  if there != expected:
    raise stores.StoreError(f'{url}: expected {expected} bytes in the store; it has {there}')


def write_text(path: files.Path, text: str) -> None:
  """As `files.write_text`, for paths and addresses."""
  with replacing(path) as temporary, open(temporary, 'w', encoding='utf-8', newline='') as f:
    f.write(text)


def write_json(path: files.Path, content: Any, indent: int | None = 2) -> None:
  """As `files.write_json`, for paths and addresses."""
  write_text(path, json.dumps(content, indent=indent, default=str))


def write_csv(path: files.Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
  """As `files.write_csv`, for paths and addresses."""
  write_text(path, files.csv_text(header, rows))


def remove(path: files.Path) -> None:
  """Removes a file if it is there.

  Raises:
    StoreError: the store cannot be used.
  """
  with contextlib.suppress(FileNotFoundError):
    if stores.is_url(path):
      with stores.client(str(path)) as (store, key):
        store.rm_file(key)
    else:
      os.remove(path)


def names(folder: files.Path) -> list[str]:
  """The names of the files right in a folder, sorted; none if it does not exist.

  Raises:
    StoreError: the store cannot be used.
  """
  try:
    if not stores.is_url(folder):
      return sorted(str(entry.name) for entry in os.scandir(os.fspath(folder)) if entry.is_file())
    with stores.client(str(folder)) as (store, key):
      found = store.ls(key, detail=True)
  except FileNotFoundError:
    return []
  return sorted(os.path.basename(info['name']) for info in found if info['type'] == 'file')
