"""Data sets in UCF101's layout, and the lists that are written for them."""

import os

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.ingest import ucf101_layout
from i3d_tf.records import splits
from i3d_tf.records import ucf101
from tests import fakes
from tests.ingest import data_files


@pytest.fixture(name='ucf')
def _ucf(tmp_path):
  """Folders of videos and official lists of two classes, ten groups."""
  videos = [
    f'{folder}/v_{name}_g{g:02d}_c01.avi'
    for folder, name in (('Archery', 'Archery'), ('HandstandPushups', 'HandStandPushups'))
    for g in range(1, 11)
  ]
  data_files.touch(tmp_path / 'videos', *videos)
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


def test_data_set_follows_the_lists(ucf):
  data = ucf101_layout.data_set(str(ucf / 'videos'), str(ucf / 'lists'))
  assert data.label_names == ('Archery', 'HandstandPushups')
  assert len(data.sources) == 20
  last = data.sources[-1]
  assert (last.path, last.label) == ('HandstandPushups/v_HandStandPushups_g10_c01.avi', 1)
  assert os.path.exists(last.file) and last.masks is None
  assert data.lists == fakes.contents(ucf / 'lists')


def test_data_set_holds_validation_groups_out_of_the_training_list(ucf):
  data = ucf101_layout.data_set(
    str(ucf / 'videos'), str(ucf / 'lists'), requests.DataSetOptions(validation=2)
  )
  parts = [data_files.read_list(data, ucf101.list_name(subset, 1)) for subset in ucf101.SUBSETS]
  assert [len(part) for part in parts] == [10, 4, 6]
  groups = [{ucf101.group(path) for path in part} for part in parts]
  assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
  assert set(parts[1].values()) == {'Archery', 'HandstandPushups'}
  assert len(data.sources) == 20  # all are stored


def test_data_set_keeps_an_existing_validation_list(ucf):
  (ucf / 'lists' / 'validationlist01.txt').write_text('Archery/v_Archery_g77_c01.avi\n')
  with pytest.raises(
    data_sets.SourceError, match=r'expected no validation list with --validation=2'
  ):
    ucf101_layout.data_set(
      str(ucf / 'videos'), str(ucf / 'lists'), requests.DataSetOptions(validation=2)
    )


@pytest.mark.parametrize('option', [{'test': 1}, {'labels': 'a.txt'}])
def test_data_set_rejects_options_that_lists_decide(ucf, option):
  with pytest.raises(errors.UserError, match=r'must be None with lists, which say it'):
    ucf101_layout.data_set(ucf / 'videos', ucf / 'lists', requests.DataSetOptions(**option))


@pytest.mark.parametrize('name', ['videos', 'lists', 'masks'])
def test_data_set_names_a_missing_folder_by_its_argument(ucf, name):
  folders = {'videos': ucf / 'videos', 'lists': ucf / 'lists', 'masks': None, name: ucf / 'none'}
  with pytest.raises(data_sets.SourceError) as error:
    ucf101_layout.data_set(
      folders['videos'], folders['lists'], requests.DataSetOptions(masks=folders['masks'])
    )
  assert str(error.value) == f'`{name}` must be a folder; received {ucf}/none'


def test_write_lists_removes_older_lists(ucf, tmp_path):
  output = str(tmp_path / 'records')
  folders = str(ucf / 'videos'), str(ucf / 'lists')
  options = requests.DataSetOptions(validation=2)
  data_sets.write_lists(ucf101_layout.data_set(*folders, options).lists, output)
  assert os.path.exists(os.path.join(output, 'lists', 'validationlist01.txt'))
  data_sets.write_lists(ucf101_layout.data_set(*folders).lists, output)
  assert fakes.contents(os.path.join(output, 'lists')) == fakes.contents(ucf / 'lists')


def test_written_lists_are_found_by_the_reader_of_records(ucf, tmp_path):
  data = ucf101_layout.data_set(
    str(ucf / 'videos'), str(ucf / 'lists'), requests.DataSetOptions(validation=2)
  )
  videos = [fakes.video(s.path, label=s.label) for s in data.sources]
  opened = fakes.open_records(tmp_path / 'records', videos, label_names=data.label_names)
  data_sets.write_lists(data.lists, opened.folder)
  sizes = {subset: len(splits.load(opened, subset, 1)[0]) for subset in ucf101.SUBSETS}
  assert sizes == {'train': 10, 'validation': 4, 'test': 6}


def test_a_folder_of_frames_stands_for_a_listed_file_that_is_missing(ucf):
  name = 'Archery/v_Archery_g02_c01'
  (ucf / 'videos' / f'{name}.avi').unlink()
  data_files.touch(ucf / 'videos', f'{name}/1.jpg', 'Archery/v_Archery_g03_c01/1.jpg')
  data_files.touch(ucf / 'masks', 'v_Archery_g02_c01.json')
  (ucf / 'verdicts.csv').write_text(f'video,verdict\n{name},original\n')  # as review names it
  options = requests.DataSetOptions(masks=str(ucf / 'masks'), verdicts=str(ucf / 'verdicts.csv'))
  data = ucf101_layout.data_set(str(ucf / 'videos'), str(ucf / 'lists'), options)
  of_path = {source.path: source for source in data.sources}
  found = of_path[f'{name}.avi']
  assert found.file == str(ucf / 'videos' / name) and found.keep_original
  assert found.masks == str(ucf / 'masks' / 'v_Archery_g02_c01.json')
  other = of_path['Archery/v_Archery_g03_c01.avi']
  assert other.file.endswith('.avi')  # the file itself is there
