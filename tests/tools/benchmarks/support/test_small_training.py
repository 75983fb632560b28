"""Commands run as processes: their exit status and errors are reported."""

import pytest

from tools.benchmarks.support import small_training


def test_a_command_that_ends_as_expected_is_accepted(tmp_path):
  small_training.check_ended(small_training.start(str(tmp_path), 'this'), str(tmp_path))
  assert (tmp_path / 'stderr').read_text() == ''


def test_the_error_of_a_command_is_shown(tmp_path):
  process = small_training.start(str(tmp_path), 'i3d_tf.train', '--steps=0')
  with pytest.raises(RuntimeError, match=r'expected exit status 0; received 2: .*`steps` must be'):
    small_training.check_ended(process, str(tmp_path))
  process = small_training.start(str(tmp_path), 'i3d_tf.train', '--steps=0')
  small_training.check_ended(process, str(tmp_path), status=2)
