"""The network for inference: batch norm folded into convolutions, branches that begin alike as one.

Two exact identities. With statistics that stand still, batch norm is a scale and a
shift of every channel: the scale goes into the kernel before it, the shift is its
bias. And three of an Inception block's branches begin with a 1x1x1 convolution of
the same input: one convolution with all their channels, split afterwards. What is
left is convolution, bias, ReLU, pooling: what every backend computes best.

    network = folding.fold(model)                     # InceptionI3D -> keras.Model
    logits = network(clip)
"""

import keras
from keras import ops
import numpy as np

from i3d_tf.model import architecture
from i3d_tf.model import layers


def fold(model, dtype=None):
  """A network with the logits of another in inference, for inference only.

  Args:
    model: an `InceptionI3D`. Its weights are copied: later changes of them do not count.
    dtype: Keras dtype or policy of the new network; None for that of `model`. The
      products of kernels and scales are computed in float64 in any case.

  Returns:
    A `keras.Model` with the inputs, outputs and endpoint names of `model`.
  """
  policy = keras.dtype_policies.get(model.get_config()['dtype'] if dtype is None else dtype)
  inputs = keras.Input(model.input.shape[1:], dtype=model.input.dtype, name='clip')
  x = inputs
  for name, kind, _ in architecture.LAYERS:
    layer = model.get_layer(name)
    if kind == 'unit':
      x = _convolution([layer], policy, name)(x)
    elif kind == 'pool':
      x = _copy(layer, dtype=policy)(x)
    else:
      x = _mixed(layer, policy)(x)
  head = model.get_layer('Logits')
  logits = _copy(head)
  outputs = logits(x)
  logits.conv.set_weights(head.conv.get_weights())
  return keras.Model(inputs, outputs, name=f'{model.name}_folded')


def _convolution(units, policy, name):
  """`Unit3D`s of one input as one convolution with bias and ReLU, their channels in this order."""
  kernels, biases = zip(*map(_folded_weights, units))
  conv = units[0].conv
  folded = layers.Conv3D(
    sum(bias.size for bias in biases),
    conv.kernel_size,
    conv.strides,
    padding='same',
    activation='relu',
    dtype=policy,
    name=name,
  )
  folded.build((None, None, None, None, kernels[0].shape[-2]))
  folded.set_weights([np.concatenate(kernels, axis=-1), np.concatenate(biases)])
  return folded


def _folded_weights(unit):
  """(kernel, bias) of the convolution that does what a `Unit3D` does before its ReLU."""
  norm = unit.batch_norm
  kernel, beta, mean, variance = (
    ops.convert_to_numpy(v).astype(np.float64)
    for v in (unit.conv.kernel, norm.beta, norm.moving_mean, norm.moving_variance)
  )
  scale = 1 / np.sqrt(variance + norm.epsilon)
  return kernel * scale, beta - mean * scale


def _mixed(block, policy):
  """A `Mixed` as a function of its input."""
  starts = [branch[0] for branch in block.branches[:3]]
  channels = [unit.conv.filters for unit in starts]
  together = _convolution(starts, policy, f'{block.name}_Conv3d_0a_1x1')
  ends = [
    _convolution([branch[1]], policy, f'{block.name}_{branch[1].name}')
    for branch in block.branches[1:]
  ]
  pool = _copy(block.branch_3[0], dtype=policy, name=f'{block.name}_{block.branch_3[0].name}')
  joined = keras.layers.Concatenate(dtype=policy, name=block.name)

  def call(x):
    first, second, third = ops.split(together(x), np.cumsum(channels)[:2].tolist(), axis=-1)
    return joined([first, ends[0](second), ends[1](third), ends[2](pool(x))])

  return call


def _copy(layer, **changes):
  return type(layer).from_config({**layer.get_config(), **changes})
