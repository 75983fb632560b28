"""Class names: the files in which they are published, and where those lie."""

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
    ('1 Archery\n3 Biking\n', ['1 Archery', '3 Biking']),  # no numbering: names
    ('10 pin bowling\nyoga', ['10 pin bowling', 'yoga']),
  ],
)
def test_names_stand_one_a_line_numbered_or_not(tmp_path, content, expected):
  (tmp_path / 'labels.txt').write_text(content)
  assert label_maps.read(str(tmp_path / 'labels.txt'), 2) == expected


def test_another_number_of_names_is_refused(tmp_path):
  (tmp_path / 'labels.txt').write_text('a\nb\n')
  with pytest.raises(errors.UserError, match='labels.txt: expected 3 class names; found 2'):
    label_maps.read(str(tmp_path / 'labels.txt'), 3)
  with pytest.raises(errors.UserError, match='none.txt: expected a text file of class names'):
    label_maps.read(str(tmp_path / 'none.txt'), 3)


def test_ucf101_is_known_by_name():
  names = label_maps.read('ucf101', 101)
  assert (names[0], names[36], names[-1]) == ('ApplyEyeMakeup', 'HandstandPushups', 'YoYo')
  assert names == label_maps.read(fakes.shared('ucf101', 'classInd.txt'), 101)


def test_the_label_map_lies_where_kinetics_i3d_has_it(tmp_path):
  folder = tmp_path / 'data' / 'checkpoints' / 'rgb_imagenet'
  os.makedirs(folder)
  (tmp_path / 'data' / 'label_map.txt').write_text('a\nb\n')
  (tmp_path / 'data' / 'label_map_600.txt').write_text('a\nb\nc\n')
  prefix = str(folder / 'model.ckpt')
  assert label_maps.find(prefix, 2) == (str(tmp_path / 'data' / 'label_map.txt'), ['a', 'b'])
  assert label_maps.find(prefix, 3)[1] == ['a', 'b', 'c']
  assert label_maps.find(prefix, 4) == (None, None)
