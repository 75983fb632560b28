"""The original names of the variables follow from the table of layers."""

from i3d_tf.weights import assign
from i3d_tf.weights import variable_names
from tests import checkpoints


def test_units_are_all_convolutions_with_batch_norm():
  units = list(variable_names.units())
  assert len(units) == len(set(units)) == 57
  assert units[:2] == [('Conv3d_1a_7x7', ''), ('Conv3d_2b_1x1', '')]
  assert units[-1] == ('Mixed_5c', 'Branch_3/Conv3d_0b_1x1')


def test_original_keeps_the_typo_of_the_published_graphs():
  original = variable_names.original
  assert original('Conv3d_1a_7x7', '') == 'Conv3d_1a_7x7'
  assert original('Mixed_5b', 'Branch_2/Conv3d_0b_3x3') == 'Mixed_5b/Branch_2/Conv3d_0a_3x3'
  assert original('Mixed_5c', 'Branch_2/Conv3d_0b_3x3') == 'Mixed_5c/Branch_2/Conv3d_0b_3x3'


def test_kernels_have_the_output_channels_of_the_network():
  variables = assign.variables_by_original_name(checkpoints.narrow(width=1.0))
  expected = {
    name: variable.shape[-1]
    for name, variable in variables.items()
    if name.endswith('/w') and name not in variable_names.HEAD
  }
  assert variable_names.kernels() == expected
