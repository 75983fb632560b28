"""The cost of records: core seconds and bytes per frame, and from them hours, GB and euros.

The rates are those of one core. `table` takes other rates, data sets and prices; `cluster_table`
says how long many machines take, by simulating which core makes which file when.
"""

from collections.abc import Sequence
import dataclasses
import heapq
import os
import tempfile
import time

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import manifests
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

  def stored(self, with_flow: bool) -> float:
    """Bytes of a frame with its mask, and its flow if there is any."""
    return self.frame_bytes + self.mask_bytes + with_flow * self.flow_bytes


@dataclasses.dataclass(frozen=True)
class DataSet:
  """A data set.

  Attributes:
    name: its name.
    videos: their number.
    seconds: their mean length.
    longest: the length of the longest; None if all have the same.
    spread: standard deviation of the logarithm of the other lengths.
  """

  name: str
  videos: int
  seconds: float
  longest: float | None = None
  spread: float = 0.5

  @property
  def frames(self) -> float:
    """The number of stored frames, at 25 frames per second."""
    return self.videos * self.seconds * decoding.FRAME_RATE


@dataclasses.dataclass(frozen=True)
class Cluster:
  """Machines, and what they write to.

  Attributes:
    machines, cores: their number, and that of the cores of each, one process a core.
    store: bytes per second that the file system or object store takes of all together.
  """

  machines: int
  cores: int = 16
  store: float = 1e9


DATA_SETS = (DataSet('UCF101', 13320, 7.2, longest=71.0), DataSet('Kinetics-700', 650000, 10.0))
# Untrimmed videos, one of which is very long, as data sets of films or of surveillance have them.
UNTRIMMED = DataSet('untrimmed', 10000, 120.0, longest=7200.0, spread=1.0)
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


def makespan(durations: Sequence[float] | np.ndarray, workers: int) -> float:
  """When the last of some tasks ends if each worker takes the next as soon as it is free."""
  free = [0.0] * min(workers, len(durations))
  for duration in durations:
    heapq.heappush(free, heapq.heappop(free) + duration)
  return max(free)


def file_seconds(
  data_set: DataSet, rates: Rates, with_flow: bool, workers: int = 1, seed: int = 0
) -> np.ndarray:
  """Core seconds of each file of records, as `make_tfrecords` deals the videos out.

  Args:
    data_set: its lengths are drawn: the longest, and the others log-normal about the mean.
    rates: of a frame.
    with_flow: whether flow is computed.
    workers: for which there are to be enough files (`--shards`, or `--workers`).
    seed: of lengths and order.
  """
  rng = np.random.default_rng(seed)
  lengths = np.full(data_set.videos, data_set.seconds)
  if data_set.longest is not None:
    lengths = rng.lognormal(sigma=data_set.spread, size=data_set.videos)
    lengths = np.minimum(lengths * data_set.seconds / lengths.mean(), data_set.longest)
    lengths[rng.integers(data_set.videos)] = data_set.longest
  wanted = data_set.frames * rates.stored(with_flow) / manifests.SHARD_BYTES
  number = max(round(wanted), manifests.SHARDS_PER_WORKER * workers, 1)
  of_frame = rates.frame_seconds + with_flow * rates.flow_seconds
  seconds = lengths * decoding.FRAME_RATE * of_frame
  return np.bincount(np.arange(data_set.videos) % min(number, data_set.videos), weights=seconds)


def cluster_table(
  rates: Rates,
  clusters: Sequence[Cluster] = (Cluster(1), Cluster(100)),
  data_sets: Sequence[DataSet] = (*DATA_SETS, UNTRIMMED),
) -> str:
  """How long clusters take, as a Markdown table: hours by core and by store, and which bounds."""
  lines = [
    '| data set | machines x cores | made | TB written | hours of the cores | were work even | '
    'hours of the store | bounded by |',
    '|---|---:|---|---:|---:|---:|---:|---|',
  ]
  for data_set in data_sets:
    for cluster in clusters:
      for with_flow in (False, True):
        workers = cluster.machines * cluster.cores
        seconds = file_seconds(data_set, rates, with_flow, workers)
        taken, even = makespan(seconds, workers) / 3600, seconds.sum() / workers / 3600
        size = data_set.frames * rates.stored(with_flow)
        stored = size / cluster.store / 3600
        longest = seconds.max() / 3600 > even
        bound = 'store' if stored > taken else 'longest file' if longest else 'cores'
        made = 'with flow' if with_flow else 'frames'
        lines.append(
          f'| {data_set.name} | {cluster.machines} x {cluster.cores} | {made} | '
          f'{size / 1e12:,.2f} | {taken:,.2f} | {even:,.2f} | {stored:,.2f} | {bound} |'
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
