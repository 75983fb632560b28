"""What a data set holds: UCF101's lists, CSV files, class folders; masks, verdicts, splits."""

import os
import tempfile

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import sources
from i3d_tf.records import splits
from i3d_tf.records import ucf101
from tests import fakes


def _touch(folder, *paths):
  for path in paths:
    os.makedirs(os.path.dirname(folder / path), exist_ok=True)
    (folder / path).touch()


def _write(path, text):
  path.write_text(text)
  return str(path)


def _read(data, name):
  """A list of a `DataSet` as the reader of records sees it: a dict from path to class."""
  names = list(data.label_names)
  with tempfile.NamedTemporaryFile() as f:
    f.write(data.lists[name])
    f.flush()
    return {path: names[label] for path, label in ucf101.read_list(f.name, names).items()}


# === UCF101 ===


@pytest.fixture(name='ucf')
def _ucf(tmp_path):
  """Folders of videos and official lists of two classes, ten groups."""
  videos = [
    f'{folder}/v_{name}_g{g:02d}_c01.avi'
    for folder, name in (('Archery', 'Archery'), ('HandstandPushups', 'HandStandPushups'))
    for g in range(1, 11)
  ]
  _touch(tmp_path / 'videos', *videos)
  lists = tmp_path / 'lists'
  lists.mkdir()
  (lists / 'classInd.txt').write_bytes(b'1 Archery\r\n2 HandstandPushups\r\n')
  train = [v for v in videos if int(ucf101.group(v)[1:]) > 3]
  (lists / 'trainlist01.txt').write_bytes(
    b''.join(f'{v} {1 + v.startswith("H")}\r\n'.encode() for v in train)
  )
  (lists / 'testlist01.txt').write_bytes(
    b''.join(f'{v}\r\n'.encode() for v in videos if v not in train)
  )
  return tmp_path


def test_ucf101_is_taken_as_its_lists_say(ucf):
  data = sources.from_ucf101(str(ucf / 'videos'), str(ucf / 'lists'))
  assert data.label_names == ('Archery', 'HandstandPushups')
  assert len(data.sources) == 20
  last = data.sources[-1]
  assert (last.path, last.label) == ('HandstandPushups/v_HandStandPushups_g10_c01.avi', 1)
  assert os.path.exists(last.file) and last.masks is None
  assert data.lists == fakes.contents(ucf / 'lists')


def test_validation_groups_are_cut_from_the_training_list(ucf):
  data = sources.from_ucf101(str(ucf / 'videos'), str(ucf / 'lists'), validation=2)
  parts = [_read(data, ucf101.list_name(subset, 1)) for subset in ucf101.SUBSETS]
  assert [len(part) for part in parts] == [10, 4, 6]
  groups = [{ucf101.group(path) for path in part} for part in parts]
  assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
  assert set(parts[1].values()) == {'Archery', 'HandstandPushups'}
  assert len(data.sources) == 20  # all are stored, whatever they are for


def test_a_validation_list_that_is_there_is_not_written_over(ucf):
  (ucf / 'lists' / 'validationlist01.txt').write_text('Archery/v_Archery_g77_c01.avi\n')
  with pytest.raises(sources.SourceError, match='expected no validation list for validation'):
    sources.from_ucf101(str(ucf / 'videos'), str(ucf / 'lists'), validation=2)


# === CSV ===


def test_kinetics_like_rows_are_clips_with_classes_sorted(tmp_path):
  path = _write(
    tmp_path / 'k.csv',
    (
      'path,label,start,end,split\n'
      'yoga/b.mp4,yoga,,,train\n'
      'x/a.mp4,air drumming,12,22.5,train\n'
      'x/a.mp4,air drumming,30,,validate\n'
      'a.mp4,air drumming,,4,test\n'
    ),
  )
  data = sources.from_csv(path, str(tmp_path))
  assert data.label_names == ('air drumming', 'yoga')
  assert [(s.path, s.label, s.start, s.end) for s in data.sources] == [
    ('air drumming/a_0-4.mp4', 0, None, 4.0),
    ('air drumming/x__a_12-22.5.mp4', 0, 12.0, 22.5),
    ('air drumming/x__a_30-end.mp4', 0, 30.0, None),
    ('yoga/b.mp4', 1, None, None),
  ]
  assert data.sources[1].file == str(tmp_path / 'x/a.mp4')
  assert _read(data, 'trainlist01.txt') == {
    'yoga/b.mp4': 'yoga',
    'air drumming/x__a_12-22.5.mp4': 'air drumming',
  }
  assert _read(data, 'validationlist01.txt') == {'air drumming/x__a_30-end.mp4': 'air drumming'}
  assert _read(data, 'testlist01.txt') == {'air drumming/a_0-4.mp4': 'air drumming'}
  assert not data.notes


def test_class_lists_with_spaces_are_read_back(tmp_path):
  path = _write(tmp_path / 'k.csv', 'path,label,split\na.mp4,air drumming,train\nb.mp4,yoga,test\n')
  data = sources.from_csv(path)
  (tmp_path / 'classInd.txt').write_bytes(data.lists['classInd.txt'])
  assert ucf101.read_classes(tmp_path / 'classInd.txt') == ['air drumming', 'yoga']


def test_validation_without_test_is_the_test_list_and_said_so(tmp_path):
  path = _write(tmp_path / 'k.csv', 'path,label,split\na.mp4,a,train\nb.mp4,a,val\n')
  data = sources.from_csv(path)
  assert _read(data, 'testlist01.txt') == {'a/b.mp4': 'a'}
  assert 'validationlist01.txt' not in data.lists
  assert data.notes == (
    'the data set names no test videos: its 1 validation videos are the test list',
  )


def test_labels_can_be_imposed(tmp_path):
  path = _write(tmp_path / 'k.csv', 'path,label,split\na.mp4,yoga,train\nb.mp4,yoga,test\n')
  labels = _write(tmp_path / 'map.txt', 'zumba\nyoga\n')
  data = sources.from_csv(path, labels=labels)
  assert data.label_names == ('zumba', 'yoga') and data.sources[0].label == 1
  with pytest.raises(sources.SourceError, match=r'k\.csv: expected classes of .*; found yoga$'):
    sources.from_csv(path, labels=_write(tmp_path / 'map.txt', 'zumba\n'))


@pytest.mark.parametrize(
  'rows, message',
  [
    (
      'file,label\na,b\n',
      'expected a CSV file with the columns path, label and perhaps start, end,'
      ' split; path is missing',
    ),
    ('', 'path and label is missing'),
    ('path,label\n', 'expected a row a video; found none'),
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
      ':4: a.mp4 stands in the file twice, as a/a.mp4; the other is line 2',
    ),
    ('path,label\na.mp4,a/b\n', "expected class names that can name a folder; found 'a/b'"),
  ],
)
def test_damaged_csv_files_are_refused_naming_the_line(tmp_path, rows, message):
  path = _write(tmp_path / 'k.csv', rows)
  with pytest.raises(errors.UserError) as error:
    sources.from_csv(path)
  assert str(error.value).startswith(path) and message in str(error.value)


# === Class folders ===


def test_class_folders_give_a_test_list_drawn_from_all_classes(tmp_path):
  _touch(
    tmp_path,
    *(f'{c}/{n}.mp4' for c in ('run', 'air drumming') for n in range(10)),
    'run/notes.txt',
    'run/.hidden.mp4',
  )
  data = sources.from_folders(str(tmp_path))
  assert data.label_names == ('air drumming', 'run') and len(data.sources) == 20
  test = _read(data, 'testlist01.txt')
  assert sorted(test.values()) == ['air drumming'] * 2 + ['run'] * 2
  assert len(_read(data, 'trainlist01.txt')) == 16
  assert data.notes[0].startswith('the data set names no test videos: 4 of 20 were drawn')


def test_a_class_of_one_video_needs_the_test_list_left_out(tmp_path):
  _touch(tmp_path, 'a/1.mp4', 'b/2.mp4')
  with pytest.raises(errors.UserError, match=r'make_tfrecords --test=0 holds out none'):
    sources.from_folders(str(tmp_path))
  data = sources.from_folders(str(tmp_path), test=0)
  assert len(_read(data, 'trainlist01.txt')) == 2 and 'testlist01.txt' not in data.lists


def test_folders_that_say_train_and_test_are_believed(tmp_path):
  _touch(tmp_path, 'train/a/1.mp4', 'train/b/2.mp4', 'val/a/3.mp4', 'test/b/4.mp4')
  data = sources.from_folders(str(tmp_path))
  assert [source.path for source in data.sources] == ['a/1.mp4', 'a/3.mp4', 'b/2.mp4', 'b/4.mp4']
  assert _read(data, 'validationlist01.txt') == {'a/3.mp4': 'a'}
  assert _read(data, 'testlist01.txt') == {'b/4.mp4': 'b'}
  with pytest.raises(sources.SourceError, match='expected no test videos in the data set, since '):
    sources.from_folders(str(tmp_path), test=0.5)
  with pytest.raises(sources.SourceError, match='expected no validation videos in the data set'):
    sources.from_folders(str(tmp_path), validation=0.5)


def test_one_name_in_two_subsets_is_refused(tmp_path):
  _touch(tmp_path, 'train/a/1.mp4', 'test/a/1.mp4')
  with pytest.raises(sources.SourceError, match='a/1.mp4 lies both in test and in train$'):
    sources.from_folders(str(tmp_path))


def test_a_folder_without_videos_is_refused(tmp_path):
  _touch(tmp_path, 'a/readme.txt')
  with pytest.raises(sources.SourceError, match='expected class folders of video files .*none$'):
    sources.from_folders(str(tmp_path))


# === Masks and verdicts ===


def test_masks_are_found_by_path_and_by_name_where_that_is_unique(tmp_path):
  _touch(tmp_path / 'v', 'a/1.mp4', 'b/1.mp4', 'a/2.mp4', 'b/3.mp4')
  _touch(tmp_path / 'm', 'a/1.json', '1.json', '2.json')
  data = sources.from_folders(str(tmp_path / 'v'), masks=str(tmp_path / 'm'))
  found = {s.path: s.masks and os.path.relpath(s.masks, tmp_path / 'm') for s in data.sources}
  # 1.json could be of either video.
  assert found == {'a/1.mp4': 'a/1.json', 'b/1.mp4': None, 'a/2.mp4': '2.json', 'b/3.mp4': None}
  assert data.without_masks == ('b/1.mp4', 'b/3.mp4')


def test_verdicts_keep_videos_original_and_unknown_ones_are_told(tmp_path):
  _touch(tmp_path / 'v', 'a/1.mp4', 'a/2.mp4', 'a/3.mp4')
  verdicts = _write(
    tmp_path / 'verdicts.csv', 'video,verdict\na/1.mp4,original\na/2.mp4,fine\na/9.mp4,original\n'
  )
  data = sources.from_folders(str(tmp_path / 'v'), verdicts=verdicts, test=1)
  assert [s.keep_original for s in data.sources] == [True, False, False]
  assert data.with_verdicts
  assert data.notes == (
    f'{verdicts}: 1 verdicts are on videos that are not in the data set, such as a/9.mp4',
  )


# === Lists beside the records ===


def test_lists_of_an_earlier_call_do_not_stay(ucf, tmp_path):
  output = str(tmp_path / 'records')
  folders = str(ucf / 'videos'), str(ucf / 'lists')
  sources.write_lists(sources.from_ucf101(*folders, validation=2), output)
  assert os.path.exists(os.path.join(output, 'lists', 'validationlist01.txt'))
  sources.write_lists(sources.from_ucf101(*folders), output)
  assert fakes.contents(os.path.join(output, 'lists')) == fakes.contents(ucf / 'lists')


def test_the_reader_of_records_finds_every_subset(ucf, tmp_path):
  data = sources.from_ucf101(str(ucf / 'videos'), str(ucf / 'lists'), validation=2)
  videos = [fakes.video(s.path, label=s.label) for s in data.sources]
  opened = fakes.open_records(tmp_path / 'records', videos, label_names=data.label_names)
  sources.write_lists(data, opened.folder)
  sizes = {subset: len(splits.load(opened, subset, 1)[0]) for subset in ucf101.SUBSETS}
  assert sizes == {'train': 10, 'validation': 4, 'test': 6}
