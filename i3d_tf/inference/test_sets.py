"""Which videos a network is tested on. Needs no TensorFlow."""

from collections.abc import Mapping
import dataclasses


@dataclasses.dataclass(frozen=True)
class TestSet:
  """The videos of a test.

  Attributes:
    records: folder of records; None for the one that the run was trained on.
    subset: 'test', 'train' or 'validation'.
    split: 1, 2 or 3; None for the one that the run was trained on.
    verdicts: from video to verdict on its masks (`masks.verdicts`); None for those that
      the run was trained with.
  """

  records: str | None = None
  subset: str = 'test'
  split: int | None = None
  verdicts: Mapping[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class ListedVideos:
  """Videos, and where their masks are.

  Attributes:
    csv: CSV file as `ingest.csv_files` reads it; videos for which it names no list are tested.
    videos: folder that its paths are relative to; None for that of the CSV file.
    masks: folder of mask files, or None.
  """

  csv: str
  videos: str | None = None
  masks: str | None = None
