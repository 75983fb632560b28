"""The demo set as records, made by the functions that store real videos."""

from collections.abc import Iterable
import dataclasses
import os

from i3d_tf.common import processes
from i3d_tf.common import progress
from i3d_tf.demo import actions
from i3d_tf.demo import plan
from i3d_tf.demo import writing
from i3d_tf.ingest import requests
from i3d_tf.records import folders

# Frames of 64 are cropped from a shorter side of 73, as 224 are from 256.
_ENCODING = requests.EncodingSettings(short_side=73, num_shards=4)
_FLOW_SECONDS = 0.03  # of one core per flow field; measured, see tools/README.md


def folder(demo_dir: str | os.PathLike, flow: bool = False) -> str:
  """Path of the records of a demo set; those with flow have a folder of their own."""
  return os.path.join(demo_dir, 'records_flow' if flow else 'records')


def prepare(settings: plan.DemoSettings, demo_dir: str | os.PathLike, flow: bool = False) -> None:
  """Draws the demo set and makes its records, or the missing part of them.

  Args:
    settings: of the demo set.
    demo_dir: folder for videos, masks, lists and records.
    flow: whether the records hold TV-L1 flow, which every core computes.

  Raises:
    UserError: the folder holds a demo set with other settings.
  """
  # Here: decoders of videos are not needed where the demo set is there, or other records are.
  from i3d_tf.ingest import build

  writing.write_videos(settings, demo_dir, _drawing_bar)
  with progress.progress_bar(desc='videos to records', unit='video') as bar:

    def show(done: int, total: int) -> None:
      bar.total = total
      bar.update(done - bar.n)

    build.build_ucf101(
      os.path.join(demo_dir, 'videos'),
      os.path.join(demo_dir, 'lists'),
      folder(demo_dir, flow),
      _encoding(flow),
      masks=os.path.join(demo_dir, 'masks'),
      progress=show,
      # Without flow, one process is done before others have started.
      workers=processes.num_cores() if flow else 1,
    )


def _drawing_bar(clips: Iterable[plan.ClipPlan], total: int) -> Iterable[plan.ClipPlan]:
  return progress.progress_bar(clips, total=total, desc='drawing the demo set', unit='video')


def _encoding(flow: bool) -> requests.EncodingSettings:
  # XLA compiles for frames so small in seconds, and is then several times as fast.
  return dataclasses.replace(_ENCODING, flow='tvl1', flow_backend='xla') if flow else _ENCODING


def is_made(demo_dir: str | os.PathLike, flow: bool = False) -> bool:
  """Whether the records of a demo set are complete."""
  manifest = folders.read_manifest(folder(demo_dir, flow))
  return manifest is not None and manifest['complete']


def flow_seconds(settings: plan.DemoSettings) -> float:
  """An estimate of how long the flow of a demo set takes on all cores of this machine."""
  clips = len(actions.ACTIONS) * settings.num_groups * settings.clips_per_group
  return clips * (settings.num_frames - 1) * _FLOW_SECONDS / processes.num_cores()
