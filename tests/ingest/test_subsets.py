"""Training, validation and test lists of data sets that come without."""

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import class_folders
from i3d_tf.ingest import csv_files
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.ingest import subsets
from tests.ingest import data_files


def test_split_uses_validation_videos_for_the_test_if_there_are_no_others(tmp_path):
  path = data_files.write(tmp_path / 'k.csv', 'path,label,split\na.mp4,a,train\nb.mp4,a,val\n')
  data = csv_files.data_set(path)
  assert data_files.read_list(data, 'testlist01.txt') == {'a/b.mp4': 'a'}
  assert 'validationlist01.txt' not in data.lists
  assert data.notes == (
    'the data set names no test videos: its 1 validation videos are the test list',
  )


def test_split_cannot_draw_from_a_class_of_one_video(tmp_path):
  data_files.touch(tmp_path, 'a/1.mp4', 'b/2.mp4')
  with pytest.raises(errors.UserError, match=r'make_tfrecords --test=0 holds out none'):
    class_folders.data_set(str(tmp_path))
  data = class_folders.data_set(str(tmp_path), requests.DataSetOptions(test=0))
  assert (
    len(data_files.read_list(data, 'trainlist01.txt')) == 2 and 'testlist01.txt' not in data.lists
  )


@pytest.mark.parametrize('test, size', [(None, 4), (0.5, 10), (2, 4)])
def test_split_holds_out_a_test_list(test, size):
  videos = [
    data_sets.ListedVideo(f'{label}/{n}.mp4', f'none/{label}/{n}.mp4', f'{label}/{n}.mp4', index)
    for index, label in enumerate('ab')
    for n in range(10)
  ]
  train = {video.path: 'train' for video in videos}
  data = subsets.split(videos, train, ['a', 'b'], requests.DataSetOptions(test=test))
  lists = [data_files.read_list(data, f'{subset}list01.txt') for subset in ('train', 'test')]
  assert [len(listed) for listed in lists] == [20 - size, size]
  assert len(data.notes) == (test is None)
