"""The I3D network: Inception-v1 inflated to three dimensions.

Carreira and Zisserman, "Quo Vadis, Action Recognition? A New Model and the
Kinetics Dataset", CVPR 2017, as published in DeepMind's kinetics-i3d. It needs
only Keras and runs on every Keras backend.

Example:

    model = InceptionI3D(num_classes=400)
    logits = model(clip)                              # [B, T, 224, 224, 3] in [-1, 1]
    features = keras.Model(model.input, model.get_layer('Mixed_5c').output)
"""

from collections.abc import Callable
from typing import Any
import warnings

import keras
from keras import KerasTensor
from keras import ops

from i3d_tf.common import validation
from i3d_tf.model import architecture
from i3d_tf.model import bfloat16
from i3d_tf.model import layers
from i3d_tf.model import tensor_float


@keras.saving.register_keras_serializable('i3d_tf')
class Head(keras.layers.Layer):
  """Average pool, dropout, 1x1x1 convolution with bias, mean over all positions.

  Computes in float32 regardless of the precision of the network below it.

  Args:
    num_classes: number of logits.
    pool_size: height and width of the average pool; its time extent is 2.
    dropout: fraction of features set to zero in training.
    seed: seed of the dropout, or None for a random one.
  """

  def __init__(
    self,
    num_classes: int,
    pool_size: int = 7,
    dropout: float = 0.5,
    seed: int | None = None,
    **kwargs: Any,
  ) -> None:
    super().__init__(**{**kwargs, 'dtype': 'float32'})
    self.num_classes, self.pool_size, self.seed = num_classes, pool_size, seed
    self.dropout = layers.Dropout(dropout, seed=seed)
    self.conv = keras.layers.Conv3D(
      num_classes, 1, kernel_initializer=layers.kernel_initializer(), name='Conv3d_0c_1x1'
    )

  def build(self, input_shape: layers.Shape) -> None:
    """Creates the variables."""
    self.conv.build(input_shape)

  def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
    """Computes logits [B, num_classes] from features [B, t, h, w, C].

    Raises:
      ValueError: the features are smaller than the average pool.
    """
    extents = tuple(inputs.shape[1:4])
    least = (2, self.pool_size, self.pool_size)
    if any(n is not None and n < m for n, m in zip(extents, least)):
      raise ValueError(
        f'clips must have at least {architecture.MIN_FRAMES} frames, and frames must leave '
        f'{self.pool_size}x{self.pool_size} positions after a stride of '
        f'{architecture.SPATIAL_STRIDE}; '
        f'received a clip that leaves {extents} (time, height, width)'
      )
    # TFLite has no 3-D average pool, so this pools over space, then over time.
    pooled = layers.pool(ops.average_pool, inputs, (2, self.pool_size), (1, 1), 'valid')
    x = self.conv(self.dropout(pooled, training=training))
    return ops.mean(x, axis=(1, 2, 3))

  def compute_output_shape(self, input_shape: layers.Shape) -> layers.Shape:
    """Computes the shape of the logits."""
    return (input_shape[0], self.num_classes)

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'num_classes': self.num_classes,
      'pool_size': self.pool_size,
      'dropout': self.dropout.rate,
      'seed': self.seed,
    }


@keras.saving.register_keras_serializable('i3d_tf')
class InceptionI3D(keras.Model):
  """I3D: a `keras.Model` from clips to logits.

  Input: float [B, T, H, W, channels] in [-1, 1], T >= 9. RGB is pixels / 127.5 - 1; flow is
  motion in pixels, clipped to +-20 and divided by 20. Output: float32 logits [B, num_classes].
  Frames may be larger than `frame_size`: the logits are then averaged over positions. The layers
  have the names of the original's endpoints (`architecture.ENDPOINTS`). The first network of a
  process makes GPUs compute float32 in full (`tensor_float`).

  Args:
    num_classes: number of logits; 400 for Kinetics-400.
    channels: 3 for RGB, 2 for flow.
    dropout: fraction of the pooled features set to zero in training; the original
      trains with 0.5.
    frame_size: height and width in pixels of the frames that the head's average
      pool covers; 224 in the original, which makes the pool 7x7.
    width: factor on the number of channels of every layer, rounded to multiples
      of 8; 1 is the original. Small demos use less.
    batch_norm_momentum: decay of the moving statistics; 0.999 in the original.
      Short trainings need less, or the statistics stay near their initial values.
    seed: seed of the initial weights and the dropout; None for random ones.
    dtype: Keras dtype or policy; None for the global policy.
    name: name of the model.
    **kwargs: passed to `keras.Model`.

  Raises:
    UserError: an argument is out of range.
  """

  def __init__(
    self,
    num_classes: int = 400,
    channels: int = 3,
    dropout: float = 0.5,
    frame_size: int = 224,
    width: float = 1.0,
    batch_norm_momentum: float = 0.999,
    seed: int | None = None,
    dtype: str | keras.dtype_policies.DTypePolicy | None = None,
    name: str = 'inception_i3d',
    **kwargs: Any,
  ) -> None:
    validation.check('num_classes', num_classes, 'at least 1', num_classes >= 1)
    validation.check('channels', channels, 'at least 1', channels >= 1)
    validation.check('dropout', dropout, 'in [0, 1)', 0 <= dropout < 1)
    stride = architecture.SPATIAL_STRIDE
    validation.check('frame_size', frame_size, f'at least {stride}', frame_size >= stride)
    validation.check('width', width, 'positive', width > 0)
    momentum = batch_norm_momentum
    validation.check('batch_norm_momentum', momentum, 'in [0, 1)', 0 <= momentum < 1)

    # === Functional model ===
    policy = keras.config.dtype_policy() if dtype is None else keras.dtype_policies.get(dtype)
    _warn_if_slow(policy.compute_dtype)
    tensor_float.turn_off()
    inputs = keras.Input((None, None, None, channels), dtype='float32', name='clip')
    x = inputs
    for layer_name, kind, arguments in architecture.LAYERS:
      x = _layer(layer_name, kind, arguments, width=width, momentum=momentum, policy=policy)(x)
    pool_size = -(-frame_size // stride)
    logits = Head(num_classes, pool_size, dropout, seed, name='Logits')(x)
    super().__init__(inputs=inputs, outputs=logits, name=name, **kwargs)

    # === Config ===
    self.num_classes, self.channels, self.dropout = num_classes, channels, dropout
    self.frame_size, self.width = frame_size, width
    self.batch_norm_momentum, self.seed = batch_norm_momentum, seed
    self._policy = policy
    if seed is not None:
      kernels = [v for v in self.trainable_variables if v.name == 'kernel']
      for number, kernel in enumerate(kernels):
        kernel.assign(layers.kernel_initializer(seed * 1000 + number)(kernel.shape))

  def freeze(self, endpoint: str) -> None:
    """Keeps the layers up to an endpoint as they are: kernels, offsets and batch statistics.

    In training they compute as in inference, and nothing is computed backwards through them.
    This is not part of the model's config: weights and inference do not change.

    Args:
      endpoint: the last layer that is kept, one of `architecture.BELOW_LOGITS`.

    Raises:
      UserError: there is no such endpoint.
    """
    validation.check_choice('endpoint', endpoint, architecture.BELOW_LOGITS)
    last = architecture.BELOW_LOGITS.index(endpoint)
    for layer in self.layers:
      if layer.name in architecture.BELOW_LOGITS[: last + 1]:
        layer.trainable = False

  def share_batches(self, replica_index: Callable[[], tuple[Any, int]]) -> None:
    """Makes replicas that share a batch compute what one device computes from all of it.

    Batch norm takes its statistics over all replicas, and dropout is drawn for the entire batch.
    This is not part of the model's config: weights and inference do not change.

    Args:
      replica_index: see `layers.Dropout`. Only for the TensorFlow backend, under a
        `tf.distribute` strategy.
    """
    for layer in self.layers:
      branches = layer.branches if isinstance(layer, layers.Mixed) else [[layer]]
      for unit in (unit for branch in branches for unit in branch):
        if isinstance(unit, layers.Unit3D):
          unit.batch_norm.synchronized = True
    self.get_layer('Logits').dropout.replica_index = replica_index

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      'num_classes': self.num_classes,
      'channels': self.channels,
      'dropout': self.dropout,
      'frame_size': self.frame_size,
      'width': self.width,
      'batch_norm_momentum': self.batch_norm_momentum,
      'seed': self.seed,
      'dtype': self._policy.name,
      'name': self.name,
    }

  @classmethod
  def from_config(
    cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
  ) -> 'InceptionI3D':
    """Builds a network from `get_config`."""
    del custom_objects  # Part of the Keras signature.
    return cls(**config)


def _warn_if_slow(compute_dtype: str) -> None:
  """Warns of what bfloat16 costs on a processor that lacks it, once in a process."""
  backend, gpus = keras.backend.backend(), 0
  if backend == 'tensorflow':
    import tensorflow as tf  # which Keras has imported; other backends may run without

    gpus = len(tf.config.list_physical_devices('GPU'))
  line = bfloat16.warning(compute_dtype, backend, gpus)
  if line is not None:
    warnings.warn(line, RuntimeWarning, stacklevel=2)


def _layer(
  name: str,
  kind: str,
  arguments: tuple[Any, ...],
  *,
  width: float,
  momentum: float,
  policy: keras.dtype_policies.DTypePolicy,
) -> keras.layers.Layer:
  """Creates the layer of a row of `architecture.LAYERS`."""
  if kind == 'unit':
    filters, kernel_size, strides = arguments
    filters = architecture.scaled_filters(filters, width)
    return layers.Unit3D(filters, kernel_size, strides, momentum, dtype=policy, name=name)
  if kind == 'pool':
    return layers.MaxPool3D(*arguments, dtype=policy, name=name)
  channels = [architecture.scaled_filters(filters, width) for filters in arguments]
  return layers.Mixed(channels, momentum, dtype=policy, name=name)
