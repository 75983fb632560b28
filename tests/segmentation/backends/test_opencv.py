"""OpenCV's people detector with GrabCut: rough, but it finds upright people."""

import numpy as np
import pytest

from i3d_tf.video import decoding
from segmentation.backends import opencv
from tests import fakes


@pytest.fixture(scope='module')
def pitcher():
  """A frame of a man who stands upright and is visible from head to foot."""
  frames = decoding.decode(fakes.shared('clips', 'v_BaseballPitch_g01_c01.avi'))
  return list(frames)[42]


def test_an_upright_man_is_found_in_his_place(pitcher):
  people = opencv.OpenCVSegmenter().people(pitcher[np.newaxis])[0]
  best = max(people, key=lambda person: person.score)
  assert best.score > 0.5
  assert best.mask.shape == pitcher.shape[:2] and best.mask.dtype == bool
  y, x = np.nonzero(best.mask)
  assert 20 < y.min() < 45 and 70 < x.mean() < 130  # head; center
  assert 0.01 < best.mask.mean() < 0.1


def test_the_same_frame_gives_the_same_masks(pitcher):
  first, second = (opencv.OpenCVSegmenter().people(pitcher[np.newaxis])[0] for _ in range(2))
  for a, b in zip(first, second, strict=True):
    np.testing.assert_array_equal(a.mask, b.mask)
    assert a.score == b.score


def test_people_below_the_minimum_score_are_left_out(pitcher):
  assert not opencv.OpenCVSegmenter(min_score=1.0).people(pitcher[np.newaxis])[0]


def test_a_person_cut_by_the_border_is_found(pitcher):
  people = opencv.OpenCVSegmenter().people(pitcher[np.newaxis, 25:190, 60:140])[0]
  assert max(person.mask.mean() for person in people if person.score > 0.5) > 0.1


@pytest.mark.parametrize('size', [(16, 16), (48, 200), (720, 64)])
def test_frames_of_any_size_are_accepted(size):
  frame = fakes.texture(*size)
  for person in opencv.OpenCVSegmenter().people(frame[np.newaxis])[0]:
    assert person.mask.shape == size


@pytest.mark.parametrize(
  'box',
  [
    (0, 0, 40, 20),
    (60, 90, 140, 130),
    (-50, 100, 100, 160),
    (-30, -15, 10, 5),
    (98, 118, 138, 138),
    (0, 0, 100, 120),
    (-100, -100, 200, 220),
  ],
)
def test_boxes_at_the_border_give_masks_within_the_frame(box):
  mask = opencv._grab_cut(fakes.texture(100, 120), np.array(box), 0)
  assert mask.shape == (100, 120)
