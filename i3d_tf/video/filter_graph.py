"""FFmpeg's filters: frames shown at a rate, deinterlacing, colours to RGB, upright pictures.

Each filter has a graph of its own. If the size or pixel format changes within a file, only the
graph of the pictures is made again, and the time stamps continue.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
import struct
from typing import Any

import av
from av.sidedata.sidedata import Type
import numpy as np

_NEARLY_SQUARE = Fraction(1, 100)


def shown_at_rate(
  timed: Iterable[tuple[Any, int, int]], time_base: Fraction, rate: float
) -> Iterator[tuple[Any, int]]:
  """What FFmpeg's `fps` filter shows at a rate.

  Args:
    timed: (item, time stamp, duration) in units of `time_base`.
    time_base: seconds, exact.
    rate: frames a second wanted.

  Yields:
    (item, number of the place at the rate: it is shown at number / rate seconds).
  """
  exact = Fraction(rate).limit_denominator(1001000)
  graph = av.filter.Graph()
  source = graph.add('buffer', _arguments(2, 2, 'gray', time_base))
  _link(graph, source, [('fps', f'{exact.numerator}/{exact.denominator}')])
  for item, stamp, duration in timed:
    # The filter looks at times only: tokens pass it in place of pictures.
    token = av.VideoFrame(2, 2, 'gray')
    token.pts, token.time_base, token.duration, token.opaque = stamp, time_base, duration, (item,)
    graph.vpush(token)
    yield from _places(graph)
  graph.vpush(None)
  yield from _places(graph)


def deinterlaced(
  frames: Iterable[tuple[Any, av.VideoFrame]],
) -> Iterator[tuple[Any, av.VideoFrame]]:
  """Deinterlaces with FFmpeg's `yadif=deint=interlaced`, from the first interlaced frame on.

  Args:
    frames: (anything that goes with a frame, the frame).

  Yields:
    As many pairs. Frames that are not marked as interlaced stay as they are.
  """
  graph, kind = None, None
  for tag, frame in frames:
    if graph is not None and kind != _kind(frame):
      yield from _drained(graph)
      graph = None
    if graph is None and frame.interlaced_frame:
      kind = _kind(frame)
      graph = av.filter.Graph()
      source = graph.add('buffer', _arguments(*kind))
      _link(graph, source, [('yadif', 'deint=interlaced')])
    if graph is None:
      yield tag, frame
      continue
    frame.opaque = (tag,)
    graph.vpush(frame)
    yield from _pulled(graph)
  if graph is not None:
    yield from _drained(graph)


class ToRgb:
  """Makes RGB frames, uint8 [H, W, 3], upright and with square pixels.

  Colour matrix and range are those that the frame is marked with. It is turned as the display
  matrix of the file says, and stretched to square pixels.

  Args:
    aspect: width over height of the file's pixels; None or 0 where it says nothing.
  """

  def __init__(self, aspect: Fraction | None):
    self._aspect = Fraction(aspect) if aspect else Fraction(1)
    self._graph: av.filter.Graph | None = None
    self._key: tuple[Any, ...] | None = None

  def __call__(self, frame: av.VideoFrame) -> np.ndarray:
    """Converts a frame.

    Raises:
      av.FFmpegError: FFmpeg refuses the conversion.
    """
    matrix = _display_matrix(frame)
    key = (*_kind(frame), matrix)
    if self._graph is None or key != self._key:
      graph = av.filter.Graph()
      source = graph.add('buffer', _arguments(*_kind(frame)))
      filters = [*square(frame.height, frame.width, self._aspect), *upright(matrix)]
      _link(graph, source, [*filters, ('format', 'rgb24')])
      self._graph, self._key = graph, key
    self._graph.vpush(frame)
    return self._graph.vpull().to_ndarray()


def square(height: int, width: int, aspect: Fraction) -> list[tuple[str, str]]:
  """The filters that make pixels square: the picture gets wider, or higher, never smaller.

  Pixels within `_NEARLY_SQUARE` of square stay as they are: an encoder that rounds the size of a
  resized picture to even numbers makes them (640:639), and resampling would only blur the picture.
  """
  is_damaged = not Fraction(1, 10) < aspect < 10
  if is_damaged or max(aspect, 1 / aspect) <= 1 + _NEARLY_SQUARE:
    return []
  if aspect > 1:
    size = round(width * aspect), height
  else:
    size = width, round(height / aspect)
  # To RGB first: else the halved colour planes would be scaled.
  return [('format', 'rgb24'), ('scale', f'{size[0]}:{size[1]}'), ('setsar', '1')]


def upright(matrix: tuple[int, ...] | None) -> list[tuple[str, str]]:
  """The filters that turn a picture as a display matrix says: quarter turns and flips.

  Args:
    matrix: nine numbers as FFmpeg's `libavutil/display.h` orders them; None for no turn.
  """
  if matrix is None:
    return []
  a, b, c, d = ((m > 0) - (m < 0) for m in (matrix[0], matrix[1], matrix[3], matrix[4]))
  if abs(matrix[0]) >= abs(matrix[1]):  # (x, y) goes to (a x, d y)
    return [('hflip', '')] * (a < 0) + [('vflip', '')] * (d < 0)
  # (x, y) goes to (c y, b x).
  return [('transpose', 'cclock_flip')] + [('hflip', '')] * (c < 0) + [('vflip', '')] * (b < 0)


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
  data = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
  if data is None:
    return None
  numbers = bytes(data)
  return struct.unpack('=9i', numbers[:36]) if len(numbers) >= 36 else None


def _kind(frame: av.VideoFrame) -> tuple[Any, ...]:
  """What a graph is made for: size, pixel format, time base and colours."""
  return (
    frame.height,
    frame.width,
    frame.format.name,
    frame.time_base,
    int(frame.colorspace),
    int(frame.color_range),
  )


def _arguments(
  height: int, width: int, pixels: str, base: Fraction, space: int = 2, colour_range: int = 0
) -> str:
  """Of a `buffer` filter; 2 and 0 are FFmpeg's numbers for colours that are not specified."""
  return (
    f'video_size={width}x{height}:pix_fmt={pixels}:pixel_aspect=1/1:'
    f'time_base={base.numerator}/{base.denominator}:colorspace={space}:range={colour_range}'
  )


def _link(graph: av.filter.Graph, last: Any, filters: list[tuple[str, str]]) -> None:
  for name, arguments in [*filters, ('buffersink', '')]:
    following = graph.add(name, arguments) if arguments else graph.add(name)
    last.link_to(following)
    last = following
  graph.configure()


def _pulled(graph: av.filter.Graph) -> Iterator[tuple[Any, av.VideoFrame]]:
  while True:
    try:
      frame = graph.vpull()
    except (av.BlockingIOError, av.EOFError):
      return
    opaque: Any = frame.opaque
    yield opaque[0], frame


def _places(graph: av.filter.Graph) -> Iterator[tuple[Any, int]]:
  for item, token in _pulled(graph):
    assert token.pts is not None  # the filter `fps` numbers what it gives
    yield item, token.pts


def _drained(graph: av.filter.Graph) -> Iterator[tuple[Any, av.VideoFrame]]:
  graph.vpush(None)
  yield from _pulled(graph)
