"""A tiny data set and a tiny run, for tests of the entire path."""

import dataclasses

from i3d_tf.demo import plan
from i3d_tf.demo import writing
from i3d_tf.ingest import build
from i3d_tf.ingest import requests
from i3d_tf.inputs import clip_settings
from i3d_tf.records import folders
from i3d_tf.training import run_settings

# Flags of train for a run as small as that of `run`.
FLAGS = (
  '--frame_size=32',
  '--clip_frames=9',
  '--batch_size=4',
  '--mask_dilation=0',
  '--width=0.125',
  '--batch_norm_momentum=0.5',
  '--optimizer=adam',
  '--schedule=cosine',
)


def make_records(folder):
  """Draws and stores 30 videos of 10 classes, 10 frames each; returns the folder of records."""
  settings = plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64)
  writing.write_videos(settings, folder)
  output = folder / 'records'
  build.build_ucf101(
    folder / 'videos',
    folder / 'lists',
    output,
    requests.EncodingSettings(short_side=37, num_shards=2),
    masks=folder / 'masks',
  )
  return output


def run(folder, steps=4, **data):
  """A `run_settings.Run` of a tiny network on the records in `folder`.

  Args:
    folder: the folder of records.
    steps: number of training steps.
    **data: arguments of `run_settings.Data`.
  """
  return run_settings.Run(
    run_settings.Data(str(folder), **data),
    clip_settings.ClipSettings(frame_size=32, clip_frames=9, batch_size=4, mask_dilation=0),
    run_settings.Network(width=0.125, batch_norm_momentum=0.5),
    run_settings.Optimization(steps=steps, optimizer='adam', schedule='cosine'),
    folders.open_folder(folder).label_names,
  )


def replace(run_, section, **values):
  """A `run_settings.Run` with some settings of a section changed."""
  return dataclasses.replace(
    run_, **{section: dataclasses.replace(getattr(run_, section), **values)}
  )
