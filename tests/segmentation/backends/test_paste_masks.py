"""Masks pasted into the frame, compared with the definition pixel by pixel, also at edges."""

import numpy as np
import pytest

from segmentation.backends import paste_masks


def _by_definition(mask, box, height, width):
  """Bilinear `grid_sample` (zeros outside, align_corners=False), pixel by pixel."""
  cells_y, cells_x = mask.shape
  y0, x0, y1, x1 = box

  def cell(i, j):
    return mask[i, j] if 0 <= i < cells_y and 0 <= j < cells_x else 0.0

  values = np.zeros((height, width))
  for y in range(height):
    for x in range(width):
      # As detectron2: the grid runs over [-1, 1] from border to border of the box.
      grid_y = (y + 0.5 - y0) / (y1 - y0) * 2 - 1
      grid_x = (x + 0.5 - x0) / (x1 - x0) * 2 - 1
      v = ((grid_y + 1) * cells_y - 1) / 2
      u = ((grid_x + 1) * cells_x - 1) / 2
      i, j = int(np.floor(v)), int(np.floor(u))
      a, b = v - i, u - j
      values[y, x] = (
        (1 - a) * (1 - b) * cell(i, j)
        + (1 - a) * b * cell(i, j + 1)
        + a * (1 - b) * cell(i + 1, j)
        + a * b * cell(i + 1, j + 1)
      )
  return values


@pytest.mark.parametrize(
  'box',
  [
    (3.3, 5.1, 21.9, 30.7),
    (-6.2, -9.5, 12.4, 8.1),  # beyond the top left
    (10.1, 20.2, 40.3, 55.5),  # beyond the bottom right
    (-5.1, -7.3, 33.8, 49.2),  # around the frame
    (4.2, 6.3, 4.9, 6.8),  # within a pixel, around its center
    (8.05, 2.1, 9.3, 38.2),  # a pixel high
    (-9.0, -9.0, -1.0, -2.0),  # outside
  ],
)
@pytest.mark.parametrize('cells', [(28, 28), (33, 33), (3, 5), (1, 1)])
def test_pasted_masks_follow_the_definition(box, cells):
  height, width = 24, 40
  mask = np.random.default_rng(0).random(cells)
  values = _by_definition(mask, box, height, width)
  assert np.abs(values - 0.5).min() > 1e-9  # no tie, which rounding could break either way
  pasted = paste_masks.paste(mask, box, height, width)
  assert pasted.dtype == bool
  np.testing.assert_array_equal(pasted, values > 0.5)


def test_a_full_mask_covers_the_pixels_whose_centers_are_in_the_box():
  pasted = paste_masks.paste(np.ones((28, 28)), (2.4, 3.6, 7.6, 11.4), 12, 16)
  expected = np.zeros((12, 16), bool)
  expected[2:8, 4:11] = True  # centers 2.5 to 7.5, 4.5 to 10.5
  np.testing.assert_array_equal(pasted, expected)


def test_a_box_of_the_size_of_the_mask_shows_its_cells():
  mask = np.random.default_rng(1).random((7, 9)).astype(np.float32)
  pasted = paste_masks.paste(mask, (4, 2, 11, 11), 20, 20)
  np.testing.assert_array_equal(pasted[4:11, 2:11], mask > 0.5)
  assert pasted.sum() == (mask > 0.5).sum()


def test_a_probability_of_one_half_is_not_a_person():
  assert not paste_masks.paste(np.full((4, 4), 0.5), (0, 0, 8, 8), 8, 8).any()


@pytest.mark.parametrize('box', [(3, 3, 3, 9), (3, 9, 8, 4), (np.nan, 0, 5, 5), (0, 0, np.inf, 5)])
def test_a_box_without_an_area_gives_nothing(box):
  assert not paste_masks.paste(np.ones((4, 4)), box, 10, 10).any()


@pytest.mark.parametrize('seed', range(4))
def test_the_model_garden_differs_only_near_the_border(seed):
  mask_ops = pytest.importorskip('official.vision.ops.mask_ops')
  rng = np.random.default_rng(seed)
  y0, x0 = rng.uniform(0, 60, 2)
  h, w = rng.uniform(60, 120, 2)
  v, u = np.mgrid[:28, :28] - 13.5
  mask = 1 / (1 + np.exp((v**2 + 2 * u**2 - 100) / 10))  # a smooth ellipse
  ours = paste_masks.paste(mask, (y0, x0, y0 + h, x0 + w), 200, 200)
  theirs = mask_ops.paste_instance_masks(
    mask[np.newaxis].astype(np.float32), np.array([[x0, y0, w, h]]), 200, 200
  )[0].astype(bool)
  assert (ours & theirs).sum() / (ours | theirs).sum() > 0.94
  for a, b in ((ours, theirs), (theirs, ours)):
    # All differences are within 2 pixels of what both have in common.
    near = np.zeros_like(a)
    for dy in range(-2, 3):
      for dx in range(-2, 3):
        near |= np.roll(b, (dy, dx), (0, 1))
    assert not (a & ~near).any()


# === The people of a frame ===


def _detections(count, seed=0):
  rng = np.random.default_rng(seed)
  corner = rng.uniform(-10, 50, (count, 2))
  boxes = np.concatenate([corner, corner + rng.uniform(1, 40, (count, 2))], axis=1)
  return boxes, rng.random(count), rng.random((count, 33, 33))


def test_each_of_a_hundred_detections_is_in_its_place():
  boxes, scores, masks = _detections(100)
  classes = np.where(np.arange(100) % 3, 1.0, 18.0)  # the others are dogs
  found = paste_masks.people(boxes, classes, scores, masks, 48, 64, min_score=0.3)
  expected = [
    i
    for i in range(100)
    if i % 3 and scores[i] >= 0.3 and paste_masks.paste(masks[i], boxes[i], 48, 64).any()
  ]
  assert len(expected) > 20
  assert [person.score for person in found] == pytest.approx(list(scores[expected]))
  for person, i in zip(found, expected):
    np.testing.assert_array_equal(person.mask, _by_definition(masks[i], boxes[i], 48, 64) > 0.5)


def test_padding_detections_are_ignored():
  boxes, _, _ = _detections(3)
  masks = np.ones((3, 33, 33))
  assert not paste_masks.people(boxes * 0, np.ones(3), np.zeros(3), masks, 48, 64)
  assert not paste_masks.people(boxes, np.ones(3), np.zeros(3), masks, 48, 64)


def test_objects_of_other_classes_count_only_if_they_are_named_and_next_to_a_person():
  boxes = np.array([[5, 5, 15, 15], [5, 15, 10, 25], [5, 15, 10, 25], [30, 40, 40, 50]], float)
  classes, masks = np.array([1, 43, 37, 43]), np.ones((4, 3, 3))
  scores = np.array([0.9, 0.8, 0.3, 0.8])
  full = [paste_masks.paste(mask, box, 48, 64) for mask, box in zip(masks, boxes)]
  (alone,) = paste_masks.people(boxes, classes, scores, masks, 48, 64, 0.5)
  np.testing.assert_array_equal(alone.mask, full[0])
  # The racket in the hand, not that on the grass; the ball has too low a score.
  (person,) = paste_masks.people(boxes, classes, scores, masks, 48, 64, 0.5, [43, 37])
  np.testing.assert_array_equal(person.mask, full[0] | full[1])
  assert person.score == 0.9
  assert not paste_masks.people(boxes[1:], classes[1:], scores[1:], masks[1:], 48, 64, 0.5, [43])
