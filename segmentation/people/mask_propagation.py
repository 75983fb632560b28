"""Propagates masks from a frame to neighboring frames by optical flow.

The flow is DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016). It
takes some 10 milliseconds per pair of frames; TV-L1, the network's input, takes half a second.
Frames whose shorter side is above 256 pixels are downscaled first.
"""

from collections.abc import Iterator, Sequence
import itertools

import cv2
import numpy as np

from i3d_tf.video import decoding

_SMALL = 160  # pixels of the shorter side


class Propagator:
  """Follows the pixels of a frame through the frames after it, or before it."""

  def __init__(self) -> None:
    self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

  def grey(self, frame: np.ndarray) -> np.ndarray:
    """Converts a frame, uint8 RGB [H, W, 3], to the input of the flow: uint8 [h, w]."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    if min(height, width) > decoding.SHORT_SIDE:
      height, width = decoding.fit_short_side(height, width, decoding.SHORT_SIDE)
      grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    return grey

  def follow(self, greys: Sequence[np.ndarray], height: int, width: int) -> Iterator[np.ndarray]:
    """Finds where the pixels of each later frame were in the first one.

    The flows between neighboring frames are composed, so that a mask is resampled only once,
    however far it is propagated.

    Args:
      greys: consecutive frames as `grey` returns them, in forward or reverse order.
      height, width: the size of the original frames.

    Yields:
      float32 [H, W, 2] for each later frame: x and y in pixels of the first frame.
    """
    # For small frames, the finest scale of DIS is needed, or limbs would be lost.
    self._dis.setFinestScale(0 if min(greys[0].shape) < _SMALL else 1)
    total = None
    for before, after in itertools.pairwise(greys):
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


def propagate(mask: np.ndarray, positions: np.ndarray) -> np.ndarray:
  """Moves a mask to where its pixels are in another frame: bool [H, W].

  Beyond its border, the mask is continued, because people are often cut off there.

  Args:
    mask: bool [H, W].
    positions: float32 [H, W, 2], from `Propagator.follow`.
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
  """Flow, float32 [h, w, 2] in pixels, resized to another size and scaled to its pixels."""
  h, w = flow.shape[:2]
  if (h, w) == (height, width):
    return flow
  return cv2.resize(flow, (width, height)) * np.array([width / w, height / h], np.float32)
