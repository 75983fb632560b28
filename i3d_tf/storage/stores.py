"""Object stores by address, such as s3://bucket/records: clients, errors, and the local cache.

fsspec finds the clients (s3fs for s3://, gcsfs for gs://). Credentials, the server's address,
timeouts and retries are theirs: they read the variables and files that the stores' own tools read.
"""

from collections.abc import Callable, Iterator
import contextlib
import errno
import functools
import hashlib
import logging
import os
import re
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import files

VARIABLE = 'I3D_STORAGE_DIR'
# The optional part of this project (pyproject.toml) that brings the client of a protocol.
_EXTRAS = {'s3': 's3', 's3a': 's3', 'gs': 'gcs', 'gcs': 'gcs'}
_CLIENTS = ('fsspec', 's3fs', 'gcsfs')
_URL = re.compile(r'([a-z][a-z0-9+.-]*)://')


class StoreError(errors.UserError):
  """A store or its client cannot be used; the message says why."""


def is_url(path: files.Path | None) -> bool:
  """Whether a path is an address in a store, 'protocol://...'."""
  return isinstance(path, str) and _URL.match(path) is not None


def absolute(path: files.Path) -> str:
  """A path that holds in every directory: an address as it is, without a slash at its end."""
  return str(path).rstrip('/') if is_url(path) else os.path.abspath(path)


def local(path: files.Path) -> str:
  """The folder on this machine for what belongs to a folder: itself, or its place in the cache.

  The cache is $I3D_STORAGE_DIR, or i3d_tf/storage in the user's cache.
  """
  if not is_url(path):
    return os.fspath(path)
  users = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
  cache = os.environ.get(VARIABLE) or os.path.join(users, 'i3d_tf', 'storage')
  address = absolute(path)
  name = re.sub(r'\W+', '_', address)[-40:]  # for people who look into the cache
  return os.path.join(cache, f'{name}_{hashlib.sha256(address.encode()).hexdigest()[:16]}')


@contextlib.contextmanager
def client(url: str) -> Iterator[tuple[Any, str]]:
  """Yields (fsspec's file system, path in it) of an address; explains what goes wrong with it.

  The body calls the file system and does nothing else: its errors are taken for the store's.

  Args:
    url: the address.

  Raises:
    FileNotFoundError: there is no such object.
    StoreError: anything else, such as access that is denied, or no answer.
  """
  system, path = _system(url)
  try:
    yield system, path
  except FileNotFoundError as e:
    if 'specified bucket' in str(e):  # S3's and Google's words
      raise StoreError(f'{url}: expected a bucket of that name; there is none') from e
    raise FileNotFoundError(errno.ENOENT, 'no such file in the store', url) from e
  except Exception as e:  # clients raise what they like, and so do the libraries below them
    if isinstance(e, OSError) and e.filename is not None:
      raise  # of a file of this machine: a full disk
    if isinstance(e, PermissionError) or 'Credentials' in type(e).__name__:
      raise StoreError(f'{url}: expected credentials that the store accepts; {_line(e)}') from e
    reason = f'{type(e).__name__}: {_line(e)}'.rstrip(': ')
    raise StoreError(
      f'{url}: expected an answer of the store, also after retries; {reason}. Rerun the same '
      'command to resume'
    ) from e


def _line(error: BaseException) -> str:
  """What an error says, in one line."""
  return ' '.join(str(error).split())[:300].rstrip('. ')


def _system(url: str) -> tuple[Any, str]:
  """(fsspec's file system, path in it) of an address.

  Raises:
    StoreError: the protocol is unknown, or its client is not installed.
  """
  import fsspec  # here: few commands meet an address

  match = _URL.match(url)
  protocol = match[1] if match else ''
  try:
    for client in _CLIENTS:
      logging.getLogger(client).setLevel(logging.CRITICAL)  # errors are raised, too
    system = _connect(fsspec.filesystem, protocol, os.getpid())
  except ImportError as e:
    extra = _EXTRAS.get(protocol)
    way = f"pip install 'i3d_tf[{extra}]'" if extra is not None else _line(e)
    raise StoreError(
      f'{url}: expected the client of {protocol}://; it is not installed: {way}'
    ) from e
  except ValueError as e:
    raise StoreError(
      f'{url}: expected a path, s3://bucket/... or gs://bucket/...; received {protocol}://'
    ) from e
  return system, system._strip_protocol(url)


@functools.lru_cache(maxsize=16)
def _connect(filesystem: Callable[..., Any], protocol: str, process: int) -> Any:
  """A client that lists what is there now: others write, too. One per process."""
  del process  # part of the key: the clients' threads do not survive a fork
  return filesystem(protocol, use_listings_cache=False)
