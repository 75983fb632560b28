"""The cost of records: core seconds and bytes per frame, and from them hours, GB and euros.

The rates are those of one core. `table` takes other rates, data sets and prices.
"""

from collections.abc import Sequence
import dataclasses
import os
import tempfile
import time

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.masks import png as png_lib
from i3d_tf.video import decoding
from tools.benchmarks import input_pipeline
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage


@dataclasses.dataclass(frozen=True)
class Rates:
  """The cost of one stored frame.

  Attributes:
    frame_seconds: core seconds to decode, resize and encode a frame.
    flow_seconds: core seconds for the TV-L1 flow from one frame to the next.
    frame_bytes, flow_bytes, mask_bytes: sizes of a JPEG frame, a PNG flow field, a PNG mask.
  """

  frame_seconds: float
  flow_seconds: float
  frame_bytes: float
  flow_bytes: float
  mask_bytes: float


@dataclasses.dataclass(frozen=True)
class DataSet:
  """A data set: its name, the number of its videos, their mean length in seconds."""

  name: str
  videos: int
  seconds: float

  @property
  def frames(self) -> float:
    """The number of stored frames, at 25 frames per second."""
    return self.videos * self.seconds * decoding.FRAME_RATE


DATA_SETS = (DataSet('UCF101', 13320, 7.2), DataSet('Kinetics-700', 650000, 10.0))
EUROS_PER_CORE_HOUR = 0.04
_UNITS = {'hours': 'core hours', 'GB': 'GB', 'euros': 'euros'}


def cost(
  data_set: DataSet, rates: Rates, euros_per_core_hour: float = EUROS_PER_CORE_HOUR
) -> dict[str, float]:
  """The cost of a data set: core hours, GB and euros, of frames and of flow."""
  hours = data_set.frames * rates.frame_seconds / 3600
  flow_hours = data_set.frames * rates.flow_seconds / 3600
  gigabytes = lambda size: data_set.frames * size / 1e9
  return {
    'frames': data_set.frames,
    'hours': hours,
    'flow hours': flow_hours,
    'frame GB': gigabytes(rates.frame_bytes),
    'mask GB': gigabytes(rates.mask_bytes),
    'flow GB': gigabytes(rates.flow_bytes),
    'euros': hours * euros_per_core_hour,
    'flow euros': flow_hours * euros_per_core_hour,
  }


def table(
  rates: Rates,
  euros_per_core_hour: float = EUROS_PER_CORE_HOUR,
  data_sets: Sequence[DataSet] = DATA_SETS,
) -> str:
  """The cost of data sets as a Markdown table."""
  lines = [
    '| data set | frames | core hours | with flow | frames, GB | masks, GB | flow, GB | '
    'euros | with flow |',
    '|---|' + '---:|' * 8,
  ]
  for data_set in data_sets:
    c = cost(data_set, rates, euros_per_core_hour)
    lines.append(
      f'| {data_set.name} | {c["frames"] / 1e6:,.1f} M | {c["hours"]:,.1f} | '
      f'{c["hours"] + c["flow hours"]:,.0f} | {c["frame GB"]:,.1f} | {c["mask GB"]:,.1f} | '
      f'{c["flow GB"]:,.0f} | {c["euros"]:,.2f} | {c["euros"] + c["flow euros"]:,.0f} |'
    )
  return '\n'.join(lines)


def measure(quick: bool = False) -> list[figure.Figure]:
  """Measures core seconds and bytes of frames, flow and masks: these and the cost of data sets."""
  videos = footage.clips(40 if quick else 250)
  threads = cv2.getNumThreads()
  cv2.setNumThreads(1)
  try:
    frame_seconds = _frame_seconds(videos[0])
    flow_seconds, flow_bytes = _flow(videos, 1 if quick else 3)
  finally:
    cv2.setNumThreads(threads)
  sample = [frame for frames in videos for frame in frames[::10]]
  masks = [mask for frames in videos for mask in footage.person(frames)[::10]]
  frame_bytes = [len(input_pipeline.encode_frame(frame)) for frame in sample]
  mask_bytes = [len(png_lib.encode(mask)) for mask in masks]
  rates = Rates(
    frame_seconds=float(np.median(frame_seconds)),
    flow_seconds=float(np.mean(flow_seconds)),
    frame_bytes=float(np.mean(frame_bytes)),
    flow_bytes=float(np.mean(flow_bytes)),
    mask_bytes=float(np.mean(mask_bytes)),
  )
  where = f'340x256 frames of {footage.content()}, CPU time of one thread'
  figures = [
    figure.from_values(
      'decode, resize, JPEG',
      [1e3 * s for s in frame_seconds],
      unit='ms/frame',
      higher_is_better=False,
      how=f'from MPEG-4 of 320x240 to quality 95; {where}',
    ),
    figure.from_values(
      'TV-L1',
      flow_seconds,
      unit='s/pair',
      higher_is_better=False,
      how=f'{len(flow_seconds)} pairs with PNG; {where}',
      note=f'the mean, from which the costs are computed, is {rates.flow_seconds:.2f}',
    ),
    figure.from_values('JPEG frame', frame_bytes, unit='B', higher_is_better=False, how=where),
    figure.from_values('PNG flow field', flow_bytes, unit='B', higher_is_better=False, how=where),
    figure.from_values(
      'PNG mask', mask_bytes, unit='B', higher_is_better=False, how='drawn persons, near and far'
    ),
  ]
  return figures + [one for data_set in DATA_SETS for one in _cost_figures(data_set, rates)]


def _cost_figures(data_set: DataSet, rates: Rates) -> list[figure.Figure]:
  """The figures of the cost of a data set."""
  return [
    figure.Figure(
      f'{data_set.name}: {what}',
      value,
      unit=_UNITS[what.rsplit(' ', maxsplit=1)[-1]],
      higher_is_better=False,
      how=f'{data_set.videos:,} videos of {data_set.seconds} s at the rates above; '
      f'{EUROS_PER_CORE_HOUR} euros per core hour',
    )
    for what, value in cost(data_set, rates).items()
    if what != 'frames'
  ]


def _frame_seconds(frames: np.ndarray) -> list[float]:
  """CPU seconds per stored frame, one number per repeat."""
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'video.avi')
    writer = cv2.VideoWriter(
      path, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'mp4v'), footage.FRAME_RATE, (320, 240)
    )
    for frame in frames:
      writer.write(cv2.resize(frame[..., ::-1], (320, 240)))
    writer.release()
    source = encode_video.VideoSource('A/v_A_g01_c01.avi', path, 0)
    seconds = []
    for _ in range(3):
      start = time.process_time()
      video = encode_video.read_video(source, ['A'], requests.EncodingSettings())
      seconds.append((time.process_time() - start) / len(video.frames))
  return seconds


def _flow(videos: Sequence[np.ndarray], pairs: int) -> tuple[list[float], list[int]]:
  """CPU seconds and bytes (PNG) of TV-L1 flow, one number per pair of frames."""
  seconds, sizes = [], []
  for frames in videos:
    for index in np.linspace(0, len(frames) - 2, pairs + 2).astype(int)[1:-1]:
      start = time.process_time()
      (field,) = optical_flow.tvl1(frames[index : index + 2])
      u, v = np.moveaxis(optical_flow.quantize(field), -1, 0)
      png = encode_video.encode_image('.png', np.dstack([np.zeros_like(u), v, u]))
      seconds.append(time.process_time() - start)
      sizes.append(len(png))
  return seconds, sizes
