"""Makes the masks of one video, with a second look if wanted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
import functools
import itertools
from typing import Any

from i3d_tf.common import file_content
from i3d_tf.masks import coco_files
from i3d_tf.masks import second_looks
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import second_look as second_look_lib
from segmentation.people import video_masks


def segment_video(
  path: str,
  output: str,
  segmenter: segmenter_lib.Segmenter,
  settings: video_masks.MaskSettings,
  *,
  video: str,
  recorded: Mapping[str, Any],
  progress: Callable[[float], None] | None = None,
  second_look: bool = False,
) -> bool:
  """Writes the masks of one video.

  Args:
    path: the video file, or a folder of its frames.
    output: the mask file to write.
    segmenter: the segmenter.
    settings: how people are found.
    video: the name of the video, stored in the file.
    recorded: the settings to store in the file.
    progress: called with the fraction of the video that was done since the last call, or None.
    second_look: whether the segmenter looks again at the frames without their people.

  Returns:
    Whether any frame has a person.

  Raises:
    UserError: the video cannot be used.
  """
  # Before decoding: a video replaced meanwhile is found to be another.
  content = file_content.describe(path)
  source = segmenter.for_video(path)
  frames = _of_one_size(path, frame_folders.every_frame(path))
  first = next(frames)
  share = 1 / 2 if second_look else 1
  counted = functools.partial(_counted, progress, frame_folders.declared_frames(path), share)
  covered = second_look_lib.Covered()

  def people() -> Iterator[Any]:
    for found in counted(video_masks.people_of(itertools.chain([first], frames), source, settings)):
      if second_look:
        covered.add(found)
      yield found
    source.finish()

  def look_again() -> second_looks.SecondLook:
    again = segmenter.for_video(path)  # its state knows no frame of the first look
    how = settings.score_threshold, settings.batch_size
    return second_look_lib.look_again(
      counted(frame_folders.every_frame(path)), covered, again, *how
    )

  size, look = first.shape[:2], look_again if second_look else None
  _, num_with_person = coco_files.write_people(
    output, people(), *size, video=video, settings=recorded, source=content, second_look=look
  )
  return num_with_person > 0


def _counted(
  progress: Callable[[float], None] | None, total: int, share: float, items: Iterable[Any]
) -> Iterator[Any]:
  """Yields the items; calls `progress` for each of the first `total`, with `share` in all."""
  for number, item in enumerate(items, 1):
    if progress is not None and number <= total:
      progress(share / total)
    yield item


def _of_one_size(path: str, frames: Iterable[Any]) -> Iterator[Any]:
  """Yields the frames of a video; raises a `VideoError` where their size changes."""
  first = None
  for frame in frames:
    first = frame.shape if first is None else first
    if frame.shape != first:
      raise decoding.VideoError(
        f'{path}: expected frames of one size; found {frame.shape[:2]} after {first[:2]}'
      )
    yield frame
