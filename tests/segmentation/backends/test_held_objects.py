"""Objects that count as a person's: only those next to one, and for the right one."""

import numpy as np
import pytest

from segmentation.backends import held_objects
from segmentation.backends import segmenter

_HEIGHT, _WIDTH = 20, 30


def _mask(y0, x0, y1, x1):
  mask = np.zeros((_HEIGHT, _WIDTH), bool)
  mask[y0:y1, x0:x1] = True
  return mask


def _person(*box, score=0.9):
  return segmenter.DetectedPerson(_mask(*box), score)


@pytest.mark.parametrize(
  'box, counts',
  [
    ((6, 6, 8, 8), True),  # within
    ((8, 8, 14, 14), True),  # overlaps
    ((5, 10, 8, 12), True),  # next to the right side
    ((10, 10, 12, 12), True),  # at a corner
    ((0, 5, 5, 10), True),  # above
    ((5, 11, 8, 13), False),  # a pixel between them
    ((11, 5, 13, 8), False),
    ((15, 20, 19, 25), False),
  ],
)
def test_an_object_counts_where_its_box_overlaps_or_touches_a_persons(box, counts):
  person, thing = _person(5, 5, 10, 10), _mask(*box)
  before = person.mask.copy()
  (found,) = held_objects.add([person], [thing])
  np.testing.assert_array_equal(found.mask, before | thing if counts else before)
  np.testing.assert_array_equal(person.mask, before)  # the argument stays as it is
  assert found.score == 0.9


def test_boxes_decide_not_pixels():
  arms = segmenter.DetectedPerson(_mask(2, 2, 12, 4) | _mask(2, 16, 12, 18), 0.8)
  ball = _mask(8, 9, 10, 11)  # between the arms, far from both
  (found,) = held_objects.add([arms], [ball])
  assert found.mask[8:10, 9:11].all()


def test_an_object_belongs_to_the_person_with_most_of_its_box():
  left, right = _person(5, 2, 15, 10), _person(5, 12, 15, 20)
  racket, ball, far = _mask(6, 9, 9, 15), _mask(8, 10, 9, 12), _mask(0, 25, 2, 28)
  first, second = held_objects.add([left, right], [racket, ball, far])
  np.testing.assert_array_equal(first.mask, left.mask | ball)  # touches both: the first
  np.testing.assert_array_equal(second.mask, right.mask | racket)


def test_an_object_that_touches_an_object_alone_counts_for_nobody():
  person, racket, ball = _person(5, 5, 10, 10), _mask(5, 10, 7, 14), _mask(5, 14, 7, 16)
  (found,) = held_objects.add([person], [racket, ball])
  np.testing.assert_array_equal(found.mask, person.mask | racket)


def test_without_people_or_objects_nothing_changes():
  assert held_objects.add([], [_mask(0, 0, 3, 3)]) == []
  person = _person(5, 5, 10, 10)
  assert held_objects.add([person], []) == [person]
