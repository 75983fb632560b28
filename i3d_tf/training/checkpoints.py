"""The checkpoints of a run: what is in them, which is the last, and how they are written."""

import glob
import os
import re
import shutil

import tensorflow as tf

from i3d_tf.common import errors

KEPT = 2


def check_path(run_dir):
  """Raises a `UserError` if checkpoints cannot lie there: TensorFlow reads patterns in paths."""
  if any(character in os.path.abspath(run_dir) for character in '*?[]\\'):
    raise errors.UserError(f'--run_dir: expected a path without * ? [ ] \\, which TensorFlow takes '
                           f'for a pattern of files; received {run_dir}')


def of(step, model, optimizer=None):
  """A `tf.train.Checkpoint` of everything that a training changes.

  Variable by variable, in Keras's order: left to itself, TensorFlow does not find
  what Keras layers keep in lists (the branches of `Mixed`), nor the states of
  random numbers.

  Args:
    step: a `tf.Variable`, the number of batches so far.
    model: an `InceptionI3D`.
    optimizer: a built Keras optimizer; None to restore the network alone.
  """
  def numbered(variables):
    # Not by path: Keras counts up the names of optimizers and seeds in a process.
    return {f'{number:03d}_{v.name}': v.value for number, v in enumerate(variables)}

  parts = {} if optimizer is None else {'optimizer': numbered(optimizer.variables)}
  return tf.train.Checkpoint(step=step, model=numbered(model.variables), **parts)


def create_manager(checkpoint, run_dir, step, keep=KEPT):
  """A manager of the run's checkpoints, numbered by `step`, of which the last `keep` are kept."""
  try:
    tf.train.get_checkpoint_state(_folder(run_dir))
  except ValueError:  # an empty list, or one that is no text: the manager would end with it
    os.remove(os.path.join(_folder(run_dir), 'checkpoint'))
  made = tf.train.CheckpointManager(
      checkpoint, _folder(run_dir), max_to_keep=keep, step_counter=step)
  _remove_halves(made.directory)
  return made


def save(manager, step):
  """Saves a checkpoint. Until it is whole, the last one stays the last one.

  Args:
    manager: what `create_manager` gave.
    step: the `tf.Variable` that numbers it.

  Raises:
    UserError: it cannot be written, the disk being full for example.
  """
  try:
    manager.save(step)
  except tf.errors.OpError as e:
    _remove_halves(manager.directory)
    reason = 'No space left on device' if 'No space left' in e.message else (
        e.message.strip().splitlines()[0])
    last = os.path.basename(manager.latest_checkpoint) if manager.checkpoints else 'none'
    raise errors.UserError(
        f'{manager.directory}: cannot save the checkpoint of step {int(step)}: {reason}. The last '
        f'whole one is {last}. Mend that (there must be room for one checkpoint beside those of '
        '--keep_checkpoints) and start the same command again: it goes on there') from e


def _remove_halves(folder):
  """Removes what saves that were stopped have left, which nothing else ever would."""
  for path in glob.glob(os.path.join(glob.escape(folder), 'ckpt-*_temp')):
    shutil.rmtree(path, ignore_errors=True)


def restore(checkpoint, run_dir):
  """Restores a `tf.train.Checkpoint` from the run's last one: its path, or None if there is none.

  Raises:
    UserError: the checkpoint is damaged, or of another network, or lies where none can be read.
  """
  path = _last(run_dir)
  if path is None:
    return None
  check_path(run_dir)
  try:
    checkpoint.restore(path).assert_existing_objects_matched().expect_partial()
  except (tf.errors.OpError, ValueError, AssertionError, IndexError) as e:
    # IndexError: what TensorFlow raises of a file that ends too early.
    reason = (str(e).strip() or type(e).__name__).splitlines()[0]
    raise errors.UserError(f'{path}: expected a whole checkpoint of this run; {reason}') from e
  return path


def last_step(run_dir):
  """The step of the run's last checkpoint, or None if there is none."""
  path = _last(run_dir)
  return None if path is None else _step_of(path)


def _last(run_dir):
  """The prefix of the run's last checkpoint, or None if there is none.

  Not `tf.train.latest_checkpoint`: where the file `checkpoint` beside them is damaged, or
  names one that is gone, that says that there is none, and a training would begin anew.

  Raises:
    UserError: the last checkpoint is gone.
  """
  folder = _folder(run_dir)
  names = os.listdir(folder) if os.path.isdir(folder) else []
  # The index is written last: where it is, the checkpoint is whole.
  last = max((name.removesuffix('.index') for name in names
              if re.fullmatch(r'ckpt-\d+\.index', name)), key=_step_of, default=None)
  announced = None
  if 'checkpoint' in names:
    with open(os.path.join(folder, 'checkpoint'), errors='replace') as f:
      announced = re.search(r'^model_checkpoint_path: "(?:.*/)?(ckpt-\d+)"$', f.read(), re.M)
  if announced and (last is None or _step_of(announced[1]) > _step_of(last)):
    raise errors.UserError(f'{os.path.join(folder, announced[1])}.index: expected the last '
                           'checkpoint of the run; there is no such file')
  return None if last is None else os.path.join(folder, last)


def _step_of(prefix):
  return int(prefix.rsplit('-', 1)[1])


def _folder(run_dir):
  return os.path.join(run_dir, 'checkpoints')
