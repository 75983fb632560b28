"""The speed of making frames of videos with PyAV, relative to OpenCV's reader that it replaced."""

from collections.abc import Callable, Iterator
import fractions
import os
import tempfile
from typing import Any

import av
import cv2
import numpy as np

from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.video import decoding
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage

BOUND = 0.6
_SECONDS = 10
_CODECS = {
  'MPEG-4 in AVI': ('avi', 'mpeg4', 240, 320),
  'H.264 in MP4': ('mp4', 'libx264', 256, 340),
}


def measure(quick: bool = False) -> list[figure.Figure]:
  """Frames a second of records by PyAV over those by OpenCV, alternately, on one thread."""
  frames = footage.clips(25 if quick else 25 * _SECONDS)[0]
  threads = cv2.getNumThreads()
  figures = []
  cv2.setNumThreads(1)
  try:
    with tempfile.TemporaryDirectory() as folder:
      for name, (suffix, codec, height, width) in _CODECS.items():
        path = os.path.join(folder, f'video.{suffix}')
        _write(path, codec, [cv2.resize(frame, (width, height)) for frame in frames])
        figures += _figures(f'{name}, {height}x{width}', path, 2 if quick else 5)
  finally:
    cv2.setNumThreads(threads)
  return figures


def _figures(name: str, path: str, repeats: int) -> list[figure.Figure]:
  """The figures of one file: of records, and of decoding alone."""
  rates = figure.interleaved(
    {
      'records': _consumed(lambda: _stored(frame for _, frame in decoding.at_rate(path))),
      'records by OpenCV': _consumed(lambda: _stored(_by_opencv(path))),
      'decoding': _consumed(lambda: decoding.at_rate(path)),
      'decoding by OpenCV': _consumed(lambda: _by_opencv(path)),
    },
    repeats,
  )
  how = f'{name}, of {footage.content()}; one thread, alternately'
  return [
    figure.from_values(
      f'{what} by PyAV / OpenCV, {name}',
      rates[what].over(rates[f'{what} by OpenCV']).wall,
      bound=bound,
      how=how,
    )
    for what, bound in (('records', BOUND), ('decoding', None))
  ]


def _consumed(make: Callable[[], Iterator]) -> figure.Measured:
  def run(begin: Callable[[], None]) -> float:
    begin()
    return sum(1 for _ in make())

  return run


def _stored(frames: Iterator[np.ndarray]) -> Iterator[bytes]:
  settings = requests.EncodingSettings()
  for frame in frames:
    height, width, _ = frame.shape
    size = decoding.fit_short_side(height, width, settings.short_side)
    yield encode_video.encode_frame(decoding.resize(frame, *size), settings)


def _by_opencv(path: str) -> Iterator[np.ndarray]:
  capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
  try:
    while (read := capture.read())[0]:
      yield cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
  finally:
    capture.release()


def _write(path: str, codec: str, frames: list[np.ndarray]) -> None:
  with av.open(path, 'w') as container:
    stream: Any = container.add_stream(codec, rate=25)
    stream.height, stream.width = frames[0].shape[:2]
    stream.pix_fmt = 'yuv420p'
    if codec == 'mpeg4':
      stream.bit_rate = 1_500_000
    for i, image in enumerate(frames):
      frame = av.VideoFrame.from_ndarray(image, 'rgb24')
      frame.pts, frame.time_base = i, fractions.Fraction(1, 25)
      container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
