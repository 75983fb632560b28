"""What inspect_tfrecords is asked to do, as data. Imports nothing heavy: flags use it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class SheetRequest:
  """A contact sheet to draw.

  Attributes:
    path: the image file to write.
    num_videos: how many videos to draw.
    names: videos to draw, by name; None to choose `num_videos` at random.
    seed: seed of the choice.
  """

  path: str
  num_videos: int = 6
  names: tuple[str, ...] | None = None
  seed: int = 0


@dataclasses.dataclass(frozen=True)
class InspectionRequest:
  """One call of inspect_tfrecords.

  Attributes:
    records: the folder of records.
    quick: whether to skip decoding.
    workers: number of threads; None for one per core.
    all_classes: whether to show every class, however many there are.
    json: file to write the findings to, or None.
    sheet: the contact sheet to draw, or None.
  """

  records: str
  quick: bool = False
  workers: int | None = None
  all_classes: bool = False
  json: str | None = None
  sheet: SheetRequest | None = None
