"""The benchmark beside a PyTorch I3D: what is compared, and that nothing is without one."""

import os
import sys

import pytest

from tools.benchmarks import peer

# A "Python" that answers as pytorch_peer does, always with a second.
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


def test_without_a_port_there_is_nothing_to_measure(monkeypatch):
  monkeypatch.delenv('PYTORCH_I3D', raising=False)
  assert not peer.measure()


def test_each_is_how_many_times_as_fast_ours_is(monkeypatch, tmp_path):
  monkeypatch.setenv('PYTORCH_I3D', 'port.py')
  monkeypatch.setenv('PYTORCH_PYTHON', _python(tmp_path, '1.0'))
  figures = peer.measure(quick=True)
  assert [f.name.split(':')[0] for f in figures] == [
    'float32',
    'float32 channels last',
    'bfloat16',
    'training',
  ]
  for figure in figures:
    ours, theirs = (float(word.split()[0]) for word in figure.note.split(' and '))
    assert theirs == 1 and figure.value == pytest.approx(1 / ours, rel=0.01)
    assert 'PyTorch 9.9' in figure.how
  assert '(2, 16, 64, 64, 3)' in figures[-1].how


def test_a_peer_that_ends_is_said(monkeypatch, tmp_path):
  monkeypatch.setenv('PYTORCH_I3D', 'port.py')
  monkeypatch.setenv('PYTORCH_PYTHON', _python(tmp_path, 'sys.exit(3)'))
  with pytest.raises(RuntimeError, match='the PyTorch I3D ended with status 3'):
    peer.measure(quick=True)
