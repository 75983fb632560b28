"""The checkpoints of a run: what is in them, how they are written and restored."""

from collections.abc import Iterable
import glob
import os
import shutil
from typing import Any

import keras
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.training import checkpoint_files


def build_checkpoint(
  step: tf.Variable, model: keras.Model, optimizer: keras.optimizers.Optimizer | None = None
) -> tf.train.Checkpoint:
  """A `tf.train.Checkpoint` of everything that a training changes.

  Variable by variable, in Keras's order: left to itself, TensorFlow does not find
  what Keras layers keep in lists (the branches of `Mixed`), nor the states of
  random numbers.

  Args:
    step: a `tf.Variable`, the number of batches so far.
    model: an `InceptionI3D`.
    optimizer: a built Keras optimizer; None to restore the network alone.
  """

  def numbered(variables: Iterable[Any]) -> dict[str, Any]:
    # Not by path: Keras counts up the names of optimizers and seeds in a process.
    return {f'{number:03d}_{v.name}': v.value for number, v in enumerate(variables)}

  parts = {} if optimizer is None else {'optimizer': numbered(optimizer.variables)}
  return tf.train.Checkpoint(step=step, model=numbered(model.variables), **parts)


def create_manager(
  checkpoint: tf.train.Checkpoint,
  run_dir: str | os.PathLike,
  step: tf.Variable,
  keep: int = checkpoint_files.KEPT,
) -> tf.train.CheckpointManager:
  """A manager of the run's checkpoints, numbered by `step`, of which the last `keep` are kept."""
  try:
    tf.train.get_checkpoint_state(checkpoint_files.folder_of(run_dir))
  except ValueError:  # an empty or a binary list, on which the manager would fail
    os.remove(os.path.join(checkpoint_files.folder_of(run_dir), 'checkpoint'))
  made = tf.train.CheckpointManager(
    checkpoint, checkpoint_files.folder_of(run_dir), max_to_keep=keep, step_counter=step
  )
  _remove_halves(made.directory)
  return made


def save(manager: tf.train.CheckpointManager, step: tf.Variable) -> None:
  """Saves a checkpoint. Until it is complete, the previous one remains the last.

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
    reason = (
      'No space left on device'
      if 'No space left' in e.message
      else (e.message.strip().splitlines()[0])
    )
    last = os.path.basename(manager.latest_checkpoint) if manager.checkpoints else 'none'
    raise errors.UserError(
      f'{manager.directory}: cannot save the checkpoint of step {int(step)}: {reason}. The last '
      f'complete one is {last}. Fix that (there must be room for one checkpoint more than '
      '--keep_checkpoints) and rerun the same command to resume from there'
    ) from e


def _remove_halves(folder: str) -> None:
  """Removes what saves that were stopped have left, which nothing else ever would."""
  for path in glob.glob(os.path.join(glob.escape(folder), 'ckpt-*_temp')):
    shutil.rmtree(path, ignore_errors=True)


def restore(checkpoint: tf.train.Checkpoint, run_dir: str | os.PathLike) -> str | None:
  """Restores a `tf.train.Checkpoint` from the run's last one: its path, or None if there is none.

  Raises:
    UserError: the checkpoint is damaged, or of another network, or its folder cannot be read.
  """
  path = checkpoint_files.last(run_dir)
  if path is None:
    return None
  checkpoint_files.check_path(run_dir)
  try:
    checkpoint.restore(path).assert_existing_objects_matched().expect_partial()
  except (tf.errors.OpError, ValueError, AssertionError, IndexError) as e:
    # IndexError: what TensorFlow raises of a file that ends too early.
    reason = (str(e).strip() or type(e).__name__).splitlines()[0]
    raise errors.UserError(f'{path}: expected a complete checkpoint of this run; {reason}') from e
  return path
