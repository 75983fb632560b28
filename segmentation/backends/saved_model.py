"""A Mask R-CNN stored as a SavedModel: found, loaded, and recognised by its outputs."""

from collections.abc import Callable
import os
from typing import Any

from absl import logging
import tensorflow as tf

from segmentation.backends import model_garden
from segmentation.backends import segmenter
from segmentation.backends import tfhub

_OUTPUTS = ('detection_boxes', 'detection_classes', 'detection_scores', 'detection_masks')
_SIGNATURE = 'serving_default'


def create(model: str | None, min_score: float = 0.0) -> segmenter.Segmenter:
  """The segmenter of a SavedModel.

  Args:
    model: path of a SavedModel, a folder or a .tar, .tgz or .tar.gz of one; a handle of
      TF Hub; None for `tfhub.HANDLE`.
    min_score: people below are left out.

  Returns:
    A `TFHubSegmenter` or a `ModelGardenSegmenter`.

  Raises:
    SegmenterError: it is missing, cannot be fetched, or is no Mask R-CNN of these kinds.
  """
  folder = tfhub.find() if model is None else _find(model)
  path = folder if model is None else model  # for messages
  verbosity = logging.get_verbosity()
  try:
    logging.set_verbosity(logging.ERROR)  # a line for every gradient that was not stored
    loaded = tf.saved_model.load(folder)
  # A damaged file may raise anything from within TensorFlow.
  except Exception as e:  # pylint: disable=broad-exception-caught
    if isinstance(e, MemoryError):
      raise
    reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
    raise segmenter.SegmenterError(f'{path}: expected a TensorFlow SavedModel; {reason}') from e
  finally:
    logging.set_verbosity(verbosity)
  function, spec, outputs = _function(loaded)
  missing = [name for name in _OUTPUTS if name not in outputs]
  if missing:
    raise segmenter.SegmenterError(
      f'{path}: expected a Mask R-CNN of TF Hub, or one exported by tf-models-official; '
      f'{", ".join(missing)} missing among its outputs ({", ".join(sorted(outputs)) or "none"})'
    )
  if spec is None or spec.dtype != tf.uint8 or spec.shape.rank != 4:
    raise segmenter.SegmenterError(
      f'{path}: expected a Mask R-CNN that takes images, uint8 [B, H, W, 3] (in the Model '
      f'Garden: exported with --input_type=image_tensor); it takes {spec}'
    )
  name = os.path.basename(os.path.normpath(path)) if os.path.exists(path) else path
  if 'image_info' in outputs:
    return model_garden.ModelGardenSegmenter(
      loaded, function, spec.shape[0], f'model_garden {name}', min_score
    )
  return tfhub.TFHubSegmenter(
    loaded, function, f'tfhub {tfhub.HANDLE if model is None else name}', min_score
  )


def _find(model: str) -> str:
  """The folder with saved_model.pb."""
  if model.startswith(('https://', 'http://', 'gs://')):
    return tfhub.resolve(model)
  if not os.path.exists(model):
    raise segmenter.SegmenterError(
      f'{model}: no such model; expected a SavedModel (a folder with saved_model.pb, or a '
      f'.tar.gz of it): {tfhub.HANDLE} has one, or export one with tf-models-official'
    )
  folder = model if os.path.isdir(model) else tfhub.unpack(model)
  # Archives and versions put a folder around it.
  for candidate in [folder] + sorted(entry.path for entry in os.scandir(folder) if entry.is_dir()):
    if os.path.exists(os.path.join(candidate, 'saved_model.pb')):
      return candidate
  raise segmenter.SegmenterError(
    f'{model}: expected a SavedModel; there is no saved_model.pb in it'
  )


def _function(
  loaded: Any,
) -> tuple[Callable[[tf.Tensor], Any] | None, tf.TensorSpec | None, tuple[str, ...]]:
  """The function from images to detections.

  Returns:
    (function, tf.TensorSpec of its only input or None, names of its outputs).
  """
  signature = getattr(loaded, 'signatures', {}).get(_SIGNATURE)
  if signature is not None:
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
      return None, None, ()
    ((name, spec),) = inputs.items()
    return lambda images: signature(**{name: images}), spec, tuple(signature.structured_outputs)
  functions = getattr(getattr(loaded, '__call__', None), 'concrete_functions', ())
  for function in functions:
    specs = tf.nest.flatten(function.structured_input_signature)
    if len(specs) == 1 and isinstance(function.structured_outputs, dict):
      return loaded, specs[0], tuple(function.structured_outputs)
  return None, None, ()
