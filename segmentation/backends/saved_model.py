"""Finds and loads a Mask R-CNN stored as a SavedModel; its outputs tell which kind it is."""

from collections.abc import Callable, Sequence
import os
from typing import Any

from absl import logging
import tensorflow as tf

from segmentation.backends import class_names
from segmentation.backends import model_garden
from segmentation.backends import segmenter
from segmentation.backends import tfhub

_OUTPUTS = ('detection_boxes', 'detection_classes', 'detection_scores', 'detection_masks')
_SIGNATURE = 'serving_default'


def create(
  model: str | None, min_score: float = 0.0, also: Sequence[str] = ()
) -> segmenter.Segmenter:
  """Makes the segmenter of a SavedModel.

  Args:
    model: path of a SavedModel (a folder, or a .tar, .tgz or .tar.gz file of one), a handle
      of TF Hub, or None for `tfhub.HANDLE`.
    min_score: people with a lower score are left out.
    also: COCO's classes whose objects count as a person's, as `class_names.resolve` takes them.

  Returns:
    A `TFHubSegmenter` or a `ModelGardenSegmenter`.

  Raises:
    SegmenterError: the model is missing, cannot be fetched, or is neither kind of Mask R-CNN.
    UserError: `also` names no class of COCO.
  """
  also = class_names.resolve(also, class_names.COCO_OBJECTS, 'COCO')
  folder = tfhub.find() if model is None else _find(model, tfhub.HANDLE)
  path = folder if model is None else model  # for messages
  loaded = _load(folder, path)
  function, spec, outputs = _function(loaded)
  missing = [name for name in _OUTPUTS if name not in outputs]
  if missing:
    raise segmenter.SegmenterError(
      f'{path}: expected a Mask R-CNN of TF Hub, or one exported by tf-models-official; '
      f'its outputs lack {", ".join(missing)} (received {", ".join(sorted(outputs)) or "none"})'
    )
  if spec is None or spec.dtype != tf.uint8 or spec.shape.rank != 4:
    raise segmenter.SegmenterError(
      f'{path}: expected a Mask R-CNN that takes images, uint8 [B, H, W, 3] (in the Model '
      f'Garden: exported with --input_type=image_tensor); received one that takes {spec}'
    )
  name = os.path.basename(os.path.normpath(path)) if os.path.exists(path) else path
  if 'image_info' in outputs:
    return model_garden.ModelGardenSegmenter(
      loaded, function, spec.shape[0], f'model_garden {name}', min_score, also
    )
  return tfhub.TFHubSegmenter(
    loaded, function, f'tfhub {tfhub.HANDLE if model is None else name}', min_score, also
  )


def load(model: str, wanted: str) -> Any:
  """Loads a SavedModel.

  Args:
    model: path of a SavedModel, as in `create`.
    wanted: what it should be, for messages.

  Returns:
    What `tf.saved_model.load` returns.

  Raises:
    SegmenterError: it is missing, or is not a SavedModel.
  """
  return _load(_find(model, wanted), model)


def _load(folder: str, path: str) -> Any:
  verbosity = logging.get_verbosity()
  try:
    logging.set_verbosity(logging.ERROR)  # else there is a warning for every missing gradient
    return tf.saved_model.load(folder)
  # TensorFlow may raise anything for a damaged file.
  except Exception as e:
    if isinstance(e, MemoryError):
      raise
    reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
    raise segmenter.SegmenterError(f'{path}: expected a TensorFlow SavedModel; {reason}') from e
  finally:
    logging.set_verbosity(verbosity)


def _find(model: str, wanted: str) -> str:
  """The folder that holds saved_model.pb, after fetching or unpacking if needed."""
  if model.startswith(('https://', 'http://', 'gs://')):
    return tfhub.resolve(model)
  if not os.path.exists(model):
    raise segmenter.SegmenterError(
      f'{model}: no such model; expected a SavedModel (a folder with saved_model.pb, or a '
      f'.tar.gz of it), such as {wanted}'
    )
  folder = model if os.path.isdir(model) else tfhub.unpack(model)
  # Archives and version numbers add a folder around it.
  for candidate in [folder] + sorted(entry.path for entry in os.scandir(folder) if entry.is_dir()):
    if os.path.exists(os.path.join(candidate, 'saved_model.pb')):
      return candidate
  raise segmenter.SegmenterError(
    f'{model}: expected a SavedModel; received a folder with no saved_model.pb in it'
  )


def _function(
  loaded: Any,
) -> tuple[Callable[[tf.Tensor], Any] | None, tf.TensorSpec | None, tuple[str, ...]]:
  """The function from images to detections.

  Returns:
    (the function, the spec of its only input, the names of its outputs); (None, None, ())
    if there is no function with one input.
  """
  signature = getattr(loaded, 'signatures', {}).get(_SIGNATURE)
  if signature is not None:
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
      return None, None, ()
    ((name, spec),) = inputs.items()
    return lambda images: signature(**{name: images}), spec, tuple(signature.structured_outputs)
  call = getattr(loaded, '__call__', None)  # noqa: B004, restored by TensorFlow with attributes
  functions = getattr(call, 'concrete_functions', ())
  for function in functions:
    specs = tf.nest.flatten(function.structured_input_signature)
    if len(specs) == 1 and isinstance(function.structured_outputs, dict):
      return loaded, specs[0], tuple(function.structured_outputs)
  return None, None, ()
