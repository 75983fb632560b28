"""Robust Video Matting: a recurrent network that finds the people of a video, frame by frame.

Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance", WACV 2022;
https://github.com/PeterL1n/RobustVideoMatting publishes it as a TF2 SavedModel. It was made for
people in video and needs no training. It gives one mask for everybody, no instances.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from segmentation.backends import saved_model
from segmentation.backends import segmenter

WANTED = "the TF2 SavedModel of Robust Video Matting (its authors' release rvm_mobilenetv3_tf)"

_SIGNATURE = 'serving_default'
_STATES = (('r1i', 'r1o'), ('r2i', 'r2o'), ('r3i', 'r3o'), ('r4i', 'r4o'))
_INPUTS = ('src', 'downsample_ratio', *(name for name, _ in _STATES))
_OUTPUTS = ('pha', *(name for _, name in _STATES))
# The network looks for people in a frame of at most so many pixels on its longer side:
# auto_downsample_ratio of the authors' inference.py.
_SIDE = 512
_THRESHOLD = 0.5  # of alpha, the share of a pixel that is person


def create(model: str, min_score: float = 0.0) -> segmenter.Segmenter:
  """Makes the segmenter of a SavedModel.

  Args:
    model: path of the SavedModel: a folder, or a .tar, .tgz or .tar.gz file of one.
    min_score: people with a lower score are left out.

  Returns:
    An `RVM`, whose `for_video` gives the segmenter of a video.

  Raises:
    SegmenterError: the model is missing, or is another than this.
  """
  loaded = saved_model.load(model, WANTED)
  signature = getattr(loaded, 'signatures', {}).get(_SIGNATURE)
  found: tuple[tuple[str, ...], ...] = ((), ())
  if signature is not None:
    found = tuple(signature.structured_input_signature[1]), tuple(signature.structured_outputs)
  for wanted, names, what in zip((_INPUTS, _OUTPUTS), found, ('inputs', 'outputs')):
    missing = [name for name in wanted if name not in names]
    if missing:
      raise segmenter.SegmenterError(
        f'{model}: expected {WANTED}; its {what} lack {", ".join(missing)} '
        f'(found {", ".join(sorted(names)) or "none"})'
      )
  return RVM(loaded, model, min_score)


class RVM(segmenter.Segmenter):
  """Frames of one video in order; the network's state goes from each to the next.

  Args:
    loaded: the SavedModel.
    path: of the model, for messages.
    min_score: people with a lower score are left out.
  """

  def __init__(self, loaded: Any, path: str, min_score: float = 0.0) -> None:
    self.name = f'rvm {path.rstrip("/").rsplit("/", 1)[-1]}'
    self._loaded, self._path, self._min_score = loaded, path, min_score
    self._network = loaded.signatures[_SIGNATURE]
    self._state = {name: tf.zeros([1, 1, 1, 1]) for name, _ in _STATES}

  def for_video(self, path: str) -> 'RVM':
    """A segmenter whose state knows no other video."""
    del path
    return RVM(self._loaded, self._path, self._min_score)

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """See `Segmenter.people`: everybody in a frame is one person.

    The score is the mean alpha within the mask. The frames must follow those of the call before.
    """
    return [self._people(frame) for frame in frames]

  def _people(self, frame: np.ndarray) -> list[segmenter.DetectedPerson]:
    alpha = self.alpha(frame)
    mask = alpha > _THRESHOLD
    score = float(alpha[mask].mean()) if mask.any() else 0.0
    return (
      [segmenter.DetectedPerson(mask, score)] if mask.any() and score >= self._min_score else []
    )

  def alpha(self, frame: np.ndarray) -> np.ndarray:
    """The share of each pixel of the next frame that is person.

    Args:
      frame: uint8 RGB [H, W, 3].

    Returns:
      float32 [H, W] in [0, 1].

    Raises:
      SegmenterError: the network gives something else.
    """
    found = self._network(
      src=tf.constant(frame[np.newaxis].astype(np.float32) / 255),
      downsample_ratio=tf.constant(min(1.0, _SIDE / max(frame.shape[:2])), tf.float32),
      **self._state,
    )
    self._state = {name: found[output] for name, output in _STATES}
    alpha = found['pha'].numpy()
    if alpha.shape != (1, *frame.shape[:2], 1) or not np.isfinite(alpha).all():
      raise segmenter.SegmenterError(
        f'{self._path}: expected finite alpha of shape {(1, *frame.shape[:2], 1)}; '
        f'received {alpha.shape}, {np.isfinite(alpha).mean():.0%} of it finite'
      )
    return alpha[0, ..., 0]
