"""Carries masks from a frame to its neighbors by optical flow.

The flow is DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV
2016): some 10 milliseconds a pair, where the TV-L1 of the network's input takes half a
second. Frames whose shorter side is above 256 pixels are made smaller for it.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from i3d_tf.video import decoding

_SMALL = 160  # pixels of the shorter side


class Carrier:
  """Follows the pixels of a frame through those that come after it, or before."""

  def __init__(self) -> None:
    self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

  def grey(self, frame: np.ndarray) -> np.ndarray:
    """What the flow is computed of: uint8 [h, w], for uint8 RGB [H, W, 3]."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    if min(height, width) > decoding.SHORT_SIDE:
      height, width = decoding.fit_short_side(height, width, decoding.SHORT_SIDE)
      grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    return grey

  def follow(self, greys: Sequence[np.ndarray], height: int, width: int) -> Iterator[np.ndarray]:
    """Where in the first frame the pixels of each later one were.

    The flows between neighbors are composed, so that a mask is resampled once, however
    far it is carried.

    Args:
      greys: of `grey`, of neighboring frames: in the order of time, or against it.
      height, width: of the frames.

    Yields:
      float32 [H, W, 2], x and y in pixels of the first frame, for each later frame.
    """
    # The last halving of the size is left out where it would lose limbs.
    self._dis.setFinestScale(0 if min(greys[0].shape) < _SMALL else 1)
    total = None
    for before, after in zip(greys, greys[1:]):
      flow = self._dis.calc(after, before, None)
      if total is None:
        total = flow
      else:
        total = flow + cv2.remap(
          total,
          _grid(*flow.shape[:2]) + flow,
          None,
          cv2.INTER_LINEAR,
          borderMode=cv2.BORDER_REPLICATE,
        )
      yield _grid(height, width) + _enlarge(total, height, width)


def carry(mask: np.ndarray, positions: np.ndarray) -> np.ndarray:
  """Moves a mask: bool [H, W], to where its pixels are in another frame.

  What comes in at a border goes on as the mask does there: people are often cut by it.

  Args:
    mask: bool [H, W].
    positions: of `Carrier.follow`.
  """
  moved = cv2.remap(
    mask.astype(np.uint8) * 255, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
  )
  return moved > 127


def _grid(height: int, width: int) -> np.ndarray:
  """The position of each pixel: float32 [H, W, 2], x and y."""
  y, x = np.mgrid[:height, :width]
  return np.dstack([x, y]).astype(np.float32)


def _enlarge(flow: np.ndarray, height: int, width: int) -> np.ndarray:
  h, w = flow.shape[:2]
  if (h, w) == (height, width):
    return flow
  return cv2.resize(flow, (width, height)) * np.array([width / w, height / h], np.float32)
