"""Class names: the files in which they are published, and where these are found."""

import os

import pytest

from i3d_tf.common import errors
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import label_maps
from tests import fakes


@pytest.mark.parametrize(
  'content, expected',
  [
    ('abseiling\nair drumming\n', ['abseiling', 'air drumming']),
    ('1 Archery\r\n2 Baby Crawling\r\n\r\n', ['Archery', 'Baby Crawling']),
    ('1 Archery\n3 Biking\n', ['1 Archery', '3 Biking']),  # These are names, not numbers from 1.
    ('10 pin bowling\nyoga', ['10 pin bowling', 'yoga']),
  ],
)
def test_read_supports_lines_with_and_without_numbers(tmp_path, content, expected):
  (tmp_path / 'labels.txt').write_text(content)
  assert label_maps.read(str(tmp_path / 'labels.txt'), 2) == expected


def test_read_rejects_other_number_of_names_and_missing_files(tmp_path):
  (tmp_path / 'labels.txt').write_text('a\nb\n')
  with pytest.raises(errors.UserError, match=r'labels\.txt: expected 3 class names; found 2'):
    label_maps.read(str(tmp_path / 'labels.txt'), 3)
  with pytest.raises(errors.UserError, match=r'none\.txt: expected a text file of class names'):
    label_maps.read(str(tmp_path / 'none.txt'), 3)


def test_read_knows_ucf101_by_name():
  names = label_maps.read('ucf101', 101)
  assert (names[0], names[36], names[-1]) == ('ApplyEyeMakeup', 'HandstandPushups', 'YoYo')
  assert names == label_maps.read(fakes.shared('ucf101', 'classInd.txt'), 101)


def test_find_takes_label_map_of_kinetics_i3d(tmp_path):
  folder = tmp_path / 'data' / 'checkpoints' / 'rgb_imagenet'
  os.makedirs(folder)
  (tmp_path / 'data' / 'label_map.txt').write_text('a\nb\n')
  (tmp_path / 'data' / 'label_map_600.txt').write_text('a\nb\nc\n')
  prefix = str(folder / 'model.ckpt')
  assert label_maps.find(prefix, 2) == (str(tmp_path / 'data' / 'label_map.txt'), ['a', 'b'])
  assert label_maps.find(prefix, 3)[1] == ['a', 'b', 'c']
  assert label_maps.find(prefix, 4) == (None, None)


@pytest.mark.parametrize(
  'name, count, first, last',
  [
    ('kinetics400', 400, 'abseiling', 'zumba'),
    ('imagenet', 1000, 'tench', 'toilet tissue'),
    ('ucf101', 101, 'ApplyEyeMakeup', 'YoYo'),
  ],
)
def test_class_names_of_data_sets_are_in_the_project(name, count, first, last):
  names = label_maps.read(name, count)
  assert (names[0], names[-1]) == (first, last)
  assert len(set(names)) == count


def test_the_names_of_kinetics_are_deepminds_file():
  path = os.path.join(os.path.dirname(label_maps.__file__), 'labels', 'kinetics400.txt')
  # data/label_map.txt of kinetics-i3d, as git names its content.
  assert identity.git_blob(path) == 'cdaafcb1415eee46483561e78cb4747cce76a933'


def test_names_next_to_the_weights_come_first(tmp_path):
  path = tmp_path / 'a.weights.h5'
  (tmp_path / 'label_map.txt').write_text('a\nb\n')
  label_maps.write(label_maps.next_to(path), ['c', 'd'])
  assert label_maps.find(path, 2) == (str(tmp_path / 'a.labels.txt'), ['c', 'd'])
  with pytest.raises(errors.UserError, match='expected 3 class names; found 2'):
    label_maps.find(path, 3)
