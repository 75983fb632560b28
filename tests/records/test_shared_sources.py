"""One source in two lists is found, whatever its names."""

import re

import pytest

from i3d_tf.ingest import class_folders
from i3d_tf.ingest import csv_files
from i3d_tf.ingest import requests
from i3d_tf.records import shared_sources
from i3d_tf.records import ucf101


def _videos(folder, **contents):
  """Files of the given bytes, as `names` takes them."""
  listed = {}
  for name, content in contents.items():
    path = folder / f'{name}.avi'
    path.write_bytes(content)
    listed[f'run/{name}.avi'] = (f'{name}.avi', path)
  return listed


def test_copies_have_one_name(tmp_path):
  videos = _videos(tmp_path, b=b'one', a=b'one', c=b'two', d=b'three', e=b'', f=b'')
  assert shared_sources.names(videos) == {
    'run/a.avi': 'a.avi',
    'run/b.avi': 'a.avi',
    'run/c.avi': 'c.avi',
    'run/d.avi': 'd.avi',
    'run/e.avi': 'e.avi',
    'run/f.avi': 'f.avi',
  }


def test_missing_files_keep_their_names(tmp_path):
  files = {'run/a.avi': ('a.avi', tmp_path / 'a.avi')}
  assert shared_sources.names(files) == {'run/a.avi': 'a.avi'}


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
  names = {'one': train, 'two': test}
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


def test_a_copy_under_another_name_is_refused(tmp_path):
  path = _write(tmp_path, ['a.avi,run,,,train', 'b.avi,run,,,test'], 'a.avi')
  (tmp_path / 'b.avi').write_bytes((tmp_path / 'a.avi').read_bytes())
  with pytest.raises(ucf101.ListError, match=r'a\.avi is run/a\.avi \(train\) and run/b\.avi'):
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


def test_copies_are_drawn_together(tmp_path):
  (tmp_path / 'run').mkdir()
  for i in range(8):
    (tmp_path / 'run' / f'{i}.avi').write_text(f'source {i // 2}')
  for seed in range(5):
    data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=1, seed=seed))
    first, second = sorted(data.lists['testlist01.txt'].decode().split('\n')[:-1])
    numbers = [int(line.split('/')[1].split('.')[0]) for line in (first, second)]
    assert numbers[0] // 2 == numbers[1] // 2
