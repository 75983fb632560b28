"""Shapes and places of masks."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import shapes
from i3d_tf.inputs import treatments
from tests import walking


def _shape(name, masks):
  return shapes.SHAPES[name](tf.cast(masks, tf.bool), None).numpy()


def _bounding(mask):
  """The bounding box of a mask [H, W], by its outermost pixels."""
  box = np.zeros_like(mask)
  if mask.any():
    rows, columns = np.nonzero(mask)
    box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
  return box


@pytest.mark.parametrize('density', [0, 0.005, 0.05, 1])
def test_boxes_and_tubes_are_what_bounds_the_masks(density):
  masks = np.random.default_rng(1).uniform(size=(3, 4, 12, 20)) < density
  boxes, tubes = _shape('box', masks), _shape('tube', masks)
  for clip in range(3):
    for frame in range(4):
      np.testing.assert_array_equal(boxes[clip, frame], _bounding(masks[clip, frame]))
      np.testing.assert_array_equal(tubes[clip, frame], _bounding(masks[clip].any(0)))
  assert not np.any(masks & ~boxes) and not np.any(boxes & ~tubes)
  np.testing.assert_array_equal(_shape('box', boxes), boxes)
  np.testing.assert_array_equal(_shape('tube', tubes), tubes)
  np.testing.assert_array_equal(_shape('outline', masks), masks)


def test_a_united_hole_is_the_same_whose_of_the_two_it_is():
  rng = np.random.default_rng(2)
  one, other = (tf.constant(rng.uniform(size=(2, 3, 8, 8)) < 0.3) for _ in range(2))
  united = shapes.SHAPES['united'](one, other)
  np.testing.assert_array_equal(united, one | other)
  np.testing.assert_array_equal(united, shapes.SHAPES['united'](other, one))
  with pytest.raises(errors.UserError, match="shape 'united' must have the mask of a video of"):
    shapes.SHAPES['united'](one, None)


def test_every_shape_of_the_grammar_has_a_function():
  assert tuple(shapes.SHAPES) == treatments.SHAPES


def test_elsewhere_has_least_overlap_of_all_shifts():
  rng = np.random.default_rng(3)
  masks = (rng.uniform(size=(2, 3, 8, 16)) < 0.5).astype(np.uint8)
  moved = shapes.PLACES['elsewhere'](tf.cast(masks, tf.bool)).numpy()
  for clip in range(2):
    overlaps = [(masks[clip] * np.roll(masks[clip], shift, axis=2)).sum() for shift in range(16)]
    assert (masks[clip] * moved[clip]).sum() == min(overlaps)
    assert any(np.array_equal(moved[clip], np.roll(masks[clip], s, axis=2)) for s in range(16))


def test_every_place_of_the_grammar_has_a_function():
  assert tuple(shapes.PLACES) == treatments.PLACES


def test_earlier_is_half_a_clip_away():
  _, masks = walking.scene(frames=5)
  moved = shapes.PLACES['earlier'](tf.cast(masks, tf.bool)).numpy()
  np.testing.assert_array_equal(moved, np.roll(masks == 1, 2, axis=1))
