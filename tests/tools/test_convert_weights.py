"""The command that converts weights; tests/weights/test_convert.py converts some."""

from tests import commands


def test_command_reports_an_error_in_one_line(tmp_path):
  message = commands.error(
    'tools.convert_weights', '--weights=gone.ckpt', '--output=a.keras', cwd=tmp_path
  )
  assert message.startswith('gone.ckpt: expected weights (--weights): a file, a TensorFlow')


def test_help_describes_the_command(tmp_path):
  out, _ = commands.run('tools.convert_weights', '--help', cwd=tmp_path, status=1)
  assert 'Converts published I3D weights to a Keras file' in out and '--new_head' in out
