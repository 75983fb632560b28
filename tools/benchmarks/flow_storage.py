"""The cost of storing flow in 8 bits: bytes per field and endpoint error, PNG and JPEG."""

from collections.abc import Iterator
import dataclasses
from typing import Any

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage

_FORMATS: dict[str, dict[str, Any]] = {'png': {}} | {
  f'jpeg {quality}': {'flow_format': 'jpeg', 'flow_jpeg_quality': quality}
  for quality in (100, 98, 95, 90, 75)
}


def measure(quick: bool = False) -> list[figure.Figure]:
  """Stores TV-L1 flow of some frames in several formats.

  Args:
    quick: whether to use few fields.

  Returns:
    For each format: the mean size of a field in kilobytes, the mean endpoint error in pixels,
    and the percentage of pixels with an error above one pixel. Errors are relative to the
    flow before storage, clipped to the bound of storage.
  """
  fields = [field for frames in footage.clips(250) for field in _fields(frames, 1 if quick else 8)]
  how = f'{len(fields)} TV-L1 fields of 340x256 of {footage.content()}'
  figures = []
  for name, changes in _FORMATS.items():
    settings = dataclasses.replace(requests.EncodingSettings(), **changes)
    size, error, wrong = np.mean([_store(field, settings) for field in fields], axis=0)
    figures += [
      figure.Figure(f'{name}: a field', size / 1000, 'kB', how=how),
      figure.Figure(f'{name}: mean endpoint error', error, 'px', how=how),
      figure.Figure(f'{name}: pixels off by more than 1 px', 100 * wrong, '%', how=how),
    ]
  return figures


def _store(field: np.ndarray, settings: requests.EncodingSettings) -> tuple[int, float, float]:
  """(bytes, mean endpoint error in pixels, fraction of pixels off by more than one pixel)."""
  image = encode_video.encode_flow(optical_flow.quantize(field), settings)
  quantized = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)[..., :0:-1]
  bound = optical_flow.dequantize(np.array([0, 255]))
  error = np.linalg.norm(optical_flow.dequantize(quantized) - np.clip(field, *bound), axis=-1)
  return len(image), error.mean(), (error > 1).mean()


def _fields(frames: np.ndarray, count: int) -> Iterator[np.ndarray]:
  """Flow fields at positions spread over the frames."""
  for index in np.linspace(0, len(frames) - 2, count + 2).astype(int)[1:-1]:
    yield from optical_flow.tvl1(frames[index : index + 2])
