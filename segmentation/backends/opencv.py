"""A rough segmenter that comes with OpenCV: its people detector, then GrabCut in each box.

It needs no model file and no download, so it is good for trying out the commands. It finds
upright people seen from head to foot, loses limbs, misses close-ups and takes doors for
people. Use another segmenter for results that are to be published.

Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from segmentation.backends import people_detector
from segmentation.backends import segmenter

# The detector's boxes have a margin. These parts of a box, as fractions y0 x0 y1 x1 of its
# height and width, tell GrabCut where the person is.
_BODY = (0.06, 0.18, 0.96, 0.82)  # certainly background outside
_CORE = (0.15, 0.38, 0.75, 0.62)  # an ellipse, probably the person: head to thighs
_CHEST = (0.25, 0.45, 0.5, 0.55)  # an ellipse, certainly the person
_MARGIN = 0.25  # background around the box that GrabCut sees, as a fraction of the box's size
_ITERATIONS = 3
_SIDE = 200  # pixels: GrabCut runs on boxes whose longer side is at most this


class OpenCVSegmenter(segmenter.Segmenter):
  """OpenCV's people detector with GrabCut.

  Args:
    min_score: people with a lower score are left out.
    seed: seeds GrabCut's color models.
  """

  name = 'opencv (people detector and GrabCut: rough)'

  def __init__(self, min_score: float = 0.0, seed: int = 0) -> None:
    self._detect = people_detector.PeopleDetector()
    self._min_score = min_score
    self._seed = seed

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """See `Segmenter.people`."""
    return [list(self._people(frame)) for frame in frames]

  def _people(self, frame: np.ndarray) -> Iterator[segmenter.DetectedPerson]:
    boxes, distances = self._detect(frame)
    for box, distance in zip(boxes, distances):
      score = float(1 - np.exp(-2 * max(distance, 0.0)))  # above 0.5 for distances above 0.35
      if score >= self._min_score:
        mask = _grab_cut(frame, box, self._seed)
        if mask.any():
          yield segmenter.DetectedPerson(mask, score)


def _grab_cut(frame: np.ndarray, box: Sequence[int], seed: int) -> np.ndarray:
  """The mask, bool [H, W], of the person in a box, which may extend beyond the frame."""
  height, width = frame.shape[:2]
  y0, x0, y1, x1 = box
  dy, dx = round(_MARGIN * (y1 - y0)), round(_MARGIN * (x1 - x0))
  top, left = max(0, y0 - dy), max(0, x0 - dx)
  crop = frame[top : max(0, y1 + dy), left : max(0, x1 + dx)]
  scale = min(1.0, _SIDE / max(crop.shape[:2]))
  small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
  inner = np.array([y0 - top, x0 - left, y1 - top, x1 - left]) * scale

  labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
  a, b, c, d = np.maximum(_part(inner, _BODY), 0)  # within the crop
  labels[a:c, b:d] = cv2.GC_PR_BGD
  for part, label in ((_CORE, cv2.GC_PR_FGD), (_CHEST, cv2.GC_FGD)):
    a, b, c, d = map(int, _part(inner, part))
    cv2.ellipse(
      labels,
      ((b + d) // 2, (a + c) // 2),
      (max(1, (d - b) // 2), max(1, (c - a) // 2)),
      0,
      0,
      360,
      label,
      -1,
    )
  mask = np.zeros((height, width), bool)
  if len(np.unique(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)))) < 2:  # GrabCut needs both
    return mask
  cv2.setRNGSeed(seed)
  cv2.grabCut(
    np.ascontiguousarray(small),
    labels,
    None,
    np.zeros((1, 65)),
    np.zeros((1, 65)),
    _ITERATIONS,
    cv2.GC_INIT_WITH_MASK,
  )
  person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
  person = cv2.resize(person, crop.shape[1::-1], interpolation=cv2.INTER_NEAREST)
  mask[top : top + crop.shape[0], left : left + crop.shape[1]] = person > 0
  return mask


def _part(box: Sequence[int], part: Sequence[float]) -> tuple[int, ...]:
  """A part of a box in pixels; `part` is in fractions of the box, both are y0 x0 y1 x1."""
  y0, x0, y1, x1 = box
  size = np.array([y1 - y0, x1 - x0, y1 - y0, x1 - x0])
  return np.round(np.array([y0, x0, y0, x0]) + np.array(part) * size).astype(int)
