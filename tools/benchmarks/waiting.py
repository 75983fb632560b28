"""The share of time that the training step waits for its input.

python -m tools.benchmark --only=waiting
"""

import os
import tempfile
import time
from unittest import mock

import numpy as np

from i3d_tf.inputs import clip_settings
from i3d_tf.training import loop
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from i3d_tf.training import strategies
from tools.benchmarks import figure
from tools.benchmarks import footage
from tools.benchmarks import input_pipeline

BOUND = 0.02
_BATCH, _FRAMES = 2, 16
_FIRST = 3  # batches that are not counted: the step is compiled, the pipeline starts


class _Stopwatch:
  """Batches, and when each was asked for and given.

  Args:
    batches: an iterable.
    repeat: whether to give the first batch again and again, at no cost.
  """

  def __init__(self, batches, repeat):
    self._batches, self._repeat = batches, repeat
    self.asked, self.given = [], []

  def __iter__(self):
    iterator = iter(self._batches)
    batch = None
    while True:
      self.asked.append(time.perf_counter())
      if batch is None or not self._repeat:
        batch = next(iterator)
      self.given.append(time.perf_counter())
      yield batch

  def waited(self):
    """Share of the time from the first counted batch to the last that was spent in waiting."""
    asked, given = np.array(self.asked[_FIRST:]), np.array(self.given[_FIRST:])
    return float((given - asked)[1:].sum() / (given[-1] - given[0]))

  def seconds(self):
    """Median time from one batch to the next."""
    return float(np.median(np.diff(self.given[_FIRST:])))


def measure(quick=False):
  """Trains I3D on records by the trainer itself, under a stopwatch: `figure.Figure`s."""
  steps = _FIRST + (3 if quick else 15)
  with tempfile.TemporaryDirectory() as folder:
    source = input_pipeline.write_records(os.path.join(folder, 'records'), 250)
    _list_all(source)
    fed = _train(source, os.path.join(folder, 'fed'), steps, repeat=False)
    idle = _train(source, os.path.join(folder, 'idle'), steps, repeat=True)
  content = 'the real clips' if footage.are_real() else 'drawn scenes'
  how = (
    f'the trainer, I3D, batch {_BATCH}, {_FRAMES} frames of 224x224, on records of {content} '
    f'of up to 250 frames with masks; {os.cpu_count()} threads; {steps - _FIRST} steps'
  )
  return [
    figure.Figure(
      'share of time that training waits for input',
      fed.waited(),
      bound=BOUND,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure(
      'step on one batch / step on the pipeline',
      idle.seconds() / fed.seconds(),
      how=how,
      note='what reading takes from the step, whose cores it shares; the '
      'two were measured one after the other',
    ),
    figure.Figure('training step', fed.seconds(), unit='s', how=how),
  ]


def _train(source, run_dir, steps, repeat):
  """Trains for some steps: the `_Stopwatch` of its batches."""
  run = run_settings.Run(
    run_settings.Data(source.folder, mask='background'),
    clip_settings.ClipSettings(clip_frames=_FRAMES, batch_size=_BATCH),
    run_settings.Network(),
    run_settings.Optimization(steps=steps),
    source.label_names,
  )
  runs.start(run_dir, run)
  watches = []

  def watched(*args):
    watches.append(_Stopwatch(datasets(*args), repeat))
    return watches[0]

  datasets = strategies.datasets
  with mock.patch.object(strategies, 'datasets', watched):
    loop.train(run_dir, run, intervals=loop.Intervals(checkpoint_every=steps, log_every=steps))
  return watches[0]


def _list_all(source):
  """Puts all videos of a folder of records on its first training list."""
  os.makedirs(os.path.join(source.folder, 'lists'))
  with open(os.path.join(source.folder, 'lists', 'trainlist01.txt'), 'w') as f:
    f.writelines(f'{entry.path} {entry.label + 1}\n' for entry in source.entries)
