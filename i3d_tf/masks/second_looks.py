"""What a segmenter still found after the people that it had found were replaced, as data."""

import dataclasses

# Masks that missed more are not to be trusted (`SecondLook.seen_again`). Masks of rvm on real clips
# that are good by eye have up to 0.11; in a trial by hand, partial ones had 0.2 and bad ones 0.44.
LIMIT = 0.15


@dataclasses.dataclass(frozen=True)
class SecondLook:
  """The outcome for a video; `segmentation.people.second_look` makes it.

  Attributes:
    mask: the share of all pixels that the masks cover, without dilation, in [0, 1].
    again: the share of all pixels that are a person in the second look alone, in [0, 1].
  """

  mask: float
  again: float

  @property
  def seen_again(self) -> float:
    """The part of what was found in both looks that the masks missed, in [0, 1].

    1 if nobody was found at all, for then nothing says that the masks are good.
    """
    found = self.mask + self.again
    return self.again / found if found else 1.0
