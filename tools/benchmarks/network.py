"""The network's arithmetic rate relative to a large matrix product, in inference and training.

It runs on TensorFlow; `tools.accelerator` measures the same on JAX. The module
`i3d_tf.model.arithmetic` defines what counts as arithmetic.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.model import arithmetic
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from i3d_tf.training import network
from tools.benchmarks.support import figure

INFERENCE_BOUND = 0.85  # of the float32 matmul's rate
BFLOAT16_BOUND = 1.7  # times the rate of float32
TRAINING_BOUND = 3.1  # times the time of inference on the same batch
FROZEN_BOUND = 0.5  # times the time of a step that trains all layers
_FROZEN = 'MaxPool3d_4a_3x3'  # the last layer that is frozen: Mixed_3c and the pool after it


def measure(quick: bool = False) -> list[figure.Figure]:
  """Measures inference (1, 64, 224, 224, 3) and a training step (2, 16, 224, 224, 3)."""
  frames, size, width, product = (9, 32, 0.125, 512) if quick else (64, 224, 1.0, 2048)
  model, mixed = (
    inception_i3d.InceptionI3D(400, frame_size=size, width=width, seed=0, dtype=dtype)
    for dtype in ('float32', 'mixed_bfloat16')
  )
  mixed.set_weights(model.get_weights())

  clip, batch = clips((1, frames, size, size, 3)), clips((2, 16, size, size, 3))
  per_inference = arithmetic.inference(model, clip.shape)
  # {name: (function that computes, floating-point operations of a call)}
  work: dict[str, tuple[Callable[[], Any], int]] = {
    'matmul float32': _matmul(product, 'float32'),
    'matmul bfloat16': _matmul(product, 'bfloat16'),
    'float32': (inference(model, clip), per_inference),
    'float32 folded': (inference(folding.fold(model), clip), per_inference),
    'bfloat16': (inference(mixed, clip), per_inference),
    'bfloat16 folded': (inference(folding.fold(model, 'mixed_bfloat16'), clip), per_inference),
    'batch': (inference(model, batch), arithmetic.inference(model, batch.shape)),
    'training': (training(model, batch), arithmetic.training_step(model, batch.shape)),
    'training bfloat16': (training(mixed, batch), arithmetic.training_step(mixed, batch.shape)),
  }
  calls = figure.interleaved(
    {name: _timed(function) for name, (function, _) in work.items()}, 2 if quick else 5
  )
  rates = {name: _times(calls[name], work[name][1] / 1e9) for name in work}
  figures = _figures(calls, rates, tuple(clip.shape), tuple(batch.shape), product)
  return figures + _with_frozen_layers(quick)


def _figures(
  calls: Mapping[str, figure.Rates],
  rates: Mapping[str, figure.Rates],
  clip: tuple[int, ...],
  batch: tuple[int, ...],
  product: int,
) -> list[figure.Figure]:
  """The figures.

  Args:
    calls: calls per second.
    rates: operations per nanosecond (GFLOP/s).
    clip, batch: the shapes of the input of inference and of training.
    product: the size of the matrices of the matmul.
  """
  inference = (
    f'one call on a clip {clip}, weights as variables; a multiply-add of a convolution counts as '
    'two operations, including zeros at the borders'
  )
  matmul = f'{product} x {product} x {product}, in the same process, alternately'
  step = (
    f'a step on a batch {batch}: loss, gradients, SGD with momentum; relative to an inference '
    'on the same batch'
  )
  figures: list[figure.Figure] = []

  def ratio(name: str, compared: figure.Rates, **kwargs: Any) -> None:
    figures.append(figure.from_values(name, compared.wall, **kwargs))
    figures.append(
      figure.from_values('  the same in CPU time', compared.cpu, how=kwargs.get('how', ''))
    )

  ratio(
    'float32 inference / float32 matmul',
    rates['float32'].over(rates['matmul float32']),
    bound=INFERENCE_BOUND,
    how=f'{inference}; matmul: {matmul}',
  )
  ratio(
    '  folded',
    rates['float32 folded'].over(rates['matmul float32']),
    how=f'{inference}; batch norm folded by i3d_tf.model.folding',
  )
  ratio(
    'bfloat16 inference / float32 inference',
    rates['bfloat16 folded'].over(rates['float32']),
    bound=BFLOAT16_BOUND,
    how=f'{inference}; mixed_bfloat16, folded, over float32, not folded',
  )
  ratio('  neither folded', rates['bfloat16'].over(rates['float32']), how=inference)
  ratio('  both folded', rates['bfloat16 folded'].over(rates['float32 folded']), how=inference)
  ratio(
    'bfloat16 inference / bfloat16 matmul',
    rates['bfloat16 folded'].over(rates['matmul bfloat16']),
    how=f'{inference}; mixed_bfloat16, folded; matmul: {matmul}',
  )
  ratio(
    'training step, times inference',
    calls['batch'].over(calls['training']),
    bound=TRAINING_BOUND,
    higher_is_better=False,
    how=step,
  )
  ratio(
    'float32 training / float32 matmul',
    rates['training'].over(rates['matmul float32']),
    how=f'{step}; three times the arithmetic of inference minus the gradient of the clip',
  )
  ratio(
    'bfloat16 training / float32 training',
    rates['training bfloat16'].over(rates['training']),
    how=f'{step}; mixed_bfloat16',
  )
  figures += [
    figure.from_values(name, rates[key].wall, unit='GFLOP/s', how=how)
    for name, key, how in (
      ('float32 matmul', 'matmul float32', matmul),
      ('bfloat16 matmul', 'matmul bfloat16', matmul),
      ('float32 inference', 'float32', inference),
      ('bfloat16 inference', 'bfloat16 folded', inference),
      ('float32 training', 'training', step),
    )
  ]
  return figures


def _with_frozen_layers(quick: bool) -> list[figure.Figure]:
  """A step on (4, 16, 112, 112, 3) that trains the layers above an endpoint, over one of all."""
  size, width = (32, 0.125) if quick else (112, 1.0)
  batch = clips((4, 16, size, size, 3))
  model, frozen = (
    inception_i3d.InceptionI3D(10, frame_size=size, width=width, seed=0) for _ in range(2)
  )
  frozen.freeze(_FROZEN)
  logits_of = network.training_logits(frozen, _FROZEN)
  steps = {
    'all': _timed(training(model, batch)),
    'frozen': _timed(training(frozen, batch, logits_of)),
  }
  calls = figure.interleaved(steps, 2 if quick else 7)
  ratio = calls['all'].over(calls['frozen'])
  how = (
    f'a step on a batch {tuple(batch.shape)} with the layers up to {_FROZEN} frozen, over one '
    'that trains all; alternately'
  )
  return [
    figure.from_values(
      'step with frozen layers, times a full step',
      ratio.wall,
      bound=FROZEN_BOUND,
      higher_is_better=False,
      how=how,
    ),
    figure.from_values('  the same in CPU time', ratio.cpu, how=how),
  ]


def clips(shape: Sequence[int]) -> tf.Tensor:
  """Random clips of a shape: float32 in [-1, 1]."""
  return tf.constant(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))


def _times(rates: figure.Rates, factor: float) -> figure.Rates:
  return figure.Rates([r * factor for r in rates.wall], [r * factor for r in rates.cpu])


def _timed(function: Callable[[], Any]) -> figure.Measured:
  """Calls of a function, for `figure.interleaved`."""

  def run(start: Callable[[], None]) -> int:
    start()
    function()
    return 1

  return run


def _matmul(size: int, dtype: str) -> tuple[Callable[[], None], int]:
  """(a function that multiplies large matrices a few times, its floating-point operations)."""
  repeats = 4
  a = tf.cast(clips((size, size)), dtype)
  product = tf.function(lambda: tf.linalg.matmul(a, a))

  def run() -> None:
    for _ in range(repeats):
      product()

  return run, repeats * 2 * size**3


def inference(model: keras.Model, clip: tf.Tensor) -> Callable[[], Any]:
  """A function that computes a model's logits of a clip."""
  # Traced here, because TensorFlow warns of functions of one line that are traced repeatedly.
  return tf.function(lambda: model(clip, training=False)).get_concrete_function()


def training(
  model: keras.Model, batch: tf.Tensor, logits_of: Callable[[tf.Tensor], tf.Tensor] | None = None
) -> Callable[[], Any]:
  """A function that trains a model on a batch and returns the loss; see `training_step`."""
  train = training_step(model, logits_of)

  @tf.function
  def step() -> tf.Tensor:
    return train(batch)

  return step


def training_step(
  model: keras.Model, logits_of: Callable[[tf.Tensor], tf.Tensor] | None = None
) -> Callable[[tf.Tensor], tf.Tensor]:
  """A function that trains a model on the batch that it is given and returns the loss.

  Args:
    model: the model.
    logits_of: what computes the logits; None for the model itself.
  """
  variables = model.trainable_variables
  optimizer = keras.optimizers.SGD(1e-6, momentum=0.9)
  optimizer.build(variables)

  def step(batch: tf.Tensor) -> tf.Tensor:
    labels = tf.range(tf.shape(batch)[0])
    with tf.GradientTape(watch_accessed_variables=False) as tape:  # as in `training.loop`
      tape.watch([variable.value for variable in variables])
      logits = model(batch, training=True) if logits_of is None else logits_of(batch)
      losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
      loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    optimizer.apply_gradients(zip(gradients, variables))
    return loss

  return step
