"""The frames that a video file holds, with their times, or an error that says where they end."""

from collections.abc import Iterator
import dataclasses
from fractions import Fraction
import os

import av
from av import logging

from i3d_tf.video import missing_end
from i3d_tf.video import probe

_LONGEST_PAUSE = 600  # seconds; a longer one is a damaged time stamp, and would be filled by frames
_SEEK_FROM = 5.0  # seconds; what begins earlier is reached by decoding
_BEFORE = 1.0  # seconds before a part at which decoding begins at the latest
# Demuxers that find the key frame before a time by an index; others may land somewhere else.
_INDEXED = ('avi', 'mov', 'matroska')
# Decoders that paint over damage, in part with leftovers of memory, although they are told to raise
# errors: they only write a line about it.
_WRITING = ('ffv1',)


@dataclasses.dataclass(frozen=True)
class SourceFrame:
  """A frame as it was decoded.

  Attributes:
    index: its number among the frames that the file shows, from 0; from an unknown one on where
      decoding began at a part.
    time: seconds from second 0 of the file, exact.
    duration: seconds that it is shown by its packet or, where that does not say, by the header.
    frame: as FFmpeg's decoder gives it.
  """

  index: int
  time: Fraction
  duration: Fraction
  frame: av.VideoFrame


def read(
  path: str | os.PathLike, start: float | None = None, end: float | None = None
) -> Iterator[SourceFrame]:
  """Decodes a video file.

  Args:
    path: a video file.
    start: seconds; frames before it may be left out, but for the last of them. None counts all.
    end: seconds; nothing that begins later needs to be given. None reads to the end.

  Yields:
    `SourceFrame`s in the order in which they are shown.

  Raises:
    VideoError: the file cannot be opened, a frame of it cannot be decoded, or it is cut off.
  """
  if start is not None and start >= _SEEK_FROM:
    container, stream = probe.open_video(path)
    with container:
      reader = _Reader(path, container, stream)
      first = reader.seek(start)
      if first is not None:
        yield first
        yield from reader.frames(end)
        return
  container, stream = probe.open_video(path)
  with container:
    yield from _Reader(path, container, stream).frames(end)


class _Reader:
  """Reads the packets of one stream and decodes them."""

  def __init__(
    self, path: str | os.PathLike, container: av.container.InputContainer, stream: av.VideoStream
  ):
    self._path, self._container, self._stream = path, container, stream
    self._origin = probe.origin(container, stream)
    self._base = probe.time_base(stream)
    self._step = Fraction(1) / Fraction(probe.frame_rate(stream)).limit_denominator(1001000)
    self._count = 0
    self._last: SourceFrame | None = None
    self._key: int | None = None
    self._clock = _Clock(has_pts=container.format.name != 'avi')
    self._decoded = self._decode()

  def seek(self, start: float) -> SourceFrame | None:
    """Goes before `start`; the first frame there, or None if it did not get there."""
    if not set(self._container.format.name.split(',')) & set(_INDEXED):
      return None
    target = int((start - _BEFORE) / self._base) + self._origin
    try:
      self._container.seek(target, stream=self._stream)
      first = next(self._decoded, None)
    except (av.FFmpegError, probe.VideoError):
      return None
    if first is None or not first.frame.key_frame or first.time > start - _BEFORE:
      return None
    return first

  def frames(self, end: float | None) -> Iterator[SourceFrame]:
    """Yields what comes, up to the first frame that begins at or after `end` s, with it."""
    for shown in self._decoded:
      yield shown
      if end is not None and shown.time >= end:
        return
    if self._last is None:
      raise probe.VideoError(f'{self._path}: expected frames; none could be decoded')
    missing = missing_end.missing_bytes(self._path)
    if missing:
      raise self._error(f'the file is cut off: {missing} bytes are missing at its end')

  def _decode(self) -> Iterator[SourceFrame]:
    packets = self._container.demux(self._stream)
    while True:
      try:
        packet = next(packets, None)
      except (av.FFmpegError, OSError) as e:
        raise self._error(f'the file cannot be read on ({_reason(e)})') from e
      if packet is None:
        return
      flush = packet.pts is None and packet.dts is None and not packet.size
      if not packet.size and not flush:
        continue  # repeats the picture before it; a decoder would take it for the end
      if self._key is None and packet.is_keyframe and packet.size:
        self._key = packet.pts if packet.pts is not None else packet.dts
      try:
        decoded = self._frames_of(packet)
      except av.EOFError:
        return
      except (av.FFmpegError, ValueError) as e:
        if self._may_be_undecodable(packet):
          continue
        raise self._error(f'a frame cannot be decoded ({_reason(e)})', packet) from e
      if packet.is_corrupt and not self._may_be_undecodable(packet):
        raise self._error('a packet is damaged or cut off', packet)
      for frame in decoded:
        if frame.is_corrupt:
          if self._last is None:
            continue
          raise self._error('a frame is damaged', packet)
        yield self._timed(frame)

  def _frames_of(self, packet: av.Packet) -> list[av.VideoFrame]:
    """Decodes a packet; raises a ValueError if the decoder writes of an error."""
    if self._stream.codec_context.name not in _WRITING:
      return packet.decode()
    level, skips = logging.get_level(), logging.get_skip_repeated()
    logging.set_level(logging.ERROR)
    logging.set_skip_repeated(False)  # else the first line may be that of another file
    try:
      with logging.Capture() as lines:
        frames = packet.decode()
    finally:
      logging.set_level(level)
      logging.set_skip_repeated(skips)
    if lines:
      raise ValueError(lines[0][2].split('\n')[0])
    return frames

  def _may_be_undecodable(self, packet: av.Packet) -> bool:
    """Whether what a packet refers to lies before the file: in a file cut out of a longer one."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return self._key is None or packet.is_discard or (stamp is not None and stamp < self._key)

  def _timed(self, frame: av.VideoFrame) -> SourceFrame:
    length = Fraction(frame.duration or 0) * self._base
    stamp = self._clock.stamp(frame.pts, frame.dts)
    if stamp is not None:
      time = (stamp - self._origin) * self._base
    elif self._last is None:
      time = Fraction(0)
    else:
      time = self._last.time + (self._last.duration or self._step)
    if self._last is not None and not -1 <= time - self._last.time <= _LONGEST_PAUSE:
      raise self._error(f'the time of its next frame, {float(time):.2f} s, does not follow')
    shown = SourceFrame(self._count, time, length if length else self._step, frame)
    self._last, self._count = shown, self._count + 1
    return shown

  def _error(self, problem: str, packet: av.Packet | None = None) -> probe.VideoError:
    stamp = None if packet is None else packet.pts if packet.pts is not None else packet.dts
    at = '' if stamp is None else f' at {float((stamp - self._origin) * self._base):.2f} s'
    read_up_to = 'none could be decoded'
    if self._last is not None:
      until = float(self._last.time + self._last.duration)
      read_up_to = f'only {self._count} frames, up to {until:.2f} s, could be decoded'
    return probe.VideoError(
      f'{self._path}: expected frames to the end; {problem}{at}; {read_up_to}'
    )


class _Clock:
  """Which of its two time stamps is a frame's: as FFmpeg guesses it (`best_effort_timestamp`).

  Source: guess_correct_pts in libavcodec/decode.c: the time of presentation, unless it ran back
  more often than the time of decoding did.

  Args:
    has_pts: whether the container stores times of presentation. AVI does not: the demuxer guesses
      them, and is wrong where pictures are packed in pairs (DivX).
  """

  def __init__(self, has_pts: bool):
    self._has_pts = has_pts
    self._last_pts = self._last_dts = -(1 << 63)
    self._faulty_pts = self._faulty_dts = 0

  def stamp(self, pts: int | None, dts: int | None) -> int | None:
    if not self._has_pts and dts is not None:
      pts = None
    if dts is not None:
      self._faulty_dts += dts <= self._last_dts
      self._last_dts = dts
    elif pts is not None:
      self._last_dts = pts
    if pts is not None:
      self._faulty_pts += pts <= self._last_pts
      self._last_pts = pts
    elif dts is not None:
      self._last_pts = dts
    if pts is not None and (dts is None or self._faulty_pts <= self._faulty_dts):
      return pts
    return dts


def _reason(error: Exception) -> str:
  return getattr(error, 'strerror', None) or str(error)
