"""Translates the variables of a file to `arrays.Weights`, all of them or none."""

import collections
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from i3d_tf.common import text
from i3d_tf.weights import arrays
from i3d_tf.weights import formats
from i3d_tf.weights import variable_names

_GAMMA = '/batch_norm/gamma'


def translate(
  path: str,
  checkpoint_format: formats.CheckpointFormat,
  names: Collection[str],
  get: Callable[[str], Any],
) -> arrays.Weights:
  """Translates the variables of a file.

  Args:
    path: of the file, for messages.
    checkpoint_format: the kind of file.
    names: the variables of the file.
    get: returns the array of one of them.

  Raises:
    WeightsError: variables are missing or unexpected, or an array does not have the
      expected axes, is not numeric or not finite.
  """
  ignored = _ignored(path, checkpoint_format, names)
  missing = [name for name in checkpoint_format.names if name not in set(names)]
  missing_originals = {checkpoint_format.names[name][0] for name in missing}
  if missing and missing_originals != set(variable_names.HEAD):
    raise arrays.WeightsError(f'{path}: {checkpoint_format.description} lacks {text.some(missing)}')

  tensors = {}
  for name, (original, convert) in checkpoint_format.names.items():
    if name not in missing:
      tensors[original] = _converted(path, name, original, get(name), convert)
  _fold_scales(tensors)
  return arrays.Weights(
    path, checkpoint_format.description, tensors, ignored, checkpoint_format.of_images
  )


def _ignored(
  path: str, checkpoint_format: formats.CheckpointFormat, names: Collection[str]
) -> tuple[str, ...]:
  """Describes the variables of a file that are not weights of the network.

  Raises:
    WeightsError: the file should not have one of them.
  """
  counts: collections.Counter[str] = collections.Counter()
  unexpected = []
  for name in sorted(set(names) - set(checkpoint_format.names)):
    description = checkpoint_format.ignored(name)
    if description is None:
      unexpected.append(name)
    else:
      counts[description] += 1
  if unexpected:
    raise arrays.WeightsError(
      f'{path}: {checkpoint_format.description} has variables that I3D lacks: '
      f'{text.some(unexpected)}'
    )
  return tuple(
    description if count == 1 else f'{description} ({count} variables)'
    for description, count in counts.items()
  )


def _converted(
  path: str, name: str, original: str, array: Any, convert: formats.Convert
) -> np.ndarray:
  """Converts an array of a file to the float32 array of an original name.

  Raises:
    WeightsError: the array does not have the expected axes, is not numeric or not finite.
  """
  array = np.asarray(array)
  if array.dtype.kind not in 'fiuV':  # V: bfloat16
    raise arrays.WeightsError(f'{path}: expected numbers in {name}; found {array.dtype}')
  unexpected_shape = arrays.WeightsError(f'{path}: {name} has the unexpected shape {array.shape}')
  try:
    converted = convert(array).astype(np.float32)
  except (IndexError, ValueError) as e:  # `convert` expects other axes.
    raise unexpected_shape from e
  if converted.ndim != (5 if original.endswith('/w') else 1):
    raise unexpected_shape
  if not np.isfinite(converted).all():
    raise arrays.WeightsError(
      f'{path}: expected finite numbers; {name} holds '
      f'{np.count_nonzero(~np.isfinite(converted))} that are not'
    )
  return converted


def _fold_scales(tensors: dict[str, np.ndarray]) -> None:
  """Moves batch norm's gamma, which I3D does not have, into the kernel before it, in place.

  gamma * (K x - mean) / sqrt(variance + eps) is ((gamma K) x - gamma mean) / sqrt(...),
  so this is exact wherever the moving statistics are used.
  """
  for name in [name for name in tensors if name.endswith(_GAMMA)]:
    gamma = tensors.pop(name)
    unit = name.removesuffix(_GAMMA)
    if (gamma != 1).any():
      tensors[f'{unit}/conv_3d/w'] *= gamma
      tensors[f'{unit}/batch_norm/moving_mean'] *= gamma
