"""The network on an accelerator: Keras on JAX, without TensorFlow, in bfloat16.

    python -m tools.accelerator --output=accelerator.json

It prints one table: clips per second for growing batches, in inference (batch norm folded,
`i3d_tf.model.folding`) and in training, as a fraction of the arithmetic rate of a large
bfloat16 matrix product on the same device, and the memory of the compiled program. A sweep
over batches ends when memory runs out. It needs jax, keras, absl-py and numpy.

`--remat` stores only the outputs of convolutions for the gradient and recomputes batch norm,
ReLU and pooling: less memory, for long clips.
"""

import os

os.environ['KERAS_BACKEND'] = 'jax'  # before Keras is imported

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import keras
import numpy as np

from i3d_tf.common import files
from i3d_tf.model import arithmetic
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from tools.benchmarks.support import figure

INFERENCE_BOUND, TRAINING_BOUND = 0.4, 0.3  # fractions of the bfloat16 matmul's rate
_OUT_OF_MEMORY = 'RESOURCE_EXHAUSTED'

_Program = tuple[Callable[[], Any], int]  # starts a computation; bytes of memory it takes


@dataclasses.dataclass(frozen=True)
class AcceleratorSettings:
  """What is measured.

  Attributes:
    frames, frame_size: of a clip; the size is in pixels.
    inference_batches, training_batches: batch sizes, increasing.
    width: the width of the network (`model.InceptionI3D`).
    product: rows of the square matrices whose product sets the ceiling.
    remat: whether training recomputes everything except convolutions.
    repeats: the number of measurements of each.
    seconds: the least duration of each measurement.
  """

  frames: int = 64
  frame_size: int = 224
  inference_batches: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
  training_batches: tuple[int, ...] = (1, 2, 4, 8, 16)
  width: float = 1.0
  product: int = 8192
  remat: bool = False
  repeats: int = 5
  seconds: float = 1.0


QUICK = AcceleratorSettings(
  frames=9,
  frame_size=32,
  inference_batches=(1, 2),
  training_batches=(2,),
  width=0.125,
  product=256,
  repeats=2,
  seconds=0.0,
)


@dataclasses.dataclass(frozen=True)
class _Sweep:
  """A measurement over batch sizes.

  Attributes:
    name: 'inference' or 'training'.
    batches: batch sizes, increasing.
    bound: the fraction of the matmul's rate that the best batch must reach.
    program: compiles the computation for clips.
    operations: floating-point operations for one clip.
  """

  name: str
  batches: tuple[int, ...]
  bound: float
  program: Callable[[Any], _Program]
  operations: int


def measure(settings: AcceleratorSettings) -> list[figure.Figure]:
  """Measures inference and training on the first device of JAX."""
  network = inception_i3d.InceptionI3D(
    400, frame_size=settings.frame_size, width=settings.width, seed=0, dtype='mixed_bfloat16'
  )
  folded = folding.fold(network, 'bfloat16')
  ceiling = _ceiling(settings)
  alone = figure.interleaved({'matmul': ceiling}, settings.repeats)['matmul']
  matmul = figure.from_values(
    'bfloat16 matmul',
    [rate / 1e12 for rate in alone.wall],
    unit='TFLOP/s',
    how=f'{settings.product} x {settings.product} x {settings.product}',
  )
  clip = (1, settings.frames, settings.frame_size, settings.frame_size, 3)
  inference = _Sweep(
    'inference',
    settings.inference_batches,
    INFERENCE_BOUND,
    lambda clips: inference_program(folded, clips),
    arithmetic.inference(network, clip),
  )
  training = _Sweep(
    'training',
    settings.training_batches,
    TRAINING_BOUND,
    lambda clips: training_program(network, clips, settings.remat),
    arithmetic.training_step(network, clip),
  )
  return [matmul, *_measure(inference, ceiling, settings), *_measure(training, ceiling, settings)]


def _measure(
  sweep: _Sweep, ceiling: figure.Measured, settings: AcceleratorSettings
) -> list[figure.Figure]:
  """Measures batch by batch, until memory runs out."""
  figures, fractions = [], []
  clip = (settings.frames, settings.frame_size, settings.frame_size, 3)
  how = f'bfloat16, clips {clip}, compiled for the batch'
  for batch in sweep.batches:
    try:
      step, memory = sweep.program(_random((batch, *clip)))
      rates = figure.interleaved(
        {'matmul': ceiling, sweep.name: _timed(step, batch, settings.seconds)}, settings.repeats
      )
    except jax.errors.JaxRuntimeError as e:
      if _OUT_OF_MEMORY not in str(e):
        raise
      print(f'{sweep.name}, batch {batch}: out of memory')
      break
    clips = rates[sweep.name].wall
    fraction = figure.Rates([rate * sweep.operations for rate in clips]).over(rates['matmul'])
    fractions.append(
      figure.from_values(f'  fraction of the matmul, batch {batch}', fraction.wall, how=how)
    )
    figures += [
      figure.from_values(f'{sweep.name}, batch {batch}', clips, unit='clips/s', how=how),
      fractions[-1],
      figure.Figure(
        f'  memory, batch {batch}',
        memory / 2**30,
        unit='GiB',
        how='arguments, results and temporaries of the compiled program',
      ),
    ]
  if fractions:
    best = max(fractions, key=lambda one: one.value)
    name = f'{sweep.name} / bfloat16 matmul, best batch'
    figures.append(dataclasses.replace(best, name=name, bound=sweep.bound))
  return figures


def inference_program(model: keras.Model, clips: Any) -> _Program:
  """Compiles the inference of logits.

  Args:
    model: an `InceptionI3D`; it is made not trainable.
    clips: float32 [B, T, H, W, 3].

  Returns:
    (a function that starts an inference and returns its logits, bytes of memory).
  """

  def forward(weights: Any, clips: Any) -> Any:
    logits, _ = model.stateless_call([], weights, clips, training=False)
    return logits

  model.trainable = False  # so that all weights are among the non-trainable variables
  weights = [v.value for v in model.non_trainable_variables]
  compiled = jax.jit(forward).lower(weights, clips).compile()
  return lambda: compiled(weights, clips), _bytes(compiled)


def loss_and_gradients(model: keras.Model, remat: bool = False) -> Callable[..., Any]:
  """A function from (trainable, other variables, clips, labels) to ((loss, others), gradients).

  Args:
    model: an `InceptionI3D`.
    remat: whether only the outputs of convolutions are stored for the gradient.
  """

  def loss(trainable: Any, others: Any, clips: Any, labels: Any) -> tuple[Any, Any]:
    logits, others = model.stateless_call(trainable, others, clips, training=True)
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    return jnp.mean(losses), others

  if remat:
    # Around the entire network: moving statistics are results, so nothing is updated twice.
    loss = jax.checkpoint(
      loss, policy=lambda operation, *_, **__: operation.name == 'conv_general_dilated'
    )
  return jax.value_and_grad(loss, has_aux=True)


def training_program(model: keras.Model, clips: Any, remat: bool = False) -> _Program:
  """Compiles a training step with SGD and momentum.

  Args:
    model: an `InceptionI3D`, which is not changed.
    clips: float32 [B, T, H, W, 3].
    remat: as in `loss_and_gradients`.

  Returns:
    (a function that starts a training step and returns its loss, bytes of memory).
  """
  optimizer = keras.optimizers.SGD(1e-6, momentum=0.9)
  optimizer.build(model.trainable_variables)
  loss_and_gradients_of = loss_and_gradients(model, remat)

  def step(trainable: Any, others: Any, slots: Any, clips: Any, labels: Any) -> tuple[Any, ...]:
    (loss, others), gradients = loss_and_gradients_of(trainable, others, clips, labels)
    trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
    return trainable, others, slots, loss

  labels = jnp.arange(clips.shape[0])
  # Copies, because the step donates the memory of its arguments to its results.
  state = [
    [jnp.array(v.value) for v in variables]
    for variables in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
  ]
  compiled = jax.jit(step, donate_argnums=(0, 1, 2)).lower(*state, clips, labels).compile()

  def run() -> Any:
    *state[:], loss = compiled(*state, clips, labels)
    return loss

  return run, _bytes(compiled)


def _bytes(compiled: Any) -> int:
  """The device memory of a compiled program."""
  analysis = compiled.memory_analysis()
  return (
    analysis.argument_size_in_bytes
    + analysis.output_size_in_bytes
    - analysis.alias_size_in_bytes
    + analysis.temp_size_in_bytes
  )


def _ceiling(settings: AcceleratorSettings) -> figure.Measured:
  """Floating-point operations of a large matrix product."""
  size = settings.product
  a = _random((size, size)).astype(jnp.bfloat16)
  product = jax.jit(lambda a: a @ a)
  return _timed(lambda: product(a), 2 * size**3, settings.seconds)


def _random(shape: Sequence[int]) -> Any:
  """Random numbers in [-1, 1]: float32."""
  return jnp.asarray(np.random.default_rng(0).uniform(-1, 1, shape), jnp.float32)


def _timed(function: Callable[[], Any], count: int, seconds: float) -> figure.Measured:
  """A function for `figure.interleaved` that calls another one for some time.

  The calls are queued without waiting, like the steps of a training. One call that is waited
  for gives the number of calls.

  Args:
    function: starts a computation and returns its result.
    count: what one call does, in the unit that is counted.
    seconds: the least duration.
  """

  def run(start: Callable[[], None]) -> float:
    rate = figure.interleaved({'one': lambda begin: _call(begin, function, 1)}, 1)['one']
    calls = max(1, round(seconds * rate.wall[0]))
    return count * _call(start, function, calls)

  return run


def _call(start: Callable[[], None], function: Callable[[], Any], calls: int) -> int:
  """Calls a function several times and waits for the last result: the number of calls."""
  start()
  result = None
  for _ in range(calls):
    result = function()
  jax.block_until_ready(result)
  return calls


def main(_: Sequence[str]) -> None:
  """Measures, prints the table and writes the figures as JSON."""
  values = flags.FLAGS
  settings = (
    QUICK if values.quick else AcceleratorSettings(frames=values.frames, remat=values.remat)
  )
  device = jax.devices()[0]
  versions = {'device': device.device_kind, 'jax': jax.__version__, 'keras': keras.__version__}
  print(', '.join(f'{key} {value}' for key, value in versions.items()))
  figures = measure(settings)
  print(figure.table({'accelerator': figures}))
  files.write_json(
    values.output,
    {
      'machine': versions,
      'settings': dataclasses.asdict(settings),
      'figures': figure.as_json(figures),
    },
  )
  print(f'{values.output}: written')


if __name__ == '__main__':
  flags.DEFINE_integer('frames', AcceleratorSettings.frames, 'Frames of a clip.', lower_bound=9)
  flags.DEFINE_bool('remat', False, 'Training stores only the outputs of convolutions.')
  flags.DEFINE_bool('quick', False, 'Uses a tiny network and little data, as a smoke test.')
  flags.DEFINE_string('output', 'accelerator.json', 'File to write the figures to, as JSON.')
  app.run(main)
