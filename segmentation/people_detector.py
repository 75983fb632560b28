"""OpenCV's built-in people detector: histograms of oriented gradients, linear SVM.

Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR
2005. It knows upright people seen from head to foot, and nothing else.
"""

import cv2
import numpy as np

_LEAST_SIDE = 480  # pixels; it sees people from 128 pixels on, so small frames are enlarged


class PeopleDetector:
  """Finds upright people: `detector(frame)`."""

  def __init__(self):
    self._hog = cv2.HOGDescriptor()
    self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

  def __call__(self, frame):
    """Finds the people in a frame.

    Args:
      frame: uint8 RGB [H, W, 3].

    Returns:
      (boxes, scores): int [N, 4], y0 x0 y1 x1 in pixels, within the frame; float [N],
      the distance to the SVM's decision: above 0, about 1 where it is sure.
    """
    height, width = frame.shape[:2]
    scale = max(1.0, _LEAST_SIDE / min(height, width))
    enlarged = cv2.resize(frame, None, fx=scale, fy=scale) if scale > 1 else frame
    found, scores = self._hog.detectMultiScale(enlarged, winStride=(8, 8), scale=1.05)
    if not len(found):
      return np.zeros((0, 4), int), np.zeros(0)
    x, y, w, h = np.asarray(found).T / scale
    boxes = np.stack([y, x, y + h, x + w], axis=1).round().astype(int)
    return np.clip(boxes, 0, [height, width, height, width]), np.ravel(scores).astype(float)
