"""Pastes the small mask that Mask R-CNN predicts for a box into the frame.

The definition is that of detectron2's `paste_masks_in_image`, i.e. PyTorch's `grid_sample`
(bilinear, zeros outside, align_corners=False): pixel (y, x) is the unit square with its
center at (y + 0.5, x + 0.5), and the cells of the mask divide the box evenly. A pixel's value
is interpolated between the centers of the cells around its own center, where cells outside
the mask are 0. So values fall off towards the border of the box, where they are half of the
outermost cell's.

The Model Garden's `mask_ops.paste_instance_masks` follows the original Detectron instead: it
rounds the box to integers and scales the mask, with a border of zeros, to that size with
cv2.resize. Both agree inside; along the border they differ by up to a pixel.
"""

from collections.abc import Collection

import numpy as np

from segmentation.backends import held_objects
from segmentation.backends import segmenter

THRESHOLD = 0.5
_PERSON = 1  # COCO's id


def paste(
  mask: np.ndarray, box: np.ndarray, height: int, width: int, threshold: float = THRESHOLD
) -> np.ndarray:
  """Pastes one mask.

  Args:
    mask: float [h, w], the probability that each cell of the box belongs to the person.
    box: y0 x0 y1 x1, float, in pixels of the frame. It may extend beyond the frame.
    height, width: the size of the frame.
    threshold: pixels above it belong to the person.

  Returns:
    bool [height, width]; all False for a box without an area.
  """
  pasted = np.zeros((height, width), bool)
  y0, x0, y1, x1 = np.asarray(box, np.float64)
  rows, row_weights = _weights(y0, y1, mask.shape[0], height)
  columns, column_weights = _weights(x0, x1, mask.shape[1], width)
  # Interpolation is separable: two small matrix products replace a gather per pixel.
  values = row_weights @ np.asarray(mask, np.float64) @ column_weights.T
  pasted[rows, columns] = values > threshold
  return pasted


def _weights(low: float, high: float, cells: int, pixels: int) -> tuple[slice, np.ndarray]:
  """The interpolation weight of each cell for each pixel along one axis.

  Returns:
    (slice of the pixels that the box touches, float64 [pixels there, cells]).
  """
  if not high > low or not np.isfinite([low, high]).all():
    return slice(0, 0), np.zeros((0, cells))
  first = int(np.clip(np.floor(low), 0, pixels))
  last = int(np.clip(np.ceil(high), 0, pixels))
  centers = np.arange(first, last) + 0.5
  position = (centers - low) / (high - low) * cells - 0.5  # in cells; 0 is the first's center
  return slice(first, last), np.maximum(0, 1 - np.abs(position[:, np.newaxis] - np.arange(cells)))


def people(
  boxes: np.ndarray,
  classes: np.ndarray,
  scores: np.ndarray,
  masks: np.ndarray,
  height: int,
  width: int,
  min_score: float = 0.0,
  also: Collection[int] = (),
) -> list[segmenter.DetectedPerson]:
  """The people among the detections of one frame, with what they hold.

  Only the masks of people and of the classes `also` are pasted.

  Args:
    boxes: float [N, 4], y0 x0 y1 x1 in pixels of the frame.
    classes: COCO's ids, [N], of any numeric type.
    scores: float [N]. A score of 0 marks padding: models return a fixed number of detections.
    masks: float [N, h, w], probabilities within the boxes.
    height, width: the size of the frame.
    min_score: people and objects with a lower score are left out.
    also: COCO's ids of the classes whose objects count as a person's (`held_objects.add`).

  Returns:
    The people whose masks are not empty.
  """
  found, objects = [], []
  ids = np.round(np.asarray(classes)).astype(int)
  wanted = np.isin(ids, [_PERSON, *also])
  for index in np.flatnonzero(wanted & (scores > 0) & (scores >= min_score)):
    mask = paste(masks[index], boxes[index], height, width)
    if not mask.any():
      continue
    if ids[index] == _PERSON:
      found.append(segmenter.DetectedPerson(mask, float(scores[index])))
    else:
      objects.append(mask)
  return held_objects.add(found, objects)
