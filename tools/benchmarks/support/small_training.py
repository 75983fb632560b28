"""Runs commands on a few drawn videos, as processes that can be observed and killed."""

import os
import subprocess
import sys
from typing import IO, Any

from i3d_tf.demo import plan
from i3d_tf.demo import writing
from i3d_tf.ingest import build
from i3d_tf.ingest import requests

FLAGS = (
  '--frame_size=32',
  '--clip_frames=9',
  '--batch_size=4',
  '--mask_dilation=0',
  '--width=0.125',
  '--batch_norm_momentum=0.5',
  '--optimizer=adam',
  '--schedule=cosine',
  '--dropout=0.5',
  '--mask=background',
  '--records=records',
)


def make_records(folder: str) -> None:
  """Draws 30 videos of 10 classes with 10 frames each, and writes their records."""
  settings = plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64)
  writing.write_videos(settings, folder)
  part = lambda name: os.path.join(folder, name)
  build.build_ucf101(
    part('videos'),
    part('lists'),
    part('records'),
    requests.EncodingSettings(short_side=37, num_shards=2),
    masks=part('masks'),
  )


def start(
  folder: str, module: str, *flags: str, stdout: IO[Any] | int = subprocess.DEVNULL
) -> subprocess.Popen:
  """Starts a command in a folder; its stderr is written to the file `stderr` there."""
  root = os.path.abspath(__file__)
  for _ in range(4):
    root = os.path.dirname(root)
  path = os.pathsep.join(filter(None, [root, os.environ.get('PYTHONPATH')]))
  with open(os.path.join(folder, 'stderr'), 'w') as stderr:
    return subprocess.Popen(
      [sys.executable, '-m', module, *flags],
      cwd=folder,
      stdout=stdout,
      stderr=stderr,
      env={**os.environ, 'PYTHONPATH': path},
    )


def check_ended(process: subprocess.Popen, folder: str, status: int = 0) -> None:
  """Waits until a command of `start` ends.

  Raises:
    RuntimeError: its exit status is not `status`.
  """
  if process.wait() != status:
    with open(os.path.join(folder, 'stderr')) as f:
      raise RuntimeError(
        f'expected exit status {status}; received {process.returncode}: {f.read()[-2000:]}'
      )
