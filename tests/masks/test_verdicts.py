"""Verdicts on masks: written and read back; a file that is not understood is an error."""

import re

import pytest

from i3d_tf.masks import verdicts


def test_verdicts_are_read_as_they_were_written(tmp_path):
  path = tmp_path / 'v.csv'
  decided = {'B/v_B_g01_c01.avi': 'original', 'A/with, "quotes"_g01_c01.avi': 'fine'}
  verdicts.write(path, decided)
  assert verdicts.read(path) == decided
  assert verdicts.originals(decided) == {'B/v_B_g01_c01.avi'}


def test_a_file_written_by_a_spreadsheet_is_read(tmp_path):
  path = tmp_path / 'v.csv'
  path.write_bytes('\ufeffvideo,verdict,note\r\nA/a.avi,Original,too dark\r\n'.encode())
  assert verdicts.read(path) == {'A/a.avi': 'original'}


@pytest.mark.parametrize(
  'content, message',
  [
    ('video;verdict\n', 'expected a CSV file with the columns video and verdict; found '),
    ('', 'found an empty file'),
    (
      'video,verdict\nA/a.avi,maybe\n',
      ":2: expected a video and one of fine, original; found 'A/a.avi', 'maybe'",
    ),
    ('video,verdict\nA/a.avi\n', ':2: expected a video and one of'),
    ('video,verdict\nA/a.avi,fine\nA/a.avi,original\n', ':3: A/a.avi is in the file twice'),
  ],
)
def test_read_rejects_a_bad_file_and_names_the_line(tmp_path, content, message):
  path = tmp_path / 'v.csv'
  path.write_text(content)
  with pytest.raises(verdicts.VerdictError, match=re.escape(message)):
    verdicts.read(path)


def test_a_missing_file_is_an_error(tmp_path):
  with pytest.raises(verdicts.VerdictError, match='expected a CSV file of verdicts'):
    verdicts.read(tmp_path / 'none.csv')


def test_the_hash_depends_on_the_verdicts_but_not_on_their_order(tmp_path):
  decided = {'B/b.avi': 'original', 'A/a.avi': 'fine'}
  name = verdicts.content_hash(decided)
  assert re.fullmatch('[0-9a-f]{12}', name)
  assert verdicts.content_hash(dict(reversed(decided.items()))) == name
  assert verdicts.content_hash({**decided, 'A/a.avi': 'original'}) != name
  assert verdicts.content_hash({}) != name
  verdicts.write(tmp_path / 'v.csv', decided)
  assert verdicts.content_hash(verdicts.read(tmp_path / 'v.csv')) == name
