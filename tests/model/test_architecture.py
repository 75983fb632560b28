"""The table of layers, the scaling of its channels, and which imports the table needs."""

import subprocess
import sys

import numpy as np
import pytest

from i3d_tf.model import architecture

# Output channels of all convolutions but the head's, at width 1.
_FILTERS = [
  n
  for _, kind, row in architecture.LAYERS
  if kind != 'pool'
  for n in (row if kind == 'mixed' else row[:1])
]


def _scaled(width):
  """(channels at width 1, channels at a width) of each convolution."""
  return [(n, architecture.scaled_filters(n, width)) for n in _FILTERS]


def test_layers_have_the_channels_of_inception_v1():
  assert len(_FILTERS) == 57
  assert architecture.ENDPOINTS[0] == 'Conv3d_1a_7x7' and architecture.ENDPOINTS[-1] == 'Logits'
  outputs = [r[0] + r[2] + r[4] + r[5] for _, kind, r in architecture.LAYERS if kind == 'mixed']
  assert outputs == [256, 480, 512, 512, 512, 528, 832, 832, 1024]


def test_strides_multiply_to_spatial_stride():
  strides = [
    row[2] if kind == 'unit' else row[1][1]
    for _, kind, row in architecture.LAYERS
    if kind != 'mixed'
  ]
  assert np.prod(strides) == architecture.SPATIAL_STRIDE


@pytest.mark.parametrize(
  'filters, width, expected',
  [
    (64, 1, 64),
    (64, 0.5, 32),
    (64, 0.125, 8),
    (16, 0.125, 8),  # 2, but never fewer than 8
    (96, 0.3, 32),  # 28.8
    (208, 0.25, 48),  # 52: 6.5 multiples round to the even 6
    (64, 2, 128),
  ],
)
def test_scaled_filters_are_multiples_of_8(filters, width, expected):
  assert architecture.scaled_filters(filters, width) == expected


@pytest.mark.parametrize('width', [*np.arange(1, 301) / 100, 4, 7.5, 0.001, 0.0625, 0.123, 1.2345])
def test_width_of_inverts_scaled_filters(width):
  inferred = architecture.width_of(_scaled(width))
  assert inferred is not None
  assert _scaled(inferred) == _scaled(width)
  assert len(str(inferred)) <= len(str(float(width)))  # the fewest decimals


@pytest.mark.parametrize('width', [0.1, 0.125, 0.25, 0.3, 0.5, 0.75, 1, 1.5, 2, 3])
def test_width_of_common_widths_is_exact(width):
  assert architecture.width_of(_scaled(width)) == width


@pytest.mark.parametrize(
  'index, channels',
  [
    (0, 72),  # one multiple more than all other layers say
    (0, 56),
    (56, 8),
    (20, 512),
    (0, 60),  # no multiple of 8
    (0, 4),
    (0, 0),
  ],
)
def test_width_of_is_none_without_common_factor(index, channels):
  filters = _scaled(1)
  filters[index] = (filters[index][0], channels)
  assert architecture.width_of(filters) is None


def test_width_of_smallest_network_is_positive():
  width = architecture.width_of([(n, 8) for n in _FILTERS])
  assert width is not None and width > 0
  assert {n for _, n in _scaled(width)} == {8}


@pytest.mark.parametrize(
  'module', ['i3d_tf.model', 'i3d_tf.model.architecture', 'i3d_tf.weights.published.label_maps']
)
def test_importing_data_does_not_import_keras(module):
  program = (
    f'import sys, {module}\nprint(sorted({{"keras", "tensorflow", "h5py"}} & set(sys.modules)))'
  )
  done = subprocess.run(
    [sys.executable, '-c', program], capture_output=True, text=True, check=False
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.strip() == '[]'


def test_packages_export_their_main_names_lazily():
  from i3d_tf import model
  from i3d_tf import weights
  from i3d_tf.model import inception_i3d
  from i3d_tf.weights import assign
  from i3d_tf.weights import readers

  assert model.InceptionI3D is inception_i3d.InceptionI3D
  assert weights.load is assign.load and weights.read is readers.read
  with pytest.raises(AttributeError, match=r"'i3d_tf\.model' has no attribute 'I3D'"):
    model.I3D  # noqa: B018
