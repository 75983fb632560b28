"""Trains I3D under a masking condition, then tests it.

    python -m i3d_tf.train --mask=background            # on a demo set that it draws
    python -m i3d_tf.train --records=records --split=1 --mask=activity --run_dir=runs/3b
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

import math
import os
import time

from absl import flags
import keras
import tensorflow as tf

from flags import data as data_flags
from flags import protocols
from flags import training as training_flags
from i3d_tf import errors
from i3d_tf import evaluate
from i3d_tf import input_pipeline
from i3d_tf import masking
from i3d_tf import preprocess
from i3d_tf import records
from i3d_tf import runs
from i3d_tf import splits
from i3d_tf import summaries
from i3d_tf import weights as weights_lib
from i3d_tf.demo import plan as demo_plan
from i3d_tf.demo import records as demo_records
from segmentation import verdicts as verdicts_lib

def train(run_dir, run, *, checkpoint_every=100, log_every=10):
  """Trains the network of a run, or goes on with it behind its last checkpoint.

  Args:
    run_dir: a run directory that `runs.start` declared to be for `run`.
    run: a `runs.Run`.
    checkpoint_every: steps between checkpoints.
    log_every: steps between rows of history.csv.

  Returns:
    The trained `InceptionI3D`.

  Raises:
    UserError: records, lists or checkpoint cannot be used, or the loss is no
      longer a number.
  """
  source, unknown = splits.obey(
      records.open_folder(run.data.records), runs.verdicts(run_dir, run))
  if unknown:
    print(f'verdicts on videos that are not in the records: {len(unknown)}')
  entries, missing = splits.load(source, 'train', run.data.split)
  if missing:
    print(f'not in the records, so not trained on: {len(missing)} videos of the list, '
          f'{", ".join(missing[:3])}{", ..." if len(missing) > 3 else ""}')
  splits.check(source, entries, run.clips.stream, [run.data.mask])
  masking.check_stream(run.data.treatment, run.clips.stream)
  seeds = tf.constant([records.path_number(entry.path) for entry in entries], tf.int64)

  keras.utils.set_random_seed(run.clips.seed)
  strategy = tf.distribute.get_strategy()
  with strategy.scope():
    model = run.build_model()
    optimizer = _optimizer(run.optimization)
    optimizer.build(model.trainable_variables)
    step = tf.Variable(0, dtype=tf.int64, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
    loss, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
  checkpoint = runs.checkpoint(step, model, optimizer)
  manager = runs.checkpoint_manager(checkpoint, run_dir, step)
  if run.network.weights is not None and runs.last_step(run_dir) is None:
    print(weights_lib.load(model, run.network.weights, new_head=True))
  if runs.restore(checkpoint, run_dir) is not None:
    print(f'{run_dir}: goes on at step {int(step)} of {run.optimization.steps}')
  if int(step) >= run.optimization.steps:
    return model

  train_step = _train_step(strategy, model, optimizer, run, seeds, loss, accuracy)
  batches = strategy.experimental_distribute_dataset(
      input_pipeline.training(source, entries, run.clips, start_step=int(step)))
  history = summaries.History(run_dir, int(step))
  progress = app.progress(total=run.optimization.steps, initial=int(step), unit='step',
                          desc=f'training, {_described(run.data.treatment)}')
  with input_pipeline.naming_bad_records(source, entries), progress as bar:
    # Counted here: to ask the variable would wait for the device at every step.
    number = logged_step = int(step)
    logged_time = time.monotonic()
    for batch in batches:
      if number == 0:
        first = {key: strategy.experimental_local_results(value)[0] for key, value in batch.items()}
        history.add_picture(0, 'train/seen', _network_input(first, run, seeds))
      train_step(batch)
      number += 1
      step.assign(number)
      bar.update()
      last = number == run.optimization.steps
      at_checkpoint = number % checkpoint_every == 0 or last
      # Before every checkpoint, so that no weights are kept that are no numbers.
      if number % log_every == 0 or at_checkpoint:
        now = time.monotonic()
        clips = (number - logged_step) * run.clips.batch_size
        _log(history, bar, number, loss, accuracy, learning_rate=float(optimizer.learning_rate),
             clips_per_second=clips / (now - logged_time))
        logged_step, logged_time = number, now
      if at_checkpoint:
        manager.save(step)
      if last:
        break
  history.close()
  return model


def _log(history, bar, step, loss, accuracy, **values):
  """Writes the metrics since the last call to the history and shows them in the bar."""
  mean_loss, mean_accuracy = float(loss.result()), float(accuracy.result())
  if not math.isfinite(mean_loss):
    raise errors.UserError(f'the loss is no longer finite at step {step} ({mean_loss}); '
                           'try a lower --learning_rate')
  history.add(step, loss=mean_loss, accuracy=mean_accuracy, **values)
  bar.set_postfix(loss=f'{mean_loss:.3f}', accuracy=f'{mean_accuracy:.3f}')
  loss.reset_state()
  accuracy.reset_state()


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


def _train_step(strategy, model, optimizer, run, seeds, loss_metric, accuracy_metric):
  """A function from a batch to nothing that updates model, optimizer and metrics."""
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
    return losses, logits

  if run.optimization.jit_compile:
    replica_step = tf.function(replica_step, jit_compile=True)

  def metrics_step(batch):
    losses, logits = replica_step(batch)
    loss_metric.update_state(losses)
    accuracy_metric.update_state(batch['label'], logits)

  return tf.function(lambda batch: strategy.run(metrics_step, args=(batch,)))


def main():
  values = flags.FLAGS
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
    demo_records.prepare(demo_plan.DemoSettings(), values.demo_dir, app.progress)
  run = runs.Run(data, clips, network, optimization, records.open_folder(folder).label_names)
  run_dir = values.run_dir
  if run_dir is None:
    run_dir = os.path.join('runs', '_'.join([
        *(['demo'] if on_demo_set else []), run.clips.stream, run.data.treatment.name,
        f'split{run.data.split}',
        f'seed{run.clips.seed}']))
  if network.weights is not None and runs.last_step(run_dir) is None:
    weights_lib.read(network.weights)  # before the directory is theirs
  runs.start(run_dir, run, training_flags.given(), verdicts)
  model = train(run_dir, run, checkpoint_every=values.checkpoint_every, log_every=values.log_every)
  outcome = evaluate.evaluate(run_dir, eval_masks, model=model)
  print(f'\n{run_dir}: trained for {run.optimization.steps} steps, '
        f'{_described(run.data.treatment)}')
  print(evaluate.report(outcome, run_dir))
  print(f'test it under other masks:  evaluate --run_dir={run_dir} '
        '--eval_masks=none,background,activity')
  return 1 if any(summary['about']['missing'] for summary in outcome.values()) else 0


if __name__ == '__main__':
  training_flags.define()
  app.run(main)
