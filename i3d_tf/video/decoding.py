"""Video files: decoding, frame rate, size. Frames are uint8 RGB [H, W, 3].

OpenCV decodes. PyAV, the other wheel that ships FFmpeg, was tried on two clips of
UCF101 and two of Kinetics: it took 1.4 to 1.6 times OpenCV's processor time for the same
RGB frames. Files that are cut off, have a hole or lack their index gave as many frames,
except for one that OpenCV decoded completely and PyAV abandoned at its end. Where PyAV
raises, OpenCV's frames just end, so they are counted against the header. Neither notices
a few overwritten bytes within an MP4: the picture is smeared without a message.
"""

from collections.abc import Generator, Iterable, Iterator
import itertools
import math
import os
from typing import Any, TypeVar

import cv2
import numpy as np

from i3d_tf.common import errors

FRAME_RATE = 25.0  # frames a second at which I3D sees videos
SHORT_SIDE = 256  # pixels of a stored frame's shorter side
# Headers are often off by a few frames; a file cut in half is off by more.
_LEAST_DECODED = 0.9
_LONGEST_SIDE = 65500  # pixels: OpenCV's and libjpeg's limit
# Containers in which OpenCV finds a frame by its number; in others (MPEG program streams) it may
# land some frames off and not know it.
_T = TypeVar('_T')
_INDEXED = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.webm')


class VideoError(errors.UserError):
  """A video that cannot be used; the message names it and says why."""


def decode(
  path: str, start: float | None = None, end: float | None = None
) -> tuple[float, Generator[np.ndarray]]:
  """Decodes a video file, or a part of it.

  A frame belongs to the part if the time at which its turn comes lies in
  [start, end). Decoding uses as many threads as `cv2.getNumThreads()` says.

  Args:
    path: a file that OpenCV's FFmpeg reads.
    start: seconds from the beginning; None for the first frame.
    end: seconds from the beginning; None for the last frame.

  Returns:
    (frame rate in frames a second, iterator over RGB frames uint8 [H, W, 3]).

  Raises:
    VideoError: the file is missing, holds no video stream, or gives no frame
      rate; while iterating, fewer frames come out than its header says.
  """
  capture, frame_rate = _checked(path)
  first = 0 if start is None else frame_at(start, frame_rate)
  stop = math.inf if end is None else frame_at(end, frame_rate)
  length = capture.get(cv2.CAP_PROP_FRAME_COUNT)
  announced = min(length, stop) - first

  def frames() -> Generator[np.ndarray]:
    captured, count = capture, 0
    try:
      captured = _skip(captured, path, first)
      while count < stop - first:
        ok, bgr = captured.read()
        if not ok:
          break
        count += 1
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    finally:
      captured.release()
    if not count and start is not None and first:
      raise VideoError(
        f'{path}: expected frames from {start:g} s on; none could be decoded (the '
        f'file announces {length / frame_rate:.1f} s)'
      )
    if not count:
      raise VideoError(f'{path}: expected frames; none could be decoded')
    if count < _LEAST_DECODED * announced:
      raise VideoError(
        f'{path}: expected {announced:.0f} frames; only {count} could be '
        'decoded (is the file cut off?)'
      )

  return frame_rate, frames()


def _checked(path: str) -> tuple[cv2.VideoCapture, float]:
  """Opens a video file: (capture, frame rate)."""
  if not os.path.isfile(path):
    raise VideoError(f'{path}: no such video file')
  if not os.path.getsize(path):
    raise VideoError(f'{path}: the file is empty')
  capture = _open(path)
  if not capture.isOpened():
    raise VideoError(f'{path}: expected a video file; FFmpeg finds no video stream in it')
  frame_rate = capture.get(cv2.CAP_PROP_FPS)
  if not 1 <= frame_rate <= 1000:
    raise VideoError(f'{path}: expected a frame rate between 1 and 1000; found {frame_rate}')
  return capture, frame_rate


def duration(path: str) -> float:
  """How many seconds a video file has, by its header: a float.

  Raises:
    VideoError: the file is missing, or its header says nothing.
  """
  capture = _open(path)
  frame_rate, length = (capture.get(p) for p in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT))
  capture.release()
  if not frame_rate > 0 or not length > 0:
    raise VideoError(f'{path}: expected a video file that announces its length')
  return length / frame_rate


def frame_at(seconds: float, frame_rate: float) -> int:
  """The number of the first frame whose time is not before `seconds`."""
  return math.ceil(seconds * frame_rate - 1e-6)


def _open(path: str) -> cv2.VideoCapture:
  # FFmpeg would take a:b.avi for the address of a protocol a.
  return cv2.VideoCapture(
    os.path.abspath(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, cv2.getNumThreads()]
  )


def _skip(capture: cv2.VideoCapture, path: str, count: int) -> cv2.VideoCapture:
  """Moves a fresh capture past its first `count` frames: the capture, or one that replaces it."""
  if not count:
    return capture
  if os.path.splitext(path)[1].lower() in _INDEXED:
    capture.set(cv2.CAP_PROP_POS_FRAMES, count)
    if capture.get(cv2.CAP_PROP_POS_FRAMES) == count:
      return capture
    capture.release()
    capture = _open(path)
  for _ in range(count):
    if not capture.grab():
      break
  return capture


def resample(
  items: Iterable[_T], source_rate: float, target_rate: float = FRAME_RATE
) -> Iterator[_T]:
  """Changes the frame rate by repeating and leaving out items.

  As FFmpeg's `fps` filter does with its default rounding: item i belongs at
  round(i * target_rate / source_rate), halves upwards; each place shows the last
  item at or before it, and n items make round(n * target_rate / source_rate).

  Args:
    items: an iterable: frames, or anything that goes with frames.
    source_rate: frames a second of `items`.
    target_rate: frames a second wanted.

  Yields:
    Items; at least one if there is one.
  """
  place = lambda i: math.floor(i * target_rate / source_rate + 0.5)
  nothing = object()
  shown: Any = nothing
  n, i = 0, -1
  for i, item in enumerate(items):
    while n < place(i):
      yield shown
      n += 1
    shown = item
  if shown is not nothing:
    yield from itertools.repeat(shown, max(place(i + 1), 1) - n)


def fit_short_side(
  height: int, width: int, short_side: int, path: str = 'a video'
) -> tuple[int, int]:
  """The size (height, width) whose shorter side is `short_side`, aspect ratio kept.

  Args:
    height, width: of the frames.
    short_side: wanted, in pixels.
    path: of the video, for messages.

  Raises:
    VideoError: the longer side would be longer than a JPEG can be.
  """
  long_side = short_side * max(height, width) // min(height, width)
  if long_side > _LONGEST_SIDE:
    raise VideoError(
      f'{path}: expected frames less long and narrow than {height}x{width}: their '
      f'longer side would become {long_side} pixels; at most {_LONGEST_SIDE} can be'
    )
  if height <= width:
    return short_side, round(width * short_side / height)
  return round(height * short_side / width), short_side


def resize(
  image: np.ndarray, height: int, width: int, interpolation: int = cv2.INTER_LINEAR
) -> np.ndarray:
  """Resizes [H, W, ...] to (height, width), bilinear with half-pixel centres by default."""
  if image.shape[:2] == (height, width):
    return image
  return cv2.resize(image, (width, height), interpolation=interpolation)
