"""The copy of a folder in a store: complete, checked, fetched once."""

import hashlib
import os

import fsspec
import pytest

from i3d_tf.storage import mirror
from i3d_tf.storage import stores

_URL = 'memory://bucket/folder'


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
  """fsspec's store in memory with three files; counts what is fetched from it."""
  monkeypatch.setenv(stores.VARIABLE, str(tmp_path / 'cache'))
  store = fsspec.filesystem('memory')
  store.pipe({f'/bucket/folder/{name}': name.encode() for name in ('a', 'b', 'c/d')})
  yield store
  store.rm('/', recursive=True)


@pytest.fixture
def fetched(monkeypatch):
  """The names of the files that are fetched, in any order."""
  names = []
  get = type(fsspec.filesystem('memory')).get_file

  def counting(self, rpath, lpath, **kwargs):
    names.append(rpath.removeprefix('/bucket/folder/'))
    return get(self, rpath, lpath, **kwargs)

  monkeypatch.setattr(type(fsspec.filesystem('memory')), 'get_file', counting)
  return names


def _read(path):
  with open(path) as f:
    return f.read()


def _contents(copy):
  return {
    os.path.relpath(os.path.join(parent, name), copy): _read(os.path.join(parent, name))
    for parent, _, names in os.walk(copy)
    for name in names
    if not name.startswith('.')
  }


def _sha256(text):
  return hashlib.sha256(text.encode()).hexdigest()


def test_a_folder_is_fetched_once(fetched):
  copy = mirror.folder(_URL)
  assert _contents(copy) == {'a': 'a', 'b': 'b', 'c/d': 'c/d'}
  assert sorted(fetched) == ['a', 'b', 'c/d']
  assert mirror.folder(f'{_URL}/') == copy and len(fetched) == 3


def test_only_what_has_changed_is_fetched_again(memory, fetched):
  copy = mirror.folder(_URL)
  memory.pipe('/bucket/folder/b', b'new')
  memory.pipe('/bucket/folder/e', b'e')
  memory.rm('/bucket/folder/a')
  del fetched[:]
  assert _contents(mirror.folder(_URL)) == {'b': 'new', 'c/d': 'c/d', 'e': 'e'}
  assert sorted(fetched) == ['b', 'e'] and not os.path.exists(os.path.join(copy, 'a'))


@pytest.mark.parametrize('change', ['cut off', 'changed', 'deleted'])
def test_a_copy_that_was_damaged_here_is_fetched_again(fetched, change):
  path = os.path.join(mirror.folder(_URL), 'b')
  if change == 'deleted':
    os.remove(path)
  else:
    with open(path, 'w') as f:
      f.write('' if change == 'cut off' else 'x')
  del fetched[:]
  assert _contents(mirror.folder(_URL))['b'] == 'b' and fetched == ['b']


def test_a_wrong_checksum_is_an_error_and_what_is_right_stays(fetched):
  with pytest.raises(stores.StoreError, match=rf'{_URL}/b: expected the SHA-256 {_sha256("x")}'):
    mirror.folder(_URL, {'a': _sha256('a'), 'b': _sha256('x')})
  found = _contents(stores.local(_URL))
  assert 'b' not in found and all(name == text for name, text in found.items())
  assert mirror.folder(_URL, {'b': _sha256('b')})
  assert fetched.count('b') == 2 and fetched.count('a') == 1


def test_other_checksums_than_before_are_checked_anew():
  mirror.folder(_URL, {'b': _sha256('b')})
  with pytest.raises(stores.StoreError, match='expected the SHA-256'):
    mirror.folder(_URL, {'b': _sha256('other')})


def test_a_wrong_checksum_may_be_looked_at_but_is_never_taken_for_right(fetched):
  copy = mirror.folder(_URL, {'b': _sha256('x')}, strict=False)
  assert _contents(copy)['b'] == 'b'
  with pytest.raises(stores.StoreError, match='expected the SHA-256'):
    mirror.folder(_URL, {'b': _sha256('x')})


def test_files_that_arrive_cut_off_are_an_error(monkeypatch):
  def cut(self, rpath, lpath, **kwargs):
    with open(lpath, 'wb'):
      pass

  monkeypatch.setattr(type(fsspec.filesystem('memory')), 'get_file', cut)
  with pytest.raises(stores.StoreError, match='expected 1 bytes; received 0'):
    mirror.folder(_URL)
  assert not _contents(stores.local(_URL))


def test_only_wanted_files_are_fetched_and_others_stay(fetched):
  copy = mirror.folder(_URL, wanted=lambda name: name == 'a')
  assert _contents(copy) == {'a': 'a'}
  assert sorted(_contents(mirror.folder(_URL, wanted=lambda name: name == 'c/d'))) == ['a', 'c/d']


def test_hidden_names_and_names_outside_of_the_folder_are_never_fetched(memory):
  for name in ('.work/x', 'c/.partial_d', 'c/../../evil'):
    memory.store[f'/bucket/folder/{name}'] = memory.store['/bucket/folder/a']
  assert sorted(_contents(mirror.folder(_URL))) == ['a', 'b', 'c/d']


def test_nothing_at_an_address_is_an_error_that_names_it():
  with pytest.raises(FileNotFoundError) as caught:
    mirror.folder('memory://bucket/nothing')
  assert caught.value.filename == 'memory://bucket/nothing'


def test_a_single_file_is_fetched_whenever_it_is_asked_for(memory, tmp_path):
  copy = mirror.file(f'{_URL}/c/d')
  assert _read(copy) == 'c/d' and os.path.basename(copy) == 'd'
  memory.pipe('/bucket/folder/c/d', b'new')
  assert _read(mirror.file(f'{_URL}/c/d', str(tmp_path))) == 'new'
  assert os.listdir(tmp_path / 'cache') and (tmp_path / 'd').exists()
