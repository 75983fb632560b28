"""The I3D network: Inception-v1 inflated to three dimensions.

Carreira and Zisserman, "Quo Vadis, Action Recognition? A New Model and the
Kinetics Dataset", CVPR 2017, as DeepMind's kinetics-i3d publishes it. Keras
only: the network runs on every Keras backend.

    model = InceptionI3D(num_classes=400)
    logits = model(clip)                              # [B, T, 224, 224, 3] in [-1, 1]
    features = keras.Model(model.input, model.get_layer('Mixed_5c').output)
"""

import keras
from keras import ops

from i3d_tf import batch_norm as batch_norm_lib

# Each row is an endpoint, in the order and by the name of the original.
#   unit: (output channels, kernel, stride), both cubic
#   pool: (window, stride) as (time, height and width)
#   mixed: channels of (branch 0; reduce and 3x3x3 of branch 1; the same of
#     branch 2; branch 3), the numbers of Inception-v1
LAYERS = (
    ('Conv3d_1a_7x7', 'unit', (64, 7, 2)),
    ('MaxPool3d_2a_3x3', 'pool', ((1, 3), (1, 2))),
    ('Conv3d_2b_1x1', 'unit', (64, 1, 1)),
    ('Conv3d_2c_3x3', 'unit', (192, 3, 1)),
    ('MaxPool3d_3a_3x3', 'pool', ((1, 3), (1, 2))),
    ('Mixed_3b', 'mixed', (64, 96, 128, 16, 32, 32)),
    ('Mixed_3c', 'mixed', (128, 128, 192, 32, 96, 64)),
    ('MaxPool3d_4a_3x3', 'pool', ((3, 3), (2, 2))),
    ('Mixed_4b', 'mixed', (192, 96, 208, 16, 48, 64)),
    ('Mixed_4c', 'mixed', (160, 112, 224, 24, 64, 64)),
    ('Mixed_4d', 'mixed', (128, 128, 256, 24, 64, 64)),
    ('Mixed_4e', 'mixed', (112, 144, 288, 32, 64, 64)),
    ('Mixed_4f', 'mixed', (256, 160, 320, 32, 128, 128)),
    ('MaxPool3d_5a_2x2', 'pool', ((2, 2), (2, 2))),
    ('Mixed_5b', 'mixed', (256, 160, 320, 32, 128, 128)),
    ('Mixed_5c', 'mixed', (384, 192, 384, 48, 128, 128)),
)
ENDPOINTS = tuple(name for name, _, _ in LAYERS) + ('Logits',)
MIN_FRAMES = 9  # fewer leave the head's average pool less than its 2 time steps
SPATIAL_STRIDE = 32  # frame pixels per pixel of Mixed_5c

# Keras divides a truncated normal's stddev by this, the stddev of a unit normal
# cut at +-2, to keep the variance. Sonnet's default initialiser, which the
# original uses, does not.
_TRUNCATED_NORMAL_STDDEV = 0.87962566103423978


def _kernel_initializer(seed=None):
  """Truncated normal, stddev 1/sqrt(kt * kh * kw * C_in), cut at two stddevs (Sonnet 1)."""
  return keras.initializers.VarianceScaling(
      scale=_TRUNCATED_NORMAL_STDDEV ** 2, mode='fan_in', distribution='truncated_normal',
      seed=seed)


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
    if (missing <= 0 or self.strides != (1, 1, 1)
        or keras.backend.standardize_dtype(inputs.dtype) != 'bfloat16'):
      return super().call(inputs)
    # Not ops.pad: TensorFlow's remapper tries to fuse it, fails and complains.
    zeros = ops.repeat(ops.zeros_like(inputs[:, :1]), missing, axis=1)
    frames = ops.shape(inputs)[1]
    return super().call(ops.concatenate([inputs, zeros], axis=1))[:, :frames]


def _pool(pool, x, window, strides, padding):
  """Pools over height and width, then over time: the same for a maximum and for an average.

  Args:
    pool: `ops.max_pool` or `ops.average_pool`.
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
    x = pool(x, space_window, space_stride, padding, 'channels_last')
    _, height, width, _ = ops.shape(x)
    x = ops.reshape(x, (batch, time, height, width, channels))
  if (time_window, time_stride) != (1, 1):
    batch, time, height, width, _ = ops.shape(x)
    x = ops.reshape(x, (batch, time, height * width, channels))
    x = pool(x, (time_window, 1), (time_stride, 1), padding, 'channels_last')
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
    return _pool(ops.max_pool, inputs, self.window, self.strides, 'same')

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
        filters, kernel_size, strides, padding='same', use_bias=False,
        kernel_initializer=_kernel_initializer(), dtype=self.dtype_policy, name='conv_3d')
    self.batch_norm = batch_norm_lib.BatchNorm(
        momentum=batch_norm_momentum, epsilon=1e-3, scale=False,
        dtype=self.dtype_policy, name='batch_norm')

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
    filters: six channel numbers, ordered as in `LAYERS`.
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
          channels, kernel_size, batch_norm_momentum=batch_norm_momentum,
          dtype=self.dtype_policy, name=f'Branch_{branch}_{name}')

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
    return {**super().get_config(), 'filters': self.filters,
            'batch_norm_momentum': self.batch_norm_momentum}


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
    return inputs * factors[number * count:(number + 1) * count]


@keras.saving.register_keras_serializable('i3d_tf')
class Head(keras.layers.Layer):
  """Average pool, dropout, 1x1x1 convolution with bias, mean over all positions.

  Computes in float32 whatever the precision of the network below it.

  Args:
    num_classes: number of logits.
    pool_size: height and width of the average pool; its time extent is 2.
    dropout: share of features set to zero in training.
    seed: seed of the dropout, or None for a random one.
  """

  def __init__(self, num_classes, pool_size=7, dropout=0.5, seed=None, **kwargs):
    super().__init__(**{**kwargs, 'dtype': 'float32'})
    self.num_classes, self.pool_size, self.seed = num_classes, pool_size, seed
    self.dropout = Dropout(dropout, seed=seed)
    self.conv = keras.layers.Conv3D(
        num_classes, 1, kernel_initializer=_kernel_initializer(), name='Conv3d_0c_1x1')

  def build(self, input_shape):
    self.conv.build(input_shape)

  def call(self, inputs, training=None):
    extents = tuple(inputs.shape[1:4])
    least = (2, self.pool_size, self.pool_size)
    if any(n is not None and n < m for n, m in zip(extents, least)):
      raise ValueError(
          f'clips must have at least {MIN_FRAMES} frames, and frames must leave '
          f'{self.pool_size}x{self.pool_size} positions after a stride of {SPATIAL_STRIDE}; '
          f'received a clip that leaves {extents} (time, height, width)')
    # One axis after the other, as TFLite can: it has no 3-D average pool.
    pooled = _pool(ops.average_pool, inputs, (2, self.pool_size), (1, 1), 'valid')
    x = self.conv(self.dropout(pooled, training=training))
    return ops.mean(x, axis=(1, 2, 3))

  def compute_output_shape(self, input_shape):
    return (input_shape[0], self.num_classes)

  def get_config(self):
    return {**super().get_config(), 'num_classes': self.num_classes, 'pool_size': self.pool_size,
            'dropout': self.dropout.rate, 'seed': self.seed}


@keras.saving.register_keras_serializable('i3d_tf')
class InceptionI3D(keras.Model):
  """I3D: a `keras.Model` from clips to logits.

  Input: float [B, T, H, W, channels] in [-1, 1], T >= 9; RGB as pixels / 127.5 - 1,
  flow as pixels of motion clipped to +-20, divided by 20. Output: float32
  [B, num_classes] logits. Frames larger than `frame_size` are allowed: the
  logits are then averaged over positions. The layers are named after the
  original's endpoints (`ENDPOINTS`).

  Args:
    num_classes: number of logits; 400 for Kinetics-400.
    channels: 3 for RGB, 2 for flow.
    dropout: share of the pooled features set to zero in training; the original
      trains with 0.5.
    frame_size: height and width in pixels of the frames that the head's average
      pool covers; 224 in the original, which makes it 7x7.
    width: factor on the number of channels of every layer, rounded to multiples
      of 8; 1 is the original. Small demos use less.
    batch_norm_momentum: decay of the moving statistics; 0.999 in the original.
      Short trainings need less, or the statistics never leave their start.
    seed: seed of the initial weights and the dropout; None for random ones.
    dtype: Keras dtype or policy; None for the global policy.
    name: name of the model.

  Raises:
    ValueError: an argument is out of its range.
  """

  def __init__(self, num_classes=400, channels=3, dropout=0.5, frame_size=224, width=1.0,
               batch_norm_momentum=0.999, seed=None, dtype=None, name='inception_i3d', **kwargs):
    for what, value, right in (
        ('num_classes', num_classes, num_classes >= 1),
        ('channels', channels, channels >= 1),
        ('dropout', dropout, 0 <= dropout < 1),
        ('frame_size', frame_size, frame_size >= SPATIAL_STRIDE),
        ('width', width, width > 0),
        ('batch_norm_momentum', batch_norm_momentum, 0 <= batch_norm_momentum < 1),
    ):
      if not right:
        raise ValueError(f'`{what}` is out of range; received {value}')

    def scaled(filters):
      return filters if width == 1 else max(8, round(filters * width / 8) * 8)

    policy = keras.dtype_policies.get(dtype) if dtype is not None else (
        keras.config.dtype_policy())
    inputs = keras.Input((None, None, None, channels), dtype='float32', name='clip')
    x = inputs
    for layer_name, kind, arguments in LAYERS:
      if kind == 'unit':
        filters, kernel_size, strides = arguments
        layer = Unit3D(scaled(filters), kernel_size, strides, batch_norm_momentum,
                       dtype=policy, name=layer_name)
      elif kind == 'pool':
        layer = MaxPool3D(*arguments, dtype=policy, name=layer_name)
      else:
        layer = Mixed([scaled(f) for f in arguments], batch_norm_momentum,
                      dtype=policy, name=layer_name)
      x = layer(x)
    pool_size = -(-frame_size // SPATIAL_STRIDE)
    logits = Head(num_classes, pool_size, dropout, seed, name='Logits')(x)
    super().__init__(inputs=inputs, outputs=logits, name=name, **kwargs)

    self.num_classes, self.channels, self.dropout = num_classes, channels, dropout
    self.frame_size, self.width = frame_size, width
    self.batch_norm_momentum, self.seed = batch_norm_momentum, seed
    self._policy = policy
    if seed is not None:
      for number, kernel in enumerate(v for v in self.trainable_variables if v.name == 'kernel'):
        kernel.assign(_kernel_initializer(seed * 1000 + number)(kernel.shape))

  def share_batches(self, part):
    """Makes replicas that each train on a part of a batch compute what it gives as a whole.

    Batch norm takes its statistics over all parts, and dropout is drawn for all. It is no
    part of the model's configuration: weights and inference stay as they are.

    Args:
      part: see `Dropout`. On the TensorFlow backend alone, under a `tf.distribute` strategy.
    """
    for layer in self.layers:
      branches = layer.branches if isinstance(layer, Mixed) else [[layer]]
      for unit in sum(branches, []):
        if isinstance(unit, Unit3D):
          unit.batch_norm.synchronized = True
    self.get_layer('Logits').dropout.part = part

  def get_config(self):
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
  def from_config(cls, config, custom_objects=None):
    return cls(**config)
