"""The layers of I3D as one table, and the sizes that follow from it. Needs no Keras."""

from collections.abc import Sequence
import math

# Each row is an endpoint, in the order and by the name of the original.
#   unit: (output channels, kernel, stride), both cubic
#   pool: (window, stride) as (time, height and width)
#   mixed: channels of (branch 0; reduce and 3x3x3 of branch 1; the same of
#     branch 2; branch 3), the numbers of Inception-v1
LAYERS = (
  ('Conv3d_1a_7x7', 'unit', (64, 7, 2)),
  ('MaxPool3d_2a_3x3', 'pool', ((1, 3), (1, 2))),
  ('Conv3d_2b_1x1', 'unit', (64, 1, 1)),
  ('Conv3d_2c_3x3', 'unit', (192, 3, 1)),
  ('MaxPool3d_3a_3x3', 'pool', ((1, 3), (1, 2))),
  ('Mixed_3b', 'mixed', (64, 96, 128, 16, 32, 32)),
  ('Mixed_3c', 'mixed', (128, 128, 192, 32, 96, 64)),
  ('MaxPool3d_4a_3x3', 'pool', ((3, 3), (2, 2))),
  ('Mixed_4b', 'mixed', (192, 96, 208, 16, 48, 64)),
  ('Mixed_4c', 'mixed', (160, 112, 224, 24, 64, 64)),
  ('Mixed_4d', 'mixed', (128, 128, 256, 24, 64, 64)),
  ('Mixed_4e', 'mixed', (112, 144, 288, 32, 64, 64)),
  ('Mixed_4f', 'mixed', (256, 160, 320, 32, 128, 128)),
  ('MaxPool3d_5a_2x2', 'pool', ((2, 2), (2, 2))),
  ('Mixed_5b', 'mixed', (256, 160, 320, 32, 128, 128)),
  ('Mixed_5c', 'mixed', (384, 192, 384, 48, 128, 128)),
)
ENDPOINTS = tuple(name for name, _, _ in LAYERS) + ('Logits',)
MIN_FRAMES = 9  # fewer leave the head's average pool less than its 2 time steps
SPATIAL_STRIDE = 32  # frame pixels per pixel of Mixed_5c


def scaled_filters(filters: int, width: float) -> int:
  """Output channels of a layer of `filters` in a network of a width: a multiple of 8."""
  return filters if width == 1 else max(8, round(filters * width / 8) * 8)


def width_of(filters: Sequence[tuple[int, int]]) -> float | None:
  """The width of a network by its output channels, such that `scaled_filters` gives them.

  Args:
    filters: for each convolution, its output channels at width 1 and those found.

  Returns:
    The width; of several that give the same network that of the fewest decimals. None if
    there is none.
  """
  low = (
    max((found - 4) / full for full, found in filters if found > 8)
    if any(found > 8 for _, found in filters)
    else 0.0
  )
  high = min((found + 4) / full for full, found in filters)
  for digits in range(1, 8):
    for step in range(math.floor(low * 10**digits), math.ceil(high * 10**digits) + 1):
      width = step / 10**digits
      if width > 0 and all(scaled_filters(full, width) == found for full, found in filters):
        return width
  return None
