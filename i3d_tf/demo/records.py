"""The demo set as records, through the very functions that real videos go through."""

import dataclasses
import os

from i3d_tf import build_records
from i3d_tf.demo import writing

# Shorter side from which the network's frames of 64 are cropped, as 224 are from 256.
_SETTINGS = build_records.Settings(short_side=73, num_shards=4)


def folder(demo_dir, flow=False):
  """Where the records of a demo set lie: those with flow in a folder of their own."""
  return os.path.join(demo_dir, 'records_flow' if flow else 'records')


def prepare(settings, demo_dir, progress, flow=False):
  """Draws the demo set and makes records of it, or what is missing of that.

  Args:
    settings: a `plan.DemoSettings`.
    demo_dir: where videos, masks, lists and records go.
    progress: makes a progress bar of keyword arguments `desc`, `total` and
      `unit`, or wraps an iterable; as `tqdm.tqdm`.
    flow: whether the records hold TV-L1 flow too.

  Raises:
    UserError: the folder holds a demo set with other settings.
  """
  writing.write_videos(
      settings, demo_dir,
      lambda videos, total: progress(videos, total=total, desc='drawing the demo set', unit='video'))
  part = lambda name: os.path.join(demo_dir, name)
  with progress(desc='videos to records', unit='video') as bar:
    def show(done, total):
      bar.total = total
      bar.update(done - bar.n)

    build_records.build_ucf101(
        part('videos'), part('lists'), folder(demo_dir, flow),
        dataclasses.replace(_SETTINGS, flow='tvl1' if flow else None), part('masks'), show)
