"""Batch norm that trains with one fused kernel where the backend has a good one."""

import keras
from keras import KerasTensor
from keras import ops


@keras.saving.register_keras_serializable('i3d_tf')
class BatchNorm(keras.layers.BatchNormalization):
  """`keras.layers.BatchNormalization` over the last axis that trains faster on TensorFlow.

  Function, variables and moving statistics (of the biased variance) are those of Keras. Keras
  trains with about ten elementwise operations in each direction, all in float32. TensorFlow's
  fused kernel takes a few passes over the data, in the data's own dtype with float32 sums, and
  includes the ReLU that follows. The kernel is made for images, so the positions of a volume are
  laid out as one row. Statistics over several replicas (`synchronized`) are left to Keras.
  """

  def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
    """Normalizes [..., C], with the batch's statistics in training."""
    if not (training and self.trainable) or self.synchronized or not _has_fused_kernel():
      return super().call(inputs, training=training)
    import tensorflow as tf  # Not at the top: only this backend has it.

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


def _has_fused_kernel() -> bool:
  """Whether to use the fused kernel: on TensorFlow, but not under XLA.

  XLA expands the kernel less exactly (E[x^2] - E[x]^2), and fuses Keras's operations itself.
  """
  if keras.backend.backend() != 'tensorflow':
    return False
  import tensorflow as tf
  from tensorflow.python.ops import control_flow_util

  return tf.executing_eagerly() or not control_flow_util.GraphOrParentsInXlaContext(
    tf.compat.v1.get_default_graph()
  )
