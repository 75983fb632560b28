"""How long steps of training and testing take here, measured within a time limit.

A step of a large network may take longer than anyone waits for a plan. So its arithmetic is counted
first, and then the largest batch is measured that fits the time: at best the real one. The graph of
the gradients is traced, not that of the whole step, which takes twice as long; what the optimizer
adds is measured by itself.
"""

from collections.abc import Callable, Iterator
import dataclasses
import itertools
import resource
import time
from typing import Any

import keras
import tensorflow as tf

from i3d_tf.experiments import costs
from i3d_tf.inference import evaluation
from i3d_tf.inputs import carried
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import from_records
from i3d_tf.model import arithmetic
from i3d_tf.records import folders
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.training import network
from i3d_tf.training import run_settings
from i3d_tf.training import step as step_lib

_ENOUGH_SECONDS = 2.0  # of a batch, and
_ENOUGH_CALLS = 5
_TEST_SHARE = 0.2  # of the time of a run
# The gradients' graph takes this many times as long to trace as the network takes to build.
_TRACING_OF_BUILDING = 4.0
# What an optimizer of Keras 3.13 adds to the graph of a step, for each variable: operations.
_UPDATE_OPERATIONS = {'adam': 38, 'sgd': 10}
_MATRICES = 1024  # Rows of the matrices whose product tells the rate of the device.


def measure(
  runs: tuple[run_settings.Run, ...], size: costs.TestSize, has_records: bool, seconds: float
) -> Iterator[costs.Arithmetic | costs.Measurement]:
  """Measures steps of several runs.

  Args:
    runs: what is to be trained.
    size: of the test of each.
    has_records: whether the records of the runs are there; otherwise steps are measured on black
      clips, and no reading.
    seconds: what all may take, from this call on.

  Yields:
    The arithmetic of every run; then, as soon as they are measured, of one run after the other a
    batch of the training and one of the test.
  """
  end = time.monotonic() + seconds
  measured = [_Run(number, run, size, has_records) for number, run in enumerate(runs)]
  rate = _matmul_rate()
  for one in measured:
    yield one.arithmetic(rate)
  # The first may take all the time: what is not measured of the others follows from its pace.
  for one in measured:
    now = time.monotonic()
    yield from one.training(now + (1 - _TEST_SHARE) * (end - now), rate)
    yield from one.test(end, rate)


class _Run:
  """A run of which steps are measured; its network is random.

  Args:
    number: its number.
    run, size, has_records: as `measure` takes them.
  """

  def __init__(
    self, number: int, run: run_settings.Run, size: costs.TestSize, has_records: bool
  ) -> None:
    self.number, self._run, self._size = number, run, size
    self._source: folders.Records | None = None
    self._trained: tuple[shards.Entry, ...] = ()
    self._tested: tuple[shards.Entry, ...] = ()
    if has_records:
      self._source = folders.open_folder(run.data.records)
      self._trained, self._tested = (
        splits.load(self._source, subset, run.data.split, run.data.hold_out)[0]
        for subset in ('train', run.data.tested)
      )
    start = time.monotonic()
    keras.utils.set_random_seed(run.clips.seed)
    self._model = network.build_model(run)
    self._built = time.monotonic() - start

  def arithmetic(self, rate: float) -> costs.Arithmetic:
    """What the run has to compute, on a device of a rate in operations a second."""
    clips = self._run.clips
    return costs.Arithmetic(
      self.number,
      self._training_operations(clips.batch_size),
      arithmetic.inference(self._model, self._shape(1, self._size.frames)),
      rate,
      _peak_bytes(),
      self._built,
    )

  def training(self, end: float, rate: float) -> Iterator[costs.Measurement]:
    """A step of the training: of the largest batch that fits the time until `end`, if one does."""
    clips = _fitting(
      self._run.clips.batch_size,
      self._training_operations(1) / rate,
      end - _TRACING_OF_BUILDING * self._built,
    )
    if clips is None:
      return
    seeds = [folders.path_number(entry.path) for entry in self._trained] or [0]
    gradients = tf.function(
      step_lib.build_gradients(
        tf.distribute.get_strategy(), self._model, self._run, tf.constant(seeds, tf.int64)
      ),
      jit_compile=True if self._run.optimization.jit_compile else None,
    )
    batches = iter(self._batches(clips, self._run.clips.clip_frames))
    first, later = _timed(lambda batch: tf.reduce_sum(gradients(batch)[0][0]), batches)
    peak = _peak_bytes()
    update, kept = self._update()
    yield costs.Measurement(
      self.number,
      'training',
      clips,
      self._run.clips.clip_frames,
      self._training_operations(clips),
      later + update + (first - later) * self._growth(gradients, next(batches)),
      later + update,
      self._built,
      peak + kept,
    )

  def _growth(self, gradients: Any, batch: step_lib.Batch) -> float:
    """How many times as large as that of the gradients the graph of a step is: 2 with Adam."""
    operations = len(gradients.get_concrete_function(batch).graph.get_operations())
    added = _UPDATE_OPERATIONS[self._run.optimization.optimizer]
    return 1 + added * len(self._model.trainable_variables) / operations

  def _update(self) -> tuple[float, int]:
    """What the optimizer takes for as many numbers as the model has: seconds, and bytes it keeps.

    They are in one variable, since updates of many are fast within a graph alone.
    """
    numbers = sum(int(tf.size(variable.value)) for variable in self._model.trainable_variables)
    whole = keras.Variable(tf.zeros([numbers]))
    optimizer = step_lib.build_optimizer(self._run.optimization)
    optimizer.build([whole])

    def update(_: None) -> tf.Tensor:
      optimizer.apply_gradients([(tf.zeros([numbers]), whole)])
      return whole.value[0]

    kept = sum(variable.numpy().nbytes for variable in optimizer.variables)
    return _timed(update, itertools.repeat(None))[1], kept

  def test(self, end: float, rate: float) -> Iterator[costs.Measurement]:
    """Answers about videos: about as many as fit the time until `end`, if one does."""
    frames = self._size.frames
    one = arithmetic.inference(self._model, self._shape(1, frames))
    clips = _fitting(self._size.batch, one / rate, end)
    if clips is None:
      return
    reading = self._reading_seconds()
    predict = evaluation.predictor(self._model, self._run)
    seconds = _timed(predict, iter(_noise(self._shape(clips, frames), self._run.clips.seed)))
    yield costs.Measurement(
      self.number, 'test', clips, frames, clips * one, *seconds, reading, _peak_bytes()
    )

  def _shape(self, clips: int, frames: int) -> tuple[int, int, int, int, int]:
    size = self._run.clips.frame_size
    return clips, frames, size, size, clip_settings.CHANNELS[self._run.clips.stream]

  def _training_operations(self, clips: int) -> int:
    shape = self._shape(clips, self._run.clips.clip_frames)
    return arithmetic.training_step(self._model, shape, self._run.network.freeze)

  def _batches(self, clips: int, frames: int) -> tf.data.Dataset:
    """Training batches of so many clips and frames."""
    if self._source is None:
      return _black(self._run, clips, frames)
    settings = dataclasses.replace(self._run.clips, batch_size=clips, clip_frames=frames)
    return from_records.training(self._source, self._trained, settings)

  def _reading_seconds(self) -> float:
    """Seconds to read and decode a video of the test, one of about the mean length."""
    if self._source is None:
      return 0.0
    typical = sorted(self._tested, key=lambda entry: abs(entry.frames - self._size.frames))[:4]
    settings = dataclasses.replace(self._run.clips, batch_size=1)
    videos = iter(from_records.evaluation(self._source, typical, settings))
    start, read = time.monotonic(), 0
    for _ in videos:
      read += 1
    return (time.monotonic() - start) / read


def _fitting(clips: int, seconds_per_clip: float, end: float) -> int | None:
  """The largest batch of at most so many clips that fits the time three times, or None.

  It is computed twice at least, and not at the rate of a product of matrices.
  """
  sizes = sorted({clips, -(-clips // 2), -(-clips // 4), 1}, reverse=True)
  left = end - time.monotonic()
  return next((size for size in sizes if 3 * size * seconds_per_clip < left), None)


def _timed(step: Callable[[Any], tf.Tensor], batches: Iterator[Any]) -> tuple[float, float]:
  """Seconds of a first call on a batch, and the mean of later ones."""
  start = time.monotonic()
  step(next(batches)).numpy()
  first = time.monotonic() - start
  start, calls = time.monotonic(), 0
  while calls == 0 or (calls < _ENOUGH_CALLS and time.monotonic() - start < _ENOUGH_SECONDS):
    step(next(batches)).numpy()
    calls += 1
  return first, (time.monotonic() - start) / calls


def _black(run: run_settings.Run, clips: int, frames: int) -> tf.data.Dataset:
  """Batches as `from_records.training` gives them, of black frames with empty masks."""
  size = run.clips.frame_size
  shape = [clips, frames, size, size]
  one = {
    'frames': tf.zeros([*shape, clip_settings.CHANNELS[run.clips.stream]], tf.uint8),
    'masks': tf.zeros(shape, tf.uint8),
    'has_person': tf.ones([clips], tf.bool),
  }
  numbers = {'label': tf.zeros([clips], tf.int64), 'entry': tf.zeros([clips], tf.int64)}
  asked = {'partner': run.clips.with_partners, 'twin': run.clips.with_twins}
  others = {f'{kind}_{key}': value for kind in asked if asked[kind] for key, value in one.items()}
  if run.clips.with_flow:
    still = tf.fill([*shape, 2], tf.cast(carried.STILL, tf.uint8))
    others.update(flow=still, flow_scale=tf.ones([clips, 2]))
  return tf.data.Dataset.from_tensors({**one, **numbers, **others}).repeat()


def _noise(shape: tuple[int, ...], seed: int) -> tf.data.Dataset:
  """Batches as the network sees them in a test."""
  noise = tf.random.stateless_uniform(shape, [seed, 0], -1, 1)
  return tf.data.Dataset.from_tensors(noise).repeat()


def _matmul_rate() -> float:
  """Floating-point operations a second of a product of float32 matrices."""
  factor = tf.random.stateless_uniform([_MATRICES, _MATRICES], [0, 0])
  seconds = []
  for _ in range(4):
    start = time.monotonic()
    tf.linalg.matmul(factor, factor).numpy()
    seconds.append(time.monotonic() - start)
  return 2 * _MATRICES**3 / min(seconds)


def _peak_bytes() -> int:
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
