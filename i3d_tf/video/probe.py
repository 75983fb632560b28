"""Opens video files: which stream is the video, where its clock begins, how long it lasts."""

from fractions import Fraction
import os

import av

from i3d_tf.common import errors

_DEFAULT_BONUS = 5_000_000  # pixels, as FFmpeg's program weighs streams marked as default


class VideoError(errors.UserError):
  """A video that cannot be used; the message names it and says why."""


def open_video(path: str | os.PathLike) -> tuple[av.container.InputContainer, av.VideoStream]:
  """Opens a video file for decoding: (container, video stream). The caller closes the container.

  Raises:
    VideoError: the file is missing, is empty or holds no video stream.
  """
  if not os.path.isfile(path):
    raise VideoError(f'{path}: no such video file')
  if not os.path.getsize(path):
    raise VideoError(f'{path}: the file is empty')
  no_video = f'{path}: expected a video file; FFmpeg finds no video stream in it'
  try:
    # FFmpeg would take a:b.avi for the address of a protocol a, and play lists may name others.
    container = av.open(
      'file:' + os.path.abspath(path),
      metadata_errors='ignore',
      options={'protocol_whitelist': 'file'},
    )
  except (av.FFmpegError, OSError, ValueError) as e:
    raise VideoError(no_video) from e
  try:
    stream = choose_stream(container)
    if stream is None or not stream.codec_context.width or not stream.codec_context.height:
      # A stream whose size FFmpeg does not find has no frame that could be decoded.
      raise VideoError(no_video)
    # Errors are raised, not painted over. By one thread: an error is then of its packet, and what a
    # damaged file shows does not depend on which thread was first. Videos are decoded side by side.
    stream.codec_context.options = {'err_detect': 'explode'}
    stream.codec_context.thread_count = 1
  except BaseException:
    container.close()
    raise
  return container, stream


def choose_stream(container: av.container.InputContainer) -> av.VideoStream | None:
  """The video stream that FFmpeg's program takes: the largest, without cover art; or None."""
  attached = av.stream.Disposition.attached_pic
  default = av.stream.Disposition.default
  found = [s for s in container.streams.video if s.codec_context is not None]
  moving = [s for s in found if not s.disposition & attached]

  def weight(stream: av.VideoStream) -> int:
    pixels = stream.codec_context.width * stream.codec_context.height
    return pixels + (_DEFAULT_BONUS if stream.disposition & default else 0)

  return max(moving, key=weight, default=None)


def time_base(stream: av.VideoStream) -> Fraction:
  """Seconds in which the stream's time stamps count, exact."""
  return Fraction(1, av.time_base) if stream.time_base is None else stream.time_base


def origin(container: av.container.InputContainer, stream: av.VideoStream) -> int:
  """The time stamp, in units of `time_base`, of second 0: where the earliest stream begins."""
  if container.start_time is None:
    return 0
  exact = Fraction(container.start_time, av.time_base) / time_base(stream)
  return round(exact)


def frame_rate(stream: av.VideoStream) -> float:
  """Frames a second by the header, for those to whom a guess is enough; 25 where it has none."""
  rate = stream.average_rate or stream.guessed_rate or stream.base_rate
  return float(rate) if rate else 25.0


def duration(path: str | os.PathLike) -> float:
  """How many seconds a video file has, by its header, from second 0 to the end of the video.

  Raises:
    VideoError: the file is missing, or its header says nothing.
  """
  try:
    container, stream = open_video(path)
  except VideoError as e:
    raise VideoError(f'{path}: expected a video file that announces its length') from e
  with container:
    if stream.duration is not None and stream.duration > 0:
      begin = 0 if stream.start_time is None else stream.start_time - origin(container, stream)
      return float((begin + stream.duration) * time_base(stream))
    if container.duration is not None and container.duration > 0:
      return float(container.duration / av.time_base)
  raise VideoError(f'{path}: expected a video file that announces its length')


def declared_frames(path: str | os.PathLike) -> int:
  """About how many frames a video file has, by its header, at least 1: for progress displays."""
  try:
    container, stream = open_video(path)
    with container:
      if stream.frames > 0:
        return int(stream.frames)
      rate = frame_rate(stream)
    return max(1, round(duration(path) * rate))
  except VideoError:
    return 1


def decoder() -> dict[str, str]:
  """What decodes: {'av': version of PyAV, 'libavcodec': ..., 'libavfilter': ..., 'libswscale'}."""
  libraries = ('libavcodec', 'libavfilter', 'libswscale')
  versions = {name: '.'.join(map(str, av.library_versions[name])) for name in libraries}
  return {'av': av.__version__, **versions}
