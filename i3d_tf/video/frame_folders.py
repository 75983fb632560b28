"""Videos that are folders of images: which folders are, and their frames in natural order."""

from collections.abc import Iterator
from fractions import Fraction
import math
import os

import cv2
import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import natural_order
from i3d_tf.video import decoding
from i3d_tf.video import filter_graph
from i3d_tf.video import probe
from i3d_tf.video import video_files

RATE = decoding.FRAME_RATE  # of a folder
_NOTHING = f'the folder has none there, at {RATE:g} a second'


def every_frame(
  path: str, start: float | None = None, end: float | None = None
) -> Iterator[np.ndarray]:
  """The frames of a video, each once.

  Args:
    path: a video file, or a folder of image files, which are its frames in the
      order of the numbers in their names, 25 a second; hidden files are none.
    start, end: as in `decoding.decode`.

  Returns:
    An iterator over RGB frames uint8 [H, W, 3].

  Raises:
    VideoError: the video cannot be used; also while iterating.
  """
  if os.path.isdir(path):
    return _images(path, start, end)
  return decoding.decode(path, start, end)


def declared_frames(path: str) -> int:
  """About how many frames a video has, as `probe.declared_frames`; a folder's are counted."""
  return max(1, len(_names(path))) if os.path.isdir(path) else probe.declared_frames(path)


def duration(path: str) -> float:
  """Seconds that a video lasts, as `probe.duration`; a folder shows 25 frames a second."""
  return declared_frames(path) / RATE if os.path.isdir(path) else probe.duration(path)


def at_rate(
  path: str,
  start: float | None = None,
  end: float | None = None,
  rate: float = decoding.FRAME_RATE,
  numbered: bool = False,
  tally: decoding.Tally | None = None,
) -> Iterator[tuple[int, np.ndarray]]:
  """What a video shows at an even rate, as `decoding.at_rate`.

  Args:
    path: as in `every_frame`.
    start, end, rate, numbered, tally: as in `decoding.at_rate`. The frames of a folder always have
      their numbers.

  Raises:
    VideoError: the video cannot be used; also while iterating.
  """
  if os.path.isdir(path):
    return _images_at_rate(path, start, end, rate, tally)
  return decoding.at_rate(path, start, end, rate, numbered, tally)


def find(path: str) -> tuple[str, list[str]]:
  """Finds the videos of a folder; where it has none at any depth, its folders of frames.

  So images beside videos, thumbnails for example, are no videos. Nor is a folder of frames one if
  other folders of frames lie below it.

  Args:
    path: a folder, with its subfolders; a folder of frames; or one video file.

  Returns:
    (folder, names of the videos relative to it, with '/', sorted).

  Raises:
    UserError: there is no video, or nothing at `path`.
  """
  if os.path.isfile(path):
    return os.path.dirname(path), [os.path.basename(path)]
  try:
    return path, video_files.find(path)
  except errors.UserError:
    if not os.path.isdir(path):
      raise
  found = _folders(path)
  if not found:
    raise errors.UserError(
      f'{path}: expected videos ({", ".join(video_files.SUFFIXES)}) or folders of frames '
      f'({", ".join(video_files.IMAGE_SUFFIXES)}); found none'
    )
  if found == ['.']:
    folder, name = os.path.split(os.path.abspath(path))
    return folder, [name]
  return path, found


def _folders(path: str) -> list[str]:
  """The folders of frames at and below a folder, relative to it with '/', sorted."""
  found: list[str] = []
  above: set[str] = set()  # folders that others lie below
  for parent, _, names in os.walk(path, topdown=False, followlinks=True):
    name = os.path.relpath(parent, path).replace(os.sep, '/')
    if name in above or not any(map(video_files.is_image, names)):
      continue
    if any(part.startswith('.') for part in name.split('/') if part != '.'):
      continue  # hidden: thumbnails of a file manager, for example
    found.append(name)
    while name not in ('', '.'):
      name = os.path.dirname(name) or '.'
      above.add(name)
  return sorted(found)


def _names(folder: str) -> list[str]:
  return sorted(filter(video_files.is_image, os.listdir(folder)), key=natural_order.key)


def _images(folder: str, start: float | None, end: float | None) -> Iterator[np.ndarray]:
  names = _names(folder)
  if not names:
    raise decoding.VideoError(
      f'{folder}: expected image files ({", ".join(video_files.IMAGE_SUFFIXES)}); found none'
    )
  first, last = (
    None if seconds is None else math.ceil((seconds - decoding.SLACK) * decoding.FRAME_RATE)
    for seconds in (start, end)
  )
  names = names[slice(first, last)]
  if not names:
    raise decoding.nothing(folder, start, end, _NOTHING)
  size = None
  for name in names:
    path = os.path.join(folder, name)
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
      raise decoding.VideoError(f'{path}: expected an image; it cannot be decoded')
    if size is not None and image.shape[:2] != size:
      raise decoding.VideoError(
        f'{path}: expected {size[0]}x{size[1]} pixels, as the images '
        f'before it; found {image.shape[0]}x{image.shape[1]}'
      )
    size = image.shape[:2]
    yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _images_at_rate(
  path: str, start: float | None, end: float | None, rate: float, tally: decoding.Tally | None
) -> Iterator[tuple[int, np.ndarray]]:
  is_empty = True

  def timed() -> Iterator[tuple[tuple[int, np.ndarray], int, int]]:
    for index, image in enumerate(_images(path, None, None)):
      if tally is not None:
        tally.frames = index + 1
      yield (index, image), index, 1

  begin = 0.0 if start is None else start
  for shown, place in filter_graph.shown_at_rate(timed(), 1 / Fraction(RATE), rate):
    if end is not None and place / rate >= end - decoding.SLACK:
      break
    if place / rate >= begin - decoding.SLACK:
      is_empty = False
      yield shown
  if is_empty:
    raise decoding.nothing(path, start, end, _NOTHING)
