"""One source in two lists is found, whatever its names."""

import re

import pytest

from i3d_tf.ingest import class_folders
from i3d_tf.ingest import csv_files
from i3d_tf.ingest import requests
from i3d_tf.records import shared_sources
from i3d_tf.records import ucf101


@pytest.mark.parametrize(
  'train, test, is_shared',
  [
    ('a.avi', 'a.avi', True),
    ('a.avi', 'b.avi', False),
    ('a.avi', 'a.mp4', False),
    ('x_0-2.5.avi', 'x_2.5-end.avi', True),
    ('x_000000_000010.mp4', 'x_000040_000050.mp4', True),
    ('x_000000_000010.mp4', 'y_000000_000010.mp4', False),
    ('take_2-1.avi', 'take_1-1.avi', False),  # no time runs backwards
    ('v_Run_g01_c01.avi', 'v_Run_g02_c01.avi', False),
    ('cat/000.avi', 'dog/000.avi', False),
  ],
)
def test_sources_in_two_lists_are_found(train, test, is_shared):
  names = {'one': (train, f'nowhere/{train}'), 'two': (test, f'nowhere/{test}')}
  lists = {'train': {'one': 0}, 'test': {'two': 1}}
  if not is_shared:
    assert not shared_sources.check(names, lists, allowed=False)
    return
  with pytest.raises(ucf101.ListError, match=r'is one \(train\) and two \(test\)\. A network'):
    shared_sources.check(names, lists, allowed=False)
  (note,) = shared_sources.check(names, lists, allowed=True)
  assert note.startswith('1 source in more than one list: ') and '--allow_shared_sources' in note


def _write(folder, rows, *files):
  for file in files:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(file.encode())
  (folder / 'clips.csv').write_text('path,label,start,end,split\n' + '\n'.join(rows) + '\n')
  return folder / 'clips.csv'


@pytest.mark.parametrize(
  'rows, named',
  [
    (['a.avi,run,,,train', 'a.avi,jog,,,test', 'b.avi,jog,,,train'], 'run/a.avi (train) and jog/a'),
    (['a.avi,run,0,1,train', 'a.avi,run,3,4,test'], 'run/a_0-1.avi (train) and run/a_3-4.avi (te'),
    (['a.avi,run,0,1,train', './a.avi,run,3,4,test'], 'run/a_0-1.avi (train) and run/a_3-4.avi'),
  ],
)
def test_a_csv_file_with_one_file_in_two_lists_is_refused(tmp_path, rows, named):
  path = _write(tmp_path, rows, 'a.avi', 'b.avi')
  with pytest.raises(ucf101.ListError, match=re.escape(named)):
    csv_files.data_set(path)
  data = csv_files.data_set(path, options=requests.DataSetOptions(allow_shared_sources=True))
  assert any('more than one list' in note for note in data.notes)


def test_a_copy_under_another_name_is_told(tmp_path):
  path = _write(tmp_path, ['a.avi,run,,,train', 'b.avi,run,,,test', 'c.avi,run,,,test'], 'a.avi')
  (tmp_path / 'b.avi').write_bytes((tmp_path / 'a.avi').read_bytes())
  (tmp_path / 'c.avi').write_bytes(b'other')
  (note,) = csv_files.data_set(path).notes
  assert note == (
    '1 file in one list and, as a copy, in another: a.avi is run/a.avi (train) and run/b.avi (test)'
  )


@pytest.mark.parametrize('spelling', ['link.avi', '{folder}/a.avi', 'sub/../a.avi'])
def test_one_file_under_two_paths_is_refused(tmp_path, spelling):
  other = spelling.format(folder=tmp_path)
  path = _write(tmp_path, ['a.avi,run,,,train', f'{other},jog,,,test'], 'a.avi', 'sub/b.avi')
  (tmp_path / 'link.avi').symlink_to('a.avi')
  with pytest.raises(ucf101.ListError, match=r'a\.avi is run/a\.avi \(train\) and jog/'):
    csv_files.data_set(path)


def test_class_folders_draw_whole_sources(tmp_path):
  for label in ('run', 'jog'):
    for source in 'abcde':
      for part in ('0-2', '2-4', '4-end'):
        file = tmp_path / label / f'{label}{source}_{part}.avi'
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(file))
  for seed in range(5):
    data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=2, seed=seed))
    tested = data.lists['testlist01.txt'].decode().split('\n')
    sources = {line.split(' ')[0].split('_')[0] for line in tested if line}
    assert len(sources) == 4 and len([line for line in tested if line]) == 12
