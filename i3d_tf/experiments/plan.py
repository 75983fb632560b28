"""What of a reproduction is still to be done, and how long it takes."""

from collections.abc import Sequence
import csv
import dataclasses
import glob
import os
import statistics
import time
from typing import Any

import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.records import shards
from i3d_tf.training import network
from i3d_tf.training import run_settings

# What a test costs of a training step on as many frames: the pass forward of three alike.
_TEST_SHARE = 1 / 3
_CALIBRATION_STEPS = 2


@dataclasses.dataclass(frozen=True)
class TestSize:
  """How much a test is: `videos` of a list, and `frames` of each that the network sees."""

  videos: int
  frames: int


def test_size(entries: Sequence[shards.Entry], max_frames: int) -> TestSize:
  """The `TestSize` of videos.

  Args:
    entries: `shards.Entry`s, at least one.
    max_frames: as in `clip_settings.ClipSettings`.
  """
  frames = [min(entry.frames, max_frames) for entry in entries]
  return TestSize(len(frames), round(statistics.mean(frames)))


def time_left(reproduction: reproduction_lib.Reproduction, size: TestSize) -> str:
  """What is still to be done, in words, at the rate of the runs that are there; '' if none is.

  Args:
    reproduction: a `reproduction.Reproduction`.
    size: the `TestSize` of its splits.
  """
  try:
    rate, _ = _measured_rate(reproduction)
    if rate is None:
      return ''
    clips = sum(
      _clips(reproduction, model, treatments, size)
      for model, treatments in reproduction.tests().items()
    )
  except errors.UserError:
    return ''  # a damaged run reports itself and does not stop the others
  return f'about {duration(clips / rate)} left for all'


def plan(
  reproduction: reproduction_lib.Reproduction, num_classes: int, size: TestSize
) -> list[str]:
  """What is to be done, as lines of text with estimated times.

  Args:
    reproduction: a `reproduction.Reproduction`; its records need not be there yet.
    num_classes: classes of the data set.
    size: the `TestSize` of its splits.
  """
  rate, origin = _measured_rate(reproduction)
  if rate is None:
    rate, origin = (
      _calibrated_rate(reproduction, num_classes),
      (f'calibration: {_CALIBRATION_STEPS} steps of one clip, here and now'),
    )
  lines, total = [], 0.0
  for model, treatments in reproduction.tests().items():
    steps, done = reproduction.optimization.steps, reproduction.steps_done(model)
    untested = reproduction.untested(model, treatments)
    seconds = _clips(reproduction, model, treatments, size) / rate
    total += seconds
    state = 'trained' if done >= steps else f'{done} of {steps} steps trained'
    if reproduction.has_other_settings(model):
      state, untested = 'REFUSED: the run there has other settings', []
    lines.append(
      f'{duration(seconds):>8}  {model.name:<42}{state:<25} '
      f'to test: {", ".join(untested) if untested else "nothing"}'
    )
  lines.append(f'{len(lines)} models, {len(reproduction.cells)} results, {duration(total)} in all')
  lines.append(
    f'measured: {rate:.3g} training clips/s ({origin}); assumed: a test costs a third of '
    f'a training on as many frames, {size.frames} frames a test video'
  )
  return lines


def _clips(
  reproduction: reproduction_lib.Reproduction,
  model: conditions.Model,
  treatments: Sequence[str],
  size: TestSize,
) -> float:
  """What is left to do for a model: training clips that take as long."""
  clips, untested = reproduction.clips, reproduction.untested(model, treatments)
  if not untested:
    return 0
  steps = max(reproduction.optimization.steps - reproduction.steps_done(model), 0)
  tests = size.videos * len(untested)
  return steps * clips.batch_size + tests * size.frames / clips.clip_frames * _TEST_SHARE


def _measured_rate(
  reproduction: reproduction_lib.Reproduction,
) -> tuple[float, str] | tuple[None, None]:
  """(clips a second of the runs that are there, where from), or (None, None)."""
  rates = []
  for path in glob.glob(os.path.join(reproduction.run_dir, 'runs', '*', 'history.csv')):
    try:
      with open(path, newline='') as f:
        # The first row holds the compilation.
        for row in list(csv.DictReader(f))[1:]:
          if row.get('clips_per_second'):
            rates.append(float(row['clips_per_second']))
    except (ValueError, csv.Error) as e:
      raise errors.UserError(f'{path}: expected what train writes; {e}') from e
  return (statistics.median(rates), 'history.csv of the runs there') if rates else (None, None)


def _calibrated_rate(reproduction: reproduction_lib.Reproduction, num_classes: int) -> float:
  clips = reproduction.clips
  model = network.build_model(
    run_settings.Run(
      run_settings.Data(''),
      clips,
      reproduction.network,
      reproduction.optimization,
      tuple(map(str, range(num_classes))),
    )
  )
  size = clips.frame_size
  batch = tf.zeros([1, clips.clip_frames, size, size, clip_settings.CHANNELS[clips.stream]])

  @tf.function
  def step() -> list[Any]:
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(model(batch, training=True))
    return [tf.reduce_sum(g) for g in tape.gradient(loss, model.trainable_variables)]

  step()
  start = time.monotonic()
  for _ in range(_CALIBRATION_STEPS):
    step()[0].numpy()
  return _CALIBRATION_STEPS / (time.monotonic() - start)


def duration(seconds: float) -> str:
  """Seconds in words, such as '25 min'."""
  if seconds < 90:
    return f'{seconds:.0f} s'
  return f'{seconds / 60:.0f} min' if seconds < 5400 else f'{seconds / 3600:.1f} h'
