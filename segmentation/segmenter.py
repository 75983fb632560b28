"""What every segmenter is: frames in, the people in each of them out."""

import dataclasses
import typing

import numpy as np


@dataclasses.dataclass(frozen=True)
class Person:
  """A person in a frame.

  Attributes:
    mask: bool [H, W], of the frame's size.
    score: how sure the segmenter is, in [0, 1].
  """

  mask: np.ndarray
  score: float


class Segmenter(typing.Protocol):
  """Finds people in frames. One small file a backend.

  Attributes:
    name: of the backend and its model, for the files of masks.
  """

  name: str

  def people(self, frames: np.ndarray) -> list[list[Person]]:
    """Finds the people in frames.

    Args:
      frames: uint8 RGB [N, H, W, 3].

    Returns:
      For each frame its people, whatever their score; perhaps none.
    """
