"""make_tfrecords: the speedup by a second process, and whether memory grows with the data set."""

from collections.abc import Sequence
import os
import pathlib
import tempfile
import threading

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.ingest import build
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.records import shards
from tools.benchmarks.support import figure

_HEIGHT, _WIDTH = 240, 320  # of UCF101


def measure(quick: bool = False) -> list[figure.Figure]:
  """Measures on drawn videos of UCF101's size.

  Args:
    quick: whether to use fewer videos, for less reliable figures.

  Returns:
    The videos per second of two processes over those of one, without and with TV-L1 flow; the
    memory of a worker for four times as many videos over that for one; and the greatest
    difference between stored flow and a separate call of OpenCV.
  """
  count, rounds = (24, 1) if quick else (48, 3)
  with tempfile.TemporaryDirectory() as folder:
    sources = _draw(folder, count, seconds=8)
    flow_sources = _draw(folder, 8 if quick else 16, seconds=0.2, prefix='f')
    plain = requests.EncodingSettings(num_shards=count)
    with_flow = requests.EncodingSettings(num_shards=len(flow_sources), flow='tvl1')
    ratio = {}
    for name, data, settings in (
      ('two_processes', sources[:count], plain),
      ('two_processes_flow', flow_sources, with_flow),
    ):
      rates: dict[int, list[float]] = {workers: [] for workers in (1, 2)}
      for _ in range(rounds):
        for workers in rates:
          rates[workers].append(_run(data, settings, folder, workers)[0])
      ratio[name] = float(np.median(rates[2]) / np.median(rates[1]))
    shards_once = requests.EncodingSettings(num_shards=4)
    memory = [_run(data, shards_once, folder, 2)[1] for data in (sources[: count // 4], sources)]
  how = (
    "drawn videos of UCF101's size; one process and two alternately; the rate of the middle "
    'half of the videos, because not all processes work at the start and the end'
  )
  return [
    figure.Figure('two processes / one', ratio['two_processes'], bound=1.8, how=how),
    figure.Figure(
      'two processes / one, with TV-L1', ratio['two_processes_flow'], bound=1.8, how=how
    ),
    figure.Figure(
      'memory of a worker, 4 times the videos',
      memory[1] / memory[0],
      bound=1.2,
      higher_is_better=False,
      how='largest resident size over that for a quarter of the videos',
    ),
    figure.Figure(
      'stored flow against OpenCV',
      _flow_error(),
      'steps',
      bound=0.51,
      higher_is_better=False,
      how='greatest difference in quantization steps; rounding alone gives 0.5',
    ),
  ]


def _draw(
  folder: str, count: int, seconds: float, prefix: str = 'v'
) -> list[encode_video.VideoSource]:
  """Writes videos of a texture seen by a moving camera."""
  generator = np.random.default_rng(0)
  sources = []
  for number in range(count):
    noise = generator.random((_HEIGHT // 4, _WIDTH // 2)).astype(np.float32)
    scene = (cv2.resize(noise, (2 * _WIDTH, _HEIGHT)) * 255).astype(np.uint8)
    file = os.path.join(folder, f'{prefix}{number}.avi')
    writer = cv2.VideoWriter(
      file, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'XVID'), 25, (_WIDTH, _HEIGHT)
    )
    for t in range(round(25 * seconds)):
      writer.write(cv2.cvtColor(scene[:, 2 * t % _WIDTH :][:, :_WIDTH], cv2.COLOR_GRAY2BGR))
    writer.release()
    sources.append(encode_video.VideoSource(f'A/{prefix}{number}.avi', file, 0))
  return sources


def _run(
  sources: Sequence[encode_video.VideoSource],
  settings: requests.EncodingSettings,
  folder: str,
  workers: int,
) -> tuple[float, int]:
  """Makes records with Beam: (videos per second, largest resident size of a worker in bytes)."""
  peaks, ended = [], threading.Event()

  def watch() -> None:
    while not ended.wait(0.1):
      peaks.append(_resident())

  threading.Thread(target=watch, daemon=True).start()
  with tempfile.TemporaryDirectory(dir=folder) as output:
    # A single worker, too, is a process of Beam's, so that only the number differs.
    build.build(
      sources,
      ['A'],
      output,
      settings,
      workers=workers,
      beam_options=(f'--direct_num_workers={workers}',),
    )
    # The index of a shard is written after its records.
    finished = sorted(
      (os.path.getmtime(shards.index_path(shard)), len(shards.read_index(shard)))
      for shard in map(str, pathlib.Path(output).glob('*.tfrecord'))
    )
  ended.set()
  quarter = len(finished) // 4
  middle = finished[max(quarter - 1, 0) : len(finished) - quarter]
  return sum(n for _, n in middle[1:]) / (middle[-1][0] - middle[0][0]), max(peaks)


def _resident() -> int:
  """The largest resident size in bytes of the Beam workers started by this process."""
  parents, sizes = {}, {}
  for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
    try:
      fields = stat.read_text().rsplit(')', 1)[1].split()
      parents[int(stat.parent.name)] = int(fields[1])
      if b'sdk_worker_main' in (stat.parent / 'cmdline').read_bytes():
        sizes[int(stat.parent.name)] = int(fields[21]) * os.sysconf('SC_PAGE_SIZE')
    except OSError:  # the process has ended
      continue

  def ours(pid: int) -> bool:
    while pid in parents and pid != os.getpid():
      pid = parents[pid]
    return pid == os.getpid()

  return max((size for pid, size in sizes.items() if ours(pid)), default=0)


def _flow_error() -> float:
  """The greatest difference between quantized flow and OpenCV's flow, in quantization steps."""
  noise = np.random.default_rng(0).random((80, 120)).astype(np.float32)
  scene = cv2.GaussianBlur(noise, (0, 0), 2)
  scene = np.round(255 * (scene - scene.min()) / np.ptp(scene)).astype(np.uint8)
  grey = [scene[8:72, start : start + 96] for start in (12, 9)]
  (field,) = optical_flow.tvl1([cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) for image in grey])
  expected = cv2.optflow.DualTVL1OpticalFlow_create().calc(*grey, None)
  quantized = optical_flow.quantize(field).astype(float)
  return float(np.abs(quantized - (np.clip(expected, -20, 20) + 20) * (255 / 40)).max())
