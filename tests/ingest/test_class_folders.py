"""Data sets of class folders."""

import pytest

from i3d_tf.ingest import class_folders
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.records import ucf101
from tests.ingest import data_files


def test_data_set_draws_a_test_list_from_all_classes(tmp_path):
  data_files.touch(
    tmp_path,
    *(f'{c}/{n}.mp4' for c in ('run', 'air drumming') for n in range(10)),
    'run/notes.txt',
    'run/.hidden.mp4',
  )
  data = class_folders.data_set(str(tmp_path))
  assert data.label_names == ('air drumming', 'run') and len(data.sources) == 20
  test = data_files.read_list(data, 'testlist01.txt')
  assert sorted(test.values()) == ['air drumming'] * 2 + ['run'] * 2
  assert len(data_files.read_list(data, 'trainlist01.txt')) == 16
  assert data.notes[0].startswith('the data set names no test videos: 4 of 20 were drawn')


def test_data_set_reads_folders_of_subsets(tmp_path):
  data_files.touch(tmp_path, 'train/a/1.mp4', 'train/b/2.mp4', 'val/a/3.mp4', 'test/b/4.mp4')
  data = class_folders.data_set(str(tmp_path))
  assert [source.path for source in data.sources] == ['a/1.mp4', 'a/3.mp4', 'b/2.mp4', 'b/4.mp4']
  assert data_files.read_list(data, 'validationlist01.txt') == {'a/3.mp4': 'a'}
  assert data_files.read_list(data, 'testlist01.txt') == {'b/4.mp4': 'b'}
  with pytest.raises(
    data_sets.SourceError, match=r'expected no test videos in the data set with --test=0\.5'
  ):
    class_folders.data_set(str(tmp_path), requests.DataSetOptions(test=0.5))
  with pytest.raises(
    data_sets.SourceError, match=r'expected no validation videos in the data set with --val'
  ):
    class_folders.data_set(str(tmp_path), requests.DataSetOptions(validation=0.5))


def test_data_set_rejects_one_name_in_two_subsets(tmp_path):
  data_files.touch(tmp_path, 'train/a/1.mp4', 'test/a/1.mp4')
  with pytest.raises(data_sets.SourceError, match=r'a/1.mp4 is both in test and in train$'):
    class_folders.data_set(str(tmp_path))


def test_data_set_rejects_a_folder_without_videos(tmp_path):
  data_files.touch(tmp_path, 'a/readme.txt')
  with pytest.raises(data_sets.SourceError, match=r'expected class folders of video files .*none$'):
    class_folders.data_set(str(tmp_path))


def test_what_is_passed_over_is_listed_with_the_reason(tmp_path):
  data_files.touch(
    tmp_path,
    'run/a.avi',
    'run/b.m2ts',
    'run/c.gif',
    'run/notes.txt',
    'run/sub/d.avi',
    'run/._a.avi',
    'run/.f.avi',
    'run/.notes',
  )
  data_files.touch(tmp_path, 'jog/sub/e.avi', 'g.avi', 'list.csv')
  data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=0))
  assert [source.path for source in data.sources] == ['run/a.avi', 'run/b.m2ts', 'run/c.gif']
  assert data.notes == (
    '1 class without videos: jog',
    'passed over: g.avi: not in the folder of a class',
    'passed over: jog/sub/: a folder; videos are expected right in the folder of their class',
    'passed over: run/.f.avi: a hidden file',
    'passed over: run/notes.txt: not the suffix of a video file',
    'passed over: run/sub/: a folder; videos are expected right in the folder of their class',
  )


def test_folders_of_frames_are_videos_where_no_class_has_a_video_file(tmp_path):
  data_files.touch(tmp_path, 'run/a/1.jpg', 'run/b/1.png', 'run/c/notes.txt', 'run/1.jpg')
  data_files.touch(tmp_path, 'jog/.thumbnails/1.jpg', 'jog/d/1.jpg', 'jog/d/.x')
  data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=0))
  assert [source.path for source in data.sources] == ['jog/d', 'run/a', 'run/b']
  assert [source.file for source in data.sources] == [
    str(tmp_path / name) for name in ('jog/d', 'run/a', 'run/b')
  ]
  assert data.notes == (
    'passed over: run/1.jpg: neither a video file nor in a folder of frames',
    'passed over: run/c/: a folder without images',
  )
  data_files.touch(tmp_path, 'run/e.avi')
  data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=0))
  assert [source.path for source in data.sources] == ['run/e.avi']


def test_parts_of_a_file_under_two_classes_are_drawn_together(tmp_path):
  videos = [f'{c}/{n}_{t}.avi' for n in 'abcdef' for c, t in (('run', '0-1'), ('jog', '2.5-4'))]
  data_files.touch(tmp_path, *videos)
  for seed in range(5):
    data = class_folders.data_set(tmp_path, requests.DataSetOptions(test=2, seed=seed))
    test = data_files.read_list(data, 'testlist01.txt')
    assert {path.replace('run/', 'jog/').replace('0-1', '2.5-4') for path in test} == {
      path for path in test if path.startswith('jog/')
    }
  data_files.touch(tmp_path / 'split', 'train/run/a_0-1.avi', 'test/jog/a_2-3.avi')
  data_files.touch(tmp_path / 'split', 'train/jog/b.avi', 'test/run/c.avi')
  with pytest.raises(ucf101.ListError, match=r'found 1 source in more than one list'):
    class_folders.data_set(tmp_path / 'split')
