"""I3D as a classifier: from a run, or from weights."""

from collections.abc import Callable
import dataclasses

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.training import network
from i3d_tf.training import runs
from i3d_tf.weights import assign
from i3d_tf.weights import readers
from i3d_tf.weights.published import fetch
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import label_maps


def of_model(
  source: str,
  model: inception_i3d.InceptionI3D,
  class_names: tuple[str, ...],
  notes: tuple[str, ...] = (),
) -> protocol.Classifier:
  """A network of this project as a classifier."""
  form = protocol.ClipForm(
    model.frame_size, min_frames=architecture.MIN_FRAMES, channels=model.channels
  )
  content = f'{model.get_config()["dtype"]} {fingerprints.of_variables(model.variables)}'
  return protocol.Classifier(source, class_names, form, function_of(model), notes, content, model)


def function_of(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
  """A Keras model as a function of arrays, compiled once for clips of any length."""
  compiled = tf.function(lambda clips: model(clips, training=False), reduce_retracing=True)
  return lambda clips: tf.cast(compiled(tf.constant(clips)), tf.float32).numpy()


def of_run(run_dir: str, precision: str | None = None) -> protocol.Classifier:
  """The network of a run, as its last checkpoint has it, in float32 or another precision.

  Raises:
    UserError: there is no run, or it has no whole checkpoint.
  """
  run = runs.load(run_dir)
  chosen = 'float32' if precision is None else precision
  run = dataclasses.replace(run, network=dataclasses.replace(run.network, precision=chosen))
  model, step = network.restore_model(run_dir, run)
  notes = (f'{run_dir}: trained for {step} steps, replaced: {run.data.mask}',)
  return of_model(run_dir, model, tuple(run.label_names), notes)


def of_weights(
  path: str, labels: str | None = None, precision: str | None = None
) -> protocol.Classifier:
  """A network with published weights, of whichever stream they are.

  Args:
    path: any file that `readers.read` takes, with logits, or the name of a release.
    labels: as in `label_maps.read`; None for the class names of the weights or, without them,
      'class 0' and so on.
    precision: one of `run_settings.PRECISIONS`; None for float32.

  Raises:
    UserError: weights or labels cannot be used.
  """
  return of_model(path, *build(path, None, labels, precision))


def build(
  path: str, stream: str | None, labels: str | None = None, precision: str | None = None
) -> tuple[inception_i3d.InceptionI3D, tuple[str, ...], tuple[str, ...]]:
  """Builds the network of weights.

  Args:
    path: any file that `readers.read` takes, with logits, or the name of a release.
    stream: 'rgb' or 'flow', what it must see; None for either.
    labels, precision: as in `of_weights`.

  Returns:
    (network, class names, lines for the user).

  Raises:
    UserError: weights or labels cannot be used.
  """
  path = fetch.resolve(path)
  found = readers.read(path)
  if found.num_classes is None:
    raise errors.UserError(f'{path}: expected weights with logits; it has none')
  model = inception_i3d.InceptionI3D(
    found.num_classes,
    found.channels if stream is None else clip_settings.CHANNELS[stream],
    dropout=0.0,
    width=1.0 if found.width is None else found.width,
    dtype='float32' if precision is None else precision,
  )
  notes = [assign.assign(found, model), identity.describe(found)]
  names, note = label_maps.of_weights(found, labels)
  if note is not None:
    notes.append(note)
  return model, tuple(names), tuple(notes)
