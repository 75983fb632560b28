"""What is done to each video of a folder to make its masks, in whatever process."""

from collections.abc import Callable, Mapping
import dataclasses
import os
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import file_content
from i3d_tf.common import progress as progress_lib
from i3d_tf.masks import coco_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import segment_video
from segmentation.people import video_masks


@dataclasses.dataclass(frozen=True)
class Work:
  """Segments the videos of a folder, one at a time.

  Attributes:
    folder: of the videos.
    output: folder of the masks.
    files: from the name of a video to that of its file of masks.
    settings: how people are found.
    recorded: what is stored of segmenter and settings, by name.
    second_look: as in `segment_video.segment_video`.
  """

  folder: str
  output: str
  files: Mapping[str, str]
  settings: video_masks.MaskSettings
  recorded: dict[str, Any]
  second_look: bool = False

  def do(
    self,
    name: str,
    segmenter: segmenter_lib.Segmenter,
    progress: Callable[[float], None] | None = None,
  ) -> bool | str:
    """Segments one video: whether it has a person, or the reason why it failed.

    `progress` is called with shares of the video, which add up to 1.
    """
    shares = None if progress is None else progress_lib.ItemShares(progress)
    try:
      return segment_video.segment_video(
        os.path.join(self.folder, name),
        os.path.join(self.output, self.files[name]),
        segmenter,
        self.settings,
        video=name,
        recorded=self.recorded,
        progress=None if shares is None else shares.add,
        second_look=self.second_look,
      )
    except errors.UserError as e:
      return str(e)
    finally:
      if shares is not None:
        shares.finish()

  def made(self, name: str) -> bool | None:
    """Whether a video has a person, if it already has masks; None if they are to be made.

    Raises:
      UserError: its masks were made with other settings, or are of another video.
    """
    path = os.path.join(self.output, self.files[name])
    if not os.path.exists(path):
      return None
    try:
      info = coco_files.read_info(path)
    except coco_files.MaskError:
      return None  # a damaged file is made again
    expected = {'video': name, **self.recorded}
    received = {'video': info.video, **info.settings}
    differences = [
      f'{key}: expected {expected.get(key)!r}; received {received.get(key)!r}'
      for key in sorted({*received, *expected})
      if received.get(key) != expected.get(key)
    ]
    if differences:
      raise errors.UserError(
        f'{path}: these masks were made with other settings ({", ".join(differences)}). '
        'Choose another --output, or remove them'
      )
    if info.source is None or file_content.is_same(os.path.join(self.folder, name), info.source):
      return info.num_with_person > 0
    return None
