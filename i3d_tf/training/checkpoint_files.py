"""Which checkpoint of a run is the last one. Needs no TensorFlow."""

import os
import re

from i3d_tf.common import errors

KEPT = 2  # checkpoints, the last ones


def check_path(run_dir: str | os.PathLike) -> None:
  """Raises a `UserError` for a path that TensorFlow would take for a pattern of files."""
  if any(character in os.path.abspath(run_dir) for character in '*?[]\\'):
    raise errors.UserError(
      f'--run_dir: expected a path without * ? [ ] \\, which TensorFlow takes '
      f'for a pattern of files; received {run_dir}'
    )


def last_step(run_dir: str | os.PathLike) -> int | None:
  """The step of the run's last checkpoint, or None if there is none."""
  path = last(run_dir)
  return None if path is None else _step_of(path)


def last(run_dir: str | os.PathLike) -> str | None:
  """The prefix of the run's last checkpoint, or None if there is none.

  Not `tf.train.latest_checkpoint`: where the file `checkpoint` next to them is damaged, or
  names one that is gone, that says that there is none, and a training would start from scratch.

  Raises:
    UserError: the last checkpoint is gone.
  """
  folder = folder_of(run_dir)
  names = os.listdir(folder) if os.path.isdir(folder) else []
  # The index is written last: where it exists, the checkpoint is complete.
  newest = max(
    (name.removesuffix('.index') for name in names if re.fullmatch(r'ckpt-\d+\.index', name)),
    key=_step_of,
    default=None,
  )
  announced = None
  if 'checkpoint' in names:
    with open(os.path.join(folder, 'checkpoint'), errors='replace') as f:
      announced = re.search(r'^model_checkpoint_path: "(?:.*/)?(ckpt-\d+)"$', f.read(), re.M)
  if announced and (newest is None or _step_of(announced[1]) > _step_of(newest)):
    raise errors.UserError(
      f'{os.path.join(folder, announced[1])}.index: expected the last '
      'checkpoint of the run; there is no such file'
    )
  return None if newest is None else os.path.join(folder, newest)


def _step_of(prefix: str) -> int:
  return int(prefix.rsplit('-', 1)[1])


def folder_of(run_dir: str | os.PathLike) -> str:
  """The folder of a run's checkpoints."""
  return os.path.join(run_dir, 'checkpoints')
