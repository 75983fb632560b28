"""Files of names, as people and their editors write them."""

import pytest

from i3d_tf.common import errors
from i3d_tf.common import text_files


@pytest.mark.parametrize(
  'content',
  [
    b'run\njog on\n',
    b'\xef\xbb\xbfrun\njog on\n',
    b'run\r\n\r\n  jog on\r\n',
    b'1 run\n2 jog on\n',
    b'\xef\xbb\xbf1\trun\r\n2\tjog on\r\n',
  ],
  ids=['plain', 'mark', 'Windows', 'numbered', 'all of it'],
)
def test_names_are_read_however_they_are_written(tmp_path, content):
  (tmp_path / 'labels.txt').write_bytes(content)
  assert text_files.read_names(tmp_path / 'labels.txt', 'class names') == ['run', 'jog on']


def test_numbers_that_are_names_stay(tmp_path):
  (tmp_path / 'labels.txt').write_text('3 point shot\n2 point shot\n')
  found = text_files.read_names(tmp_path / 'labels.txt', 'class names')
  assert found == ['3 point shot', '2 point shot']


@pytest.mark.parametrize('content', [None, b'\xff\xfe\x00r'])
def test_what_is_no_text_is_named(tmp_path, content):
  if content is not None:
    (tmp_path / 'labels.txt').write_bytes(content)
  with pytest.raises(errors.UserError, match=r'labels\.txt: expected a text file of class names; '):
    text_files.read_names(tmp_path / 'labels.txt', 'class names')
