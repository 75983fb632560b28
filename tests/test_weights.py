"""Which variable is which in DeepMind's checkpoints."""

import os

import pytest

from i3d_tf import model as model_lib
from i3d_tf import weights
from tests import fakes

_CHECKPOINTS = {  # index: (channels, classes, scope)
    'index_rgb_imagenet.txt': (3, 400, 'RGB/inception_i3d/'),
    'index_flow_imagenet.txt': (2, 400, 'Flow/inception_i3d/'),
    'index_rgb_scratch_kin600.txt': (3, 600, ''),
}


@pytest.mark.parametrize('index', list(_CHECKPOINTS))
def test_names_every_variable_of_the_published_checkpoints(index):
  channels, classes, scope = _CHECKPOINTS[index]
  expected = {}
  with open(os.path.join(fakes.shared('reference'), index)) as f:
    for line in f:
      if not line.startswith('#'):
        name, _, shape = line.split('\t')[:3]
        shape = tuple(int(n) for n in shape.strip('()').split(',') if n.strip())
        if '/Momentum' not in name and name.startswith(scope):
          while '/batch_norm/' in name and len(shape) > 1:
            shape = shape[1:]
          expected[name.removeprefix(scope)] = shape
  model = model_lib.InceptionI3D(classes, channels)
  actual = {name: tuple(v.shape) for name, v in weights.variables_by_original_name(model).items()}
  assert actual == expected


def test_names_every_variable_of_the_model_once():
  model = model_lib.InceptionI3D(5, width=0.125)
  named = [v.path for v in weights.variables_by_original_name(model).values()]
  states = [v.path for v in model.variables if v.name == 'seed_generator_state']
  assert sorted(named + states) == sorted(v.path for v in model.variables)
  assert len(set(named)) == len(named) == 230
