"""Whether a file is the one that it was."""

import os

from i3d_tf.common import file_content


def test_a_file_is_the_same_whatever_its_time(tmp_path):
  path = tmp_path / 'a'
  path.write_bytes(b'one')
  known = file_content.describe(path)
  assert known['bytes'] == 3 and file_content.is_same(path, known)
  os.utime(path, (0, 0))
  assert file_content.is_same(path, known)


def test_another_content_is_not_the_same(tmp_path):
  path = tmp_path / 'a'
  path.write_bytes(b'one')
  known = file_content.describe(path)
  path.write_bytes(b'two')
  os.utime(path, (0, 0))
  assert not file_content.is_same(path, known)
  path.write_bytes(b'longer')
  os.utime(path, ns=(known['mtime_ns'], known['mtime_ns']))
  assert not file_content.is_same(path, known)


def test_a_folder_of_frames_is_what_its_files_are(tmp_path):
  for i in range(3):
    (tmp_path / f'{i}.png').write_bytes(bytes([i]))
  known = file_content.describe(tmp_path)
  os.utime(tmp_path / '1.png', (0, 0))
  os.utime(tmp_path / '2.png', (0, 0))
  assert known['bytes'] == 3 and file_content.is_same(tmp_path, known)
  (tmp_path / '1.png').write_bytes(b'x')
  assert not file_content.is_same(tmp_path, known)
  (tmp_path / '1.png').write_bytes(bytes([1]))
  assert file_content.is_same(tmp_path, known)
  (tmp_path / '1.png').rename(tmp_path / '7.png')
  assert not file_content.is_same(tmp_path, known), 'another order of the frames'


def test_frames_that_change_places_are_noticed_and_hidden_files_are_not(tmp_path):
  for i in range(3):
    (tmp_path / f'{i}.png').write_bytes(bytes([i]))
  known = file_content.describe(tmp_path)
  (tmp_path / '.DS_Store').write_bytes(b'x')
  assert file_content.is_same(tmp_path, known)
  (tmp_path / '0.png').rename(tmp_path / 'x')
  (tmp_path / '1.png').rename(tmp_path / '0.png')
  (tmp_path / 'x').rename(tmp_path / '1.png')
  assert not file_content.is_same(tmp_path, known)


def test_what_is_no_file_has_no_content(tmp_path):
  assert file_content.describe(tmp_path / 'none') is None
  assert not file_content.is_same(tmp_path / 'none', {'bytes': 0})
