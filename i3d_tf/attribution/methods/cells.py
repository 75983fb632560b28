"""Which part of a clip a position of an endpoint of I3D stands for. Needs no TensorFlow."""

from collections.abc import Sequence

import numpy as np

from i3d_tf.common import validation
from i3d_tf.model import architecture


def edges_at(endpoint: str, clip_shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Where the cells of an endpoint begin and end along time, height and width.

  A cell reaches half-way to the centers of the receptive fields next to its own; the first and the
  last reach to the ends of the clip. TensorFlow's SAME padding puts the odd pixel at the end, so
  that the centers are not those of an even grid: at Mixed_5c of 224 pixels 23.5, 55.5, ..., 215.5.

  Args:
    endpoint: one of `architecture.BELOW_LOGITS`.
    clip_shape: frames, height and width of the clip.

  Returns:
    As `maps.AttributionMap.edges`.

  Raises:
    UserError: there is no such endpoint.
  """
  names = tuple(name for name, _, _ in architecture.LAYERS)
  validation.check_choice('endpoint', endpoint, names)
  rows = architecture.LAYERS[: names.index(endpoint) + 1]
  frames, height, width = clip_shape
  return _edges(frames, rows, 0), _edges(height, rows, 1), _edges(width, rows, 1)


def _edges(length: int, rows: Sequence[tuple], axis: int) -> np.ndarray:
  """The edges along time (axis 0) or space (axis 1) after rows of `architecture.LAYERS`."""
  # The center of position i is at stride * i + first, pixel p being centered on p + 0.5.
  count, stride, first = length, 1, 0.5
  for _, kind, arguments in rows:
    if kind == 'mixed':
      continue  # Kernels of odd extent with stride 1: nothing moves.
    size, step = arguments[1:] if kind == 'unit' else (arguments[0][axis], arguments[1][axis])
    outputs = -(-count // step)
    before = max((outputs - 1) * step + size - count, 0) // 2
    first += stride * ((size - 1) / 2 - before)
    count, stride = outputs, stride * step
  centers = first + stride * np.arange(count)
  return np.concatenate([[0.0], (centers[1:] + centers[:-1]) / 2, [float(length)]])
