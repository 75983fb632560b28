"""Opens a classifier of any kind; its content decides which kind it is."""

import os
import re

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import protocol


def open_classifier(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Opens a run, weights of I3D, a SavedModel, a .keras or .onnx file, or module:function.

  Raises:
    UserError: it cannot be opened, or something about it must be said; the message names the
      flag.
  """
  # What a kind needs is imported with it: some need TensorFlow, others do not.
  source = options.source
  if is_function(source):
    from i3d_tf.classifiers import functions

    return functions.open_function(options)
  if os.path.isfile(os.path.join(source, 'run.json')):
    from i3d_tf.classifiers import i3d

    return i3d.of_run(source)
  if os.path.isfile(os.path.join(source, 'saved_model.pb')):
    from i3d_tf.classifiers import saved_models

    return saved_models.open_saved_model(options)
  if source.endswith('.keras'):
    from i3d_tf.classifiers import keras_files

    return keras_files.open_keras_file(options)
  if source.endswith('.onnx'):
    from i3d_tf.classifiers import onnx_files

    return onnx_files.open_onnx_file(options)
  from i3d_tf.classifiers import i3d

  return i3d.of_weights(source, options.labels)


def is_function(source: str) -> bool:
  """Whether a source is module:function, and no file of that name exists."""
  return re.fullmatch(r'[\w.]+:\w+', source) is not None and not os.path.exists(source)
