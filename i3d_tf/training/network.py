"""The network of a run: as its seed initialises it, or as its last checkpoint has it."""

from collections.abc import Callable
import os

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from i3d_tf.training import checkpoints
from i3d_tf.training import run_settings


def build_model(run: run_settings.Run) -> inception_i3d.InceptionI3D:
  """The `InceptionI3D` of a run, with the initial weights of its seed, frozen as it says."""
  model = inception_i3d.InceptionI3D(
    num_classes=len(run.label_names),
    channels=clip_settings.CHANNELS[run.clips.stream],
    dropout=run.network.dropout,
    frame_size=run.clips.frame_size,
    width=run.network.width,
    batch_norm_momentum=run.network.batch_norm_momentum,
    seed=run.clips.seed,
    dtype=run.network.precision,
  )
  if run.network.freeze is not None:
    model.freeze(run.network.freeze)
  return model


def training_logits(
  model: inception_i3d.InceptionI3D, freeze: str | None
) -> Callable[[tf.Tensor], tf.Tensor]:
  """A function from clips to logits, as a training step computes them.

  Args:
    model: the network. Its frozen layers are copied, so their weights must be those of the run.
    freeze: the last layer that is frozen, or None. Frozen layers never change, so they compute
      folded (`folding.fold`).
  """
  if freeze is None:
    return lambda clips: model(clips, training=True)
  frozen = folding.fold(model, endpoint=freeze)
  above = keras.Model(model.get_layer(freeze).output, model.output)
  return lambda clips: above(frozen(clips), training=True)


def restore_model(
  run_dir: str | os.PathLike, run: run_settings.Run
) -> tuple[inception_i3d.InceptionI3D, int]:
  """The network of a run as its last checkpoint has it.

  Args:
    run_dir: the run directory.
    run: what it is for, see `runs.load`.

  Returns:
    (model, step).

  Raises:
    UserError: there is no checkpoint, it is damaged, or its weights are not finite.
  """
  model, step = build_model(run), tf.Variable(0, dtype=tf.int64)
  path = checkpoints.restore(checkpoints.build_checkpoint(step, model), run_dir)
  if path is None:
    raise errors.UserError(f'{run_dir}: expected a checkpoint; train has not written one yet')
  for variable in model.variables:
    if not np.isfinite(variable.numpy()).all():
      raise errors.UserError(
        f'{path}: expected finite weights; {variable.path} holds others. Was its training stable?'
      )
  return model, int(step)
