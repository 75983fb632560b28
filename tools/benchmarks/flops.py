"""How much arithmetic the network is: the multiply-adds of its convolutions, layer by layer.

Keras only. A convolution is counted in full, as if the zeros that pad its borders were data,
which is how published numbers are mostly counted (and 6% more than what has to be computed for
64 frames of 224 pixels). Batch norm, ReLU and pooling, under 1%, are not counted.
"""

import math

from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.model import layers


def convolutions(model, clip_shape):
  """Multiply-adds of each convolution of a network for one batch, in the network's order.

  Args:
    model: an `InceptionI3D`.
    clip_shape: (B, T, H, W, channels) of what it is given.

  Returns:
    A list of integers; the first is the first layer's, the last the logits'.
  """
  found, shape = [], tuple(clip_shape)
  for name in architecture.ENDPOINTS:
    layer = model.get_layer(name)
    if isinstance(layer, layers.Unit3D):
      found.append(_of_convolution(layer.conv, shape))
    elif isinstance(layer, layers.Mixed):
      for branch in layer.branches:
        inside = shape
        for part in branch:
          if isinstance(part, layers.Unit3D):
            found.append(_of_convolution(part.conv, inside))
          inside = part.compute_output_shape(inside)
    elif isinstance(layer, inception_i3d.Head):
      batch, time, height, width, channels = shape
      pooled = (batch, time - 1, height - layer.pool_size + 1, width - layer.pool_size + 1)
      found.append(_of_convolution(layer.conv, (*pooled, channels)))
    shape = layer.compute_output_shape(shape)
  return found


def _of_convolution(conv, shape):
  return math.prod(conv.compute_output_shape(shape)) * math.prod(conv.kernel_size) * shape[-1]


def inference(model, clip_shape):
  """Floating-point operations of one inference: two a multiply-add."""
  return 2 * sum(convolutions(model, clip_shape))


def training_step(model, clip_shape):
  """Floating-point operations of one training step.

  Three times inference's (outputs, gradients of the kernels, gradients of the inputs), but
  for the first layer, the gradient of whose input nobody asks for.
  """
  counts = convolutions(model, clip_shape)
  return 2 * (3 * sum(counts) - counts[0])
