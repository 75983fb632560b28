"""A step of the training: what the network sees, the gradients, the optimizer."""

from collections.abc import Callable

import keras
import tensorflow as tf

from i3d_tf.inputs import preprocess
from i3d_tf.model import inception_i3d
from i3d_tf.training import network
from i3d_tf.training import run_settings

Batch = dict[str, tf.Tensor]


def build_optimizer(settings: run_settings.Optimization) -> keras.optimizers.Optimizer:
  """The optimizer of a run, with its schedule; its variables are not built yet."""
  schedules, rate = keras.optimizers.schedules, settings.learning_rate
  if settings.schedule == 'cosine' and settings.warmup_steps:
    rate = schedules.CosineDecay(
      0.0,
      settings.steps - settings.warmup_steps,
      warmup_target=rate,
      warmup_steps=settings.warmup_steps,
    )
  elif settings.schedule == 'cosine':
    rate = schedules.CosineDecay(rate, settings.steps)
  elif settings.learning_rate_drops:
    rate = schedules.PiecewiseConstantDecay(
      list(settings.learning_rate_drops),
      [rate / 10**n for n in range(len(settings.learning_rate_drops) + 1)],
    )
  if settings.optimizer == 'adam':
    return keras.optimizers.Adam(rate)
  return keras.optimizers.SGD(rate, momentum=settings.momentum)


def network_input(batch: Batch, run: run_settings.Run, seeds: tf.Tensor) -> tf.Tensor:
  """What the network sees of a batch, under the run's treatment; seeds as `build_train_step`'s."""
  return preprocess.network_input(
    batch, run.data.treatment, run.clips.stream, tf.gather(seeds, batch['entry'])
  )


def build_train_step(
  strategy: tf.distribute.Strategy,
  model: inception_i3d.InceptionI3D,
  optimizer: keras.optimizers.Optimizer,
  run: run_settings.Run,
  seeds: tf.Tensor,
) -> Callable[[Batch], tf.Tensor]:
  """A function that updates model and optimizer by a batch.

  Args:
    strategy: that computes; the batch is spread over its replicas.
    model: that is trained.
    optimizer: of the model's trainable variables, built.
    run: the `run_settings.Run`.
    seeds: int64 [entries], of what treatments draw, by the entry that a batch names.

  Returns:
    A function from a batch to float32 [2]: the sum of the losses and the number of correct clips,
    over the batches of all replicas.
  """
  gradients_of = build_gradients(strategy, model, run, seeds)

  def replica_step(batch: Batch) -> tf.Tensor:
    gradients, sums = gradients_of(batch)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return sums

  if run.optimization.jit_compile:
    replica_step = tf.function(replica_step, jit_compile=True)
  return tf.function(
    lambda batch: strategy.reduce('SUM', strategy.run(replica_step, (batch,)), axis=None)
  )


def build_gradients(
  strategy: tf.distribute.Strategy,
  model: inception_i3d.InceptionI3D,
  run: run_settings.Run,
  seeds: tf.Tensor,
) -> Callable[[Batch], tuple[list[tf.Tensor], tf.Tensor]]:
  """What `build_train_step` computes of a replica's batch before it updates anything.

  Returns:
    A function from a batch to the gradients of the model's trainable variables, and the sums that a
    training step gives.
  """
  variables = model.trainable_variables
  kernels = [v for v in variables if v.name == 'kernel']
  with strategy.scope():
    logits_of = network.training_logits(model, run.network.freeze)

  def gradients_of(batch: Batch) -> tuple[list[tf.Tensor], tf.Tensor]:
    # By itself a tape also watches the variables of frozen layers, and goes back through them.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch([variable.value for variable in variables])
      logits = logits_of(network_input(batch, run, seeds))
      losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch['label'], logits)
      # Replicas' gradients are added up.
      loss = tf.reduce_sum(losses) / run.clips.batch_size
      decay = tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
      total = loss + run.optimization.weight_decay * decay / strategy.num_replicas_in_sync
    gradients = tape.gradient(total, [variable.value for variable in variables])
    correct = tf.cast(tf.argmax(logits, axis=-1) == batch['label'], tf.float32)
    return gradients, tf.stack([tf.reduce_sum(losses), tf.reduce_sum(correct)])

  return gradients_of
