"""Counts the network's arithmetic: the multiply-adds of its convolutions, layer by layer.

A convolution is counted in full, as if the zero padding were data, like
most published numbers; for 64 frames of 224 pixels, that is 6% more than needs computing.
Batch norm, ReLU and pooling, which are under 1%, are not counted.
"""

from collections.abc import Sequence
import math
from typing import Any

from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.model import layers


def convolutions(model: Any, clip_shape: Sequence[int], endpoint: str = 'Logits') -> list[int]:
  """Counts the multiply-adds of each convolution for one batch.

  Args:
    model: an `InceptionI3D`.
    clip_shape: the shape of its input, (B, T, H, W, channels).
    endpoint: the last layer to count, one of `architecture.ENDPOINTS`.

  Returns:
    One number per convolution in the order of the network, the logits' last.
  """
  found, shape = [], tuple(clip_shape)
  names = (*(row[0] for row in architecture.LAYERS), 'Logits')
  for name in names[: names.index(endpoint) + 1]:
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


def _of_convolution(conv: Any, shape: Sequence[int]) -> int:
  """The multiply-adds of a convolution layer for an input shape."""
  return math.prod(conv.compute_output_shape(shape)) * math.prod(conv.kernel_size) * shape[-1]


def inference(model: Any, clip_shape: Sequence[int]) -> int:
  """Floating-point operations of one inference: two per multiply-add."""
  return 2 * sum(convolutions(model, clip_shape))


def training_step(model: Any, clip_shape: Sequence[int], freeze: str | None = None) -> int:
  """Floating-point operations of one training step.

  Three times those of inference (outputs, gradients of the kernels, gradients of the inputs),
  except that the gradient of the first layer's input is not needed, and that frozen layers have
  no gradients.

  Args:
    model: an `InceptionI3D`.
    clip_shape: the shape of its input, (B, T, H, W, channels).
    freeze: the last layer that is frozen, one of `architecture.BELOW_LOGITS`; None if none is.
  """
  counts = convolutions(model, clip_shape)
  if freeze is None:
    return 2 * (3 * sum(counts) - counts[0])
  return 2 * (3 * sum(counts) - 2 * sum(convolutions(model, clip_shape, freeze)))
