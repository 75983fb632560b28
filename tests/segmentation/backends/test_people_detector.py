"""OpenCV's people detector, which says where a LiteRT network shall look: upright people."""

import numpy as np
import pytest

from i3d_tf.video import decoding
from segmentation.backends import people_detector
from tests import fakes


@pytest.fixture(scope='module')
def pitcher():
  """A frame of a man who stands upright and is visible from head to foot."""
  frames = decoding.decode(fakes.shared('clips', 'v_BaseballPitch_g01_c01.avi'))
  return list(frames)[42]


def _best(frame):
  boxes, scores = people_detector.PeopleDetector()(frame)
  assert boxes.shape == (len(scores), 4)
  return boxes[np.argmax(scores)], scores.max()


def test_an_upright_man_is_found_in_his_place(pitcher):
  (y0, x0, y1, x1), score = _best(pitcher)
  assert score > 0.35
  assert y0 < 45 and y1 > 150 and 70 < (x0 + x1) / 2 < 130  # head, feet, center


def test_the_same_frame_gives_the_same_boxes(pitcher):
  first, second = (people_detector.PeopleDetector()(pitcher) for _ in range(2))
  for a, b in zip(first, second, strict=True):
    np.testing.assert_array_equal(a, b)


def test_a_person_whose_feet_are_cut_off_is_found(pitcher):
  whole, cut = _best(pitcher)[0], _best(pitcher[25:190, 60:140])[0] + np.array([25, 60, 25, 60])
  low, high = np.maximum(whole[:2], cut[:2]), np.minimum(whole[2:], cut[2:])
  common = np.prod(high - low)
  assert common / (np.prod(whole[2:] - whole[:2]) + np.prod(cut[2:] - cut[:2]) - common) > 0.5


@pytest.mark.parametrize('size', [(16, 16), (48, 200), (720, 64)])
def test_boxes_overlap_the_frame_whatever_its_size(size):
  boxes, scores = people_detector.PeopleDetector()(fakes.texture(*size))
  assert boxes.shape == (len(scores), 4) and np.issubdtype(boxes.dtype, np.integer)
  assert (boxes[:, :2] < size).all() and (boxes[:, 2:] > 0).all()
