"""Makes small video files of any container, codec and time stamps, with PyAV's encoders."""

from fractions import Fraction
import pathlib
import shutil
import subprocess

import av
import numpy as np
import pytest

HEIGHT, WIDTH = 32, 160
needs_ffmpeg = pytest.mark.skipif(shutil.which('ffmpeg') is None, reason='needs the program ffmpeg')


def numbered(count, height=HEIGHT, width=WIDTH):
  """Frames that carry their number in nine black or white bars: uint8 [count, height, width, 3]."""
  frames = np.zeros((count, height, width, 3), np.uint8)
  for bit in range(9):
    frames[(np.arange(count) >> bit & 1) == 1, :, 8 + 16 * bit : 24 + 16 * bit] = 255
  return frames


def number(frame):
  """The number that a frame of `numbered` carries, whatever its size."""
  height, width = frame.shape[:2]
  middle = frame[height // 3 : 2 * height // 3]
  columns = [round((16 + 16 * bit) * width / WIDTH) for bit in range(9)]
  return sum(1 << bit for bit, x in enumerate(columns) if middle[:, x - 2 : x + 2].mean() > 127)


def encode(
  path,
  frames,
  stamps=None,
  *,
  time_base=Fraction(1, 25),
  codec='libx264',
  pixels='yuv420p',
  options=None,
  sound=0.0,
  **stream_attributes,
):
  """Writes a video file.

  Args:
    path: its suffix names the container.
    frames: uint8 [H, W, 3] each.
    stamps: when each frame is shown, in units of `time_base`; None for 0, 1, 2...
    time_base: seconds.
    codec, pixels, options: of the encoder.
    sound: seconds of silence beside the picture, from 0 on; 0 for none.
    stream_attributes: set on the encoder's context, such as `sample_aspect_ratio`.

  Returns:
    `path`.
  """
  frames = list(frames)
  stamps = range(len(frames)) if stamps is None else stamps
  with av.open(str(path), 'w') as container:
    stream = container.add_stream(codec, rate=round(1 / time_base), options=options or {})
    stream.height, stream.width = frames[0].shape[:2]
    stream.pix_fmt = pixels
    stream.codec_context.time_base = stream.time_base = time_base
    for name, value in stream_attributes.items():
      setattr(stream.codec_context, name, value)
    if sound:
      _add_silence(container, sound)
    for stamp, image in zip(stamps, frames, strict=True):
      frame = av.VideoFrame.from_ndarray(image, 'rgb24')
      frame.pts, frame.time_base = stamp, time_base
      container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
  return str(path)


def _add_silence(container, seconds, rate=48000, length=960):
  """Adds a stream of silence to a container."""
  stream = container.add_stream('libopus' if container.format.name == 'webm' else 'aac', rate=rate)
  stream.layout = 'stereo'
  dtype = np.int16 if stream.format.name.startswith('s16') else np.float32
  silence = np.zeros((2, length) if stream.format.is_planar else (1, 2 * length), dtype)
  for i in range(round(seconds * rate / length)):
    frame = av.AudioFrame.from_ndarray(silence, stream.format.name, 'stereo')
    frame.sample_rate, frame.pts, frame.time_base = rate, i * length, Fraction(1, rate)
    container.mux(stream.encode(frame))
  container.mux(stream.encode(None))


def by_one_graph(path, filters=(('fps', '25'),)):
  """Frames of a file through one graph of FFmpeg's filters: a list of (seconds, uint8 [H, W, 3]).

  Another route than the project's: whole frames in one graph, without its clock and its tokens.
  """
  shown = []
  with av.open(str(path)) as container:
    (stream, *_) = container.streams.video
    graph = av.filter.Graph()
    last = graph.add_buffer(template=stream)
    for name, arguments in (*filters, ('format', 'rgb24'), ('buffersink', None)):
      following = graph.add(name, arguments)
      last.link_to(following)
      last = following
    graph.configure()

    def pull():
      while True:
        try:
          frame = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
          return
        shown.append((float(frame.pts * frame.time_base), frame.to_ndarray()))

    for frame in container.decode(stream):
      graph.vpush(frame)
      pull()
    graph.vpush(None)
    pull()
  return shown


def in_folder(folder):
  """The video files below a folder, sorted."""
  suffixes = ('.avi', '.mkv', '.mp4', '.webm')
  return [str(path) for path in sorted(pathlib.Path(folder).rglob('*')) if path.suffix in suffixes]


def pixel_aspect(path):
  """Width over height of a file's pixels; None where it says nothing."""
  with av.open(path) as container:
    aspect = container.streams.video[0].sample_aspect_ratio
  return Fraction(aspect) if aspect else None


def ffmpeg(*arguments, data=None):
  """Runs the program ffmpeg; its output as bytes."""
  command = ['ffmpeg', '-v', 'error', '-y', *map(str, arguments)]
  return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def by_program(path, height, width, filters='fps=25'):
  """Frames of a file as the program ffmpeg gives them: uint8 [T, height, width, 3]."""
  raw = ffmpeg(
    *('-i', path, '-vf', f'{filters},format=rgb24', '-vsync', 'passthrough'),
    *('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'),
  )
  return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
