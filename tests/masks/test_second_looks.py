"""The part of the people that a segmenter found only in a second look."""

import pytest

from i3d_tf.masks import coco_files
from i3d_tf.masks import second_looks


@pytest.mark.parametrize(
  'mask, again, expected', [(0.1, 0.0, 0.0), (0.3, 0.1, 0.25), (0.0, 0.2, 1.0), (0.0, 0.0, 1.0)]
)
def test_seen_again_is_what_the_masks_missed(mask, again, expected):
  assert second_looks.SecondLook(mask, again).seen_again == pytest.approx(expected)


def test_masks_know_their_second_look(tmp_path):
  look = second_looks.SecondLook(0.25, 0.125)
  for name, call in (('with', lambda: look), ('without', None)):
    coco_files.write_people(
      tmp_path / f'{name}.json', [[], []], 4, 6, video='a.avi', second_look=call
    )
  masks = coco_files.read(tmp_path / 'with.json')
  assert masks.second_look == look
  assert coco_files.read(tmp_path / 'without.json').second_look is None
