"""Data sets that CSV files describe."""

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import csv_files
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.records import ucf101
from tests.ingest import data_files


def test_data_set_reads_rows_like_those_of_kinetics(tmp_path):
  path = data_files.write(
    tmp_path / 'k.csv',
    (
      'path,label,start,end,split\n'
      'yoga/b.mp4,yoga,,,train\n'
      'x/a.mp4,air drumming,12,22.5,train\n'
      'x/c.mp4,air drumming,30,,validate\n'
      'a.mp4,air drumming,,4,test\n'
    ),
  )
  data = csv_files.data_set(path, str(tmp_path))
  assert data.label_names == ('air drumming', 'yoga')
  assert [(s.path, s.label, s.start, s.end) for s in data.sources] == [
    ('air drumming/a_0-4.mp4', 0, None, 4.0),
    ('air drumming/x__a_12-22.5.mp4', 0, 12.0, 22.5),
    ('air drumming/x__c_30-end.mp4', 0, 30.0, None),
    ('yoga/b.mp4', 1, None, None),
  ]
  assert data.sources[1].file == str(tmp_path / 'x/a.mp4')
  assert data_files.read_list(data, 'trainlist01.txt') == {
    'yoga/b.mp4': 'yoga',
    'air drumming/x__a_12-22.5.mp4': 'air drumming',
  }
  assert data_files.read_list(data, 'validationlist01.txt') == {
    'air drumming/x__c_30-end.mp4': 'air drumming'
  }
  assert data_files.read_list(data, 'testlist01.txt') == {'air drumming/a_0-4.mp4': 'air drumming'}
  assert not data.notes


def test_data_set_writes_class_names_with_spaces_that_read_back(tmp_path):
  path = data_files.write(
    tmp_path / 'k.csv', 'path,label,split\na.mp4,air drumming,train\nb.mp4,yoga,test\n'
  )
  data = csv_files.data_set(path)
  (tmp_path / 'classInd.txt').write_bytes(data.lists['classInd.txt'])
  assert ucf101.read_classes(tmp_path / 'classInd.txt') == ['air drumming', 'yoga']


def test_data_set_takes_the_order_of_classes_from_a_file(tmp_path):
  path = data_files.write(
    tmp_path / 'k.csv', 'path,label,split\na.mp4,yoga,train\nb.mp4,yoga,test\n'
  )
  labels = data_files.write(tmp_path / 'map.txt', 'zumba\nyoga\n')
  data = csv_files.data_set(path, options=requests.DataSetOptions(labels=labels))
  assert data.label_names == ('zumba', 'yoga') and data.sources[0].label == 1
  with pytest.raises(data_sets.SourceError, match=r'k\.csv: expected classes of .*; found yoga$'):
    csv_files.data_set(
      path,
      options=requests.DataSetOptions(labels=data_files.write(tmp_path / 'map.txt', 'zumba\n')),
    )


@pytest.mark.parametrize(
  'rows, message',
  [
    (
      'file,label\na,b\n',
      'expected a CSV file with the columns path, label and perhaps start, end,'
      ' split; path is missing',
    ),
    ('', 'path and label is missing'),
    ('path,label\n', 'expected one row per video; found none'),
    ('path,label\na.mp4,a\nb.mp4,\n', ":3: expected a path and a label; found 'b.mp4', ''"),
    ('path,label\na.mp4,a,b\n', ":2: expected a path and a label; found 'a.mp4', 'a' and more "),
    ('path,label,start\na.mp4,a,soon\n', ":2: expected seconds as start; found 'soon'"),
    ('path,label,start,end\na.mp4,a,3,2\n', ":2: expected 0 <= start < end; found '3' and '2'"),
    ('path,label,start,end\na.mp4,a,-1,2\n', ":2: expected 0 <= start < end; found '-1' and '2'"),
    ('path,label,start\na.mp4,a,nan\n', ":2: expected 0 <= start < end; found 'nan' and ''"),
    (
      'path,label,split\na.mp4,a,tset\n',
      ":2: expected train, validation or test as split; found 'tset'",
    ),
    (
      'path,label\na.mp4,a\nb.mp4,a\na.mp4,a\n',
      ':4: a.mp4 is listed twice, as a/a.mp4; the other is line 2',
    ),
    ('path,label\na.mp4,a/b\n', "expected class names that can name a folder; found 'a/b'"),
    ('path,label\na.mp4,..\n', "expected class names that can name a folder; found '..'"),
  ],
)
def test_data_set_rejects_damage_naming_the_line(tmp_path, rows, message):
  path = data_files.write(tmp_path / 'k.csv', rows)
  with pytest.raises(errors.UserError) as error:
    csv_files.data_set(path)
  assert str(error.value).startswith(path) and message in str(error.value)


def test_times_in_names_are_told_apart_and_have_no_exponents(tmp_path):
  data_files.touch(tmp_path, 'a.mp4')
  times = ['3600.121,3600.122', '3600.122,3601', '1000000,1000001', '0.0000001,12.50', '0,0.1']
  (tmp_path / 'clips.csv').write_text(
    'path,label,start,end\n' + ''.join(f'a.mp4,a,{t}\n' for t in times)
  )
  data = csv_files.data_set(tmp_path / 'clips.csv', options=requests.DataSetOptions(test=0))
  assert [source.path for source in data.sources] == [
    'a/a_0-0.1.mp4',
    'a/a_0.0000001-12.5.mp4',
    'a/a_1000000-1000001.mp4',
    'a/a_3600.121-3600.122.mp4',
    'a/a_3600.122-3601.mp4',
  ]
  assert {ucf101.source(source.path) for source in data.sources} == {'a/a'}


def test_parts_are_the_rows_in_their_order(tmp_path):
  path = data_files.write(
    tmp_path / 'k.csv', 'video,accepted,start,end\nb.mp4,sit,2,\na.mp4,sit|run,,\nb.mp4,sit,,1.5\n'
  )
  found = csv_files.parts(path)
  assert [(part.path, part.file, part.start, part.end) for part in found] == [
    ('sit/b_2-end.mp4', str(tmp_path / 'b.mp4'), 2.0, None),
    ('sit|run/a.mp4', str(tmp_path / 'a.mp4'), None, None),
    ('sit/b_0-1.5.mp4', str(tmp_path / 'b.mp4'), None, 1.5),
  ]
  with pytest.raises(errors.UserError, match='`videos` must be a folder; received nowhere'):
    csv_files.parts(path, 'nowhere')


def test_files_names_each_file_once_in_the_order_of_the_rows(tmp_path):
  path = data_files.write(
    tmp_path / 'k.csv',
    'video,accepted,start,end\nx/b.mp4,yoga,,3\na.mp4,push up|sit up,,\nx/b.mp4,yoga,3,\n',
  )
  assert csv_files.files(path) == (str(tmp_path), ['x/b.mp4', 'a.mp4'])
  (tmp_path / 'videos').mkdir()
  videos = str(tmp_path / 'videos')
  assert csv_files.files(path, videos) == (videos, ['x/b.mp4', 'a.mp4'])


@pytest.mark.parametrize(
  'rows, message',
  [
    ('path\na.mp4\n', 'k.csv: expected a CSV file with the columns path, label.*label is missing'),
    ('path,label\n,yoga\n', "k.csv:2: expected a path and a label; found '', 'yoga'"),
    ('path,label,start\na.mp4,yoga,x\n', "k.csv:2: expected seconds as start; found 'x'"),
  ],
)
def test_files_rejects_damage_naming_the_line(tmp_path, rows, message):
  with pytest.raises(data_sets.SourceError, match=message):
    csv_files.files(data_files.write(tmp_path / 'k.csv', rows))


def test_files_needs_a_folder_of_videos(tmp_path):
  path = data_files.write(tmp_path / 'k.csv', 'path,label\na.mp4,yoga\n')
  with pytest.raises(data_sets.SourceError, match='`videos` must be a folder; received'):
    csv_files.files(path, str(tmp_path / 'nowhere'))
