"""Video files: decoding by time, frame rate, size. Frames are uint8 RGB [H, W, 3].

FFmpeg decodes, picks frames by their time stamps and converts colours, by way of PyAV: OpenCV's
reader takes a frame's number for its time and a header's length for a fact, and hands out leftovers
of memory where the conversion of colours is refused. OpenCV still resizes: its interpolation is
what records have been made with, and what `preprocess` repeats on the other side.
"""

from collections.abc import Generator, Iterable, Iterator
import dataclasses
from fractions import Fraction
import os

import av
import cv2
import numpy as np

from i3d_tf.video import filter_graph
from i3d_tf.video import probe
from i3d_tf.video import source_frames

VideoError = probe.VideoError
duration = probe.duration
FRAME_RATE = 25.0  # frames a second at which I3D sees videos
SHORT_SIDE = 256  # pixels of a stored frame's shorter side
_LONGEST_SIDE = 65500  # pixels: OpenCV's and libjpeg's limit
SLACK = 1e-6  # seconds: times are given in decimals
# A frame as it was decoded, and what is left of it to convert.
_Picture = tuple[source_frames.SourceFrame, av.VideoFrame]


@dataclasses.dataclass
class Tally:
  """How many frames of a file were decoded, shown or not."""

  frames: int = 0


def decode(
  path: str | os.PathLike, start: float | None = None, end: float | None = None
) -> Generator[np.ndarray]:
  """Decodes the frames of a video file, or of a part of it, each once.

  Frames need not be spread evenly over time: `at_rate` knows their times. One thread decodes.

  Args:
    path: a file that FFmpeg reads.
    start: seconds from the beginning; frames that begin earlier are left out.
    end: seconds from the beginning; frames that begin then or later are left out.

  Returns:
    A generator of RGB frames uint8 [H, W, 3].

  Raises:
    VideoError: the file is missing or holds no video stream; while iterating, a frame cannot be
      decoded or converted, or the file is cut off.
  """
  container, stream = probe.open_video(path)
  with container:
    aspect = stream.sample_aspect_ratio

  def frames() -> Generator[np.ndarray]:
    convert = filter_graph.ToRgb(aspect)
    is_empty = True
    for source, frame in _pictures(path, start, end):
      if _within(source.time, start, end):
        is_empty = False
        yield _converted(path, convert, source, frame)
    if is_empty:
      raise nothing(path, start, end)

  return frames()


def at_rate(
  path: str | os.PathLike,
  start: float | None = None,
  end: float | None = None,
  rate: float = FRAME_RATE,
  numbered: bool = False,
  tally: Tally | None = None,
) -> Generator[tuple[int, np.ndarray]]:
  """What a video file shows at an even rate, as FFmpeg's filter `fps` picks it.

  A part is what is shown at times in [start, end) when the whole file is. The filter shows nothing
  of a file that is shorter than half a frame at the rate: its last frame is then shown once.

  Args:
    path: a file that FFmpeg reads.
    start: seconds from the beginning; None for the first frame.
    end: seconds from the beginning; None for the last frame.
    rate: frames a second wanted.
    numbered: whether the numbers of frames are needed; a part then costs the decoding of all that
      lies before it.
    tally: counts the frames of the file that were decoded.

  Returns:
    A generator of (number of the frame in the file, RGB frame uint8 [H, W, 3]); with `start` but
    without `numbered`, the numbers count from anywhere.

  Raises:
    VideoError: as `decode` does.
  """
  container, stream = probe.open_video(path)
  with container:
    aspect, base = stream.sample_aspect_ratio, probe.time_base(stream)
  # Which frame is shown last is known when the next place is taken.
  until = None if end is None else end + 1 / rate
  pictures = _pictures(path, None if numbered else start, until)
  return _at_rate(path, pictures, filter_graph.ToRgb(aspect), base, start, end, rate, tally)


def _at_rate(
  path: str | os.PathLike,
  pictures: Iterable[_Picture],
  convert: filter_graph.ToRgb,
  time_base: Fraction,
  start: float | None,
  end: float | None,
  rate: float,
  tally: Tally | None,
) -> Generator[tuple[int, np.ndarray]]:
  latest: _Picture | None = None

  def timed() -> Iterator[tuple[_Picture, int, int]]:
    nonlocal latest
    for latest in pictures:
      source = latest[0]
      if tally is not None:
        tally.frames = source.index + 1
      yield latest, round(source.time / time_base), round(source.duration / time_base)

  exact = Fraction(rate).limit_denominator(1001000)
  shown: tuple[int, np.ndarray] | None = None
  for (source, frame), place in filter_graph.shown_at_rate(timed(), time_base, rate):
    time = place / exact
    if end is not None and time >= end - SLACK:
      break
    if not _within(time, start, end):
      continue
    if shown is None or source.index != shown[0]:
      shown = source.index, _converted(path, convert, source, frame)
    yield shown
  if shown is None and start is None and latest is not None:
    yield latest[0].index, _converted(path, convert, *latest)
  elif shown is None:
    raise nothing(path, start, end)


def _pictures(
  path: str | os.PathLike, start: float | None, end: float | None
) -> Iterator[_Picture]:
  read = source_frames.read(path, start, end)
  try:
    yield from filter_graph.deinterlaced((source, source.frame) for source in read)
  except VideoError:
    raise
  except (av.FFmpegError, ValueError) as e:
    raise VideoError(f'{path}: expected frames that FFmpeg can deinterlace; {e}') from e


def _converted(
  path: str | os.PathLike,
  convert: filter_graph.ToRgb,
  source: source_frames.SourceFrame,
  frame: av.VideoFrame,
) -> np.ndarray:
  try:
    return convert(frame)
  except (av.FFmpegError, ValueError) as e:
    reason = getattr(e, 'strerror', None) or e
    raise VideoError(
      f'{path}: expected colours that FFmpeg can convert to RGB; it refuses the frame at '
      f'{float(source.time):.2f} s ({frame.format.name}, {reason})'
    ) from e


def _within(time: Fraction, start: float | None, end: float | None) -> bool:
  return (start is None or time >= start - SLACK) and (end is None or time < end - SLACK)


def nothing(
  path: str | os.PathLike,
  start: float | None,
  end: float | None,
  found: str = 'the video has none there',
) -> VideoError:
  """The error of a video without frames in a part, whose times are as in `decode`."""
  begin = 0.0 if start is None else start
  until = 'on' if end is None else f'to {end:g} s'
  return VideoError(f'{path}: expected frames from {begin:g} s {until}; {found}')


def fit_short_side(
  height: int, width: int, short_side: int, path: str | os.PathLike = 'a video'
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
