"""Files by path and by address are read, written and listed alike."""

import os

import fsspec
import pytest

from i3d_tf.storage import objects
from i3d_tf.storage import stores


@pytest.fixture(params=['path', 'address'])
def folder(request, tmp_path, monkeypatch):
  """A folder on this machine, and one in fsspec's store in memory."""
  monkeypatch.setenv(stores.VARIABLE, str(tmp_path / 'cache'))
  if request.param == 'path':
    yield str(tmp_path / 'folder')
    return
  memory = fsspec.filesystem('memory')
  yield 'memory://bucket/folder'
  memory.rm('/', recursive=True)


def test_what_is_written_is_read(folder):
  path = f'{folder}/a/b.txt'
  objects.write_text(path, 'ä\r\nb\n')
  assert objects.read_text(path) == 'ä\r\nb\n'
  assert objects.size(path) == 6
  objects.write_json(path, {'a': 1}, indent=None)
  assert objects.read_text(path) == '{"a": 1}'
  objects.write_csv(path, ('x', 'y'), [(1, None), (True, 'z')])
  assert objects.read_text(path) == 'x,y\n1,\n1,z\n'


def test_what_is_not_there_has_no_size_and_is_an_error_to_read(folder):
  assert objects.size(f'{folder}/a') is None
  with pytest.raises(FileNotFoundError) as caught:
    objects.read_text(f'{folder}/a')
  assert caught.value.filename == f'{folder}/a'


def test_bytes_that_are_no_text_are_an_error_or_replaced(folder):
  with objects.replacing(f'{folder}/a') as temporary, open(temporary, 'wb') as f:
    f.write(b'a\xff')
  with pytest.raises(UnicodeDecodeError):
    objects.read_text(f'{folder}/a')
  assert objects.read_text(f'{folder}/a', errors='replace') == 'a\ufffd'


def test_an_exception_leaves_the_old_file_and_no_temporary_one(folder):
  objects.write_text(f'{folder}/a', 'old')
  with pytest.raises(ZeroDivisionError):
    with objects.replacing(f'{folder}/a') as temporary:
      with open(temporary, 'w') as f:
        f.write('new')
      assert 1 / 0
  assert objects.read_text(f'{folder}/a') == 'old' and objects.names(folder) == ['a']
  assert not os.path.exists(temporary)


def test_files_right_in_a_folder_are_listed_and_removed(folder):
  assert objects.names(folder) == []
  for name in ('b', 'a', 'c/d'):
    objects.write_text(f'{folder}/{name}', 'x')
  assert objects.names(folder) == ['a', 'b']
  objects.remove(f'{folder}/b')
  objects.remove(f'{folder}/never')
  assert objects.names(folder) == ['a']


def test_a_file_that_arrives_cut_off_is_an_error(tmp_path, monkeypatch):
  monkeypatch.setenv(stores.VARIABLE, str(tmp_path))

  class Cutting(type(fsspec.filesystem('memory'))):
    protocol = 'cutting'

    def put_file(self, lpath, rpath, **kwargs):
      with open(lpath, 'rb') as f:
        self.pipe_file(rpath, f.read()[:-1])

  fsspec.register_implementation('cutting', Cutting, clobber=True)
  with pytest.raises(stores.StoreError, match=r'cutting://a/b: expected 4 bytes .* it has 3'):
    objects.write_text('cutting://a/b', 'four')
