"""The training loop: exact to the step it was stopped at, under any `tf.distribute` strategy."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import math
import os
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tqdm

from i3d_tf.common import errors
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.inputs import from_records
from i3d_tf.inputs import read_records
from i3d_tf.inputs import treatments
from i3d_tf.model import inception_i3d
from i3d_tf.records import folders
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.training import checkpoint_files
from i3d_tf.training import checkpoints
from i3d_tf.training import held_out
from i3d_tf.training import history as history_lib
from i3d_tf.training import network
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from i3d_tf.training import step as step_lib
from i3d_tf.training import strategies
from i3d_tf.weights import assign
from i3d_tf.weights import readers


@dataclasses.dataclass(frozen=True)
class Intervals:
  """How often a training writes.

  Attributes:
    checkpoint_every: steps between checkpoints.
    keep_checkpoints: number of checkpoints, the last ones, that are kept.
    log_every: steps between rows of history.csv.
  """

  checkpoint_every: int = 100
  keep_checkpoints: int = checkpoint_files.KEPT
  log_every: int = 10


def train(
  run_dir: str | os.PathLike,
  run: run_settings.Run,
  *,
  strategy: tf.distribute.Strategy | None = None,
  intervals: Intervals = Intervals(),
  tests: held_out.Schedule | None = None,
) -> inception_i3d.InceptionI3D:
  """Trains the network of a run, resuming from the last checkpoint if there is one.

  Args:
    run_dir: a run directory that `runs.start` declared to be for `run`.
    run: what is trained, and on what.
    strategy: from `strategies.create`; None for the current one.
    intervals: how often to write checkpoints and history.
    tests: on held-out videos while it trains, which may stop it; None for none. For one device.

  Returns:
    The trained network.

  Raises:
    UserError: records, lists or checkpoint cannot be used, the batch cannot be spread over
      the replicas, another worker has ended, there is no room for a checkpoint, or the loss
      is not finite.
  """
  strategy = tf.distribute.get_strategy() if strategy is None else strategy
  strategies.check(strategy, run.clips.batch_size, run.optimization.jit_compile)
  log = print if strategies.is_chief(strategy) else lambda *_: None
  source, entries = _open_records(run_dir, run, log)
  keras.utils.set_random_seed(run.clips.seed)
  with strategy.scope():
    model = network.build_model(run)
    if strategy.num_replicas_in_sync > 1:
      model.share_batches(strategies.replica_index)
    optimizer = step_lib.build_optimizer(run.optimization)
    optimizer.build(model.trainable_variables)
  log(strategies.described(strategy))
  step = tf.Variable(0, dtype=tf.int64)
  checkpoint = checkpoints.build_checkpoint(step, model, optimizer)
  if run.network.weights is not None and checkpoint_files.last_step(run_dir) is None:
    log(assign.load(model, run.network.weights, new_head=True))
  if checkpoints.restore(checkpoint, run_dir) is not None:
    log(f'{run_dir}: resuming at step {int(step)} of {run.optimization.steps}')
  strategies.check_agreement(strategy, int(step), run_dir)
  held = None if tests is None else held_out.Tests(run_dir, int(step), tests)
  training = _Training(
    run_dir, run, strategy, intervals, source, entries, model, optimizer, step, checkpoint, held
  )
  if not training.is_over:
    with read_records.naming_bad_records(source, entries):
      _run_steps(training)
  return model


def check_can_start(
  run_dir: str | os.PathLike,
  run: run_settings.Run,
  source: folders.Records,
  verdicts: Mapping[str, str] | None,
) -> None:
  """Makes sure that a run can start, before `runs.start` declares its directory to be for it.

  Args:
    run_dir: the directory; if it holds a checkpoint, the run has started.
    run: what is to be trained.
    source: the records to train on.
    verdicts: from video to verdict on its masks, or None.

  Raises:
    UserError: weights, lists or records cannot be used.
  """
  if checkpoint_files.last_step(run_dir) is not None:
    return
  if run.network.weights is not None:
    readers.read(run.network.weights)
  source, _ = splits.apply_verdicts(source, verdicts)
  entries, _ = splits.load(source, 'train', run.data.split, run.data.hold_out)
  splits.check(source, entries, run.clips.stream, [run.data.mask], run.clips.with_flow)


def _open_records(
  run_dir: str | os.PathLike, run: run_settings.Run, log: Callable[[str], None]
) -> tuple[folders.Records, Sequence[shards.Entry]]:
  """The records of a run with its verdicts applied, and the entries to train on."""
  source, unmatched = splits.apply_verdicts(
    folders.open_folder(run.data.records), runs.verdicts(run_dir, run)
  )
  if unmatched:
    log(f'verdicts on videos that are not in the records: {len(unmatched)}')
  entries, missing = splits.load(source, 'train', run.data.split, run.data.hold_out)
  if missing:
    log(
      f'not in the records, so not trained on: {len(missing)} videos of the list, '
      f'{text.some(missing)}'
    )
  splits.check(source, entries, run.clips.stream, [run.data.mask], run.clips.with_flow)
  treatments.check_stream(run.data.treatment, run.clips.stream)
  return source, entries


@dataclasses.dataclass(frozen=True)
class _Training:
  """Everything that the steps of a training need; `step` is the last one that is done."""

  run_dir: str | os.PathLike
  run: run_settings.Run
  strategy: tf.distribute.Strategy
  intervals: Intervals
  source: folders.Records
  entries: Sequence[shards.Entry]
  model: inception_i3d.InceptionI3D
  optimizer: keras.optimizers.Optimizer
  step: tf.Variable
  checkpoint: tf.train.Checkpoint
  held_out: held_out.Tests | None

  @property
  def is_over(self) -> bool:
    """Whether all steps are done, or tests on held-out videos have stopped it."""
    stopped = self.held_out is not None and self.held_out.stopped
    return stopped or int(self.step) >= self.run.optimization.steps

  def pauses(self, number: int, is_last: bool) -> bool:
    """Whether a checkpoint or a test comes after a step."""
    tested = self.held_out is not None and self.held_out.is_due(number, is_last)
    return tested or is_last or number % self.intervals.checkpoint_every == 0


def _run_steps(training: _Training) -> None:
  """Trains to the end, writing checkpoints and history."""
  run, strategy, step = training.run, training.strategy, training.step
  is_chief = strategies.is_chief(strategy)
  seeds = tf.constant([folders.path_number(entry.path) for entry in training.entries], tf.int64)
  train_step = step_lib.build_train_step(strategy, training.model, training.optimizer, run, seeds)
  # Count on the host: reading the variable would sync the device every step.
  number = int(step)
  history = history_lib.History(training.run_dir, number) if is_chief else None
  progress_bar = progress.progress_bar(
    total=run.optimization.steps,
    initial=number,
    unit='step',
    desc=f'training, {run.data.treatment.described}',
    disable=not is_chief,
  )
  with (
    strategies.folder_of_own(strategy, training.run_dir) as folder,
    strategies.naming_lost_workers(strategy),
    progress_bar as bar,
  ):
    manager = checkpoints.create_manager(
      training.checkpoint, folder, step, training.intervals.keep_checkpoints
    )
    log = _Log(training, history, bar)
    for batch in _batches(training):
      if number == 0 and history is not None:
        first = {key: strategy.experimental_local_results(value)[0] for key, value in batch.items()}
        history.add_picture(0, 'train/seen', step_lib.network_input(first, run, seeds))
      log.add(train_step(batch))
      number += 1
      step.assign(number)
      bar.update()
      is_last = number == run.optimization.steps
      # Before every test and checkpoint, so that non-finite weights are neither asked nor saved.
      if number % training.intervals.log_every == 0 or training.pauses(number, is_last):
        log.write(number)
      # Before the checkpoint: a test that is killed is made again after the steps before it.
      if training.held_out is not None and training.held_out.is_due(number, is_last):
        is_last = training.held_out.after(training.model, number) or is_last
        log.restart()
      at_checkpoint = number % training.intervals.checkpoint_every == 0 or is_last
      if at_checkpoint:
        checkpoints.save(manager, step)
      if is_last:
        break
  if history is not None:
    history.close()


def _batches(training: _Training) -> Any:
  """The batches from the next step on, as `strategy.run` takes them."""
  first, run = int(training.step), training.run
  return strategies.datasets(
    training.strategy,
    lambda **share: from_records.training(
      training.source, training.entries, run.clips, start_step=first, **share
    ),
    run.clips.batch_size,
  )


class _Log:
  """Collects what steps give, and writes their means to history and progress bar.

  Args:
    training: the training.
    history: its history; None where this process writes none.
    bar: its progress bar.
  """

  def __init__(
    self, training: _Training, history: history_lib.History | None, bar: tqdm.tqdm
  ) -> None:
    self._training, self._history, self._bar = training, history, bar
    self._sums: list[tf.Tensor] = []
    self._time = time.monotonic()

  def add(self, sums: tf.Tensor) -> None:
    """Takes what `step.build_train_step` gave for a batch."""
    self._sums.append(sums)

  def restart(self) -> None:
    """Leaves what came since the last row, such as a test, out of the rate of the next."""
    self._time = time.monotonic()

  def write(self, step: int) -> None:
    """Writes the means since the last call; raises a `UserError` if the loss is not finite."""
    batch_size = self._training.run.clips.batch_size
    loss, accuracy = _means(self._sums, step, batch_size)
    now = time.monotonic()
    if self._history is not None:
      self._history.add(
        step,
        loss=loss,
        accuracy=accuracy,
        learning_rate=float(tf.convert_to_tensor(self._training.optimizer.learning_rate)),
        clips_per_second=len(self._sums) * batch_size / (now - self._time),
      )
    self._bar.set_postfix(loss=f'{loss:.3f}', accuracy=f'{accuracy:.3f}')
    self._sums, self._time = [], now


def _means(sums: Sequence[tf.Tensor], step: int, batch_size: int) -> tuple[float, float]:
  """The loss and the accuracy of the batches since the last row of the history.

  Args:
    sums: what `step.build_train_step` gave for each.
    step: the last of them.
    batch_size: clips of each.

  Raises:
    UserError: the loss is not finite.
  """
  loss, accuracy = np.sum([pair.numpy() for pair in sums], axis=0, dtype=float) / (
    len(sums) * batch_size
  )
  if not math.isfinite(loss):
    raise errors.UserError(
      f'the loss is no longer finite at step {step} ({loss}); try a lower --learning_rate'
    )
  return float(loss), float(accuracy)
