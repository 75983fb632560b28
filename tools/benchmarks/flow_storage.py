"""What storing flow in 8 bits costs: bytes a field and endpoint error, PNG against JPEG."""

import dataclasses

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from tools.benchmarks import figure
from tools.benchmarks import footage

_FORMATS = {'png': {}} | {
  f'jpeg {quality}': {'flow_format': 'jpeg', 'flow_jpeg_quality': quality}
  for quality in (100, 98, 95, 90, 75)
}


def measure(quick=False):
  """Stores TV-L1 flow of some frames in several ways.

  Returns:
    For each format the mean kilobytes a field, the mean endpoint error in pixels, and the
    share of pixels that are wrong by more than one; the errors are against the flow before
    storage, clipped as storage clips it.
  """
  fields = [field for frames in footage.clips(250) for field in _fields(frames, 1 if quick else 8)]
  how = f'{len(fields)} TV-L1 fields of 340x256 of ' + (
    'the real clips' if footage.are_real() else 'drawn scenes'
  )
  figures = []
  for name, changes in _FORMATS.items():
    settings = dataclasses.replace(requests.EncodingSettings(), **changes)
    size, error, off = np.mean([_store(field, settings) for field in fields], axis=0)
    figures += [
      figure.Figure(f'{name}: a field', size / 1000, 'kB', how=how),
      figure.Figure(f'{name}: mean endpoint error', error, 'px', how=how),
      figure.Figure(f'{name}: pixels off by more than 1 px', 100 * off, '%', how=how),
    ]
  return figures


def _store(field, settings):
  """(bytes, mean endpoint error in pixels, share of pixels off by more than one)."""
  image = encode_video.encode_flow(optical_flow.quantize(field), settings)
  codes = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)[..., :0:-1]
  bound = optical_flow.dequantize(np.array([0, 255]))
  error = np.linalg.norm(optical_flow.dequantize(codes) - np.clip(field, *bound), axis=-1)
  return len(image), error.mean(), (error > 1).mean()


def _fields(frames, count):
  """Yields flow fields evenly over frames."""
  for place in np.linspace(0, len(frames) - 2, count + 2).astype(int)[1:-1]:
    yield from optical_flow.tvl1(frames[place : place + 2])
