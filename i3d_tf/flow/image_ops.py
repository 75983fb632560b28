"""OpenCV's image operations as array code for batches of images, float32 [B, H, W].

Written with `keras.ops`, so they run on Keras's backend (TensorFlow or JAX), best inside a
compiled function. Results equal those of OpenCV 5 except for rounding.
"""

from typing import Any

from keras import ops
import numpy as np

# Devillard, "Fast median search: an ANSI C implementation", 1998: sorting these pairs of 25
# values one after the other (the smaller value first) puts the median at index 12.
_MEDIAN_25 = tuple(
  tuple(map(int, pair.split('-')))
  for pair in """
    0-1 3-4 2-4 2-3 6-7 5-7 5-6 9-10 8-10 8-9 12-13 11-13 11-12 15-16 14-16 14-15 18-19 17-19 17-18
    21-22 20-22 20-21 23-24 2-5 3-6 0-6 0-3 4-7 1-7 1-4 11-14 8-14 8-11 12-15 9-15 9-12 13-16 10-16
    10-13 20-23 17-23 17-20 21-24 18-24 18-21 19-22 8-17 9-18 0-18 0-9 10-19 1-19 1-10 11-20 2-20
    2-11 12-21 3-21 3-12 13-22 4-22 4-13 14-23 5-23 5-14 15-24 6-24 6-15 7-16 7-19 13-21 15-23 7-13
    7-15 1-9 3-11 5-17 11-17 9-17 4-10 6-12 7-14 4-6 4-7 12-14 10-14 6-7 10-12 6-10 6-17 12-17 7-17
    7-10 12-18 7-12 10-18 12-20 10-20 10-12""".split()  # noqa: SIM905
)
_CUBIC = -0.75  # the slope of OpenCV's cubic kernel
_MARGIN = 4  # pixels of zeros around a warped image: one more than a cubic kernel reaches


def resize(images: Any, height: int, width: int, step: float | None = None) -> Any:
  """Bilinear resizing as in cv2.resize: half-pixel centers, repeated edges, no antialiasing.

  Args:
    images: float32 [B, H, W].
    height, width: of the result.
    step: distance in `images` between neighboring pixels of the result, in pixels: 1 / fx
      and 1 / fy of cv2.resize. None for the ratio of the sizes.

  Returns:
    float32 [B, height, width].
  """
  for axis, size in ((2, width), (1, height)):
    length = images.shape[axis]
    before, after, weight = _taps(length, size, length / size if step is None else step)
    weight = weight if axis == 2 else weight[:, None]
    first, second = (ops.take(images, indices, axis=axis) for indices in (before, after))
    images = first * (1 - weight) + second * weight
  return images


def _taps(length: int, size: int, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """For each pixel of a resized line: its two source pixels, and the weight of the second."""
  position = np.clip((np.arange(size) + 0.5) * step - 0.5, 0, length - 1)
  before = np.floor(position).astype(np.int32)
  return before, np.minimum(before + 1, length - 1), (position - before).astype(np.float32)


def centered_gradient(images: Any) -> tuple[Any, Any]:
  """Half the difference of each pixel's neighbors, edges repeated: (along x, along y)."""
  padded = _pad_edges(images, 1)
  return (
    0.5 * (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]),
    0.5 * (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]),
  )


def median(images: Any) -> Any:
  """The median of the 5x5 pixels around each pixel, edges repeated, as in cv2.medianBlur."""
  height, width = images.shape[1:]
  padded = _pad_edges(images, 2)
  values = [padded[:, y : y + height, x : x + width] for y in range(5) for x in range(5)]
  for i, j in _MEDIAN_25:
    values[i], values[j] = ops.minimum(values[i], values[j]), ops.maximum(values[i], values[j])
  return values[12]


def _pad_edges(images: Any, margin: int) -> Any:
  """Images with their edges repeated by a margin in pixels."""
  for axis in (1, 2):
    first, last = (
      ops.take(images, [index] * margin, axis=axis) for index in (0, images.shape[axis] - 1)
    )
    images = ops.concatenate([first, images, last], axis=axis)
  return images


def pad_for_warp(images: Any) -> Any:
  """Prepares K images, [B, H, W] each, for `warp`: [B, H + 2m, W + 2m, K] with zero margins."""
  margin = (_MARGIN, _MARGIN)
  return ops.pad(ops.stack(images, axis=-1), ((0, 0), margin, margin, (0, 0)))


def warp(padded: Any, u: Any, v: Any) -> list[Any]:
  """Samples images where the flow points, like cv2.remap with cubic interpolation.

  Args:
    padded: K images, as `pad_for_warp` returns them.
    u, v: float32 [B, H, W], motion along x and y in pixels.

  Returns:
    K images, float32 [B, H, W]: the values at (x + u, y + v), zero outside.
  """
  batch, height, width = u.shape
  rows, columns, number = padded.shape[1:]
  x, weights_x = _cubic(u + np.arange(width, dtype=np.float32), width)
  y, weights_y = _cubic(v + np.arange(height, dtype=np.float32)[:, None], height)
  batches = np.arange(batch, dtype=np.int32)[:, None, None] * (rows * columns)
  first = batches + (y + (_MARGIN - 1)) * columns + (x + (_MARGIN - 1))
  pixels = ops.reshape(padded, (-1, number))
  warped = 0.0
  for j, weight_y in enumerate(weights_y):
    row = 0.0
    for i, weight_x in enumerate(weights_x):
      row = row + weight_x[..., None] * ops.take(pixels, first + (j * columns + i), axis=0)
    warped = warped + weight_y[..., None] * row
  return ops.unstack(warped, axis=-1)


def _cubic(position: Any, length: int) -> tuple[Any, list[Any]]:
  """The pixel at or before a position, int32, and the weights of the four pixels around it.

  A position outside the image is moved to where all four pixels are in the margin.
  """
  before = ops.floor(position)
  t = position - before
  a = _CUBIC
  near = lambda s: ((a + 2) * s - (a + 3)) * s * s + 1
  weights = [((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a, near(t), near(1 - t)]
  weights.append(1 - weights[0] - weights[1] - weights[2])
  return ops.cast(ops.clip(before, -3, length + 1), 'int32'), weights
