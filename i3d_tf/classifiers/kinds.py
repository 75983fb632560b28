"""Opens a classifier of any kind; its content decides which kind it is."""

import json
import os
import re
import zipfile

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors

_SAID = ('signature', 'frames', 'size', 'rate', 'value_range', 'layout')  # of others than I3D


def check(options: discovery.ClassifierOptions) -> None:
  """Refuses what is said of a classifier whose kind does not take it. Needs no TensorFlow.

  Raises:
    UserError: I3D says itself what it takes, or another network has its own precision; the
      message names the flag.
  """
  source = options.source
  if _is_run(source):
    _refuse_said(options, (*_SAID, 'labels'))
  elif _is_of_i3d(source):
    _refuse_said(options, _SAID)
  elif options.precision is not None:
    raise errors.UserError(
      f'{source}: has its own precision; received --precision={options.precision}, '
      'which is for runs and weights of I3D'
    )


def open_classifier(options: discovery.ClassifierOptions) -> protocol.Classifier:
  """Opens a run, weights of I3D, a SavedModel, a .keras or .onnx file, or module:function.

  Raises:
    UserError: it cannot be opened, or something about it must be said, or must not; the message
      names the flag.
  """
  # What a kind needs is imported with it: some need TensorFlow, others do not.
  check(options)
  source = options.source
  if is_function(source):
    from i3d_tf.classifiers import functions

    return functions.open_function(options)
  if _is_run(source):
    from i3d_tf.classifiers import i3d

    return i3d.of_run(source, options.precision)
  if _is_saved_model(source):
    from i3d_tf.classifiers import saved_models

    return saved_models.open_saved_model(options)
  if source.endswith('.keras'):
    from i3d_tf.classifiers import keras_files

    return keras_files.open_keras_file(options)
  if source.endswith('.onnx'):
    from i3d_tf.classifiers import onnx_files

    return onnx_files.open_onnx_file(options)
  from i3d_tf.classifiers import i3d

  return i3d.of_weights(source, options.labels, options.precision)


def is_function(source: str) -> bool:
  """Whether a source is module:function, and no file of that name exists."""
  return re.fullmatch(r'[\w.]+:\w+', source) is not None and not os.path.exists(source)


def _is_run(source: str) -> bool:
  return os.path.isfile(os.path.join(source, 'run.json'))


def _is_saved_model(source: str) -> bool:
  """Whether a source is a SavedModel; a TF Hub module of TensorFlow 1 is read for its weights."""
  return os.path.isfile(os.path.join(source, 'saved_model.pb')) and not os.path.isfile(
    os.path.join(source, 'tfhub_module.pb')
  )


def _is_of_i3d(source: str) -> bool:
  """Whether a source is a network of this project that no run holds, in whatever kind of file."""
  if source.endswith('.keras'):
    return _keras_class(source) == 'InceptionI3D'
  return not (is_function(source) or _is_saved_model(source) or source.endswith('.onnx'))


def _keras_class(path: str) -> str | None:
  """The name of the class of a .keras file's model; None if the file does not say."""
  try:
    with zipfile.ZipFile(path) as archive:
      return json.loads(archive.read('config.json'))['class_name']
  except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
    return None  # Who opens it says what is wrong with it.


def _refuse_said(options: discovery.ClassifierOptions, names: tuple[str, ...]) -> None:
  for name in names:
    if getattr(options, name) is not None:
      flag = {'labels': 'labels', 'value_range': 'classifier_range'}.get(name, f'classifier_{name}')
      raise errors.UserError(f'{options.source}: says itself what it takes; received --{flag}')
