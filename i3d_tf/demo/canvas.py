"""Paints body parts into a frame and keeps track of the pixels that they cover."""

from collections.abc import Callable, Sequence
import functools
import math

import numpy as np

from i3d_tf.demo import texture

_MIN_COVERAGE = 0.1  # a pixel covered less stays as it was in the background, out of the mask
_DARK = np.array([0.08, 0.06, 0.06], np.float32)
_LIPS = np.array([0.6, 0.3, 0.3], np.float32)  # over the color of the skin


Point = tuple[float, float]  # (x, y) in pixels
# Start, end, radius at the start, radius at the end; all in pixels.
Capsule = tuple[Point, Point, float, float]
# The color of a place on a body part: from coordinates along and across the part, float [h, w] in
# body heights, to RGB, [3] or [h, w, 3].
Material = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Canvas:
  """A frame that remembers how much of each pixel has been painted over.

  Args:
    background: uint8 [H, W, 3], RGB; not changed.
    gain: brightness of the light, about 1.
  """

  def __init__(self, background: np.ndarray, gain: float):
    self.background, self.gain = background, gain
    self.image = background.astype(np.float32)
    self.uncovered: np.ndarray = np.ones(background.shape[:2], np.float32)

  def finish(self) -> tuple[np.ndarray, np.ndarray]:
    """The frame, uint8 [H, W, 3], and the mask of what was painted, bool [H, W]."""
    mask = self.uncovered < 1 - _MIN_COVERAGE
    image = np.clip(np.rint(self.image), 0, 255).astype(np.uint8)
    return np.where(mask[..., None], image, self.background), mask

  def add(self, capsules: Sequence[Capsule], material: Material, size: float) -> None:
    """Paints the union of capsules, textured along the first of them.

    Args:
      capsules: see `Capsule`.
      material: their color.
      size: the body height in pixels.
    """
    radius = max(max(capsule[2:]) for capsule in capsules)
    region = self._region([point for capsule in capsules for point in capsule[:2]], radius, radius)
    if region is None:
      return
    rows, columns, y, x = region
    depths: list[np.ndarray] = []
    for start, end, first, last in capsules:
      (start_x, start_y), (end_x, end_y) = start, end
      length = math.hypot(end_x - start_x, end_y - start_y)
      if length > 1e-3:
        axis_x, axis_y = (end_x - start_x) / length, (end_y - start_y) / length
      else:  # a ball, or a limb that points at the camera
        length, axis_x, axis_y = 1e-3, 0.0, 1.0
      along = (x - start_x) * axis_x + (y - start_y) * axis_y
      across = (x - start_x) * axis_y - (y - start_y) * axis_x
      nearest = np.minimum(np.maximum(along, 0), length)
      beyond = along - nearest
      radii = first + nearest * ((last - first) / length)
      if not depths:
        color = material(along / size, across / size)
      depths.append(radii - np.sqrt(beyond * beyond + across * across))
    inside = functools.reduce(np.maximum, depths)
    # Darker toward the edge, like round things lit from the camera.
    shade = 0.55 + 0.45 * _round(inside / radius)
    self._paint(rows, columns, inside, color * shade[..., None])

  def add_head(
    self, center: Point, radius: float, skin: np.ndarray, hair: np.ndarray, rotation: np.ndarray
  ) -> None:
    """Paints a head: an ellipsoid slightly taller than wide, with hair and a face.

    Args:
      center: (x, y) in pixels.
      radius: half its width in pixels.
      skin: RGB, [3] in [0, 1].
      hair: RGB.
      rotation: float [3, 3], from the head's axes (its left, up, front) to the camera's.
    """
    region = self._region([center], radius, 1.2 * radius)
    if region is None:
      return
    rows, columns, y, x = region
    right, up = np.broadcast_arrays((x - center[0]) / radius, (center[1] - y) / (1.2 * radius))
    distance = np.sqrt(right**2 + up**2)
    normal = np.stack([right, up, np.sqrt(_unit(1 - distance**2))], axis=-1) @ rotation
    left, top, front = normal[..., 0], normal[..., 1], normal[..., 2]
    color = np.broadcast_to(skin, normal.shape).copy()
    soft = 1.3 / radius  # about a pixel; with hard edges, a small face would flicker
    for side in (-0.38, 0.38):
      eye = np.hypot(left - side, top - 0.12) + (front < 0)
      texture.blend(color, _DARK, _unit((0.17 - eye) / soft + 0.5))
    mouth = np.maximum(np.abs(left) - 0.28, np.abs(top + 0.45) - 0.08) + (front < 0)
    texture.blend(color, skin * _LIPS, _unit(-mouth / soft + 0.5))
    hairline = np.maximum(top - 0.5 + 0.3 * np.abs(left), -0.05 - front)
    texture.blend(color, hair, _unit(hairline / soft + 0.5))
    shade = 0.65 + 0.35 * _round(1 - distance)
    self._paint(rows, columns, (1 - distance) * radius, color * shade[..., None])

  def _region(
    self, points: Sequence[Point], reach_x: float, reach_y: float
  ) -> tuple[slice, slice, np.ndarray, np.ndarray] | None:
    """The box around points (x, y).

    Returns:
      Slices of rows and columns, and the pixels' centers y [h, 1] and x [w]; None if the box is
      outside the frame.
    """
    height, width = self.uncovered.shape
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right = max(0, int(min(xs) - reach_x) - 1), min(width, int(max(xs) + reach_x) + 2)
    top, bottom = max(0, int(min(ys) - reach_y) - 1), min(height, int(max(ys) + reach_y) + 2)
    if left >= right or top >= bottom:
      return None
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    x = np.arange(left, right, dtype=np.float32) + 0.5
    return slice(top, bottom), slice(left, right), y, x

  def _paint(self, rows: slice, columns: slice, inside: np.ndarray, color: np.ndarray) -> None:
    """Paints a color over a region, with an edge one pixel soft.

    Args:
      rows: slice of the region.
      columns: slice of the region.
      inside: [h, w], distance to the edge in pixels, negative outside.
      color: [h, w, 3] in [0, 1].
    """
    opacity = _unit(inside + 0.5)
    image = self.image[rows, columns]
    image += opacity[..., None] * (color * (255 * self.gain) - image)
    self.uncovered[rows, columns] *= 1 - opacity


def _unit(values: np.ndarray) -> np.ndarray:
  """`np.clip(values, 0, 1)`, but several times as fast on arrays this small."""
  return np.minimum(np.maximum(values, 0), 1)


def _round(height: np.ndarray) -> np.ndarray:
  """How directly a round surface faces the camera: 0 at its edge, 1 in the middle."""
  height = _unit(height)
  return np.sqrt(height * (2 - height))
