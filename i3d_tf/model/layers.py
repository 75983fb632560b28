"""What I3D is built of: convolutions and pools that are right in every execution mode.

The layers of DeepMind's kinetics-i3d (`i3d.py`): `Unit3D`, and the Inception block that
is repeated nine times, here `Mixed`.
"""

import keras
from keras import ops

from i3d_tf.model import batch_norm

# Keras divides a truncated normal's stddev by this, the stddev of a unit normal
# cut at +-2, to keep the variance. Sonnet's default initialiser, which the
# original uses, does not.
_TRUNCATED_NORMAL_STDDEV = 0.87962566103423978


def kernel_initializer(seed=None):
  """Truncated normal, stddev 1/sqrt(kt * kh * kw * C_in), cut at two stddevs (Sonnet 1)."""
  return keras.initializers.VarianceScaling(
    scale=_TRUNCATED_NORMAL_STDDEV**2, mode='fan_in', distribution='truncated_normal', seed=seed
  )


@keras.saving.register_keras_serializable('i3d_tf')
class Conv3D(keras.layers.Conv3D):
  """SAME `keras.layers.Conv3D` that is also right for clips shorter than its kernel.

  oneDNN's bfloat16 filter gradient is garbage (1e37, inf) where the input has 2
  time steps under a kernel of 3, which is what Mixed_5b and 5c see of clips of
  9 to 16 frames. Zeros appended in time are what SAME padding reads there
  anyway, so with stride 1 the first outputs stay what they were; the rest is
  cut off.
  """

  def call(self, inputs):
    # Unknown while tracing, the number of time steps may be as low as 1.
    frames = 1 if inputs.shape[1] is None else inputs.shape[1]
    missing = self.kernel_size[0] - frames
    # SAME pads strided windows by extent, where appended zeros would move them:
    # not needed, since I3D's one strided layer is its first, which sees 9 frames.
    if (
      missing <= 0
      or self.strides != (1, 1, 1)
      or keras.backend.standardize_dtype(inputs.dtype) != 'bfloat16'
    ):
      return super().call(inputs)
    # Not ops.pad: TensorFlow's remapper tries to fuse it, fails and complains.
    zeros = ops.repeat(ops.zeros_like(inputs[:, :1]), missing, axis=1)
    frames = ops.shape(inputs)[1]
    return super().call(ops.concatenate([inputs, zeros], axis=1))[:, :frames]


def pool(operation, x, window, strides, padding):
  """Pools over height and width, then over time: the same for a maximum and for an average.

  Args:
    operation: `ops.max_pool` or `ops.average_pool`.
    x: [B, T, H, W, C].
    window: (time, height and width) extent of the window.
    strides: (time, height and width) stride.
    padding: 'same' or 'valid'.
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
  """SAME max pooling over time, height and width, one after the other.

  A maximum is separable, so this equals `keras.layers.MaxPooling3D` in its
  output. Its gradient is the right one in every execution mode: TensorFlow's
  MaxPool3DGrad hands every tied maximum the whole gradient (eagerly, or
  without oneDNN), and after a ReLU ties are the rule.

  Args:
    window: (time, height and width) extent of the window.
    strides: (time, height and width) stride.
  """

  def __init__(self, window, strides, **kwargs):
    super().__init__(**kwargs)
    self.window = tuple(window)
    self.strides = tuple(strides)

  def call(self, inputs):
    return pool(ops.max_pool, inputs, self.window, self.strides, 'same')

  def compute_output_shape(self, input_shape):
    batch, time, height, width, channels = input_shape
    strides = (self.strides[0], self.strides[1], self.strides[1])
    pooled = [n if n is None else -(-n // s) for n, s in zip((time, height, width), strides)]
    return (batch, *pooled, channels)

  def get_config(self):
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

  def __init__(self, filters, kernel_size=1, strides=1, batch_norm_momentum=0.999, **kwargs):
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

  def build(self, input_shape):
    self.conv.build(input_shape)
    self.batch_norm.build(self.conv.compute_output_shape(input_shape))

  def call(self, inputs, training=None):
    return ops.relu(self.batch_norm(self.conv(inputs), training=training))

  def compute_output_shape(self, input_shape):
    return self.conv.compute_output_shape(input_shape)

  def get_config(self):
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

  `branches[b]` is the list of layers of the original's `Branch_b`.

  Args:
    filters: six channel numbers, ordered as in `model.LAYERS`.
    batch_norm_momentum: decay of the moving statistics.
  """

  def __init__(self, filters, batch_norm_momentum=0.999, **kwargs):
    super().__init__(**kwargs)
    if len(filters) != 6:
      raise ValueError(f'`filters` must be six channel numbers; received {filters}')
    self.filters = tuple(filters)
    self.batch_norm_momentum = batch_norm_momentum

    def unit(branch, name, channels, kernel_size):
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
    self.branch_3 = [
      MaxPool3D((3, 3), (1, 1), dtype=self.dtype_policy, name='Branch_3_MaxPool3d_0a_3x3'),
      unit(3, 'Conv3d_0b_1x1', f[5], 1),
    ]

  @property
  def branches(self):
    return [self.branch_0, self.branch_1, self.branch_2, self.branch_3]

  def build(self, input_shape):
    for branch in self.branches:
      shape = input_shape
      for layer in branch:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)

  def call(self, inputs, training=None):
    outputs = []
    for branch in self.branches:
      x = inputs
      for layer in branch:
        x = layer(x, training=training) if isinstance(layer, Unit3D) else layer(x)
      outputs.append(x)
    return ops.concatenate(outputs, axis=-1)

  def compute_output_shape(self, input_shape):
    f = self.filters
    return (*input_shape[:-1], f[0] + f[2] + f[4] + f[5])

  def get_config(self):
    return {
      **super().get_config(),
      'filters': self.filters,
      'batch_norm_momentum': self.batch_norm_momentum,
    }


class Dropout(keras.layers.Dropout):
  """`keras.layers.Dropout` that can tell the part of a batch that it sees from the whole.

  Attributes:
    part: None; or, where every replica sees a part of the batch, a function without
      arguments to (number of this part, number of parts). What is dropped is then drawn
      for the whole batch, as one device would.
  """

  part = None

  def call(self, inputs, training=False):
    if self.part is None or not training or not self.rate:
      return super().call(inputs, training=training)
    number, parts = self.part()
    count = ops.shape(inputs)[0]
    whole = ops.ones((count * parts, *ops.shape(inputs)[1:]), inputs.dtype)
    factors = keras.random.dropout(whole, self.rate, seed=self.seed_generator)
    return inputs * factors[number * count : (number + 1) * count]
