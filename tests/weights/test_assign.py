"""Weights in networks: all variables or none, and what the message reports."""

import keras
import pytest

from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from tests import checkpoints


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Checkpoints rgb/model.ckpt, of 5 classes, and headless/model.ckpt."""
  folder = tmp_path_factory.mktemp('checkpoints')
  variables = checkpoints.published(checkpoints.narrow(seed=1), 'RGB/inception_i3d/')
  checkpoints.save(folder / 'rgb/model.ckpt', variables)
  headless = {name: value for name, value in variables.items() if 'Logits' not in name}
  checkpoints.save(folder / 'headless/model.ckpt', headless)
  return folder


def test_variables_by_original_name_has_every_variable_once():
  model = checkpoints.narrow()
  named = [v.path for v in assign.variables_by_original_name(model).values()]
  states = [v.path for v in model.variables if v.name == 'seed_generator_state']
  assert sorted(named + states) == sorted(v.path for v in model.variables)
  assert len(set(named)) == len(named) == 230


def test_load_with_new_head_keeps_logits_of_model(tmp_path):
  source, model = checkpoints.narrow(5, seed=1), checkpoints.narrow(101, seed=2)
  prefix = checkpoints.save(
    tmp_path / 'model.ckpt', checkpoints.published(source, 'RGB/inception_i3d/')
  )
  before = checkpoints.values(model)
  summary = assign.load(model, prefix, new_head=True)
  assert "228 of the network's 230" in summary and 'not taken: its logits' in summary
  after = checkpoints.values(model)
  head = {name for name in before if name.startswith('Logits')}
  checkpoints.assert_equal(after, before, head)
  checkpoints.assert_equal(after, checkpoints.values(source), set(after) - head)


@pytest.mark.parametrize(
  'arguments, message',
  [
    ({'channels': 2}, 'its first convolution takes 3 channels, rgb; expected 2 channels, flow'),
    (
      {'num_classes': 7},
      'has 5 classes; expected 7. To train 7 new classes, pass new_head (--new_head)',
    ),
    (
      {'width': 0.25},
      'Conv3d_1a_7x7/conv_3d/w has the shape (7, 7, 7, 3, 8); expected '
      '(7, 7, 7, 3, 16) and 197 more like it. '
      'Published weights fit a network of width 1',
    ),
  ],
)
def test_load_rejects_weights_of_other_networks_with_reason(folder, arguments, message):
  model = checkpoints.narrow(**arguments)
  before = checkpoints.values(model)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(model, folder / 'rgb/model.ckpt')
  assert message in str(e.value)
  checkpoints.assert_equal(checkpoints.values(model), before)


def test_load_into_headless_network_needs_new_head(folder):
  model = checkpoints.narrow()
  features = keras.Model(model.input, model.get_layer('Mixed_5c').output)
  with pytest.raises(arrays.WeightsError, match='the network has no Logits/Conv3d_0c_1x1'):
    assign.load(features, folder / 'rgb/model.ckpt')
  assert "228 of the network's 228" in assign.load(
    features, folder / 'rgb/model.ckpt', new_head=True
  )


def test_load_takes_headless_file_with_new_head(folder):
  assert "228 of the network's 230" in assign.load(
    checkpoints.narrow(), folder / 'headless', new_head=True
  )
