"""A file is complete or absent, and one process at a time works in a locked folder."""

import errno
import os
import threading

import pytest

from i3d_tf.common import files


class _Killed(BaseException):
  pass


def test_a_file_appears_when_all_of_it_is_written(tmp_path):
  path = tmp_path / 'result.csv'
  with files.replacing(path) as temporary:
    with open(temporary, 'w') as f:
      f.write('half')
    assert not path.exists()
    with open(temporary, 'a') as f:
      f.write(' and half')
  assert path.read_text() == 'half and half'
  assert os.listdir(tmp_path) == ['result.csv']


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path):
  path = tmp_path / 'result.csv'
  path.write_text('old')
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('new')
    assert path.read_text() == 'old'
  assert path.read_text() == 'new'


@pytest.mark.parametrize('exception', [ValueError, KeyboardInterrupt, _Killed])
def test_an_exception_leaves_the_old_file_and_nothing_temporary(tmp_path, exception):
  path = tmp_path / 'result.csv'
  path.write_text('old')
  with pytest.raises(exception):
    with files.replacing(path) as temporary, open(temporary, 'w') as f:
      f.write('ne')
      raise exception()
  assert path.read_text() == 'old'
  assert os.listdir(tmp_path) == ['result.csv']


def test_an_exception_before_anything_is_written_is_passed_on(tmp_path):
  with pytest.raises(ValueError, match=r'^nothing yet$'):
    with files.replacing(tmp_path / 'result.csv'):
      raise ValueError('nothing yet')
  assert not os.listdir(tmp_path)


def test_leftovers_of_a_kill_are_overwritten(tmp_path):
  path = tmp_path / 'result.csv'
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('x')
  (tmp_path / os.path.basename(temporary)).write_text('half of something longer')
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('whole')
  assert path.read_text() == 'whole'
  assert os.listdir(tmp_path) == ['result.csv']


def test_the_folder_is_made(tmp_path):
  path = tmp_path / 'new' / 'folder' / 'result.csv'
  with files.replacing(path) as temporary, open(temporary, 'w') as f:
    f.write('x')
  assert path.read_text() == 'x'


def test_a_name_without_a_folder_is_one_of_the_working_directory(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  with files.replacing('result.csv') as temporary, open(temporary, 'w') as f:
    f.write('x')
  assert (tmp_path / 'result.csv').read_text() == 'x'


def test_the_temporary_file_is_hidden_in_the_same_folder_and_keeps_the_suffix(tmp_path):
  # Patterns like *.avi must not find it, and cv2 chooses what to write by the suffix.
  path = tmp_path / 'clip.avi'
  with files.replacing(path) as temporary:
    folder, name = os.path.split(temporary)
    assert folder == str(tmp_path) and name.startswith('.') and name.endswith('.avi')
    open(temporary, 'w').close()
    assert not list(tmp_path.glob('[!.]*'))


# === Locks ===


def _enter(folder, entered):
  with files.locked(folder):
    entered.set()


@pytest.mark.parametrize('exception', [None, ValueError])
def test_a_locked_folder_makes_others_wait_until_it_is_free(tmp_path, exception):
  folder, entered = tmp_path / 'new', threading.Event()
  other = threading.Thread(target=_enter, args=(folder, entered))
  try:
    with files.locked(folder):
      other.start()
      assert not entered.wait(0.1)
      if exception:
        raise exception()
  except ValueError:
    pass
  assert entered.wait(10)
  other.join()


def test_locks_of_two_folders_are_independent_and_leave_nothing_behind(tmp_path):
  with files.locked(tmp_path / 'a'), files.locked(tmp_path / 'b'):
    pass
  assert sorted(os.listdir(tmp_path)) == ['a', 'b']
  assert not os.listdir(tmp_path / 'a')


def test_the_error_of_a_full_disk_names_the_file(tmp_path):
  with pytest.raises(OSError) as error:
    with files.replacing(tmp_path / 'a'):
      with open('/dev/full', 'wb') as full:
        full.write(b'more')
  assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / 'a'))


def test_partial_names_the_temporary_file(tmp_path):
  with files.replacing(tmp_path / 'a.txt') as temporary:
    assert temporary == files.partial(tmp_path / 'a.txt')
    open(temporary, 'w').close()
