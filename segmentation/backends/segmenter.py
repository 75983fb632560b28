"""What every segmenter is: frames in, the people in each of them out."""

import dataclasses
import typing

import numpy as np

from i3d_tf.common import errors


class SegmenterError(errors.UserError):
  """A segmenter that cannot be used: its model is missing, or is another than it must be."""


@dataclasses.dataclass(frozen=True)
class DetectedPerson:
  """A person in a frame.

  Attributes:
    mask: bool [H, W], of the frame's size.
    score: how sure the segmenter is, in [0, 1].
  """

  mask: np.ndarray
  score: float


class Segmenter(typing.Protocol):
  """Finds people in frames. One small file a backend, which derives from this.

  Attributes:
    name: of the backend and its model, for the files of masks.
  """

  name: str

  def people(self, frames: np.ndarray) -> list[list[DetectedPerson]]:
    """Finds the people in frames.

    Args:
      frames: uint8 RGB [N, H, W, 3].

    Returns:
      For each frame its people, perhaps none: all whose score is not below the least
      that the segmenter was made for.
    """

  def for_video(self, path: str) -> 'Segmenter':
    """The segmenter of one video, which then gets its frames in order.

    Itself, unless people are not found in the frames but stand in files.

    Args:
      path: of the video file.

    Raises:
      UserError: there is nothing for this video.
    """
    del path
    return self

  def finish(self) -> None:
    """Is called after the last frame of a video.

    Raises:
      UserError: there should have been more frames.
    """
    return
