"""Optical flow: TV-L1 as OpenCV computes it, and its 8-bit storage.

Zach, Pock and Bischof, "A Duality Based Approach for Realtime TV-L1 Optical
Flow", 2007; the I3D paper computes it on grey frames at 25 fps, clips to
+-20 pixels and scales to [-1, 1].
"""

import cv2
import numpy as np

from i3d_tf import records


def tvl1(frames):
  """TV-L1 flow from each frame to the next, with OpenCV's default parameters.

  Args:
    frames: an iterable of uint8 RGB [H, W, 3].

  Yields:
    float32 [H, W, 2], in pixels: horizontal (right is positive), vertical
    (down is positive). One fewer than frames.

  Raises:
    RuntimeError: this OpenCV lacks TV-L1.
  """
  create = getattr(getattr(cv2, 'optflow', None), 'DualTVL1OpticalFlow_create', None)
  if create is None:
    raise RuntimeError('TV-L1 needs the cv2 of opencv-contrib-python-headless; the one installed '
                       'lacks it: reinstall that package after removing other OpenCV packages')
  algorithm = create()
  previous = None
  for frame in frames:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if previous is not None:
      yield algorithm.calc(previous, grey, None)
    previous = grey


def quantise(flow):
  """Flow in pixels, float [..., 2], to codes: uint8 [..., 2], 0..255 for -20..20.

  Zero motion falls between codes 127 and 128 and becomes 128, that is +0.078 pixels.
  """
  bound = records.FLOW_BOUND
  return np.round((np.clip(flow, -bound, bound) + bound) * (255 / (2 * bound))).astype(np.uint8)


def dequantise(codes):
  """Codes, uint8 [..., 2], to flow in pixels: float32 [..., 2]."""
  bound = records.FLOW_BOUND
  return codes.astype(np.float32) * np.float32(2 * bound / 255) - np.float32(bound)
