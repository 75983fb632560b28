"""What a segmenter still found after the people that it had found were replaced, as data."""

import dataclasses

# Masks that missed more deserve a look (`SecondLook.seen_again`). In a trial by hand, partial ones
# had 0.2 and bad ones 0.44. On 20 real clips (segmentation/grades.csv) it says little: 3 of 14 good
# masks of rvm are above, none of 6 partial ones; of MediaPipe's, 2 of 6 bad and none of 6 good.
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
