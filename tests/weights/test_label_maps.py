"""Class names: the files in which they are published, and where these are found."""

import os

import pytest

from i3d_tf.common import errors
from i3d_tf.weights import label_maps
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


def test_read_explains_missing_tensorflow_datasets(monkeypatch):
  monkeypatch.setattr(label_maps.importlib.util, 'find_spec', lambda name: None)
  with pytest.raises(errors.UserError, match=r'expected tensorflow-datasets.*classInd\.txt'):
    label_maps.read('ucf101', 101)
