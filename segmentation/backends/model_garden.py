"""Mask R-CNN as the Model Garden (tf-models-official) exports it with its serving module."""

from typing import Any

import numpy as np
import tensorflow as tf

from segmentation.backends import paste_masks
from segmentation.backends import segmenter


class ModelGardenSegmenter(segmenter.Segmenter):
  """A Mask R-CNN with the Model Garden's signature: a batch a call, boxes in its input's pixels.

  Args:
    loaded: the SavedModel, which must stay alive.
    function: its function, from uint8 [B, H, W, 3] to a dict of detections.
    batch_size: B, or None for any.
    name: of the model.
    min_score: people below are left out.
  """

  def __init__(
    self, loaded: Any, function: Any, batch_size: int | None, name: str, min_score: float = 0.0
  ) -> None:
    self.name = name
    self._loaded = loaded
    self._function = function
    self._batch_size = batch_size
    self._min_score = min_score

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    size = len(frames) if self._batch_size is None else self._batch_size
    found = []
    for start in range(0, len(frames), size):
      found.extend(self._people(frames[start : start + size], size))
    return found

  def _people(self, frames: np.ndarray, size: int) -> list[list[segmenter.DetectedPerson]]:
    height, width = frames.shape[1:3]
    filled = np.concatenate([frames, np.repeat(frames[-1:], size - len(frames), axis=0)])
    found = {
      name: value.numpy()[: len(frames)]
      for name, value in self._function(tf.constant(filled)).items()
    }
    # Rows of image_info: size of the frame, size wanted, scale, offset; y x each.
    scale, offset = found['image_info'][:, 2], found['image_info'][:, 3]
    boxes = (found['detection_boxes'] + np.tile(offset, 2)[:, np.newaxis]) / np.tile(scale, 2)[
      :, np.newaxis
    ]
    return [
      paste_masks.people(
        boxes[i],
        found['detection_classes'][i],
        found['detection_scores'][i],
        found['detection_masks'][i],
        height,
        width,
        self._min_score,
      )
      for i in range(len(frames))
    ]
