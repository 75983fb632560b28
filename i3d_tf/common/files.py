"""Files that are either whole or absent, whenever the process is killed."""

import contextlib
import fcntl
import os


@contextlib.contextmanager
def replacing(path):
  """Gives a temporary path to write to, which becomes `path` once all is written.

  The temporary file lies beside `path`, starts with a dot, so that no pattern
  like *.avi finds it, and keeps the suffix, by which some libraries know what to
  write. An exception removes it; after a kill, the next call writes over it.

  Args:
    path: the file to make or to replace; its folder is made if missing.

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
      e.filename = os.fspath(path)  # a full disk is found by write(), which knows no name
    with contextlib.suppress(FileNotFoundError):
      os.remove(temporary)
    raise


def partial(path):
  """The temporary path of `replacing`: what a killed process may leave."""
  folder, name = os.path.split(os.fspath(path))
  return os.path.join(folder, f'.partial_{name}')


@contextlib.contextmanager
def locked(folder):
  """Lets one process at a time work in a folder; others wait.

  The system drops the lock of a process that ends, in whatever way.

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
