"""The fraction of time that training waits for its input.

python -m tools.benchmark --only=waiting
"""

from collections.abc import Iterable, Iterator
import os
import tempfile
import time
from typing import Any
from unittest import mock

import numpy as np

from i3d_tf.common import processes
from i3d_tf.inputs import clip_settings
from i3d_tf.records import folders
from i3d_tf.training import loop
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from i3d_tf.training import strategies
from tools.benchmarks import input_pipeline
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage

BOUND = 0.02
_BATCH, _FRAMES = 2, 16
_FIRST = 3  # batches that are not counted, while the step is compiled and the pipeline starts


class _Stopwatch:
  """Iterates over batches and records when each was requested and received.

  Args:
    batches: the batches.
    repeat: whether to repeat the first batch, at no cost.

  Attributes:
    requested, received: times in seconds.
  """

  def __init__(self, batches: Iterable[Any], repeat: bool) -> None:
    self._batches, self._repeat = batches, repeat
    self.requested: list[float] = []
    self.received: list[float] = []

  def __iter__(self) -> Iterator[Any]:
    iterator = iter(self._batches)
    batch = None
    while True:
      self.requested.append(time.perf_counter())
      if batch is None or not self._repeat:
        batch = next(iterator)
      self.received.append(time.perf_counter())
      yield batch

  def waited(self) -> float:
    """The fraction of the time from the first to the last counted batch spent waiting."""
    requested, received = np.array(self.requested[_FIRST:]), np.array(self.received[_FIRST:])
    return float((received - requested)[1:].sum() / (received[-1] - received[0]))

  def seconds(self) -> float:
    """The median time from one batch to the next."""
    return float(np.median(np.diff(self.received[_FIRST:])))


def measure(quick: bool = False) -> list[figure.Figure]:
  """Trains I3D on records with the training loop, its batches timed."""
  steps = _FIRST + (3 if quick else 15)
  with tempfile.TemporaryDirectory() as folder:
    source = input_pipeline.write_records(os.path.join(folder, 'records'), 250)
    _list_all(source)
    fed = _train(source, os.path.join(folder, 'fed'), steps, repeat=False)
    idle = _train(source, os.path.join(folder, 'idle'), steps, repeat=True)
  how = (
    f'the training loop, I3D, batch {_BATCH}, {_FRAMES} frames of 224x224, on records of '
    f'{footage.content()} of up to 250 frames with masks; {processes.num_cores()} threads; '
    f'{steps - _FIRST} steps'
  )
  return [
    figure.Figure(
      'fraction of time that training waits for input',
      fed.waited(),
      bound=BOUND,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure(
      'step on one batch / step on the pipeline',
      idle.seconds() / fed.seconds(),
      how=how,
      note='below 1 by what reading takes of the cores that it shares with the step; the two '
      'were measured one after the other',
    ),
    figure.Figure('training step', fed.seconds(), unit='s', how=how),
  ]


def _train(source: folders.Records, run_dir: str, steps: int, repeat: bool) -> _Stopwatch:
  """Trains for some steps and returns the stopwatch of its batches."""
  run = run_settings.Run(
    run_settings.Data(source.folder, mask='background'),
    clip_settings.ClipSettings(clip_frames=_FRAMES, batch_size=_BATCH),
    run_settings.Network(),
    run_settings.Optimization(steps=steps),
    source.label_names,
  )
  runs.start(run_dir, run)
  watches: list[_Stopwatch] = []

  def watched(*args: Any) -> _Stopwatch:
    watches.append(_Stopwatch(datasets(*args), repeat))
    return watches[0]

  datasets = strategies.datasets
  with mock.patch.object(strategies, 'datasets', watched):
    loop.train(run_dir, run, intervals=loop.Intervals(checkpoint_every=steps, log_every=steps))
  return watches[0]


def _list_all(source: folders.Records) -> None:
  """Writes a first training list with all videos of a folder of records."""
  os.makedirs(os.path.join(source.folder, 'lists'))
  with open(os.path.join(source.folder, 'lists', 'trainlist01.txt'), 'w') as f:
    f.writelines(f'{entry.path} {entry.label + 1}\n' for entry in source.entries)
