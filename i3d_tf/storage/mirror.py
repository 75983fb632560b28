"""A copy, on this machine, of a folder in a store: fetched once, checked, and kept up to date.

What reads records reads them at random places, all the time, through TensorFlow, whose package has
no client for s3://. A copy is read at the disk's speed, and a training costs one transfer.
"""

from collections.abc import Callable, Iterable, Mapping
import concurrent.futures
import contextlib
import errno
import hashlib
import json
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.common import journal as journal_lib
from i3d_tf.common import progress
from i3d_tf.storage import stores

_JOURNAL = '.fetched'  # in the copy: what each file is a copy of
_TRANSFERS = 8  # at once


def folder(
  url: str,
  sha256: Mapping[str, str] | None = None,
  *,
  wanted: Callable[[str], bool] | None = None,
  strict: bool = True,
) -> str:
  """Makes the copy of a folder equal to it; returns its path.

  Only what is missing or has changed is fetched, so that an interrupted call resumes. A file
  appears as a whole (`files.replacing`), and only if it has the size and the checksum that it
  should have. A file whose copy was changed here is fetched again.

  Args:
    url: the folder's address.
    sha256: from the name of a file to its hexadecimal SHA-256, of files of which it is known.
    wanted: says of a name, relative to the folder, whether to fetch it; None for all. Names with
      a part that begins with a dot are never fetched.
    strict: whether a wrong checksum is an error; else the file is kept all the same.

  Raises:
    FileNotFoundError: there is nothing at this address.
    StoreError: the store cannot be used, or a checksum is wrong.
  """
  url, copy = stores.absolute(url), stores.local(url)
  there = _listing(url)
  if not there:
    raise FileNotFoundError(errno.ENOENT, 'no such folder in the store', url)
  with files.locked(copy):
    done: dict[str, dict[str, Any]] = {}
    journal = journal_lib.Journal(
      os.path.join(copy, _JOURNAL), url, lambda entry: _keep(copy, entry, done)
    )
    try:
      _remove_others(copy, there)
      expected = {} if sha256 is None else sha256
      missing = [
        name
        for name, info in there.items()
        if (wanted is None or wanted(name))
        and (
          name not in done
          or done[name]['version'] != _version(info)
          or done[name]['sha256'] != expected.get(name, done[name]['sha256'])
        )
      ]
      _fetch_all(url, copy, {name: there[name] for name in missing}, expected, strict, journal)
    finally:
      journal.close()
  return copy


def file(url: str, into: str | None = None) -> str:
  """Copies one file to this machine, whatever is there; returns the path of the copy.

  Args:
    url: the file's address.
    into: folder of the copy, which has the file's name; None for one in the cache.

  Raises:
    FileNotFoundError: there is no such file.
    StoreError: the store cannot be used.
  """
  parent, name = os.path.split(url)
  into = os.path.join(stores.local(parent), '.files') if into is None else into
  copy = os.path.join(into, name)
  with files.replacing(copy) as temporary, stores.client(url) as (store, key):
    store.get_file(key, temporary)
  return copy


def _listing(url: str) -> dict[str, dict[str, Any]]:
  """What fsspec says of each file of a folder: from its name relative to the folder, sorted."""
  with stores.client(url) as (store, key):
    found = store.find(key, detail=True)
  named = {path.removeprefix(key).lstrip('/'): info for path, info in found.items()}
  return {
    name: named[name]
    for name in sorted(named)
    if name and all(part and not part.startswith('.') for part in name.split('/'))
  }


def _version(info: Mapping[str, Any]) -> str:
  """Changes with an object: of all that a store says of it, such as its ETag and its time."""
  return hashlib.sha256(json.dumps(info, sort_keys=True, default=str).encode()).hexdigest()


def _keep(copy: str, entry: dict[str, Any], done: dict[str, dict[str, Any]]) -> bool:
  """Whether a file is still what an entry of the journal says; adds the entry to `done`."""
  try:
    status = os.stat(os.path.join(copy, entry['name']))
  except OSError:
    return False
  if (status.st_size, status.st_mtime_ns) != (entry['bytes'], entry['mtime_ns']):
    return False
  done[entry['name']] = entry
  return True


def _remove_others(copy: str, there: Iterable[str]) -> None:
  """Removes the files of a copy that are no longer in the store; hidden ones stay."""
  for parent, folders, names in os.walk(copy):
    folders[:] = [name for name in folders if not name.startswith('.')]
    for name in names:
      path = os.path.join(parent, name)
      if not name.startswith('.') and os.path.relpath(path, copy) not in there:
        os.remove(path)


def _fetch_all(
  url: str,
  copy: str,
  missing: Mapping[str, Mapping[str, Any]],
  sha256: Mapping[str, str],
  strict: bool,
  journal: journal_lib.Journal,
) -> None:
  """Fetches files, several at once; notes each in the journal."""
  if not missing:
    return
  total = sum(info['size'] for info in missing.values())
  bar = progress.progress_bar(
    total=total, desc=f'fetching {url}', unit='B', unit_scale=True, unit_divisor=1024
  )
  with bar, contextlib.ExitStack() as stack:
    pool = concurrent.futures.ThreadPoolExecutor(_TRANSFERS)
    stack.callback(pool.shutdown, cancel_futures=True)
    waiting = [
      pool.submit(_fetch, url, copy, name, info, sha256.get(name), strict)
      for name, info in missing.items()
    ]
    failed: BaseException | None = None
    for future in concurrent.futures.as_completed(waiting):
      if future.cancelled():
        continue
      failed = future.exception() if failed is None else failed
      if failed is not None:
        for other in waiting:
          other.cancel()  # those under way are completed and noted
      if future.exception() is None:
        entry, is_right = future.result()
        if is_right:
          journal.add([entry])
        bar.update(entry['bytes'])
    if failed is not None:
      raise failed


def _fetch(
  url: str, copy: str, name: str, info: Mapping[str, Any], sha256: str | None, strict: bool
) -> tuple[dict[str, Any], bool]:
  """Fetches a file: (its entry in the journal, whether it is what it should be)."""
  address, path = f'{url}/{name}', os.path.join(copy, name)
  with files.replacing(path) as temporary:
    with stores.client(address) as (store, key):
      store.get_file(key, temporary)
    with open(temporary, 'rb') as f:
      received = hashlib.file_digest(f, 'sha256').hexdigest()
    status = os.stat(temporary)
    if status.st_size != info['size']:
      raise stores.StoreError(
        f'{address}: expected {info["size"]} bytes; received {status.st_size}. Was it changed '
        'just now? Rerun the same command'
      )
    is_right = sha256 in (None, received)
    if strict and not is_right:
      raise stores.StoreError(
        f'{address}: expected the SHA-256 {sha256}, as the manifest says; received {received}. '
        'Make this file of records again'
      )
  entry = {
    'name': name,
    'version': _version(info),
    'bytes': status.st_size,
    'mtime_ns': status.st_mtime_ns,
    'sha256': received,
  }
  return entry, is_right
