"""Every kind of file has a name for every variable of the network."""

import pytest

from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign
from i3d_tf.weights import variable_names


@pytest.fixture(scope='module')
def variables():
  return set(assign.variables_by_original_name(inception_i3d.InceptionI3D(5, width=0.125)))


@pytest.mark.parametrize(
  'kind, beside',
  [
    (variable_names.deepmind('RGB/inception_i3d/'), 'none'),
    (variable_names.deepmind(''), 'none'),
    (variable_names.slim('InceptionV1/'), 'head missing'),
    (variable_names.piergiaj(), 'gamma'),
    (variable_names.hassony(), 'gamma'),
    (variable_names.keras_file(), 'none'),
  ],
  ids=['deepmind', 'kinetics-600', 'slim', 'piergiaj', 'hassony', 'keras'],
)
def test_names_every_variable_once(variables, kind, beside):
  originals = [original for original, _ in kind.names.values()]
  assert len(set(originals)) == len(originals)
  gammas = {name for name in originals if name.endswith('/gamma')}
  assert len(gammas) == (57 if beside == 'gamma' else 0)
  missing = set(variable_names.HEAD) if beside == 'head missing' else set()
  assert set(originals) - gammas == variables - missing
  assert originals[0] == variable_names.CONV1
