"""OpenCV's built-in people detector: histograms of oriented gradients, linear SVM.

Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR
2005. It finds only upright people seen from head to foot.
"""

import cv2
import numpy as np

_LEAST_SIDE = 320  # pixels: smaller frames are enlarged, as people must be 100 pixels high
_MARGIN = 0.25  # border as a fraction of the shorter side: the SVM expects space around people


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
      (boxes, scores): int [N, 4], y0 x0 y1 x1 in pixels, which overlap the frame but may
      extend beyond it; float [N], the distance from the SVM's decision boundary: above 0,
      and about 1 for confident detections.
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
