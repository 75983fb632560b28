"""Masks propagated by optical flow stay on the object that they covered."""

import numpy as np
import pytest

from segmentation.people import mask_propagation
from tests import fakes


def _shifted(count, dy, dx, height=80, width=120):
  """Frames of a texture that moves by (dy, dx) pixels per frame."""
  large = fakes.texture(height + 100, width + 100, seed=3)
  return [
    large[50 - i * dy : 50 - i * dy + height, 50 - i * dx : 50 - i * dx + width]
    for i in range(count)
  ]


def _mask(y, x, height=80, width=120):
  mask = np.zeros((height, width), bool)
  mask[y : y + 30, x : x + 20] = True
  return mask


def _iou(a, b):
  return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize('dy, dx', [(0, 0), (0, 2), (1, 0), (-1, 1), (2, -3)])
def test_a_mask_follows_a_known_translation(dy, dx):
  propagator = mask_propagation.Propagator()
  frames = _shifted(5, dy, dx)
  greys = [propagator.grey(frame) for frame in frames]
  for i, positions in enumerate(propagator.follow(greys, 80, 120), 1):
    moved = mask_propagation.propagate(_mask(25, 50), positions)
    assert _iou(moved, _mask(25 + i * dy, 50 + i * dx)) > 0.9


def test_a_mask_is_propagated_backward_in_time():
  propagator = mask_propagation.Propagator()
  greys = [propagator.grey(frame) for frame in _shifted(4, 1, 2)][::-1]
  moved = [mask_propagation.propagate(_mask(28, 56), p) for p in propagator.follow(greys, 80, 120)]
  assert _iou(moved[-1], _mask(25, 50)) > 0.9


def test_positions_are_x_and_y_in_pixels_of_the_first_frame():
  propagator = mask_propagation.Propagator()
  greys = [propagator.grey(frame) for frame in _shifted(2, 1, 3)]
  (positions,) = propagator.follow(greys, 80, 120)
  assert positions.shape == (80, 120, 2)
  np.testing.assert_allclose(positions[40, 60], [57, 39], atol=0.3)


def test_the_flow_of_large_frames_is_computed_on_smaller_ones():
  propagator = mask_propagation.Propagator()
  frames = [np.kron(frame, np.ones((8, 8, 1), np.uint8)) for frame in _shifted(3, 0, 2)]
  greys = [propagator.grey(frame) for frame in frames]
  assert greys[0].shape == (256, 384)
  positions = list(propagator.follow(greys, 640, 960))
  moved = mask_propagation.propagate(np.kron(_mask(25, 50), np.ones((8, 8), bool)), positions[-1])
  assert _iou(moved, np.kron(_mask(25, 54), np.ones((8, 8), bool))) > 0.9


def _positions(dx):
  """A camera that turns to the right by `dx` pixels."""
  return np.dstack(np.meshgrid(np.arange(120) + dx, np.arange(80))).astype(np.float32)


def test_a_person_who_leaves_the_frame_is_gone():
  assert mask_propagation.propagate(_mask(20, 40), _positions(50))[20, 5]
  assert not mask_propagation.propagate(_mask(20, 40), _positions(65)).any()


def test_a_mask_cut_by_the_border_continues_beyond_it():
  moved = mask_propagation.propagate(_mask(20, 100), _positions(10))
  np.testing.assert_array_equal(moved, _mask(20, 90) | _mask(20, 100))
