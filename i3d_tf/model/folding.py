"""The network for inference: batch norm folded into convolutions, equal inputs convolved at once.

Both steps are exact identities. With fixed statistics, batch norm scales and shifts each channel:
the scale moves into the kernel of the convolution before it, and the shift becomes its bias. Three
branches of an Inception block begin with a 1x1x1 convolution of the same input: they become one
convolution whose channels are split afterwards. What remains is convolution, bias, ReLU and
pooling, which every backend computes best.

Example:

    network = folding.fold(model)                     # InceptionI3D -> keras.Model
    logits = network(clip)
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import keras
from keras import KerasTensor
from keras import ops
import numpy as np

from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.model import layers

Policy: TypeAlias = keras.dtype_policies.DTypePolicy


def fold(
  model: inception_i3d.InceptionI3D, dtype: str | Policy | None = None, endpoint: str = 'Logits'
) -> keras.Model:
  """Builds a network for inference with the same logits as `model`.

  Args:
    model: the network to fold. Its weights are copied, so later changes to them have no effect.
    dtype: Keras dtype or policy of the new network; None for that of `model`. The
      products of kernels and scales are computed in float64 in any case.
    endpoint: the last layer of the new network, one of `architecture.ENDPOINTS`.

  Returns:
    A `keras.Model` with the inputs and endpoint names of `model`, and its outputs at `endpoint`.
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
    if name == endpoint:
      return keras.Model(inputs, x, name=f'{model.name}_folded')
  head = model.get_layer('Logits')
  logits = _copy(head)
  outputs = logits(x)
  logits.conv.set_weights(head.conv.get_weights())
  return keras.Model(inputs, outputs, name=f'{model.name}_folded')


def _convolution(units: Sequence[layers.Unit3D], policy: Policy, name: str) -> layers.Conv3D:
  """Merges units with the same input into one convolution with bias and ReLU.

  The output channels of the units are concatenated in the order of `units`.
  """
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


def _folded_weights(unit: layers.Unit3D) -> tuple[np.ndarray, np.ndarray]:
  """Computes a convolution equal to a unit up to its ReLU.

  Returns:
    float64 kernel [kt, kh, kw, in, out] and bias [out].
  """
  norm = unit.batch_norm
  kernel, beta, mean, variance = (
    ops.convert_to_numpy(v).astype(np.float64)
    for v in (unit.conv.kernel, norm.beta, norm.moving_mean, norm.moving_variance)
  )
  scale = 1 / np.sqrt(variance + norm.epsilon)
  return kernel * scale, beta - mean * scale


def _mixed(block: layers.Mixed, policy: Policy) -> Callable[[KerasTensor], KerasTensor]:
  """Folds an Inception block into a function of its input."""
  starts = [branch[0] for branch in block.branches[:3]]
  channels = [unit.conv.filters for unit in starts]
  merged = _convolution(starts, policy, f'{block.name}_Conv3d_0a_1x1')
  ends = [
    _convolution([branch[1]], policy, f'{block.name}_{branch[1].name}')
    for branch in block.branches[1:]
  ]
  pool = _copy(block.branch_3[0], dtype=policy, name=f'{block.name}_{block.branch_3[0].name}')
  concatenate = keras.layers.Concatenate(dtype=policy, name=block.name)

  def call(x: KerasTensor) -> KerasTensor:
    first, second, third = ops.split(merged(x), np.cumsum(channels)[:2].tolist(), axis=-1)
    return concatenate([first, ends[0](second), ends[1](third), ends[2](pool(x))])

  return call


def _copy(layer: keras.layers.Layer, **changes: object) -> keras.layers.Layer:
  """Copies a layer, without its weights, with some entries of its config changed."""
  return type(layer).from_config({**layer.get_config(), **changes})
