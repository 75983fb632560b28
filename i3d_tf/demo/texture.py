"""Building blocks of drawn surfaces: colors, noise, patterns. Colors are float RGB in [0, 1]."""

from collections.abc import Sequence
import colorsys

import cv2
import numpy as np

Points = np.ndarray | Sequence[tuple[float, float]]  # (x, y) in pixels


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
  """RGB float32 [3] of a hue in turns, a saturation and a value (both clipped to [0, 1])."""
  clipped = (float(np.clip(saturation, 0, 1)), float(np.clip(value, 0, 1)))
  return np.asarray(colorsys.hsv_to_rgb(hue % 1.0, *clipped), np.float32)


def noise(
  rng: np.random.Generator, height: int, width: int, cells: tuple[float, ...], stretch: float = 1.0
) -> np.ndarray:
  """Smooth noise.

  Args:
    rng: random numbers.
    height: of the result in pixels.
    width: of the result in pixels.
    cells: sizes of the grains in pixels, the first the strongest; each next one weighs half.
    stretch: width of a grain over its height.

  Returns:
    float32 [height, width] with mean 0, most of it in [-1, 1].
  """
  total = np.zeros((height, width), np.float32)
  for octave, cell in enumerate(cells):
    rows, columns = max(2, round(height / cell)), max(2, round(width / (cell * stretch)))
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
  return total


def blend(image: np.ndarray, color: np.ndarray, weight: np.ndarray) -> None:
  """Blends a color into an image in place.

  Args:
    image: float [H, W, 3].
    color: RGB, [3] or [H, W, 3].
    weight: [H, W] in [0, 1], the share of the color.
  """
  image += np.asarray(weight, np.float32)[..., None] * (color - image)


def gradient(height: int, width: int, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
  """float32 [height, width, 3] that changes from one color to another, from top to bottom."""
  weight = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
  column = (1 - weight) * top + weight * bottom
  return np.repeat(column, width, axis=1).astype(np.float32)


def covered(height: int, width: int, points: Points) -> np.ndarray:
  """How much of each pixel a polygon covers: float32 [height, width].

  Points are (x, y) in pixels here and below, as in OpenCV.
  """
  # OpenCV draws anti-aliased edges in 8 bits only.
  mask = np.zeros((height, width), np.uint8)
  fixed = np.round(np.asarray(points, np.float64) * 16).astype(np.int32)
  cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=4)
  return mask.astype(np.float32) / 255


def polygon(image: np.ndarray, points: Points, color: np.ndarray) -> None:
  """Fills a polygon in place: [H, W, 3], points (x, y)."""
  blend(image, color, covered(image.shape[0], image.shape[1], points))


def line(
  image: np.ndarray, points: Points, color: np.ndarray, thickness: int = 1, weight: float = 1.0
) -> None:
  """Draws a line through points (x, y) in place: [H, W, 3]."""
  mask = np.zeros(image.shape[:2], np.uint8)
  cv2.polylines(mask, [np.round(points).astype(np.int32)], False, 255, thickness, cv2.LINE_AA)
  blend(image, color, mask * (weight / 255))


def disc(
  image: np.ndarray, center: tuple[float, float], axes: tuple[float, float], color: np.ndarray
) -> None:
  """Fills an ellipse in place, anti-aliased: center (x, y) and half axes (x, y) in pixels."""
  angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
  polygon(image, np.stack([np.cos(angles), np.sin(angles)], -1) * axes + center, color)


def tiles(
  height: int, width: int, tile_height: float, tile_width: float, *, offset: float = 0.0
) -> tuple[np.ndarray, ...]:
  """A grid of tiles.

  Args:
    height: of the result.
    width: of the result.
    tile_height: pixels.
    tile_width: pixels.
    offset: share of a tile by which every second row is shifted; 0.5 is a brick wall.

  Returns:
    row and column of the tile of each pixel, int [height, width], and the distance to the tile's
    edge in pixels, float32 [height, width].
  """
  y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
  row = np.floor(y / tile_height)
  x = x + (row % 2) * offset * tile_width
  column = np.floor(x / tile_width)
  edge = np.minimum(
    np.minimum(y - row * tile_height, (row + 1) * tile_height - y),
    np.minimum(x - column * tile_width, (column + 1) * tile_width - x),
  )
  return row.astype(int), column.astype(int), edge


# The ranges of hues that are called warm and cold, in turns.
HUES = {'warm': (-0.06, 0.13), 'cold': (0.48, 0.68)}


def cloth(rng: np.random.Generator, colors: str | None = None) -> np.ndarray:
  """A periodic cloth texture: plain, striped, checked, dotted or mottled.

  Args:
    rng: random numbers.
    colors: a key of `HUES`, or None for any.

  Returns:
    float32 [32, 32, 3].
  """
  y, x = np.mgrid[:32, :32] / 32 * 2 * np.pi
  count = int(rng.integers(1, 4))
  pattern = [
    0 * x,
    np.sin(count * y),
    np.sin(count * x),
    np.sin(count * y) * np.sin(count * x),
    np.cos(2 * y) + np.cos(2 * x) - 0.9,
    cv2.resize(rng.normal(0, 1, (10, 10)), (32, 32), interpolation=cv2.INTER_CUBIC),
  ][rng.integers(6)]
  # Down to black: dark shapes must not occur only where a person is masked.
  if colors is None:
    first, second = (
      hsv(rng.uniform(), rng.uniform(0, 0.55), rng.uniform(0.04, 0.95)) for _ in range(2)
    )
  else:
    first, second = (
      hsv(rng.uniform(*HUES[colors]) % 1, rng.uniform(0.45, 0.8), rng.uniform(darkest, 0.95))
      for darkest in (0.4, 0.04)
    )
  weight = np.clip(0.5 + 1.5 * pattern, 0, 1)[..., None] * rng.uniform(0.3, 0.8)
  return ((1 - weight) * first + weight * second).astype(np.float32)
