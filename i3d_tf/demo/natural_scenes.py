"""Families of places outdoors; see `scene.FAMILIES` for what the functions take and return."""

import numpy as np

from i3d_tf.demo import texture
from i3d_tf.demo.texture import blend
from i3d_tf.demo.texture import hsv


def beach(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A beach with sun, sea and parasols."""
  horizon, shore = int(height * rng.uniform(0.25, 0.42)), int(height * rng.uniform(0.5, 0.66))
  image = texture.gradient(height, width, hsv(0.57, 0.6, 0.9), hsv(0.55, 0.2, 1.0))
  sun = width * rng.uniform(0.1, 0.9), height * rng.uniform(0.05, 0.2)
  texture.disc(image, sun, (height * 0.07, height * 0.07), hsv(0.14, 0.4, 1))
  sea = image[horizon:]
  sea[:] = texture.gradient(height - horizon, width, hsv(0.58, 0.8, 0.55), hsv(0.5, 0.55, 0.85))
  waves = texture.noise(rng, height - horizon, width, (3, 1.5), stretch=rng.uniform(5, 10))
  blend(sea, hsv(0.5, 0.1, 1), np.clip(waves - 0.35, 0, 1))
  y, x = np.mgrid[:height, :width]
  sand = np.clip(y - shore - 3 * np.sin(x / rng.uniform(8, 20) + rng.uniform(0, 6)), 0, 1)
  grains = 0.8 + 0.12 * texture.noise(rng, height, width, (12, 3, 1.2), stretch=2)
  blend(image, hsv(0.11, 0.42, 0.95) * grains[..., None], sand)
  for _ in range(rng.integers(1, 4)):  # parasols
    x, y = rng.uniform(0, width), rng.uniform(shore, 0.95 * height)
    size = height * rng.uniform(0.1, 0.18)
    texture.line(image, [(x, y), (x, y - 1.4 * size)], hsv(0.08, 0.4, 0.5))
    color = hsv(rng.uniform(), 0.8, 0.9)
    for piece in range(4):
      left = x - size + piece * size / 2
      rim = y - 1.3 * size
      corners = [(x, y - 2.1 * size), (left, rim), (left + size / 2, rim)]
      texture.polygon(image, corners, color if piece % 2 else np.ones(3))
  return image


def forest(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A forest with trunks, leaves and litter."""
  leaves = texture.noise(rng, height, width, (height / 6, 7, 3, 1.5))
  image = hsv(0.3, 0.65, 0.42) * (1 + 0.55 * leaves[..., None])
  image *= np.linspace(1.25, 0.7, height, dtype=np.float32)[:, None, None]
  ground = int(height * rng.uniform(0.68, 0.82))
  litter = texture.noise(rng, height - ground, width, (6, 2, 1.2), stretch=2)
  image[ground:] = hsv(0.09, 0.55, 0.38) * (1 + 0.5 * litter[..., None])
  for depth in np.sort(rng.uniform(0, 1, rng.integers(7, 15))):
    thickness, foot = width * (0.012 + 0.05 * depth), ground + depth * (height - ground) * 0.7
    x, lean = rng.uniform(0, width), rng.normal(0, 0.05) * height
    grooves = texture.noise(rng, height, width, (4, 2), stretch=0.3)
    bark = hsv(0.08, 0.5, 0.22 + 0.2 * depth) * np.clip(1 + 0.4 * grooves, 0.3, 2)[..., None]
    corners = [(x + lean, -1), (x + lean + 0.8 * thickness, -1), (x + thickness, foot), (x, foot)]
    blend(image, bark, texture.covered(height, width, corners))
  return image


def field(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A mown field behind a picket fence, under clouds."""
  horizon = int(height * rng.uniform(0.35, 0.5))
  image = texture.gradient(height, width, hsv(0.58, 0.65, 0.85), hsv(0.56, 0.2, 0.97))
  clouds = texture.noise(rng, height, width, (height / 5, 8, 4), stretch=2)
  blend(image, np.ones(3, np.float32), np.clip(1.6 * clouds - 0.3, 0, 0.9))
  y, x = np.mgrid[: height - horizon, :width].astype(np.float32)
  far = (y + 5) / (height - horizon)
  mown = np.floor((x - width * rng.uniform(0, 1)) / far / (width * rng.uniform(0.12, 0.25))) % 2
  blades = texture.noise(rng, height - horizon, width, (4, 1.2), stretch=0.6)
  image[horizon:] = hsv(0.27, 0.7, 0.6) * (1 + 0.2 * mown + 0.22 * blades * np.sqrt(far))[..., None]
  post, half = width * rng.uniform(0.04, 0.09) * np.array([1, 0.3])
  top, foot = horizon - height * rng.uniform(0.08, 0.16), horizon + height * 0.05
  paint = hsv(0.1, rng.choice([0.0, 0.5]), rng.uniform(0.6, 0.97))
  for rail in (0.3, 0.7):
    level = top + rail * (foot - top)
    texture.line(image, [(0, level), (width, level)], paint * 0.85, 2)
  for x in np.arange(rng.uniform(-post, 0), width, post):  # pickets
    right = x + 2 * half
    corners = [(x, foot), (x, top), (x + half, top - half), (right, top), (right, foot)]
    texture.polygon(image, corners, paint)
  return image


def night_city(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A street at night, with lit windows, stars and lamps."""
  street = int(height * rng.uniform(0.68, 0.8))
  haze = hsv(rng.uniform(0.6, 0.95), 0.55, 0.38)
  image = texture.gradient(height, width, hsv(0.66, 0.7, 0.12), haze)
  image[tuple(rng.integers(0, (street, width), (40, 2)).T)] = 0.9  # stars
  lamp = rng.uniform(0.08, 0.16)
  x = -rng.uniform(0, 0.1) * width
  while x < width:
    wide, top = width * rng.uniform(0.1, 0.22), int(height * rng.uniform(0.05, 0.45))
    left, right = max(0, int(x)), min(width, int(x + wide))
    house = image[top:street, left:right]
    house[:] = hsv(rng.uniform(0.55, 0.75), 0.4, rng.uniform(0.08, 0.25))
    row, column, edge = texture.tiles(
      street - top, right - left, rng.uniform(5, 9), rng.uniform(4, 7)
    )
    if edge.size:
      lit = rng.uniform(0, 1, (row.max() + 1, column.max() + 1)) < rng.uniform(0.3, 0.7)
      house[lit[row, column] & (edge > 1.2)] = hsv(lamp, rng.uniform(0.3, 0.7), rng.uniform(0.8, 1))
    x += wide + rng.uniform(0, 0.03) * width
  road = texture.noise(rng, height - street, width, (3, 1.5), stretch=3)
  image[street:] = 0.16 * (1 + 0.3 * road)[..., None]
  y, x = np.mgrid[:height, :width].astype(np.float32)
  for _ in range(rng.integers(2, 5)):  # lamps, and their glow
    center_x, center_y = rng.uniform(0, width), rng.uniform(0.3, 0.6) * height
    image[int(center_y) : street + 3, int(center_x) : int(center_x) + 2] = 0.05
    distance = np.hypot(x - center_x, y - center_y) / (height * 0.1)
    blend(image, hsv(lamp, 0.35, 1), np.clip(np.exp(-distance) * 1.4, 0, 1))
    blend(image[street:], hsv(lamp, 0.5, 0.9), 0.5 * np.exp(-np.abs(x[street:] - center_x) / 8))
  return image


def snow_mountains(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Snowy mountains with a slope and firs."""
  image = texture.gradient(height, width, hsv(0.6, 0.7, 0.75), hsv(0.55, 0.25, 0.97))
  y, x = np.mgrid[:height, :width].astype(np.float32)
  for layer in range(2):
    base = height * (0.5 + 0.12 * layer)
    ridge = np.full(width, height, np.float32)
    for _ in range(rng.integers(2, 5)):
      peak, top = rng.uniform(0, width), base - height * rng.uniform(0.2, 0.45 - 0.15 * layer)
      ridge = np.minimum(ridge, top + np.abs(np.arange(width) - peak) * rng.uniform(0.5, 1.2))
    ridge += texture.noise(rng, 2, width, (3, 1.5), stretch=2)[0] * 2.5
    crags = 1 + 0.4 * texture.noise(rng, height, width, (5, 2))
    inside = np.clip(y - ridge, 0, 1)
    blend(image, hsv(0.62, 0.25, 0.38 + 0.1 * layer) * crags[..., None], inside)
    snow = ridge + height * rng.uniform(0.1, 0.2) + 4 * texture.noise(rng, height, width, (5, 3))
    blend(image, hsv(0.58, 0.06, 1), inside * np.clip(snow - y, 0, 1))
  slope = height * rng.uniform(0.55, 0.7) + (x - width / 2) * rng.uniform(-0.15, 0.15)
  drifts = 0.93 + 0.06 * texture.noise(rng, height, width, (10, 4), stretch=3)
  blend(image, hsv(0.58, 0.07, 1) * drifts[..., None], np.clip(y - slope, 0, 1))
  for _ in range(rng.integers(3, 9)):  # firs
    x, foot, size = rng.uniform((0, 0.62, 0.12), (1, 0.95, 0.26)) * (width, height, height)
    for tier in range(3):
      bottom, half = foot - tier * size * 0.25, size * (0.28 - 0.06 * tier)
      corners = [(x - half, bottom), (x + half, bottom), (x, bottom - size * 0.5)]
      texture.polygon(image, corners, hsv(0.38, 0.5, 0.22 + 0.07 * tier))
  return image
