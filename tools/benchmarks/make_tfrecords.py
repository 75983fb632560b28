"""make_tfrecords: what a second process brings, and whether memory grows with the data set."""

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
from tools.benchmarks import figure

_HEIGHT, _WIDTH = 240, 320  # UCF101's


def measure(quick=False):
  """Measures on videos drawn for it, of UCF101's size.

  Args:
    quick: whether fewer videos will do; the figures are then less steady.

  Returns:
    `figure.Figure`s: videos a second of two processes over those of one, without and with
    TV-L1 flow; the memory of a worker for four times the videos over that for once; and the
    greatest difference of stored flow to a call of OpenCV of its own.
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
      rates = {workers: [] for workers in (1, 2)}
      for _ in range(rounds):
        for workers in rates:
          rates[workers].append(_run(data, settings, folder, workers)[0])
      ratio[name] = float(np.median(rates[2]) / np.median(rates[1]))
    shards_once = requests.EncodingSettings(num_shards=4)
    memory = [_run(data, shards_once, folder, 2)[1] for data in (sources[: count // 4], sources)]
  how = (
    "videos of UCF101's size, drawn; one process and two by turns; the rate of the middle "
    'half of the videos, so that start and end, when not all work, do not count'
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
      how='largest resident size over that for once',
    ),
    figure.Figure(
      'stored flow against OpenCV',
      _flow_error(),
      'codes',
      bound=0.51,
      higher_is_better=False,
      how='greatest difference; 0.5 is rounding',
    ),
  ]


def _draw(folder, count, seconds, prefix='v'):
  """Writes videos of a texture under a wandering camera: `encode_video.VideoSource`s."""
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


def _run(sources, settings, folder, workers):
  """Makes records with Beam: (videos a second, largest resident bytes of a worker)."""
  peaks, ended = [], threading.Event()

  def watch():
    while not ended.wait(0.1):
      peaks.append(_resident())

  threading.Thread(target=watch, daemon=True).start()
  with tempfile.TemporaryDirectory(dir=folder) as output:
    # One worker, too, is a process of Beam's: the same but for the number.
    build.build(
      sources,
      ['A'],
      output,
      settings,
      workers=workers,
      beam_options=(f'--direct_num_workers={workers}',),
    )
    # An index is the last that is written of a file of records.
    finished = sorted(
      (os.path.getmtime(shards.index_path(shard)), len(shards.read_index(shard)))
      for shard in map(str, pathlib.Path(output).glob('*.tfrecord'))
    )
  ended.set()
  quarter = len(finished) // 4
  middle = finished[max(quarter - 1, 0) : len(finished) - quarter]
  return sum(n for _, n in middle[1:]) / (middle[-1][0] - middle[0][0]), max(peaks)


def _resident():
  """The largest resident size in bytes of Beam's workers below this process."""
  found, sizes = {}, {}
  for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
    try:
      fields = stat.read_text().rsplit(')', 1)[1].split()
      found[int(stat.parent.name)] = int(fields[1])
      if b'sdk_worker_main' in (stat.parent / 'cmdline').read_bytes():
        sizes[int(stat.parent.name)] = int(fields[21]) * os.sysconf('SC_PAGE_SIZE')
    except OSError:  # ended meanwhile
      continue

  def ours(pid):
    while pid in found and pid != os.getpid():
      pid = found[pid]
    return pid == os.getpid()

  return max((size for pid, size in sizes.items() if ours(pid)), default=0)


def _flow_error():
  """The greatest difference of `optical_flow`'s codes to OpenCV's flow, in codes."""
  noise = np.random.default_rng(0).random((80, 120)).astype(np.float32)
  scene = cv2.GaussianBlur(noise, (0, 0), 2)
  scene = np.round(255 * (scene - scene.min()) / np.ptp(scene)).astype(np.uint8)
  grey = [scene[8:72, start : start + 96] for start in (12, 9)]
  (field,) = optical_flow.tvl1([cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) for image in grey])
  expected = cv2.optflow.DualTVL1OpticalFlow_create().calc(*grey, None)
  codes = optical_flow.quantize(field).astype(float)
  return float(np.abs(codes - (np.clip(expected, -20, 20) + 20) * (255 / 40)).max())
