"""The demo set as records, through the very functions that real videos go through."""

import dataclasses
import os
import time

from i3d_tf import build_records
from i3d_tf import optical_flow
from i3d_tf import records
from i3d_tf import video
from i3d_tf.demo import plan
from i3d_tf.demo import rendering
from i3d_tf.demo import writing

# Clips that tell what the flow of all costs, and frames of each.
_SAMPLED, _SAMPLED_FRAMES = 4, 3

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
    flow: whether the records hold TV-L1 flow too, which every core computes.

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

    # Without flow, one process is done before others have started.
    build_records.build_ucf101(
        part('videos'), part('lists'), folder(demo_dir, flow),
        dataclasses.replace(_SETTINGS, flow='tvl1' if flow else None), part('masks'), show,
        workers=_cores() if flow else 1)


def is_made(demo_dir, flow=False):
  """Whether the records of a demo set are there, whole."""
  manifest = records.read_manifest(folder(demo_dir, flow))
  return manifest is not None and manifest['complete']


def estimated_flow_seconds(settings):
  """How long the flow of a demo set takes on all cores of this machine, from a few frames."""
  clips = plan.plan(settings)
  sampled = clips[::-(-len(clips) // _SAMPLED)]
  short_side, seconds, fields = _SETTINGS.short_side, 0.0, 0
  for clip in sampled:
    frames, _ = rendering.render(clip, settings)
    size = video.fit_short_side(*frames.shape[1:3], short_side)
    frames = [video.resize(frame, *size) for frame in frames[:_SAMPLED_FRAMES]]
    start = time.process_time()
    fields += sum(1 for _ in optical_flow.tvl1(frames))
    seconds += time.process_time() - start
  return seconds / fields * len(clips) * (settings.num_frames - 1) / _cores()


def _cores():
  return len(os.sched_getaffinity(0))
