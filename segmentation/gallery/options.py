"""What a user asks of review: the flags as data. Needs no TensorFlow."""

import dataclasses

from segmentation.gallery import strips


@dataclasses.dataclass(frozen=True)
class ReviewOptions:
  """Which masks to look at.

  Attributes:
    videos: folder of class folders of videos.
    masks: folder of their masks.
    output: folder of the gallery.
    verdicts: CSV file of verdicts to resume from, or None.
    strip: how strips are drawn.
    processes: number of processes; None for one per core.
  """

  videos: str
  masks: str
  output: str
  verdicts: str | None
  strip: strips.StripSettings
  processes: int | None
