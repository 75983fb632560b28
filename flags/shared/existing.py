"""Refuses paths that do not exist, before anything that takes time."""

from collections.abc import Sequence
import glob
import os

from i3d_tf.common import errors
from i3d_tf.records import folders
from i3d_tf.storage import objects
from i3d_tf.storage import stores
from i3d_tf.weights.published import releases


def check_path(flag: str, path: str | None, what: str) -> None:
  """Raises a `UserError` if a path was given and does not exist.

  Args:
    flag: how the path was given, such as '--videos'.
    path: the path; None if it was not given.
    what: what it should be, in words that follow "expected".
  """
  if path is not None and not os.path.exists(path):
    raise errors.UserError(f'{path}: expected {what} ({flag}); no such file or folder')


def check_input(flag: str, path: str | None, what: str) -> None:
  """As `check_path`, where an address in a store will do."""
  if not stores.is_url(path):
    check_path(flag, path, what)
    return
  try:
    with stores.client(str(path)) as (store, key):
      store.info(key)
  except FileNotFoundError as e:
    raise errors.UserError(f'{path}: expected {what} ({flag}); nothing is there') from e


def check_output(flag: str, folder: str | None) -> None:
  """As `check_no_file`, where an address in a store will do: its bucket must exist."""
  if not stores.is_url(folder):
    check_no_file(flag, folder)
  elif objects.size(str(folder)) is not None:
    raise errors.UserError(f'{folder}: expected a folder ({flag}); it is a file')
  else:
    objects.names(str(folder))


def check_any(flag: str, paths: Sequence[str], what: str) -> None:
  """As `check_path`, of several paths: at least one must exist, and the others be skipped later."""
  if paths and not any(os.path.exists(path) for path in paths):
    check_path(flag, paths[0], what)


def check_no_file(flag: str, folder: str | None) -> None:
  """Raises a `UserError` if a folder to write to is a file."""
  if folder is not None and os.path.exists(folder) and not os.path.isdir(folder):
    raise errors.UserError(f'{folder}: expected a folder ({flag}); it is a file')


def check_records(flag: str, folder: str | None) -> None:
  """As `check_path`, for a folder of records, or its address in a store."""
  if stores.is_url(folder):
    if objects.size(f'{stores.absolute(str(folder))}/{folders.MANIFEST}') is None:
      objects.names(str(folder))  # says it if the bucket is what is missing
      raise errors.UserError(
        f'{folder}: expected a folder made by make_tfrecords ({flag}); it has no {folders.MANIFEST}'
      )
    return
  if folder is not None and not os.path.isdir(folder):
    raise errors.UserError(
      f'{folder}: expected a folder made by make_tfrecords ({flag}); '
      f'{"it is a file" if os.path.exists(folder) else "no such folder"}'
    )


def check_weights(flag: str, path: str | None) -> None:
  """As `check_path`, for weights: a name, a file, a folder, or the prefix of a checkpoint."""
  if path is None or path in releases.RELEASES or os.path.exists(path):
    return
  if not glob.glob(f'{glob.escape(path)}.*'):
    raise errors.UserError(
      f'{path}: expected weights ({flag}): a file, a TensorFlow checkpoint by its prefix, or one '
      f'of {", ".join(releases.RELEASES)}; no such file'
    )


def check_run(flag: str, run_dir: str) -> None:
  """As `check_path`, for a directory that train made."""
  if not os.path.isfile(os.path.join(run_dir, 'run.json')):
    raise errors.UserError(
      f'{run_dir}: expected a directory made by train ({flag}); it has no run.json'
    )
