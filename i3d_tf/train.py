"""Trains I3D under a masking condition, then tests it.

    python -m i3d_tf.train --mask=background            # on a demo set that it draws
    python -m i3d_tf.train --records=records --split=1 --mask=activity --run_dir=runs/3b
    python -m i3d_tf.train --records=records --run_dir=runs/1b --strategy=mirrored
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import dataclasses
import math
import os
import time

from absl import flags
import keras
import numpy as np
import tensorflow as tf

from flags import data as data_flags
from flags import protocols
from flags import training as training_flags
from i3d_tf.training import checkpoints
from i3d_tf.common import errors
from i3d_tf import evaluate
from i3d_tf.inputs import from_records
from i3d_tf.inputs import masking
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import preprocess
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.training import runs
from i3d_tf.records import splits
from i3d_tf.training import strategies
from i3d_tf.training import history as history_lib
from i3d_tf.weights import readers
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from i3d_tf.masks import verdicts as verdicts_lib


def train(run_dir, run, *, strategy=None, checkpoint_every=100,
          keep_checkpoints=checkpoints.KEPT, log_every=10):
  """Trains the network of a run, or goes on with it behind its last checkpoint.

  Args:
    run_dir: a run directory that `runs.start` declared to be for `run`.
    run: a `runs.Run`.
    strategy: a `tf.distribute.Strategy` (`strategies.create`); None for the current one.
    checkpoint_every: steps between checkpoints.
    keep_checkpoints: number of checkpoints, the last ones, that are kept.
    log_every: steps between rows of history.csv.

  Returns:
    The trained `InceptionI3D`.

  Raises:
    UserError: records, lists or checkpoint cannot be used, the batch cannot be spread over
      the replicas, another worker has ended, there is no room for a checkpoint, or the loss
      is no longer a number.
  """
  strategy = tf.distribute.get_strategy() if strategy is None else strategy
  strategies.check(strategy, run.clips.batch_size, run.optimization.jit_compile)
  is_chief = strategies.is_chief(strategy)
  report = print if is_chief else lambda *_: None
  source, unknown = splits.obey(
      folders.open_folder(run.data.records), runs.verdicts(run_dir, run))
  if unknown:
    report(f'verdicts on videos that are not in the records: {len(unknown)}')
  entries, missing = splits.load(source, 'train', run.data.split)
  if missing:
    report(f'not in the records, so not trained on: {len(missing)} videos of the list, '
           f'{", ".join(missing[:3])}{", ..." if len(missing) > 3 else ""}')
  splits.check(source, entries, run.clips.stream, [run.data.mask])
  masking.check_stream(run.data.treatment, run.clips.stream)
  seeds = tf.constant([folders.path_number(entry.path) for entry in entries], tf.int64)

  keras.utils.set_random_seed(run.clips.seed)
  with strategy.scope():
    model = run.build_model()
    if strategy.num_replicas_in_sync > 1:
      model.share_batches(strategies.part)
    optimizer = _optimizer(run.optimization)
    optimizer.build(model.trainable_variables)
  report(strategies.described(strategy))
  step = tf.Variable(0, dtype=tf.int64)
  checkpoint = checkpoints.of(step, model, optimizer)
  if run.network.weights is not None and checkpoints.last_step(run_dir) is None:
    report(readers.load(model, run.network.weights, new_head=True))
  if checkpoints.restore(checkpoint, run_dir) is not None:
    report(f'{run_dir}: goes on at step {int(step)} of {run.optimization.steps}')
  strategies.check_agreement(strategy, int(step), run_dir)
  if int(step) >= run.optimization.steps:
    return model

  train_step = _train_step(strategy, model, optimizer, run, seeds)
  batches = strategies.datasets(
      strategy,
      lambda **share: from_records.training(
          source, entries, run.clips, start_step=int(step), **share),
      run.clips.batch_size)
  history = history_lib.History(run_dir, int(step)) if is_chief else None
  progress = cli.progress(total=run.optimization.steps, initial=int(step), unit='step',
                          desc=f'training, {_described(run.data.treatment)}', disable=not is_chief)
  with (strategies.folder_of_own(strategy, run_dir) as folder,
        strategies.naming_lost_workers(strategy),
        from_records.naming_bad_records(source, entries), progress as bar):
    manager = checkpoints.create_manager(checkpoint, folder, step, keep_checkpoints)
    # Counted here: to ask the variable would wait for the device at every step.
    number = int(step)
    sums, logged_time = [], time.monotonic()
    for batch in batches:
      if number == 0 and is_chief:
        first = {key: strategy.experimental_local_results(value)[0] for key, value in batch.items()}
        history.add_picture(0, 'train/seen', _network_input(first, run, seeds))
      sums.append(train_step(batch))
      number += 1
      step.assign(number)
      bar.update()
      last = number == run.optimization.steps
      at_checkpoint = number % checkpoint_every == 0 or last
      # Before every checkpoint, so that no weights are kept that are no numbers.
      if number % log_every == 0 or at_checkpoint:
        loss, accuracy = _means(sums, number, run.clips.batch_size)
        now = time.monotonic()
        if is_chief:
          history.add(number, loss=loss, accuracy=accuracy,
                      learning_rate=float(tf.convert_to_tensor(optimizer.learning_rate)),
                      clips_per_second=len(sums) * run.clips.batch_size / (now - logged_time))
        bar.set_postfix(loss=f'{loss:.3f}', accuracy=f'{accuracy:.3f}')
        sums, logged_time = [], now
      if at_checkpoint:
        checkpoints.save(manager, step)
      if last:
        break
  if is_chief:
    history.close()
  return model


def check_can_start(run_dir, run, source, verdicts):
  """Makes sure that a run can start, before `runs.start` declares its directory to be for it.

  Args:
    run_dir: the directory; where it holds a checkpoint, the run has started.
    run: a `runs.Run`.
    source: the `folders.Records` that it is to be trained on.
    verdicts: a dict from video to verdict on its masks, or None.

  Raises:
    UserError: weights, lists or records cannot be used.
  """
  if checkpoints.last_step(run_dir) is not None:
    return
  if run.network.weights is not None:
    readers.read(run.network.weights)
  source, _ = splits.obey(source, verdicts)
  entries, _ = splits.load(source, 'train', run.data.split)
  splits.check(source, entries, run.clips.stream, [run.data.mask])


def _means(sums, step, batch_size):
  """The loss and the accuracy of the batches since the last row of the history.

  Args:
    sums: what `_train_step` gave for each.
    step: the last of them.
    batch_size: clips of each.

  Raises:
    UserError: the loss is no number.
  """
  loss, accuracy = np.sum([pair.numpy() for pair in sums], axis=0, dtype=float) / (
      len(sums) * batch_size)
  if not math.isfinite(loss):
    raise errors.UserError(f'the loss is no longer finite at step {step} ({loss}); '
                           'try a lower --learning_rate')
  return float(loss), float(accuracy)


def _optimizer(settings):
  schedules, rate = keras.optimizers.schedules, settings.learning_rate
  if settings.schedule == 'cosine' and settings.warmup_steps:
    rate = schedules.CosineDecay(0.0, settings.steps - settings.warmup_steps, warmup_target=rate,
                                 warmup_steps=settings.warmup_steps)
  elif settings.schedule == 'cosine':
    rate = schedules.CosineDecay(rate, settings.steps)
  elif settings.learning_rate_drops:
    rate = schedules.PiecewiseConstantDecay(
        list(settings.learning_rate_drops),
        [rate / 10 ** n for n in range(len(settings.learning_rate_drops) + 1)])
  if settings.optimizer == 'adam':
    return keras.optimizers.Adam(rate)
  return keras.optimizers.SGD(rate, momentum=settings.momentum)


def _network_input(batch, run, seeds):
  return preprocess.treated_input(
      batch, run.data.treatment, run.clips.stream, tf.gather(seeds, batch['entry']))


def _described(treatment):
  """A treatment as words of a progress bar."""
  return 'nothing replaced' if treatment.region == 'none' else f'replaced: {treatment.name}'


def _train_step(strategy, model, optimizer, run, seeds):
  """A function that updates model and optimizer by a batch.

  It gives float32 [2]: the sum of the losses, and the number of clips that are right, of
  the batches of all replicas.
  """
  kernels = [v for v in model.trainable_variables if v.name == 'kernel']

  def replica_step(batch):
    with tf.GradientTape() as tape:
      logits = model(_network_input(batch, run, seeds), training=True)
      losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch['label'], logits)
      # Replicas' gradients are added up.
      loss = tf.reduce_sum(losses) / run.clips.batch_size
      decay = tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
      total = loss + run.optimization.weight_decay * decay / strategy.num_replicas_in_sync
    optimizer.apply_gradients(
        zip(tape.gradient(total, model.trainable_variables), model.trainable_variables))
    right = tf.cast(tf.argmax(logits, axis=-1) == batch['label'], tf.float32)
    return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(right)])

  if run.optimization.jit_compile:
    replica_step = tf.function(replica_step, jit_compile=True)
  return tf.function(
      lambda batch: strategy.reduce('SUM', strategy.run(replica_step, (batch,)), axis=None))


def main():
  values = flags.FLAGS
  strategy = strategies.create(values.strategy)  # before anything that TensorFlow computes
  is_chief = strategies.is_chief(strategy)
  on_demo_set = values.records is None
  if on_demo_set:
    protocols.use_as_defaults('demo.flags')
  clips, network = data_flags.clip_settings(), training_flags.network_settings()
  optimization = training_flags.optimization_settings()
  folder = demo_records.folder(values.demo_dir) if on_demo_set else values.records
  verdicts = data_flags.verdicts()
  data = runs.Data(os.path.abspath(folder), values.split, values.mask, values.fill,
                   values.mask_place,
                   None if verdicts is None else verdicts_lib.content_hash(verdicts))
  eval_masks = [data.treatment.name] if values.eval_masks is None else values.eval_masks
  evaluate.parse_treatments(eval_masks, clips.stream)
  if on_demo_set:
    strategies.chief_first(strategy, lambda: demo_records.prepare(
        demo_plan.DemoSettings(), values.demo_dir, cli.progress))
  source = folders.open_folder(folder)
  data = dataclasses.replace(
      data, flow=optical_flow.for_stream(clips.stream, source),
      content=fingerprints.content_hash(source, clips.stream))
  run = runs.Run(data, clips, network, optimization, source.label_names)
  run_dir = values.run_dir
  if run_dir is None:
    run_dir = os.path.join('runs', '_'.join([
        *(['demo'] if on_demo_set else []), run.clips.stream, run.data.treatment.name,
        f'split{run.data.split}',
        f'seed{run.clips.seed}']))
  check_can_start(run_dir, run, source, verdicts)
  strategies.chief_first(
      strategy, lambda: runs.start(run_dir, run, training_flags.given(), verdicts))
  model = train(run_dir, run, strategy=strategy, checkpoint_every=values.checkpoint_every,
                keep_checkpoints=values.keep_checkpoints, log_every=values.log_every)
  if not is_chief:
    return 0
  # One device tests; the network of a strategy is spread over several.
  outcome = evaluate.evaluate(
      run_dir, eval_masks, model=None if strategies.is_spread(strategy) else model)
  print(f'\n{run_dir}: trained for {run.optimization.steps} steps, '
        f'{_described(run.data.treatment)}')
  print(evaluate.report(outcome, run_dir))
  print(f'test it under other masks:  evaluate --run_dir={run_dir} '
        '--eval_masks=none,background,activity')
  return 1 if any(summary['about']['missing'] for summary in outcome.values()) else 0


if __name__ == '__main__':
  training_flags.define()
  cli.run(main)
