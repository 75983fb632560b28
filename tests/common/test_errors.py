"""Which exceptions become one line for the user, and what it says."""

import errno
import os

import pytest

from i3d_tf.common import errors


def test_a_user_error_is_its_own_message():
  assert errors.user_message(errors.UserError('a: expected b; received c')) == (
    'a: expected b; received c'
  )


def test_subclasses_are_for_the_user_too():
  class FileProblem(errors.UserError):
    pass

  assert errors.user_message(FileProblem('a.json: broken')) == 'a.json: broken'


@pytest.mark.parametrize('error', [ValueError('a'), KeyError('a'), RuntimeError('a'), OSError('a')])
def test_bugs_have_no_message(error):
  assert errors.user_message(error) is None


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(FileNotFoundError) as error:
    (tmp_path / 'nowhere').read_text()
  assert errors.user_message(error.value) == f'{tmp_path}/nowhere: No such file or directory'


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
  (tmp_path / 'a').write_text('')
  with pytest.raises(NotADirectoryError) as error:
    os.listdir(tmp_path / 'a')
  assert errors.user_message(error.value) == f'{tmp_path}/a: Not a directory'


def test_of_two_files_the_final_one_is_named(tmp_path):
  (tmp_path / '.partial_a').write_text('')
  (tmp_path / 'a').mkdir()
  with pytest.raises(OSError) as error:
    os.replace(tmp_path / '.partial_a', tmp_path / 'a')
  assert errors.user_message(error.value) == f'{tmp_path}/a: Is a directory'


def test_a_full_disk_needs_no_file_name():
  error = OSError(errno.ENOSPC, 'No space left on device')
  assert errors.user_message(error) == 'No space left on device'


def test_a_missing_file_without_a_name_is_a_bug():
  assert errors.user_message(OSError(errno.ENOENT, 'No such file or directory')) is None


def test_other_system_errors_are_bugs():
  assert errors.user_message(OSError(errno.EBADF, 'Bad file descriptor', 'a')) is None
