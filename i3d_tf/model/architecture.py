"""The layers of I3D as one table, and the sizes that follow from it. Does not need Keras."""

from collections.abc import Sequence
import math
from typing import Any

# One row per layer: endpoint name, kind, arguments. Names and order are those of the original,
# `i3d.py` of github.com/google-deepmind/kinetics-i3d. The arguments by kind:
#   unit: (output channels, kernel size, stride), both cubic
#   pool: (window, stride), each as (time, height and width)
#   mixed: the channels of (branch 0; 1x1x1 and 3x3x3 of branch 1; 1x1x1 and 3x3x3 of
#     branch 2; branch 3), as in Inception-v1
LAYERS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
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
BELOW_LOGITS = tuple(name for name, _, _ in LAYERS)
ENDPOINTS = (*BELOW_LOGITS, 'Logits')
MIN_FRAMES = 9  # With fewer, the head's average pool has less than its 2 time steps.
SPATIAL_STRIDE = 32  # Frame pixels per pixel of Mixed_5c.
_CHANNEL_MULTIPLE = 8  # Of every layer's output channels, at every width.


def scaled_filters(filters: int, width: float) -> int:
  """Scales the output channels of a layer to a network's width, in multiples of 8.

  Args:
    filters: output channels at width 1.
    width: factor on the channels of every layer.
  """
  if width == 1:
    return filters
  return max(_CHANNEL_MULTIPLE, round(filters * width / _CHANNEL_MULTIPLE) * _CHANNEL_MULTIPLE)


def width_of(filters: Sequence[tuple[int, int]]) -> float | None:
  """Infers the width of a network from its output channels: the inverse of `scaled_filters`.

  Args:
    filters: (output channels at width 1, actual output channels) of each convolution.

  Returns:
    The width. If several widths give the same network, the one with the fewest decimals. None
    if no single width gives these channels.
  """
  if any(actual < _CHANNEL_MULTIPLE or actual % _CHANNEL_MULTIPLE for _, actual in filters):
    return None
  # Rounding moves a layer by at most half a multiple. Layers of 8 channels have no lower bound:
  # `scaled_filters` raises smaller ones to 8.
  half = _CHANNEL_MULTIPLE // 2
  low = max(
    ((actual - half) / full for full, actual in filters if actual > _CHANNEL_MULTIPLE), default=0.0
  )
  high = min((actual + half) / full for full, actual in filters)
  for decimals in range(1, 8):
    for step in range(math.floor(low * 10**decimals), math.ceil(high * 10**decimals) + 1):
      width = step / 10**decimals
      if width > 0 and all(scaled_filters(full, width) == actual for full, actual in filters):
        return width
  return None
