"""Video files: decoding, frame rate, size. Frames are uint8 RGB [H, W, 3]."""

import itertools
import math
import os

import cv2

from i3d_tf import errors

FRAME_RATE = 25.0  # frames a second at which I3D sees videos
SHORT_SIDE = 256  # pixels of a stored frame's shorter side
# Headers are often off by a few frames; a file cut in half is off by more.
_LEAST_DECODED = 0.9


class VideoError(errors.UserError):
  """A video that cannot be used; the message names it and says why."""


def decode(path):
  """Decodes a video file.

  Args:
    path: a file that OpenCV's FFmpeg reads.

  Returns:
    (frame rate in frames a second, iterator over RGB frames uint8 [H, W, 3]).

  Raises:
    VideoError: the file is missing, holds no video stream, or gives no frame
      rate; while iterating, fewer frames come out than its header says.
  """
  if not os.path.isfile(path):
    raise VideoError(f'{path}: no such video file')
  if not os.path.getsize(path):
    raise VideoError(f'{path}: the file is empty')
  capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
  if not capture.isOpened():
    raise VideoError(f'{path}: expected a video file; FFmpeg finds no video stream in it')
  frame_rate = capture.get(cv2.CAP_PROP_FPS)
  if not 1 <= frame_rate <= 1000:
    raise VideoError(f'{path}: expected a frame rate between 1 and 1000; found {frame_rate}')

  announced = capture.get(cv2.CAP_PROP_FRAME_COUNT)

  def frames():
    try:
      count = 0
      while True:
        ok, bgr = capture.read()
        if not ok:
          break
        count += 1
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
      if not count:
        raise VideoError(f'{path}: expected frames; none could be decoded')
      if count < _LEAST_DECODED * announced:
        raise VideoError(f'{path}: expected {announced:.0f} frames; only {count} could be '
                         'decoded (is the file cut off?)')
    finally:
      capture.release()

  return frame_rate, frames()


def resample(items, source_rate, target_rate=FRAME_RATE):
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
  shown, n, i = nothing, 0, -1
  for i, item in enumerate(items):
    while n < place(i):
      yield shown
      n += 1
    shown = item
  if shown is not nothing:
    yield from itertools.repeat(shown, max(place(i + 1), 1) - n)


def fit_short_side(height, width, short_side):
  """The size (height, width) whose shorter side is `short_side`, aspect ratio kept."""
  if height <= width:
    return short_side, round(width * short_side / height)
  return round(height * short_side / width), short_side


def resize(image, height, width, interpolation=cv2.INTER_LINEAR):
  """Resizes [H, W, ...] to (height, width), bilinear with half-pixel centres by default."""
  if image.shape[:2] == (height, width):
    return image
  return cv2.resize(image, (width, height), interpolation=interpolation)
