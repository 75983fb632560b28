"""The network's arithmetic rate relative to a large matrix product, in inference and training.

It runs on TensorFlow; `tools.accelerator` measures the same on JAX. The module
`i3d_tf.model.arithmetic` defines what counts as arithmetic.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from i3d_tf.model import arithmetic
from i3d_tf.model import bfloat16
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from i3d_tf.training import network
from tools.benchmarks.support import figure

INFERENCE_BOUND = 0.85  # of the float32 matmul's rate
BFLOAT16_BOUND = 1.7  # times the rate of float32
TRAINING_BOUND = 3.1  # times the time of inference on the same batch
FROZEN_BOUND = 0.5  # times the time of a step that trains all layers
_FROZEN = 'MaxPool3d_4a_3x3'  # the last layer that is frozen: Mixed_3c and the pool after it


def measure(quick: bool = False, bfloat16_too: bool | None = None) -> Iterator[figure.Figure]:
  """Measures inference (1, 64, 224, 224, 3) and a training step (2, 16, 224, 224, 3).

  Args:
    quick: whether to measure smaller ones, rarely.
    bfloat16_too: whether to measure bfloat16; None where it has fast kernels. Without, it would
      take longer than everything else together.
  """
  frames, size, width, product = (9, 32, 0.125, 512) if quick else (64, 224, 1.0, 2048)
  repeats = 2 if quick else 5
  model = inception_i3d.InceptionI3D(400, frame_size=size, width=width, seed=0, dtype='float32')
  clip, batch = clips((1, frames, size, size, 3)), clips((2, 16, size, size, 3))
  per_inference = arithmetic.inference(model, clip.shape)
  per_batch = arithmetic.inference(model, batch.shape)
  per_step = arithmetic.training_step(model, batch.shape)
  how = _How(tuple(clip.shape), tuple(batch.shape), product)

  in_float32 = {
    'inference': (inference(model, clip), per_inference),
    'folded': (inference(folding.fold(model), clip), per_inference),
    'training': (training(model, batch), per_step),
  }
  calls, rates = _measured(
    {
      'matmul': _matmul(product, 'float32'),
      'batch': (inference(model, batch), per_batch),
      **in_float32,
    },
    repeats,
  )
  yield from _in_float32(calls, rates, how)
  yield from _with_frozen_layers(quick)
  if not bfloat16.is_slow() if bfloat16_too is None else bfloat16_too:
    mixed = inception_i3d.InceptionI3D(
      400, frame_size=size, width=width, seed=0, dtype='mixed_bfloat16'
    )
    mixed.set_weights(model.get_weights())
    folded = folding.fold(model, 'mixed_bfloat16')
    _, rates = _measured(
      {
        'matmul': _matmul(product, 'bfloat16'),
        'bfloat16': (inference(mixed, clip), per_inference),
        'bfloat16 folded': (inference(folded, clip), per_inference),
        'bfloat16 training': (training(mixed, batch), per_step),
        **in_float32,
      },
      repeats,
    )
    yield from _in_bfloat16(rates, how)


@dataclasses.dataclass(frozen=True)
class _How:
  """How figures were measured, in words.

  Attributes:
    clip, batch: the shapes of the input of inference and of training.
    product: the size of the matrices of the matmul.
  """

  clip: tuple[int, ...]
  batch: tuple[int, ...]
  product: int

  @property
  def inference(self) -> str:
    return (
      f'one call on a clip {self.clip}, weights as variables; a multiply-add of a convolution '
      'counts as two operations, including zeros at the borders'
    )

  @property
  def matmul(self) -> str:
    return f'{self.product} x {self.product} x {self.product}, in the same process, alternately'

  @property
  def step(self) -> str:
    return (
      f'a step on a batch {self.batch}: loss, gradients, SGD with momentum; relative to an '
      'inference on the same batch'
    )


def _measured(
  work: Mapping[str, tuple[Callable[[], Any], int]], repeats: int
) -> tuple[dict[str, figure.Rates], dict[str, figure.Rates]]:
  """Measures functions alternately.

  Args:
    work: from name to (function that computes, floating-point operations of a call).
    repeats: of each.

  Returns:
    (calls per second by name, operations per nanosecond (GFLOP/s) by name).
  """
  calls = figure.interleaved(
    {name: _timed(function) for name, (function, _) in work.items()}, repeats
  )
  return calls, {name: _times(calls[name], work[name][1] / 1e9) for name in work}


def _ratio(name: str, compared: figure.Rates, how: str, **kwargs: Any) -> list[figure.Figure]:
  """The figure of a ratio, and the same in CPU time."""
  return [
    figure.from_values(name, compared.wall, how=how, **kwargs),
    figure.from_values('  the same in CPU time', compared.cpu, how=how),
  ]


def _in_float32(
  calls: Mapping[str, figure.Rates], rates: Mapping[str, figure.Rates], how: _How
) -> list[figure.Figure]:
  """The figures of float32, from calls per second and GFLOP/s."""
  return [
    *_ratio(
      'float32 inference / float32 matmul',
      rates['inference'].over(rates['matmul']),
      f'{how.inference}; matmul: {how.matmul}',
      bound=INFERENCE_BOUND,
    ),
    *_ratio(
      '  folded',
      rates['folded'].over(rates['matmul']),
      f'{how.inference}; batch norm folded by i3d_tf.model.folding',
    ),
    *_ratio(
      'training step, times inference',
      calls['batch'].over(calls['training']),
      how.step,
      bound=TRAINING_BOUND,
      higher_is_better=False,
    ),
    *_ratio(
      'float32 training / float32 matmul',
      rates['training'].over(rates['matmul']),
      f'{how.step}; three times the arithmetic of inference minus the gradient of the clip',
    ),
    figure.from_values('float32 matmul', rates['matmul'].wall, unit='GFLOP/s', how=how.matmul),
    figure.from_values(
      'float32 inference', rates['inference'].wall, unit='GFLOP/s', how=how.inference
    ),
    figure.from_values('float32 training', rates['training'].wall, unit='GFLOP/s', how=how.step),
  ]


def _in_bfloat16(rates: Mapping[str, figure.Rates], how: _How) -> list[figure.Figure]:
  """The figures of bfloat16, from GFLOP/s."""
  return [
    *_ratio(
      'bfloat16 inference / float32 inference',
      rates['bfloat16 folded'].over(rates['inference']),
      f'{how.inference}; mixed_bfloat16, folded, over float32, not folded',
      bound=BFLOAT16_BOUND,
    ),
    *_ratio('  neither folded', rates['bfloat16'].over(rates['inference']), how.inference),
    *_ratio('  both folded', rates['bfloat16 folded'].over(rates['folded']), how.inference),
    *_ratio(
      'bfloat16 inference / bfloat16 matmul',
      rates['bfloat16 folded'].over(rates['matmul']),
      f'{how.inference}; mixed_bfloat16, folded; matmul: {how.matmul}',
    ),
    *_ratio(
      'bfloat16 training / float32 training',
      rates['bfloat16 training'].over(rates['training']),
      f'{how.step}; mixed_bfloat16',
    ),
    figure.from_values('bfloat16 matmul', rates['matmul'].wall, unit='GFLOP/s', how=how.matmul),
    figure.from_values(
      'bfloat16 inference', rates['bfloat16 folded'].wall, unit='GFLOP/s', how=how.inference
    ),
  ]


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
    tf.test.experimental.sync_devices()  # A GPU still computes when the call has returned.
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
