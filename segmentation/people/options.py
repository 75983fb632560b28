"""What a user asks of segment and compare: the flags as data. Needs no TensorFlow."""

from collections.abc import Callable
import dataclasses

from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import video_masks


@dataclasses.dataclass(frozen=True)
class SegmentOptions:
  """Where videos are, and how people are found in them.

  Attributes:
    videos: a folder with videos, or with folders of frames, at any depth; a folder of frames; or
      one video file. With `csv`, the folder that its paths are relative to, or None for its own.
    output: folder of the masks.
    segmenter: makes the `Segmenter`; processes can send it to each other.
    settings: what is done with the people that it finds.
    processes: videos that are worked on at a time.
    second_look: whether the segmenter looks again at the frames without their people.
    csv: a CSV file of the videos, as make_tfrecords --csv takes it, or None.
    beam_options: flags for Apache Beam, whose workers make the masks where there are any.
  """

  videos: str | None
  output: str
  segmenter: Callable[[], segmenter_lib.Segmenter]
  settings: video_masks.MaskSettings
  processes: int
  second_look: bool = False
  csv: str | None = None
  beam_options: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class CompareOptions:
  """What is compared.

  Attributes:
    folders: two folders of masks; one, where `boxes` is given.
    output: the CSV file to write, or None.
    boxes: a file of boxes, as `boxes.read` takes it, or None.
  """

  folders: tuple[str, ...]
  output: str | None
  boxes: str | None = None
