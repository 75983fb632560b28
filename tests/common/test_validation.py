"""Every rejected setting is reported in the same form."""

import re

import pytest

from i3d_tf.common import errors
from i3d_tf.common import validation


def test_accepted_values_pass():
  validation.check('steps', 5, 'at least 1', True)
  validation.check_choice('split', 2, (1, 2, 3))


@pytest.mark.parametrize(
  'value, shown', [(0, '0'), ('0', "'0'"), (None, 'None'), (float('nan'), 'nan')]
)
def test_a_rejected_value_is_quoted(value, shown):
  with pytest.raises(
    errors.UserError, match=f'^`steps` must be at least 1; received {re.escape(shown)}$'
  ):
    validation.check('steps', value, 'at least 1', False)


@pytest.mark.parametrize('value', [4, '1', None])
def test_a_choice_names_all_choices(value):
  with pytest.raises(errors.UserError, match=f'must be one of 1, 2, 3; received {value!r}$'):
    validation.check_choice('split', value, (1, 2, 3))
