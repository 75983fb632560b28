"""The building blocks of I3D: convolutions and pools that are correct in every execution mode.

The layers of DeepMind's kinetics-i3d (`i3d.py`): `Unit3D`, and the Inception block that
occurs nine times, here `Mixed`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import KerasTensor
from keras import ops

from i3d_tf.model import batch_norm

Shape = tuple[int | None, ...]

# To keep the variance, Keras divides a truncated normal's stddev by this: the stddev of a unit
# normal cut at +-2. Sonnet's default initializer, which the original uses, does not.
_TRUNCATED_NORMAL_STDDEV = 0.87962566103423978


def kernel_initializer(seed: int | None = None) -> keras.initializers.Initializer:
  """Truncated normal, stddev 1/sqrt(kt * kh * kw * C_in), cut at two stddevs (Sonnet 1)."""
  return keras.initializers.VarianceScaling(
    scale=_TRUNCATED_NORMAL_STDDEV**2, mode='fan_in', distribution='truncated_normal', seed=seed
  )


@keras.saving.register_keras_serializable('i3d_tf')
class Conv3D(keras.layers.Conv3D):
  """SAME `keras.layers.Conv3D` that is also correct for clips shorter than its kernel.

  oneDNN's bfloat16 filter gradient is wrong (1e37, inf) if the input has 2 time steps under a
  kernel of 3, as in Mixed_5b and Mixed_5c for clips of 9 to 16 frames. The fix appends zeros in
  time, which SAME padding reads there anyway: with stride 1, the first outputs do not change,
  and the others are cut off.
  """

  def call(self, inputs: KerasTensor) -> KerasTensor:
    """Convolves [B, T, H, W, C]."""
    # If unknown while tracing, the number of time steps may be as low as 1.
    frames = 1 if inputs.shape[1] is None else inputs.shape[1]
    missing = self.kernel_size[0] - frames
    # SAME pads strided windows according to the extent, so appended zeros would move them. They
    # are not needed: the only strided convolution of I3D is the first, which gets 9 frames or more.
    if (
      missing <= 0
      or self.strides != (1, 1, 1)
      or keras.backend.standardize_dtype(inputs.dtype) != 'bfloat16'
    ):
      return super().call(inputs)
    # Not ops.pad: TensorFlow's remapper tries to fuse it, fails and logs errors.
    zeros = ops.repeat(ops.zeros_like(inputs[:, :1]), missing, axis=1)
    frames = ops.shape(inputs)[1]
    return super().call(ops.concatenate([inputs, zeros], axis=1))[:, :frames]


def pool(
  operation: Callable[..., KerasTensor],
  x: KerasTensor,
  window: Sequence[int],
  strides: Sequence[int],
  padding: str,
) -> KerasTensor:
  """Pools over height and width, then over time; a maximum or an average allows this.

  Args:
    operation: `ops.max_pool` or `ops.average_pool`.
    x: [B, T, H, W, C].
    window: (time, height and width) extent of the window.
    strides: (time, height and width) stride.
    padding: 'same' or 'valid'.

  Returns:
    [B, t, h, w, C].
  """
  channels = x.shape[-1]
  (time_window, space_window), (time_stride, space_stride) = window, strides
  if (space_window, space_stride) != (1, 1):
    batch, time, height, width, _ = ops.shape(x)
    x = ops.reshape(x, (-1, height, width, channels))
    x = operation(x, space_window, space_stride, padding, 'channels_last')
    _, height, width, _ = ops.shape(x)
    x = ops.reshape(x, (batch, time, height, width, channels))
  if (time_window, time_stride) != (1, 1):
    batch, time, height, width, _ = ops.shape(x)
    x = ops.reshape(x, (batch, time, height * width, channels))
    x = operation(x, (time_window, 1), (time_stride, 1), padding, 'channels_last')
    x = ops.reshape(x, (batch, -1, height, width, channels))
  return x


@keras.saving.register_keras_serializable('i3d_tf')
class MaxPool3D(keras.layers.Layer):
  """SAME max pooling over height and width, then over time.

  A maximum is separable, so the output equals that of `keras.layers.MaxPooling3D`. The gradient
  is correct in every execution mode, unlike that of TensorFlow's MaxPool3DGrad, which gives each
  of several tied maxima the full gradient (eagerly, or without oneDNN). Ties are the rule after
  a ReLU.

  Args:
    window: (time, height and width) extent of the window.
    strides: (time, height and width) stride.
  """

  def __init__(self, window: Sequence[int], strides: Sequence[int], **kwargs: Any) -> None:
    super().__init__(**kwargs)
    self.window = tuple(window)
    self.strides = tuple(strides)

  def call(self, inputs: KerasTensor) -> KerasTensor:
    """Pools [B, T, H, W, C]."""
    return pool(ops.max_pool, inputs, self.window, self.strides, 'same')

  def compute_output_shape(self, input_shape: Shape) -> Shape:
    """Computes the output shape from [B, T, H, W, C]."""
    batch, *extents, channels = input_shape
    strides = (self.strides[0], self.strides[1], self.strides[1])
    pooled = [n if n is None else -(-n // s) for n, s in zip(extents, strides)]
    return (batch, *pooled, channels)

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {**super().get_config(), 'window': self.window, 'strides': self.strides}


@keras.saving.register_keras_serializable('i3d_tf')
class Unit3D(keras.layers.Layer):
  """Convolution without bias, batch norm without scale, ReLU: `Unit3D` of the original.

  Args:
    filters: output channels.
    kernel_size: cubic extent of the kernel.
    strides: stride in time, height and width.
    batch_norm_momentum: decay of the moving statistics.
  """

  def __init__(
    self,
    filters: int,
    kernel_size: int = 1,
    strides: int = 1,
    batch_norm_momentum: float = 0.999,
    **kwargs: Any,
  ) -> None:
    super().__init__(**kwargs)
    self.conv = Conv3D(
      filters,
      kernel_size,
      strides,
      padding='same',
      use_bias=False,
      kernel_initializer=kernel_initializer(),
      dtype=self.dtype_policy,
      name='conv_3d',
    )
    self.batch_norm = batch_norm.BatchNorm(
      momentum=batch_norm_momentum,
      epsilon=1e-3,
      scale=False,
      dtype=self.dtype_policy,
      name='batch_norm',
    )

  def build(self, input_shape: Shape) -> None:
    """Creates the variables."""
    self.conv.build(input_shape)
    self.batch_norm.build(self.conv.compute_output_shape(input_shape))

  def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
    """Computes [B, t, h, w, filters] from [B, T, H, W, C]."""
    return ops.relu(self.batch_norm(self.conv(inputs), training=training))

  def compute_output_shape(self, input_shape: Shape) -> Shape:
    """Computes the output shape from [B, T, H, W, C]."""
    return self.conv.compute_output_shape(input_shape)

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'filters': self.conv.filters,
      'kernel_size': self.conv.kernel_size[0],
      'strides': self.conv.strides[0],
      'batch_norm_momentum': self.batch_norm.momentum,
    }


@keras.saving.register_keras_serializable('i3d_tf')
class Mixed(keras.layers.Layer):
  """An Inception block: four branches, concatenated.

  Args:
    filters: six channel numbers, in the order of `architecture.LAYERS`.
    batch_norm_momentum: decay of the moving statistics.

  Raises:
    ValueError: `filters` does not have six numbers.
  """

  def __init__(
    self, filters: Sequence[int], batch_norm_momentum: float = 0.999, **kwargs: Any
  ) -> None:
    super().__init__(**kwargs)
    if len(filters) != 6:
      raise ValueError(f'`filters` must be six channel numbers; received {filters}')
    self.filters = tuple(filters)
    self.batch_norm_momentum = batch_norm_momentum

    def unit(branch: int, name: str, channels: int, kernel_size: int) -> Unit3D:
      return Unit3D(
        channels,
        kernel_size,
        batch_norm_momentum=batch_norm_momentum,
        dtype=self.dtype_policy,
        name=f'Branch_{branch}_{name}',
      )

    f = self.filters
    self.branch_0 = [unit(0, 'Conv3d_0a_1x1', f[0], 1)]
    self.branch_1 = [unit(1, 'Conv3d_0a_1x1', f[1], 1), unit(1, 'Conv3d_0b_3x3', f[2], 3)]
    self.branch_2 = [unit(2, 'Conv3d_0a_1x1', f[3], 1), unit(2, 'Conv3d_0b_3x3', f[4], 3)]
    self.branch_3: list[keras.layers.Layer] = [
      MaxPool3D((3, 3), (1, 1), dtype=self.dtype_policy, name='Branch_3_MaxPool3d_0a_3x3'),
      unit(3, 'Conv3d_0b_1x1', f[5], 1),
    ]

  @property
  def branches(self) -> list[list[keras.layers.Layer]]:
    """The layers of the four branches, each in order."""
    return [self.branch_0, self.branch_1, self.branch_2, self.branch_3]

  def build(self, input_shape: Shape) -> None:
    """Creates the variables."""
    for branch in self.branches:
      shape = input_shape
      for layer in branch:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)

  def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
    """Computes [B, T, H, W, sum of the branches' channels] from [B, T, H, W, C]."""
    outputs = []
    for branch in self.branches:
      x = inputs
      for layer in branch:
        x = layer(x, training=training) if isinstance(layer, Unit3D) else layer(x)
      outputs.append(x)
    return ops.concatenate(outputs, axis=-1)

  def compute_output_shape(self, input_shape: Shape) -> Shape:
    """Computes the output shape from [B, T, H, W, C]."""
    f = self.filters
    return (*input_shape[:-1], f[0] + f[2] + f[4] + f[5])

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments of the constructor."""
    return {
      **super().get_config(),
      'filters': self.filters,
      'batch_norm_momentum': self.batch_norm_momentum,
    }


class Dropout(keras.layers.Dropout):
  """`keras.layers.Dropout` that drops the same features however a batch is split over replicas.

  Attributes:
    replica_index: None; or, if each replica gets an equal share of the batch, a function without
      arguments that returns (index of this replica, number of replicas). The mask is then drawn
      for the entire batch, as on one device, and each replica applies its share.
  """

  replica_index: Callable[[], tuple[Any, int]] | None = None

  def call(self, inputs: KerasTensor, training: bool = False) -> KerasTensor:
    """Drops features of [B, ...] in training."""
    if self.replica_index is None or not training or not self.rate:
      return super().call(inputs, training=training)
    replica, num_replicas = self.replica_index()
    share = ops.shape(inputs)[0]
    batch = ops.ones((share * num_replicas, *ops.shape(inputs)[1:]), inputs.dtype)
    factors = keras.random.dropout(batch, self.rate, seed=self.seed_generator)
    return inputs * factors[replica * share : (replica + 1) * share]
