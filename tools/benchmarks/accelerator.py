"""The network on an accelerator: Keras on JAX, no TensorFlow, in bfloat16.

    python -m tools.benchmarks.accelerator --output=accelerator.json

One table: clips a second for growing batches, in inference (batch norm folded,
`i3d_tf.model.folding`) and in training, the share of what the same device reaches in a large
bfloat16 matrix product, and the memory that the compiled program takes. A batch for which
memory does not suffice ends its row of batches. It needs jax, keras, absl-py and numpy.

`--remat` keeps of the forward pass only what convolutions give, and computes batch norm,
ReLU and pooling again for the gradient: less memory, for long clips.
"""

import os

os.environ['KERAS_BACKEND'] = 'jax'  # before Keras is imported

import dataclasses
import json

from absl import app
from absl import flags
import jax
import jax.numpy as jnp
import keras
import numpy as np

from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from tools.benchmarks import figure
from tools.benchmarks import flops

INFERENCE_BOUND, TRAINING_BOUND = 0.4, 0.3  # of the bfloat16 matmul's rate
_OUT_OF_MEMORY = 'RESOURCE_EXHAUSTED'


@dataclasses.dataclass(frozen=True)
class AcceleratorSettings:
  """What is measured.

  Attributes:
    frames, frame_size: of a clip, in pixels.
    inference_batches, training_batches: clips at a time, rising.
    width: of the network (`model.InceptionI3D`).
    product: rows of the square matrices that set the ceiling.
    remat: whether training computes all but convolutions anew.
    repeats: how often each is measured.
    seconds: of work in each repeat, at least.
  """

  frames: int = 64
  frame_size: int = 224
  inference_batches: tuple = (1, 2, 4, 8, 16, 32)
  training_batches: tuple = (1, 2, 4, 8, 16)
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


def measure(settings):
  """Measures inference and training on the first device of JAX: a list of `figure.Figure`s."""
  network = inception_i3d.InceptionI3D(
    400, frame_size=settings.frame_size, width=settings.width, seed=0, dtype='mixed_bfloat16'
  )
  folded = folding.fold(network, 'bfloat16')
  ceiling = _ceiling(settings)
  alone = figure.interleaved({'matmul': ceiling}, settings.repeats)['matmul']
  figures = [
    figure.from_values(
      'bfloat16 matmul',
      [rate / 1e12 for rate in alone.wall],
      unit='TFLOP/s',
      how=f'{settings.product} x {settings.product} x {settings.product}',
    )
  ]
  for name, batches, bound, program, operations in (
    (
      'inference',
      settings.inference_batches,
      INFERENCE_BOUND,
      lambda clips: inference_program(folded, clips),
      flops.inference,
    ),
    (
      'training',
      settings.training_batches,
      TRAINING_BOUND,
      lambda clips: training_program(network, clips, settings.remat),
      flops.training_step,
    ),
  ):
    shares = []
    for batch in batches:
      shape = (batch, settings.frames, settings.frame_size, settings.frame_size, 3)
      try:
        step, memory = program(_clips(shape))
        rates = figure.interleaved(
          {'matmul': ceiling, name: _timed(step, batch, settings.seconds)}, settings.repeats
        )
      except jax.errors.JaxRuntimeError as e:
        if _OUT_OF_MEMORY not in str(e):
          raise
        print(f'{name}, batch {batch}: memory does not suffice')
        break
      how = f'bfloat16, clips {shape[1:]}, compiled for the batch'
      per_clip = operations(network, (1, *shape[1:]))
      share = figure.Rates([rate * per_clip for rate in rates[name].wall]).over(rates['matmul'])
      shares.append(
        figure.from_values(f'  share of the matmul, batch {batch}', share.wall, how=how)
      )
      figures += [
        figure.from_values(f'{name}, batch {batch}', rates[name].wall, unit='clips/s', how=how),
        shares[-1],
        figure.Figure(
          f'  memory, batch {batch}',
          memory / 2**30,
          unit='GiB',
          how='arguments, results and temporaries of the compiled program',
        ),
      ]
    if shares:
      best = max(shares, key=lambda one: one.value)
      figures.append(
        dataclasses.replace(best, name=f'{name} / bfloat16 matmul, best batch', bound=bound)
      )
  return figures


def inference_program(model, clips):
  """(A function that starts an inference and returns its logits, bytes of memory)."""

  def forward(weights, clips):
    logits, _ = model.stateless_call([], weights, clips, training=False)
    return logits

  # Nothing is trained: all weights as those that are not.
  model.trainable = False
  weights = [v.value for v in model.non_trainable_variables]
  compiled = jax.jit(forward).lower(weights, clips).compile()
  return lambda: compiled(weights, clips), _bytes(compiled)


def loss_and_gradients(model, remat=False):
  """A function from (trainable, other variables, clips, labels) to ((loss, others), gradients).

  Args:
    model: an `InceptionI3D`.
    remat: whether only what convolutions give is kept for the gradient.
  """

  def loss(trainable, others, clips, labels):
    logits, others = model.stateless_call(trainable, others, clips, training=True)
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    return jnp.mean(losses), others

  if remat:
    # Around the whole: moving statistics leave as a result, so nothing is updated twice.
    loss = jax.checkpoint(
      loss, policy=lambda operation, *_, **__: operation.name == 'conv_general_dilated'
    )
  return jax.value_and_grad(loss, has_aux=True)


def training_program(model, clips, remat=False):
  """(A function that starts a training step and returns its loss, bytes of memory)."""
  optimizer = keras.optimizers.SGD(1e-6, momentum=0.9)
  optimizer.build(model.trainable_variables)
  gradients = loss_and_gradients(model, remat)

  def step(trainable, others, slots, clips, labels):
    (loss, others), found = gradients(trainable, others, clips, labels)
    trainable, slots = optimizer.stateless_apply(slots, found, trainable)
    return trainable, others, slots, loss

  labels = jnp.arange(clips.shape[0])
  # Copies: the step gives the memory of its arguments to its results.
  state = [
    [jnp.array(v.value) for v in variables]
    for variables in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
  ]
  compiled = jax.jit(step, donate_argnums=(0, 1, 2)).lower(*state, clips, labels).compile()

  def run():
    *state[:], loss = compiled(*state, clips, labels)
    return loss

  return run, _bytes(compiled)


def _bytes(compiled):
  analysis = compiled.memory_analysis()
  return (
    analysis.argument_size_in_bytes
    + analysis.output_size_in_bytes
    - analysis.alias_size_in_bytes
    + analysis.temp_size_in_bytes
  )


def _ceiling(settings):
  size = settings.product
  a = _clips((size, size)).astype(jnp.bfloat16)
  product = jax.jit(lambda a: a @ a)
  return _timed(lambda: product(a), 2 * size**3, settings.seconds)


def _clips(shape):
  return jnp.asarray(np.random.default_rng(0).uniform(-1, 1, shape), jnp.float32)


def _timed(function, count, seconds):
  """A function for `figure.interleaved` that calls another for some time.

  Calls follow each other without waiting, as batches of a training do: how many there
  have to be is found by one that is waited for.
  """

  def run(start):
    rate = figure.interleaved({'one': lambda begin: _calls(begin, function, 1)}, 1)['one']
    calls = max(1, round(seconds * rate.wall[0]))
    return count * _calls(start, function, calls)

  return run


def _calls(start, function, calls):
  start()
  for _ in range(calls):
    result = function()
  jax.block_until_ready(result)
  return calls


def main(_):
  values = flags.FLAGS
  settings = (
    QUICK if values.quick else AcceleratorSettings(frames=values.frames, remat=values.remat)
  )
  device = jax.devices()[0]
  versions = {'device': device.device_kind, 'jax': jax.__version__, 'keras': keras.__version__}
  print(', '.join(f'{key} {value}' for key, value in versions.items()))
  figures = measure(settings)
  print(figure.table({'accelerator': figures}))
  with open(values.output, 'w') as f:
    json.dump(
      {
        'machine': versions,
        'settings': dataclasses.asdict(settings),
        'figures': [{**dataclasses.asdict(f), 'missed': f.missed} for f in figures],
      },
      f,
      indent=1,
    )
  print(f'{values.output}: written')


if __name__ == '__main__':
  flags.DEFINE_integer('frames', AcceleratorSettings.frames, 'Frames of a clip.', lower_bound=9)
  flags.DEFINE_bool('remat', False, 'Training keeps only what convolutions give.')
  flags.DEFINE_bool('quick', False, 'A tiny network and little data: to see that it runs.')
  flags.DEFINE_string('output', 'accelerator.json', 'File to write the figures to, as JSON.')
  app.run(main)
