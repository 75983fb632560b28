"""Variables of a file to weights: all of them, with the scale of batch norm folded, or an error."""

import numpy as np
import pytest

from i3d_tf.weights import arrays
from i3d_tf.weights import formats
from i3d_tf.weights import translate
from i3d_tf.weights import variable_names

_KERNEL, _BETA, _MEAN, _VARIANCE, _GAMMA = 'kbmvg'


def _unchanged(array):
  return array


# A network of one unit and a head.
_UNIT = 'Conv3d_1a_7x7'
_FORMAT = formats.CheckpointFormat(
  'A file',
  {
    _KERNEL: (f'{_UNIT}/conv_3d/w', _unchanged),
    _BETA: (f'{_UNIT}/batch_norm/beta', _unchanged),
    _MEAN: (f'{_UNIT}/batch_norm/moving_mean', _unchanged),
    _VARIANCE: (f'{_UNIT}/batch_norm/moving_variance', _unchanged),
    _GAMMA: (f'{_UNIT}/batch_norm/gamma', _unchanged),
    'hw': (variable_names.HEAD[0], _unchanged),
    'hb': (variable_names.HEAD[1], _unchanged),
  },
  lambda name: 'slots' if name.startswith('slot') else None,
)


def _variables(**changes):
  variables = {
    _KERNEL: np.arange(1.0, 5.0).reshape(1, 1, 1, 2, 2),
    _BETA: np.array([1.0, 2.0]),
    _MEAN: np.array([3.0, 4.0]),
    _VARIANCE: np.array([5.0, 6.0]),
    _GAMMA: np.ones(2),
    'hw': np.ones((1, 1, 1, 2, 3)),
    'hb': np.ones(3),
    **changes,
  }
  return {name: array for name, array in variables.items() if array is not None}


def _translate(**changes):
  variables = _variables(**changes)
  return translate.translate('a.pt', _FORMAT, variables, variables.get)


def test_translate_returns_float32_by_original_name():
  weights = _translate(slot=np.zeros(1))
  assert weights.path == 'a.pt' and weights.kind == 'A file' and not weights.of_images
  assert weights.num_classes == 3 and weights.channels == 2
  assert weights.ignored == ('slots',)
  assert {array.dtype for array in weights.arrays.values()} == {np.dtype('float32')}
  assert not any('gamma' in name for name in weights.arrays)
  np.testing.assert_array_equal(weights.arrays[f'{_UNIT}/batch_norm/moving_mean'], [3, 4])


def test_translate_counts_ignored_variables():
  assert _translate(slot1=1, slot2=2).ignored == ('slots (2 variables)',)
  assert _translate().ignored == ()


def test_translate_folds_gamma_into_kernel_and_mean():
  weights = _translate(g=np.array([2.0, 0.5])).arrays
  np.testing.assert_array_equal(
    weights[f'{_UNIT}/conv_3d/w'], np.array([[2, 1], [6, 2]]).reshape(1, 1, 1, 2, 2)
  )
  np.testing.assert_array_equal(weights[f'{_UNIT}/batch_norm/moving_mean'], [6, 2])
  np.testing.assert_array_equal(weights[f'{_UNIT}/batch_norm/moving_variance'], [5, 6])
  np.testing.assert_array_equal(weights[f'{_UNIT}/batch_norm/beta'], [1, 2])


def test_translate_allows_a_missing_head_but_not_half_of_it():
  assert _translate(hw=None, hb=None).num_classes is None
  with pytest.raises(arrays.WeightsError, match=r'a\.pt: A file lacks hb$'):
    _translate(hb=None)


@pytest.mark.parametrize(
  'changes, message',
  [
    ({'b': None, 'v': None}, 'a.pt: A file lacks b, v'),
    ({'x': np.zeros(1)}, 'a.pt: A file has variables that I3D lacks: x'),
    ({'b': np.array(['a', 'b'])}, 'a.pt: expected numbers in b; found <U1'),
    ({'b': np.array([1 + 1j, 0])}, 'a.pt: expected numbers in b; found complex128'),
    ({'b': np.zeros((2, 2))}, 'a.pt: b has the unexpected shape (2, 2)'),
    ({'k': np.zeros(3)}, 'a.pt: k has the unexpected shape (3,)'),
    ({'b': np.array([np.nan, np.inf])}, 'a.pt: expected finite numbers; b holds 2 that are not'),
  ],
)
def test_translate_rejects_wrong_variables(changes, message):
  with pytest.raises(arrays.WeightsError) as error:
    _translate(**changes)
  assert str(error.value) == message
