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

from i3d_tf.model import architecture
from i3d_tf.model import layers


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
    self.dropout = layers.Dropout(dropout, seed=seed)
    self.conv = keras.layers.Conv3D(
      num_classes, 1, kernel_initializer=layers.kernel_initializer(), name='Conv3d_0c_1x1'
    )

  def build(self, input_shape):
    self.conv.build(input_shape)

  def call(self, inputs, training=None):
    extents = tuple(inputs.shape[1:4])
    least = (2, self.pool_size, self.pool_size)
    if any(n is not None and n < m for n, m in zip(extents, least)):
      raise ValueError(
        f'clips must have at least {architecture.MIN_FRAMES} frames, and frames must leave '
        f'{self.pool_size}x{self.pool_size} positions after a stride of {architecture.SPATIAL_STRIDE}; '
        f'received a clip that leaves {extents} (time, height, width)'
      )
    # One axis after the other, as TFLite can: it has no 3-D average pool.
    pooled = layers.pool(ops.average_pool, inputs, (2, self.pool_size), (1, 1), 'valid')
    x = self.conv(self.dropout(pooled, training=training))
    return ops.mean(x, axis=(1, 2, 3))

  def compute_output_shape(self, input_shape):
    return (input_shape[0], self.num_classes)

  def get_config(self):
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

  Input: float [B, T, H, W, channels] in [-1, 1], T >= 9; RGB as pixels / 127.5 - 1,
  flow as pixels of motion clipped to +-20, divided by 20. Output: float32
  [B, num_classes] logits. Frames larger than `frame_size` are allowed: the
  logits are then averaged over positions. The layers are named after the
  original's endpoints (`architecture.ENDPOINTS`).

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

  def __init__(
    self,
    num_classes=400,
    channels=3,
    dropout=0.5,
    frame_size=224,
    width=1.0,
    batch_norm_momentum=0.999,
    seed=None,
    dtype=None,
    name='inception_i3d',
    **kwargs,
  ):
    for what, value, right in (
      ('num_classes', num_classes, num_classes >= 1),
      ('channels', channels, channels >= 1),
      ('dropout', dropout, 0 <= dropout < 1),
      ('frame_size', frame_size, frame_size >= architecture.SPATIAL_STRIDE),
      ('width', width, width > 0),
      ('batch_norm_momentum', batch_norm_momentum, 0 <= batch_norm_momentum < 1),
    ):
      if not right:
        raise ValueError(f'`{what}` is out of range; received {value}')

    policy = keras.dtype_policies.get(dtype) if dtype is not None else (keras.config.dtype_policy())
    inputs = keras.Input((None, None, None, channels), dtype='float32', name='clip')
    x = inputs
    for layer_name, kind, arguments in architecture.LAYERS:
      if kind == 'unit':
        filters, kernel_size, strides = arguments
        layer = layers.Unit3D(
          architecture.scaled_filters(filters, width),
          kernel_size,
          strides,
          batch_norm_momentum,
          dtype=policy,
          name=layer_name,
        )
      elif kind == 'pool':
        layer = layers.MaxPool3D(*arguments, dtype=policy, name=layer_name)
      else:
        layer = layers.Mixed(
          [architecture.scaled_filters(f, width) for f in arguments],
          batch_norm_momentum,
          dtype=policy,
          name=layer_name,
        )
      x = layer(x)
    pool_size = -(-frame_size // architecture.SPATIAL_STRIDE)
    logits = Head(num_classes, pool_size, dropout, seed, name='Logits')(x)
    super().__init__(inputs=inputs, outputs=logits, name=name, **kwargs)

    self.num_classes, self.channels, self.dropout = num_classes, channels, dropout
    self.frame_size, self.width = frame_size, width
    self.batch_norm_momentum, self.seed = batch_norm_momentum, seed
    self._policy = policy
    if seed is not None:
      for number, kernel in enumerate(v for v in self.trainable_variables if v.name == 'kernel'):
        kernel.assign(layers.kernel_initializer(seed * 1000 + number)(kernel.shape))

  def share_batches(self, part):
    """Makes replicas that each train on a part of a batch compute what it gives as a whole.

    Batch norm takes its statistics over all parts, and dropout is drawn for all. It is no
    part of the model's configuration: weights and inference stay as they are.

    Args:
      part: see `layers.Dropout`. On the TensorFlow backend alone, under a `tf.distribute` strategy.
    """
    for layer in self.layers:
      branches = layer.branches if isinstance(layer, layers.Mixed) else [[layer]]
      for unit in sum(branches, []):
        if isinstance(unit, layers.Unit3D):
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
