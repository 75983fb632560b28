"""Dictionaries of NumPy arrays: read as NumPy does, and no code from a file is run."""

import os
import pickle

import numpy as np
import pytest

from i3d_tf.weights import numpy_files

_TREE = {
  'params': {'a': {'kernel': np.arange(24, dtype=np.float32).reshape(2, 3, 4)}},
  'stats': {'mean': np.float64([1, 2]), 'big': np.array([1.5, -2], '>f4')},
}


@pytest.mark.parametrize('protocol', range(2, 5))
def test_a_pickle_of_arrays_is_read_as_numpy_reads_it(tmp_path, protocol):
  path = tmp_path / 'weights.ckpt'
  path.write_bytes(pickle.dumps(_TREE, protocol))
  found = numpy_files.read_pickle(str(path))
  assert set(found) == {'params/a/kernel', 'stats/mean', 'stats/big'}
  np.testing.assert_array_equal(found['params/a/kernel'], _TREE['params']['a']['kernel'])
  np.testing.assert_array_equal(found['stats/mean'], [1, 2])
  np.testing.assert_array_equal(found['stats/big'], [1.5, -2])


def test_arrays_in_fortran_order_keep_their_elements(tmp_path):
  array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
  path = tmp_path / 'weights.ckpt'
  path.write_bytes(pickle.dumps({'a': array}, 4))
  np.testing.assert_array_equal(numpy_files.read_pickle(str(path))['a'], array)


def test_an_npz_is_read(tmp_path):
  np.savez(tmp_path / 'a.npz', **{'x/w': np.ones(3, np.float32)})
  found = numpy_files.read_npz(str(tmp_path / 'a.npz'))
  np.testing.assert_array_equal(found['x/w'], np.ones(3))


class _Harmful:
  def __init__(self, path):
    self._path = path

  def __reduce__(self):
    return os.mkdir, (str(self._path),)


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path):
  path = tmp_path / 'weights.ckpt'
  path.write_bytes(pickle.dumps({'a': np.ones(2), 'b': _Harmful(tmp_path / 'made')}))
  with pytest.raises(numpy_files.NumpyFileError, match=r'expected NumPy arrays alone; it calls'):
    numpy_files.read_pickle(str(path))
  assert not (tmp_path / 'made').exists()


@pytest.mark.parametrize(
  'content, message',
  [
    (pickle.dumps({'a': np.array([object()])}), 'found an array of O8'),
    (pickle.dumps([np.ones(2)]), 'expected a dictionary of arrays; found list'),
    (pickle.dumps({'a': 'text'}), 'expected a dictionary of arrays; found str'),
    (pickle.dumps(_TREE)[:-40], 'truncated'),
    (b'', 'Ran out of input'),
  ],
)
def test_anything_else_is_refused(tmp_path, content, message):
  path = tmp_path / 'weights.ckpt'
  path.write_bytes(content)
  with pytest.raises(numpy_files.NumpyFileError, match=message):
    numpy_files.read_pickle(str(path))


def test_objects_in_an_npz_are_refused(tmp_path):
  np.savez(tmp_path / 'a.npz', x=np.array([object()]))
  with pytest.raises(numpy_files.NumpyFileError, match='allow_pickle'):
    numpy_files.read_npz(str(tmp_path / 'a.npz'))
