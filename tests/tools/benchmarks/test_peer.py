"""The comparison with a PyTorch I3D: what is compared, and nothing without one."""

import os
import sys

import pytest

from tests import shallow
from tools.benchmarks import peer

# A "Python" that answers like pytorch_peer, always with one second.
_PYTHON = """#!{python}
import sys
assert sys.argv[1].endswith('pytorch_peer.py') and sys.argv[2] == 'port.py'
print('9.9', flush=True)
for line in sys.stdin:
  print({answer}, flush=True)
"""


def _python(folder, answer):
  path = folder / 'python'
  path.write_text(_PYTHON.format(python=sys.executable, answer=answer))
  os.chmod(path, 0o755)
  return str(path)


def test_nothing_is_measured_without_a_port(monkeypatch):
  monkeypatch.delenv('PYTORCH_I3D', raising=False)
  assert not list(peer.measure())


def test_figures_are_the_speed_relative_to_the_peer(monkeypatch, tmp_path):
  monkeypatch.setenv('PYTORCH_I3D', 'port.py')
  monkeypatch.setenv('PYTORCH_PYTHON', _python(tmp_path, '1.0'))
  with shallow.network():
    figures = list(peer.measure(quick=True, bfloat16_too=True))
  assert [f.name.split(':')[0] for f in figures] == [
    'float32',
    'float32 channels last',
    'float32 channels last, ours folded',
    'training',
    'bfloat16',
  ]
  for figure in figures:
    ours, theirs = (float(word.split()[0]) for word in figure.note.split(' and '))
    assert theirs == 1 and figure.value == pytest.approx(1 / ours, rel=0.01)
    assert 'PyTorch 9.9' in figure.how
  assert '(2, 16, 64, 64, 3)' in figures[3].how


def test_bfloat16_is_not_measured_where_it_is_slow(monkeypatch, tmp_path):
  monkeypatch.setenv('PYTORCH_I3D', 'port.py')
  monkeypatch.setenv('PYTORCH_PYTHON', _python(tmp_path, '1.0'))
  monkeypatch.setattr('i3d_tf.model.bfloat16.is_slow', lambda: True)
  with shallow.network():
    figures = list(peer.measure(quick=True))
  assert len(figures) == 4 and not any('bfloat16:' in f.name for f in figures)


def test_a_peer_that_ends_is_an_error(monkeypatch, tmp_path):
  monkeypatch.setenv('PYTORCH_I3D', 'port.py')
  monkeypatch.setenv('PYTORCH_PYTHON', _python(tmp_path, 'sys.exit(3)'))
  with shallow.network(), pytest.raises(RuntimeError, match='the PyTorch I3D ended with status 3'):
    list(peer.measure(quick=True))
