"""The warning of bfloat16 on processors that have no fast kernels for it."""

import warnings

import keras
import pytest

from i3d_tf.model import bfloat16
from i3d_tf.model import inception_i3d
from tests import shallow

_OLD = 'model name\t: old\nflags\t\t: fpu avx avx2 fma\n'
_NEW = 'model name\t: new\nflags\t\t: fpu avx avx2 fma avx512f avx512bw\n'
_ARM = 'processor\t: 0\nFeatures\t: fp asimd bf16\n'


def _cpuinfo(folder, text):
  path = folder / 'cpuinfo'
  path.write_text(text)
  return str(path)


@pytest.mark.parametrize('text, slow', [(_OLD, True), (_NEW, False), (_ARM, False), ('', False)])
def test_x86_without_avx512_is_slow(text, slow, tmp_path):
  assert bfloat16.is_slow(_cpuinfo(tmp_path, text)) == slow


def test_a_system_that_does_not_tell_is_not_called_slow(tmp_path):
  assert not bfloat16.is_slow(str(tmp_path / 'absent'))


@pytest.mark.parametrize(
  'dtype, backend, gpus, warned',
  [
    ('bfloat16', 'tensorflow', 0, True),
    ('float32', 'tensorflow', 0, False),
    ('bfloat16', 'tensorflow', 1, False),
    ('bfloat16', 'jax', 0, False),
  ],
)
def test_only_what_is_slow_is_warned_of(dtype, backend, gpus, warned, tmp_path):
  line = bfloat16.warning(dtype, backend, gpus, _cpuinfo(tmp_path, _OLD))
  assert (line is not None) == warned
  if line is not None:
    assert 'AVX-512' in line and '--precision=float32' in line and '\n' not in line


@pytest.mark.skipif(
  keras.backend.backend() != 'tensorflow', reason='the warning is of TensorFlow alone'
)
def test_a_network_warns_when_it_is_built(monkeypatch):
  monkeypatch.setattr(bfloat16, 'is_slow', lambda *_: True)
  with shallow.network(), warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter('always')
    inception_i3d.InceptionI3D(5, frame_size=32, width=0.125, dtype='mixed_bfloat16')
    inception_i3d.InceptionI3D(5, frame_size=32, width=0.125, dtype='float32')
  assert [str(w.message) for w in seen if 'AVX-512' in str(w.message)] == [
    bfloat16.warning('bfloat16', 'tensorflow', 0)
  ]
