"""Batch norm in training as one kernel, where the backend has a good one."""

import keras
from keras import ops


@keras.saving.register_keras_serializable('i3d_tf')
class BatchNorm(keras.layers.BatchNormalization):
  """`keras.layers.BatchNormalization` over the last axis, faster in training on TensorFlow.

  The same function, variables and moving statistics (of the biased variance). Keras
  computes it by some ten elementwise operations, forwards and backwards, in
  float32; TensorFlow's fused kernel passes over the data a few times, in the
  data's own type with float32 sums, and takes the ReLU behind it along. It is
  for pictures, so the positions of a volume are laid out as one row. Statistics over
  several replicas (`synchronized`) are Keras's.
  """

  def call(self, inputs, training=None):
    if not (training and self.trainable) or self.synchronized or not _has_fused_kernel():
      return super().call(inputs, training=training)
    import tensorflow as tf  # pylint: disable=g-import-not-at-top; this backend's only

    channels = inputs.shape[-1]
    row = ops.reshape(inputs, (1, -1, 1, channels))
    gamma = ops.ones((channels,)) if self.gamma is None else ops.convert_to_tensor(self.gamma)
    beta = ops.zeros((channels,)) if self.beta is None else ops.convert_to_tensor(self.beta)
    normalized, mean, unbiased_variance, *_ = tf.raw_ops.FusedBatchNormV3(
      x=row, scale=gamma, offset=beta, mean=[], variance=[], epsilon=self.epsilon
    )
    positions = ops.cast(ops.shape(row)[1], 'float32')
    statistics = (
      (self.moving_mean, mean),
      (self.moving_variance, unbiased_variance * (positions - 1) / positions),
    )
    for moving, current in statistics:
      moving.assign(moving * self.momentum + current * (1 - self.momentum))
    return ops.reshape(normalized, ops.shape(inputs))


def _has_fused_kernel():
  """TensorFlow has. XLA expands it, less exactly (E[x^2] - E[x]^2), and fuses Keras's own."""
  if keras.backend.backend() != 'tensorflow':
    return False
  import tensorflow as tf  # pylint: disable=g-import-not-at-top
  from tensorflow.python.ops import control_flow_util  # pylint: disable=g-import-not-at-top

  return tf.executing_eagerly() or not control_flow_util.GraphOrParentsInXlaContext(
    tf.compat.v1.get_default_graph()
  )
