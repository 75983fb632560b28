"""Mask R-CNN as exported by the serving module of the Model Garden (tf-models-official)."""

from typing import Any

import numpy as np
import tensorflow as tf

from segmentation.backends import class_names
from segmentation.backends import paste_masks
from segmentation.backends import segmenter


class ModelGardenSegmenter(segmenter.Segmenter):
  """A Mask R-CNN with the Model Garden's signature: batched, boxes in pixels of its input.

  Args:
    loaded: the SavedModel, kept because its variables must stay alive.
    function: its function, from uint8 [B, H, W, 3] to a dict of detections.
    batch_size: B, or None for any.
    name: the name of the model.
    min_score: people with a lower score are left out.
    also: names of `class_names.COCO`, whose objects count as a person's.
  """

  def __init__(
    self,
    loaded: Any,
    function: Any,
    batch_size: int | None,
    name: str,
    min_score: float = 0.0,
    also: tuple[str, ...] = (),
  ) -> None:
    self.name = name
    self.also = also
    self._loaded = loaded
    self._function = function
    self._batch_size = batch_size
    self._min_score = min_score
    self._also = [number for number, known in class_names.COCO.items() if known in also]

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """See `Segmenter.people`."""
    size = len(frames) if self._batch_size is None else self._batch_size
    found = []
    for start in range(0, len(frames), size):
      found.extend(self._people(frames[start : start + size], size))
    return found

  def _people(self, frames: np.ndarray, size: int) -> list[list[segmenter.DetectedPerson]]:
    """The people of up to `size` frames, which are padded to that number."""
    height, width = frames.shape[1:3]
    filled = np.concatenate([frames, np.repeat(frames[-1:], size - len(frames), axis=0)])
    found = {
      name: value.numpy()[: len(frames)]
      for name, value in self._function(tf.constant(filled)).items()
    }
    # Rows of image_info: original size, desired size, scale, offset; y and x each.
    scale, offset = found['image_info'][:, 2], found['image_info'][:, 3]
    offset, scale = (np.tile(values, 2)[:, np.newaxis] for values in (offset, scale))
    boxes = (found['detection_boxes'] + offset) / scale
    return [
      paste_masks.people(
        boxes[i],
        found['detection_classes'][i],
        found['detection_scores'][i],
        found['detection_masks'][i],
        height,
        width,
        self._min_score,
        self._also,
      )
      for i in range(len(frames))
    ]
