"""The interface of all segmenters: frames in, the people of each frame out."""

import dataclasses
import typing

import numpy as np

from i3d_tf.common import errors


class SegmenterError(errors.UserError):
  """A segmenter that cannot be used: its model is missing or not what it expects."""


@dataclasses.dataclass(frozen=True)
class DetectedPerson:
  """A person in a frame.

  Attributes:
    mask: bool [H, W], of the size of the frame.
    score: the segmenter's confidence, in [0, 1].
  """

  mask: np.ndarray
  score: float


class Segmenter(typing.Protocol):
  """Finds people in frames. Each backend is a small module with a subclass.

  Attributes:
    name: names the backend and its model; recorded in mask files.
    also: the classes whose objects count as a person's, see `held_objects`; recorded, too.
  """

  name: str
  also: tuple[str, ...] = ()

  def people(self, frames: np.ndarray) -> list[list[DetectedPerson]]:
    """Finds the people in frames.

    Args:
      frames: uint8 RGB [N, H, W, 3].

    Returns:
      The people of each frame, which may be none, with at least the segmenter's min_score.
    """

  def for_video(self, path: str) -> 'Segmenter':
    """The segmenter of one video, which is then given its frames in order.

    By default the segmenter itself; another one if masks are read from files.

    Args:
      path: the video file.

    Raises:
      UserError: there are no masks for this video.
    """
    del path
    return self

  def finish(self) -> None:
    """Called after the last frame of a video.

    Raises:
      UserError: the video should have had more frames.
    """
    return
