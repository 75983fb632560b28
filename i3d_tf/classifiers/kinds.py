"""Opens a classifier of any kind; its content decides which kind it is."""

import dataclasses
import os
import re

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors


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

    _refuse_precision(options)
    return functions.open_function(options)
  if os.path.isfile(os.path.join(source, 'run.json')):
    from i3d_tf.classifiers import i3d

    _refuse_said(options)
    return i3d.of_run(source, options.precision)
  if os.path.isfile(os.path.join(source, 'saved_model.pb')):
    from i3d_tf.classifiers import saved_models

    _refuse_precision(options)
    return saved_models.open_saved_model(options)
  if source.endswith('.keras'):
    from i3d_tf.classifiers import keras_files

    _refuse_precision(options)
    return keras_files.open_keras_file(options)
  if source.endswith('.onnx'):
    from i3d_tf.classifiers import onnx_files

    _refuse_precision(options)
    return onnx_files.open_onnx_file(options)
  from i3d_tf.classifiers import i3d

  _refuse_said(dataclasses.replace(options, labels=None))
  return i3d.of_weights(source, options.labels, options.precision)


def _refuse_said(options: discovery.ClassifierOptions) -> None:
  """Raises a `UserError` if something is said of I3D, which says it itself."""
  for name in ('signature', 'frames', 'size', 'rate', 'value_range', 'layout', 'labels'):
    if getattr(options, name) is not None:
      flag = {'labels': 'labels', 'value_range': 'classifier_range'}.get(name, f'classifier_{name}')
      raise errors.UserError(f'{options.source}: says itself what it takes; received --{flag}')


def _refuse_precision(options: discovery.ClassifierOptions) -> None:
  if options.precision is not None:
    raise errors.UserError(
      f'{options.source}: has its own precision; received --precision={options.precision}, '
      'which is for runs and weights of I3D'
    )


def is_function(source: str) -> bool:
  """Whether a source is module:function, and no file of that name exists."""
  return re.fullmatch(r'[\w.]+:\w+', source) is not None and not os.path.exists(source)
