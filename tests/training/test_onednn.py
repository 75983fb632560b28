"""The warning of users who turn oneDNN off."""

import pytest

from i3d_tf.training import onednn
from tests import commands


@pytest.mark.parametrize(
  'value, warned', [('0', 1), ('False', 1), ('1', 0), ('true', 0), (None, 0)]
)
def test_only_what_turns_onednn_off_is_warned_of(value, warned):
  line = onednn.warning({} if value is None else {onednn.VARIABLE: value})
  assert (line is not None) == warned
  if line is not None:
    assert f'TF_ENABLE_ONEDNN_OPTS={value}' in line and 'fifty times as long' in line
    assert '\n' not in line


@pytest.mark.parametrize('module', ['i3d_tf.train', 'i3d_tf.reproduce'])
@pytest.mark.parametrize('value, lines', [('0', 1), ('1', 0)])
def test_commands_that_train_warn_once(module, value, lines, tmp_path, monkeypatch):
  monkeypatch.setenv(onednn.VARIABLE, value)
  (tmp_path / 'records').mkdir()
  _, err = commands.run(module, '--records=records', cwd=tmp_path, status=2)
  assert err.count('turns oneDNN off') == lines


def test_a_command_that_does_not_train_does_not_warn(tmp_path, monkeypatch):
  monkeypatch.setenv(onednn.VARIABLE, '0')
  _, err = commands.run('i3d_tf.evaluate', '--run_dir=run', cwd=tmp_path, status=2)
  assert 'oneDNN' not in err
