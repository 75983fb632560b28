"""Rows are read as they were written, and what explain did not write is refused."""

import dataclasses
import math

import pytest

from i3d_tf.attribution import row_files
from i3d_tf.common import errors
from i3d_tf.common import files

ROW = row_files.Row(
  'A/1.avi', 'A, "b"', 'A/g01', 'true', 'run', 'ig', 0.1 + 0.2, 0.25, 0.9, 0.1, 1.0, True, 65
)
ROWS = (
  ROW,
  dataclasses.replace(ROW, video='A/2.avi', share=float('nan'), correct=None),
  dataclasses.replace(ROW, video='A/3.avi', area=0.0, correct=False),
)
CHECKS = (('A/1.avi', 'randomised', 'ig', row_files.TRAINED, 0.5), ('A/1.avi', 'c', 'ig', '', None))


def write(path, rows=ROWS):
  files.write_csv(path, row_files.COLUMNS, (row.cells() for row in rows))
  return str(path)


def test_rows_are_read_as_they_were_written(tmp_path):
  found = row_files.read(write(tmp_path / 'test1.csv'))
  assert [found[0], found[2]] == [ROWS[0], ROWS[2]] and math.isnan(found[1].share)
  assert dataclasses.replace(found[1], share=0) == dataclasses.replace(ROWS[1], share=0)
  assert [row.counts for row in found] == [True, False, False]


def test_checks_are_read_as_they_were_written(tmp_path):
  path = str(tmp_path / 'test1.checks.csv')
  files.write_csv(path, row_files.CHECK_COLUMNS, CHECKS)
  first, second = row_files.read_checks(path)
  assert first == dict(zip(row_files.CHECK_COLUMNS, CHECKS[0]))
  assert second['what'] == '' and math.isnan(second['value'])


@pytest.mark.parametrize(
  'old, new, message',
  [
    ('share,', 'part,', 'the columns are video, class'),
    ('0.25', '1.5', "`area` is '1.5'"),
    ('0.25', '', "`area` is ''"),
    ('0.9', 'nan', "`probability` is 'nan'"),
    ('0.9', 'high', 'could not convert string to float'),
    (',65', '', 'line 2 has another number of cells'),
    (',1,65', ',yes,65', "`correct` is 'yes'"),
    ('A/2.avi', 'A/1.avi', 'every video, target and method once; found A/1.avi, true, ig twice'),
  ],
)
def test_what_explain_did_not_write_is_refused(tmp_path, old, new, message):
  path = tmp_path / 'test1.csv'
  write(path)
  text = path.read_text()
  assert old in text
  path.write_text(text.replace(old, new, 1))
  with pytest.raises(errors.UserError) as refused:
    row_files.read(str(path))
  assert str(refused.value).startswith(f'{path}: expected') and message in str(refused.value)


def test_a_file_without_rows_is_refused(tmp_path):
  with pytest.raises(errors.UserError, match='expected the rows of explanations; found none'):
    row_files.read(write(tmp_path / 'test1.csv', ()))
  with pytest.raises(errors.UserError, match='expected what explain writes'):
    row_files.read_checks(str(tmp_path / 'test1.csv'))
