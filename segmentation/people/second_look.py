"""A second look: what the segmenter still finds where only the place should be left.

The people of a video are replaced by their surroundings, and the segmenter is shown these frames.
Whom it finds there, the masks have missed. Where the masks were good, it finds nobody.
"""

import array
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from i3d_tf.masks import dilation
from i3d_tf.masks import second_looks
from segmentation.backends import segmenter as segmenter_lib


class Covered:
  """What the people of each frame of a video cover together, kept for the second look.

  Packed, for a video may be long: a frame takes the bytes of one run-length encoding and 8 more,
  where a `PersonMask` takes some 600.
  """

  def __init__(self) -> None:
    self._counts = bytearray()
    self._ends = array.array('Q')  # of each frame in `_counts`
    self._size: list[int] | None = None

  def add(self, people: Sequence[coco_files.PersonMask]) -> None:
    """Takes the people of the next frame."""
    if people:
      union = coco_mask.merge([person.rle for person in people])
      self._size = union['size']
      self._counts += union['counts']
    self._ends.append(len(self._counts))

  def __len__(self) -> int:
    return len(self._ends)

  def mask(self, index: int, height: int, width: int) -> np.ndarray:
    """The union of the people of frame `index`: bool [height, width].

    Raises:
      UserError: the frames of the first look had another size.
    """
    if self._size is not None and list(self._size) != [height, width]:
      raise errors.UserError(
        'expected frames of one size in both looks; found '
        f'{height}x{width} after {self._size[0]}x{self._size[1]}'
      )
    counts = bytes(self._counts[self._ends[index - 1] if index else 0 : self._ends[index]])
    if not counts:
      return np.zeros((height, width), bool)
    return coco_mask.decode({'size': [height, width], 'counts': counts}).astype(bool)


def look_again(
  frames: Iterable[np.ndarray],
  people: Covered,
  segmenter: segmenter_lib.Segmenter,
  score_threshold: float = 0.5,
  batch_size: int = 4,
) -> second_looks.SecondLook:
  """Shows a segmenter the frames of a video without their people.

  Args:
    frames: uint8 RGB [H, W, 3], of one size; as many as `people` has entries, at least one.
    people: what the people of each frame cover.
    segmenter: for a video, a new `segmenter.for_video(path)`: it knows no frame of the first look.
    score_threshold: people with a lower score do not count.
    batch_size: the number of frames per call of the segmenter.

  Raises:
    UserError: the number of frames is another than that of `people`.
  """
  num_pixels = num_mask = num_again = 0
  batch: list[np.ndarray] = []
  grown: list[np.ndarray] = []
  num_frames = 0

  def count() -> None:
    nonlocal num_again
    for covered, found in zip(grown, segmenter.people(np.stack(batch)), strict=True):
      seen = np.zeros(covered.shape, bool)
      for person in found:
        if person.score >= score_threshold:
          seen |= person.mask
      num_again += int(np.count_nonzero(seen & ~covered))
    batch.clear()
    grown.clear()

  for num_frames, frame in enumerate(frames, 1):
    if num_frames > len(people):
      break
    mask = people.mask(num_frames - 1, *frame.shape[:2])
    num_pixels += mask.size
    num_mask += int(np.count_nonzero(mask))
    size = round(dilation.DEFAULT * min(mask.shape) / dilation.STORED_SIDE) | 1  # odd
    grown.append(dilation.dilate(mask.astype(np.uint8), size) > 0)
    batch.append(without(frame, grown[-1]))
    if len(batch) == batch_size:
      count()
  if num_frames != len(people) or not people:
    raise errors.UserError(
      f'expected as many frames in the second look as in the first, {len(people)}; '
      f'found {num_frames} or more'
    )
  if batch:
    count()
  return second_looks.SecondLook(num_mask / num_pixels, num_again / num_pixels)


def without(frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
  """Replaces what a mask covers by a blur of its surroundings, which has no outline of a person.

  Args:
    frame: uint8 RGB [H, W, 3].
    mask: bool [H, W].

  Returns:
    uint8 [H, W, 3]; grey if the mask covers everything.
  """
  if not mask.any():
    return frame
  place = ~mask
  if not place.any():
    return np.full_like(frame, 128)
  mean = frame[place].mean(0)
  # A blur of the place alone: that of the weighted pixels, by that of the weights. Far from the
  # place the weights vanish; there a little of the mean decides.
  sigma = max(frame.shape[:2]) / 16
  weight = cv2.GaussianBlur(place.astype(np.float32), (0, 0), sigma)[..., np.newaxis]
  pixels = np.where(place[..., np.newaxis], frame, 0).astype(np.float32)
  blurred = cv2.GaussianBlur(pixels, (0, 0), sigma)
  filled = (blurred + 1e-3 * mean) / (weight + 1e-3)
  replaced = np.clip(np.round(filled), 0, 255).astype(np.uint8)
  return np.where(mask[..., np.newaxis], replaced, frame)
