"""Every kind of file has a name for every variable of the network."""

import pytest

from i3d_tf import model as model_lib
from i3d_tf import weight_names
from i3d_tf import weights


@pytest.fixture(scope='module')
def variables():
  return set(weights.variables_by_original_name(model_lib.InceptionI3D(5, width=0.125)))


@pytest.mark.parametrize('kind, beside', [
    (weight_names.deepmind('RGB/inception_i3d/'), 'none'),
    (weight_names.deepmind(''), 'none'),
    (weight_names.slim('InceptionV1/'), 'head missing'),
    (weight_names.piergiaj(), 'gamma'),
    (weight_names.hassony(), 'gamma'),
    (weight_names.keras_file(), 'none'),
], ids=['deepmind', 'kinetics-600', 'slim', 'piergiaj', 'hassony', 'keras'])
def test_names_every_variable_once(variables, kind, beside):
  originals = [original for original, _ in kind.names.values()]
  assert len(set(originals)) == len(originals)
  gammas = {name for name in originals if name.endswith('/gamma')}
  assert len(gammas) == (57 if beside == 'gamma' else 0)
  missing = set(weight_names.HEAD) if beside == 'head missing' else set()
  assert set(originals) - gammas == variables - missing
  assert originals[0] == weight_names.CONV1
