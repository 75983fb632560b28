"""The demo set as records, through the very functions that real videos go through."""

import dataclasses
import os

from i3d_tf.common import processes
from i3d_tf.common import progress
from i3d_tf.demo import actions
from i3d_tf.demo import writing
from i3d_tf.ingest import build
from i3d_tf.ingest import encode_video
from i3d_tf.records import folders

# Shorter side from which the network's frames of 64 are cropped, as 224 are from 256.
_SETTINGS = encode_video.EncodingSettings(short_side=73, num_shards=4)
_FLOW_SECONDS = 0.03  # of one core for a field; measured, see tools/README.md


def folder(demo_dir, flow=False):
  """Where the records of a demo set lie: those with flow in a folder of their own."""
  return os.path.join(demo_dir, 'records_flow' if flow else 'records')


def prepare(settings, demo_dir, flow=False):
  """Draws the demo set and makes records of it, or what is missing of that.

  Args:
    settings: a `plan.DemoSettings`.
    demo_dir: where videos, masks, lists and records go.
    flow: whether the records hold TV-L1 flow too, which every core computes.

  Raises:
    UserError: the folder holds a demo set with other settings.
  """
  writing.write_videos(
    settings,
    demo_dir,
    lambda videos, total: progress.progress_bar(
      videos, total=total, desc='drawing the demo set', unit='video'
    ),
  )
  part = lambda name: os.path.join(demo_dir, name)
  with progress.progress_bar(desc='videos to records', unit='video') as bar:

    def show(done, total):
      bar.total = total
      bar.update(done - bar.n)

    # Without flow, one process is done before others have started.
    build.build_ucf101(
      part('videos'),
      part('lists'),
      folder(demo_dir, flow),
      _settings(flow),
      part('masks'),
      show,
      workers=processes.num_cores() if flow else 1,
    )


def _settings(flow):
  # Frames so small are compiled in seconds, and then several times as fast.
  return dataclasses.replace(_SETTINGS, flow='tvl1', flow_backend='xla') if flow else _SETTINGS


def is_made(demo_dir, flow=False):
  """Whether the records of a demo set are there, whole."""
  manifest = folders.read_manifest(folder(demo_dir, flow))
  return manifest is not None and manifest['complete']


def flow_seconds(settings):
  """About how long the flow of a demo set takes on all cores of this machine."""
  clips = len(actions.ACTIONS) * settings.num_groups * settings.clips_per_group
  return clips * (settings.num_frames - 1) * _FLOW_SECONDS / processes.num_cores()
