"""OpenCV's built-in people detector: histograms of oriented gradients, linear SVM.

Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR
2005. It knows upright people seen from head to foot, and nothing else.
"""

import cv2
import numpy as np

_LEAST_SIDE = 320  # pixels; it sees people from 100 pixels on, so small frames are enlarged
_MARGIN = 0.25  # of the shorter side, added around: it knows people with space around them


class PeopleDetector:
  """Finds upright people: `detector(frame)`."""

  def __init__(self) -> None:
    self._hog = cv2.HOGDescriptor()
    self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

  def __call__(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds the people in a frame.

    Args:
      frame: uint8 RGB [H, W, 3].

    Returns:
      (boxes, scores): int [N, 4], y0 x0 y1 x1 in pixels, which may reach beyond the frame
      but touch it; float [N], the distance to the SVM's decision: above 0, about 1 where
      it is sure.
    """
    height, width = frame.shape[:2]
    scale = max(1.0, _LEAST_SIDE / min(height, width))
    margin = round(_MARGIN * min(height, width))
    shown = cv2.copyMakeBorder(frame, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    shown = cv2.resize(shown, None, fx=scale, fy=scale)
    found, scores = self._hog.detectMultiScale(shown, winStride=(8, 8), scale=1.05)
    if not len(found):
      return np.zeros((0, 4), int), np.zeros(0)
    x, y, w, h = np.asarray(found).T / scale
    x, y = x - margin, y - margin
    boxes = np.stack([y, x, y + h, x + w], axis=1).round().astype(int)
    touching = ((boxes[:, :2] < [height, width]) & (boxes[:, 2:] > 0)).all(axis=1)
    return boxes[touching], np.ravel(scores).astype(float)[touching]
