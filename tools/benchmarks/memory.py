"""Memory: that of a training does not grow, and testing a full video fits into 4 GiB.

python -m tools.benchmark --only=memory
"""

import os
import tempfile
import time

import numpy as np
import tensorflow as tf

from i3d_tf.ingest import encode_video
from i3d_tf.inputs import clip_settings
from i3d_tf.masks import png
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.training import checkpoints
from i3d_tf.training import network
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage
from tools.benchmarks.support import small_training

GROWTH = 32  # MiB from step 100 to the last step
PEAK = 4.0  # GiB
_FRAMES = 250


def measure(quick: bool = False) -> list[figure.Figure]:
  """Measures the resident memory of train and evaluate."""
  steps = 200 if quick else 1000
  with tempfile.TemporaryDirectory() as folder:
    small_training.make_records(folder)
    resident = training_memory(folder, steps)
  with tempfile.TemporaryDirectory() as folder:
    peak = evaluation_memory(folder, 32 if quick else _FRAMES)
  early, late = (
    float(np.median([resident[step] for step in resident if low <= step <= high]))
    for low, high in ((60, 140), (steps - 80, steps))
  )
  how = (
    f'process of train, {steps} steps of a small network on drawn videos, with masks, history '
    'and checkpoints; medians of the resident size around step 100 and at the end'
  )
  return [
    figure.Figure(
      'growth of a training from step 100 on',
      late - early,
      unit='MiB',
      bound=GROWTH,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure('  resident around step 100', early, unit='MiB', how=how),
    figure.Figure(
      f'peak of evaluate, {32 if quick else _FRAMES} frames',
      peak,
      unit='GiB',
      bound=PEAK,
      higher_is_better=False,
      how='process of evaluate, I3D on one video at 224x224, float32; peak resident size',
    ),
  ]


def training_memory(folder: str, steps: int) -> dict[int, float]:
  """The resident memory of a training: a dict from step to MiB."""
  process = small_training.start(
    folder, 'i3d_tf.train', *small_training.FLAGS, f'--steps={steps}', '--run_dir=run'
  )
  path, resident = os.path.join(folder, 'run', 'history.csv'), {}
  while process.poll() is None:
    time.sleep(0.1)
    try:
      with open(path) as f:
        step = f.read().rstrip('\n').rsplit('\n', 1)[-1].split(',')[0]
      resident[int(step)] = _resident(process.pid)
    except (OSError, ValueError):
      continue  # no row yet, or the process has just ended
  small_training.check_ended(process, folder)
  return resident


def _resident(pid: int) -> float:
  """The resident memory of a process in MiB; raises an OSError if it has ended."""
  with open(f'/proc/{pid}/status') as f:
    for line in f:
      if line.startswith('VmRSS:'):
        return int(line.split()[1]) / 1024
  raise OSError(f'process {pid} has ended')


def evaluation_memory(folder: str, frames: int) -> float:
  """The peak resident memory of evaluate, testing I3D on one video, in GiB.

  Args:
    folder: for records and run.
    frames: the length of the video.
  """
  _write_run(folder, _write_records(folder, frames), frames)
  process = small_training.start(
    folder, 'i3d_tf.evaluate', '--run_dir=run', '--eval_masks=none,background,activity'
  )
  peak = 0
  while process.poll() is None:
    time.sleep(0.1)
    try:
      with open(f'/proc/{process.pid}/status') as f:
        peak = max(peak, *(int(line.split()[1]) for line in f if line.startswith('VmHWM:')))
    except (OSError, TypeError):
      continue  # it has just ended
  small_training.check_ended(process, folder)
  return peak / 2**20


def _write_records(folder: str, frames: int) -> str:
  """Writes records of one drawn video with a test list: their folder."""
  clip = footage.clips(frames, os.path.join(folder, 'no clips'))[0]
  path = 'A/v_A_g01_c01.avi'
  video = schema.StoredVideo(
    path=path,
    label=0,
    label_text='A',
    frames=tuple(encode_video.encode_image('.jpg', frame[..., ::-1], 1, 95) for frame in clip),
    height=clip.shape[1],
    width=clip.shape[2],
    frame_rate=footage.FRAME_RATE,
    masks=tuple(map(png.encode, footage.person(clip))),
    coverage=0.1,
  )
  source, shard = os.path.join(folder, 'records'), shards.shard_name(0, 1)
  os.makedirs(os.path.join(source, 'lists'))
  shards.write_shard(os.path.join(source, shard), [video])
  folders.write_manifest(
    source,
    {
      'shards': [shard],
      'label_names': ['A', *map(str, range(100))],
      'settings': {},
      'complete': True,
    },
  )
  with open(os.path.join(source, 'lists', 'testlist01.txt'), 'w') as f:
    f.write(f'{path} 1\n')
  return source


def _write_run(folder: str, source: str, frames: int) -> None:
  """Writes a run of an I3D with random weights at step 1."""
  run = run_settings.Run(
    run_settings.Data(source),
    clip_settings.ClipSettings(max_frames=frames),
    run_settings.Network(),
    run_settings.Optimization(),
    folders.open_folder(source).label_names,
  )
  run_dir = os.path.join(folder, 'run')
  runs.start(run_dir, run)
  step = tf.Variable(1, dtype=tf.int64)
  checkpoint = checkpoints.build_checkpoint(step, network.build_model(run))
  checkpoints.save(checkpoints.create_manager(checkpoint, run_dir, step), step)
