"""Ten families of places.

Each instance of a family has its own layout, scale and colors.
"""

from collections.abc import Callable

import cv2
import numpy as np

from i3d_tf.demo import built_scenes
from i3d_tf.demo import natural_scenes

# Name -> function (rng, height, width) -> float [height, width, 3], RGB, not yet clipped to [0, 1].
FAMILIES: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
  'beach': natural_scenes.beach,
  'forest': natural_scenes.forest,
  'brick_wall': built_scenes.brick_wall,
  'gym': built_scenes.gym,
  'pool': built_scenes.pool,
  'kitchen': built_scenes.kitchen,
  'field': natural_scenes.field,
  'night_city': natural_scenes.night_city,
  'stage': built_scenes.stage,
  'snow_mountains': natural_scenes.snow_mountains,
}


def draw(family: str, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Draws an instance of a family.

  Args:
    family: a key of `FAMILIES`.
    rng: what makes the instance.
    height: pixels.
    width: pixels.

  Returns:
    uint8 [height, width, 3], RGB.
  """
  image = np.clip(FAMILIES[family](rng, height, width), 0, 1)
  # Each instance is filmed with another lens on another day: hue, saturation and light vary.
  image = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
  hue, saturation, value = np.moveaxis(image, -1, 0)
  hue = (hue + rng.normal(0, 8)) % 360
  saturation = np.clip(saturation * rng.uniform(0.6, 1.2), 0, 1)
  value = np.clip(value, 0, 1) ** rng.uniform(0.8, 1.3) * rng.uniform(0.8, 1.05)
  image = cv2.cvtColor(np.stack([hue, saturation, value], -1), cv2.COLOR_HSV2RGB)
  image = image[:, ::-1] if rng.integers(2) else image
  return np.ascontiguousarray(np.clip(np.rint(image * 255), 0, 255).astype(np.uint8))
