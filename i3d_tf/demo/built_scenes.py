"""Families of places with walls; see `scene.FAMILIES` for what the functions take and return."""

import numpy as np

from i3d_tf.demo import texture
from i3d_tf.demo.texture import blend
from i3d_tf.demo.texture import hsv


def brick_wall(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A brick wall, perhaps with graffiti, at a street."""
  brick_height = height * rng.uniform(0.045, 0.085)
  brick_width = brick_height * rng.uniform(2, 2.8)
  row, column, edge = texture.tiles(height, width, brick_height, brick_width, offset=0.5)
  tint = rng.uniform(0.75, 1.15, (row.max() + 1, column.max() + 1)).astype(np.float32)[row, column]
  tint = tint * (1 + 0.15 * texture.noise(rng, height, width, (3, 1.5)))
  image = np.full((height, width, 3), hsv(0.1, 0.1, rng.uniform(0.5, 0.85)), np.float32)
  blend(image, hsv(0.025, 0.62, 0.62) * tint[..., None], np.clip(edge - 0.4, 0, 1))
  for _ in range(rng.integers(0, 3)):  # graffiti
    start = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.6) * height
    scrawl = start + np.cumsum(rng.normal(0, height * 0.08, (9, 2)), axis=0)
    color, thickness = hsv(rng.uniform(), 0.8, 0.9), int(rng.integers(2, 5))
    texture.line(image, scrawl, color, thickness, weight=0.85)
  street = int(height * rng.uniform(0.8, 0.9))
  asphalt = texture.noise(rng, height - street, width, (4, 1.5))
  image[street:] = 0.42 * (1 + 0.15 * asphalt)[..., None]
  image[street : street + 2] = 0.7
  return image


def gym(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A gym with wall bars, windows and court lines."""
  floor = int(height * rng.uniform(0.5, 0.66))
  paint = hsv(rng.uniform(0.1, 0.6), 0.12, 0.8)
  image = texture.gradient(height, width, paint, hsv(0.12, 0.15, 0.65))
  bars_left, bars_right = np.sort(rng.uniform(0, width, 2)).astype(int)
  for y in np.arange(height * 0.08, floor, height * rng.uniform(0.05, 0.08)):  # wall bars
    image[int(y) : int(y) + 2, bars_left:bars_right] = hsv(0.09, 0.55, 0.5)
  for x in np.arange(bars_left, bars_right, width * 0.13):
    image[:floor, int(x) : int(x) + 2] = hsv(0.09, 0.6, 0.38)
  for x in np.arange(rng.uniform(0, 0.2) * width, width, width * rng.uniform(0.25, 0.4)):  # windows
    if not bars_left < x < bars_right:
      image[int(0.08 * height) : int(0.3 * height), int(x) : int(x + 0.14 * width)] = hsv(
        0.55, 0.12, 1
      )
  y, x = np.mgrid[: height - floor, :width].astype(np.float32)
  far = (y + 6) / (height - floor)  # boards converge toward the horizon
  board = (x - width * rng.uniform(0.3, 0.7)) / far / (width * 0.05)
  tint = rng.uniform(0.85, 1.1, 512).astype(np.float32)[np.floor(board).astype(int) & 511]
  image[floor:] = hsv(0.09, 0.5, 0.78) * (tint * np.where(board % 1 < 0.1, 0.75, 1))[..., None]
  for _ in range(rng.integers(2, 5)):  # court lines
    start, end = rng.uniform(-0.2, 1.2, 2) * width
    texture.line(image, [(start, floor + 1), (end, height)], hsv(rng.uniform(), 0.8, 0.85), 2)
  image[floor : floor + 1] = 0.25
  return image


def pool(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """An indoor pool with tiles, lanes and caustics."""
  water = int(height * rng.uniform(0.36, 0.5))
  size = height * rng.uniform(0.05, 0.09)
  row, column, edge = texture.tiles(height, width, size, size)
  tint = rng.uniform(0.85, 1.05, (row.max() + 1, column.max() + 1)).astype(np.float32)[row, column]
  image = hsv(0.5, 0.14, 0.92) * (tint * np.clip(0.75 + 0.3 * edge, 0, 1))[..., None]
  image[(row % rng.integers(3, 6) == 1)] *= hsv(0.58, 0.7, 0.9)
  x = np.mgrid[: height - water, :width][1].astype(np.float32)
  ripple = texture.noise(rng, height - water, width, (8, 4, 2), stretch=rng.uniform(2, 4))
  image[water:] = hsv(0.51, 0.75, 0.78) * (1 + 0.12 * ripple[..., None])
  caustics = np.clip(1 - 5 * np.abs(ripple), 0, 1)  # bright where the water is flat
  blend(image[water:], hsv(0.48, 0.1, 1), 0.6 * caustics)
  for lane in np.linspace(0, 1, rng.integers(3, 6))[1:]:
    line = int((height - water) * lane**1.4) - 3
    floats = np.where(np.floor(x[0] / (2 + 5 * lane)) % 2, 1.0, 0.0)[None, :, None]
    band = image[water + line : water + line + 1 + int(2 * lane)]
    band[:] = floats * hsv(0.0, 0.85, 0.85) + (1 - floats) * 0.95
  image[water - 2 : water + 1] = 0.9
  return image


def kitchen(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A tiled kitchen with shelves, a counter, jars and pots."""
  size = height * rng.uniform(0.1, 0.16)
  row, column, edge = texture.tiles(
    height, width, size, size * rng.choice([1, 1, 2]), offset=rng.choice([0, 0.5])
  )
  checked = (row + column) % 2 * rng.choice([0, 0.12])
  base = hsv(rng.uniform(), rng.uniform(0.05, 0.3), 0.92)
  image = base * ((0.95 - checked) * np.clip(0.65 + 0.35 * edge, 0, 1))[..., None]
  shelf, counter = int(height * rng.uniform(0.1, 0.2)), int(height * rng.uniform(0.52, 0.66))
  wood = hsv(rng.uniform(0.04, 0.12), rng.uniform(0.2, 0.7), rng.uniform(0.4, 0.85))
  grain = 1 + 0.15 * texture.noise(rng, height, width, (2, 1.2), stretch=9)
  for top, bottom in ((0, shelf), (counter, height)):
    image[top:bottom] = wood * grain[top:bottom, :, None]
    for x in np.arange(rng.uniform(0, 0.2), 1, rng.uniform(0.2, 0.3)) * width:
      image[top:bottom, int(x) : int(x) + 1] *= 0.45
      middle = top + 3 if top else bottom - 3
      image[middle : middle + 1, int(x) + 3 : int(x) + 8] = 0.9
  image[counter - 3 : counter] = hsv(0.1, 0.1, rng.uniform(0.2, 0.9))
  for _ in range(rng.integers(3, 7)):  # jars and pots
    wide, tall = width * rng.uniform(0.03, 0.08), height * rng.uniform(0.06, 0.16)
    left, rim, foot = rng.uniform(0, width), counter - tall, counter - 3
    color = hsv(rng.uniform(), rng.uniform(0, 0.8), rng.uniform(0.3, 0.95))
    right = left + wide
    texture.polygon(image, [(left, foot), (right, foot), (right, rim), (left, rim)], color)
    texture.disc(image, ((left + right) / 2, rim), (wide / 2, wide / 5), color * 0.7)
  return image


def stage(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A stage with a curtain, boards and spotlights."""
  floor = int(height * rng.uniform(0.66, 0.8))
  hue = rng.choice([0.97, 0.0, 0.03, 0.8])
  x = np.arange(width) / width
  warped = x + 0.02 * np.sin(x * rng.uniform(10, 30))
  folds = 0.5 + 0.5 * np.sin(2 * np.pi * warped * rng.uniform(9, 20))
  light = np.linspace(0.65, 1, height, dtype=np.float32)[:, None] * (0.25 + 0.75 * folds)
  image = (hsv(hue, 0.85, 0.6) * light[..., None]).astype(np.float32)
  swags = 1.4 + np.abs(np.sin(np.pi * x * rng.integers(3, 7)))
  hem = (height * 0.08 * swags).astype(int)
  image[np.arange(height)[:, None] < hem] *= 0.5
  image[np.abs(np.arange(height)[:, None] - hem) < 1] = hsv(0.13, 0.7, 0.85)
  row, _, edge = texture.tiles(
    height - floor, width, height * 0.05, width * rng.uniform(0.2, 0.4), offset=0.5
  )
  boards = np.clip(0.6 + edge, 0, 1) * rng.uniform(0.8, 1.1, 64)[row]
  image[floor:] = hsv(0.07, 0.6, 0.36) * boards[..., None]
  y, x = np.mgrid[:height, :width].astype(np.float32)
  for _ in range(rng.integers(1, 4)):  # spotlights
    source, target = rng.uniform(0, width), rng.uniform(0.2, 0.8) * width
    spread = width * rng.uniform(0.08, 0.15)
    beam = np.abs(x - source - (target - source) * y / height) / (spread * (0.15 + y / height))
    blend(image, hsv(rng.uniform(), 0.3, 1), 0.45 * np.clip(1.3 - beam, 0, 1))
  return image
