"""What weights say about their network: channels, classes, width."""

import numpy as np
import pytest

from i3d_tf.model import architecture
from i3d_tf.weights import arrays
from i3d_tf.weights import variable_names


def _weights(width=1.0, channels=3, **changes):
  """Weights of a network of a width without a head, with the output channels of some changed."""
  tensors = {
    name: np.zeros((1, 1, 1, channels, architecture.scaled_filters(filters, width)), np.float32)
    for name, filters in variable_names.kernels().items()
  }
  for name, count in changes.items():
    tensors[name] = np.zeros((1, 1, 1, channels, count), np.float32)
  return arrays.Weights('a.ckpt', 'a checkpoint', tensors)


@pytest.mark.parametrize('width', [0.1, 0.125, 0.25, 0.3, 0.5, 0.75, 1, 1.25, 2, 3])
def test_width_is_inferred_from_channels(width):
  weights = _weights(width)
  assert weights.width == width
  assert weights.has_width(width) and not weights.has_width(width * 1.5)


def test_has_width_accepts_all_widths_of_the_same_network():
  weights = _weights(0.01)
  assert weights.width == 0.01 and weights.has_width(0.02) and weights.has_width(0.001)


@pytest.mark.parametrize(
  'name, count',
  [
    ('Conv3d_1a_7x7/conv_3d/w', 72),
    ('Mixed_4f/Branch_1/Conv3d_0b_3x3/conv_3d/w', 8),
    ('Mixed_5c/Branch_3/Conv3d_0b_1x1/conv_3d/w', 127),
  ],
)
def test_width_is_none_without_common_factor(name, count):
  weights = _weights(**{name: count})
  assert weights.width is None
  assert not weights.has_width(1)


@pytest.mark.parametrize('channels', [2, 3, 4])
def test_channels_are_those_of_the_first_kernel(channels):
  assert _weights(channels=channels).channels == channels


def test_num_classes_is_the_length_of_the_bias():
  assert _weights().num_classes is None
  bias = {variable_names.HEAD[1]: np.zeros(7, np.float32)}
  assert arrays.Weights('a.ckpt', 'a checkpoint', bias).num_classes == 7
