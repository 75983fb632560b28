"""Weights that are randomised from the top down, and given back."""

import numpy as np
import pytest

from i3d_tf.attribution import randomized
from i3d_tf.model import inception_i3d


@pytest.fixture(scope='module')
def model():
  return inception_i3d.InceptionI3D(3, dropout=0.0, frame_size=32, width=0.125, seed=1)


def values(model):
  return {variable.path: np.array(variable) for variable in model.variables}


def test_stages_go_from_the_logits_to_the_first_layer(model):
  found = randomized.stages(model)
  assert found[0] == 'Logits' and found[-1] == 'Conv3d_1a_7x7' and len(found) == 5
  names = [layer.name for layer in model.layers]
  assert [names.index(name) for name in found] == sorted(map(names.index, found), reverse=True)


def test_all_layers_above_are_randomised_and_none_below(model):
  before = values(model)
  with randomized.restored(model):
    randomized.randomize(model, 'Mixed_5b', 7)
    after = values(model)
    changed = {path.split('/')[0] for path in after if (after[path] != before[path]).any()}
    assert changed == {'Mixed_5b', 'Mixed_5c', 'Logits'}
    kernels = [path for path in after if path.endswith('kernel') and path.startswith('Mixed_5')]
    assert all((after[path] != before[path]).mean() > 0.9 for path in kernels)
  for path, value in values(model).items():
    np.testing.assert_array_equal(value, before[path])


def test_a_layer_has_the_same_random_weights_at_every_stage(model):
  drawn = []
  with randomized.restored(model):
    for stage, seed in (('Mixed_5c', 0), ('Conv3d_1a_7x7', 0), ('Mixed_5c', 1)):
      randomized.randomize(model, stage, seed)
      drawn.append(np.array(model.get_layer('Mixed_5c').branch_0[0].conv.kernel))
  np.testing.assert_array_equal(drawn[0], drawn[1])
  assert (drawn[0] != drawn[2]).mean() > 0.9


def test_offsets_and_statistics_are_those_of_the_start(model):
  with randomized.restored(model):
    layer = model.get_layer('Mixed_5c').branch_0[0].batch_norm
    layer.moving_variance.assign(layer.moving_variance * 0 + 5)
    layer.beta.assign(layer.beta * 0 + 5)
    randomized.randomize(model, 'Mixed_5c', 0)
    assert set(np.array(layer.moving_variance)) == {1} and set(np.array(layer.beta)) == {0}


def test_weights_are_given_back_after_an_error(model):
  before = values(model)
  with pytest.raises(KeyError), randomized.restored(model):
    randomized.randomize(model, 'Conv3d_1a_7x7', 0)
    raise KeyError
  for path, value in values(model).items():
    np.testing.assert_array_equal(value, before[path])
