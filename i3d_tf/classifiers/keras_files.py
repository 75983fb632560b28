"""A .keras file as a classifier: a network of this project, or another."""

import keras

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import i3d
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from i3d_tf.model import inception_i3d
from i3d_tf.weights import readers
from i3d_tf.weights.published import label_maps


def open_keras_file(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Opens a .keras file, in Keras's safe mode: no code from the file is run.

  Raises:
    UserError: it cannot be loaded, or does not say what clips it takes.
  """
  try:
    model = keras.saving.load_model(options.source, compile=False, safe_mode=True)
  except Exception as e:  # Damaged files and unknown layers raise many things.
    reason = (str(e).splitlines() or [type(e).__name__])[0]
    raise errors.UserError(f'{options.source}: expected a .keras file; {reason}') from e
  if isinstance(model, inception_i3d.InceptionI3D):
    labels, _ = label_maps.of_weights(readers.read(options.source), options.labels)
    chosen = 'float32' if options.precision is None else options.precision
    return i3d.of_model(options.source, _computing_in(chosen, model), tuple(labels))
  if len(model.inputs) != 1 or len(model.outputs) != 1:
    raise errors.UserError(
      f'{options.source}: expected one input, clips, and one output, logits; found '
      f'{len(model.inputs)} and {len(model.outputs)}'
    )
  output = model.outputs[0].shape
  if len(output) != 2:
    raise errors.UserError(
      f'{options.source}: expected an output [B, N] of logits; found {list(output)}'
    )
  form = discovery.clip_form(options, model.inputs[0].shape, model.inputs[0].dtype)
  names = discovery.class_names(options, output[1])
  note = f'{options.source}: Keras model, {len(names)} classes'
  content = fingerprints.of_files([options.source])
  function = i3d.function_of(model)
  # Through integers there are no gradients.
  network = model if 'float' in str(model.inputs[0].dtype) else None
  return protocol.Classifier(options.source, names, form, function, (note,), content, network)


def _computing_in(precision: str, model: inception_i3d.InceptionI3D) -> inception_i3d.InceptionI3D:
  """A network with the same weights, whatever the precision that it was saved with."""
  config = model.get_config()
  if config['dtype'] == precision:
    return model
  other = inception_i3d.InceptionI3D.from_config({**config, 'dtype': precision})
  other.set_weights(model.get_weights())
  return other
