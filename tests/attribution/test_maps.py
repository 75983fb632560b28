"""Maps over a clip: their cells, and their share inside a mask, by exact arithmetic."""

import numpy as np
import pytest

from i3d_tf.attribution import maps


def mask_of(shape, *slices):
  mask = np.zeros(shape, np.uint8)
  mask[slices] = 1
  return mask


def test_a_map_that_knows_nothing_has_the_share_of_the_area():
  rng = np.random.default_rng(0)
  mask = rng.random((5, 6, 7)) < 0.3
  # Cells of unequal volumes, whose borders lie within pixels.
  edges = (np.array([0, 1.5, 5]), np.array([0, 0.25, 6]), np.array([0, 3.0, 6.5, 7]))
  constant = maps.AttributionMap(np.full((2, 2, 3), 0.7, np.float32), edges)
  found = maps.share_inside(constant, mask)
  assert found.area == np.count_nonzero(mask) / mask.size
  assert found.share == pytest.approx(found.area, rel=1e-12) and found.ratio == pytest.approx(1)


def test_the_share_is_that_of_the_mass_in_the_mask():
  values = np.zeros((1, 2, 2), np.float32)
  values[0, 0, 0], values[0, 1, 1] = 3, 1
  of_map = maps.on_grid(values, (2, 4, 4))
  # The whole of the first cell, in one of its two frames; a quarter of the other's pixels.
  mask = mask_of((2, 4, 4), 0, slice(0, 2), slice(0, 2))
  mask[:, 3, 3] = 1
  # Mass 3 * 8 + 1 * 8; inside 3 * 4 + 1 * 2.
  found = maps.share_inside(of_map, mask)
  assert found == maps.Share(14 / 32, 6 / 32) and found.ratio == 14 / 6


def test_cells_and_pixels_that_cross_are_weighted_by_their_overlap():
  edges = (np.array([0.0, 1]), np.array([0.0, 1]), np.array([0, 1.5, 3]))
  of_map = maps.AttributionMap(np.array([[[2, 4]]], np.float32), edges)
  # The middle pixel is half in either cell: 0.5 * 2 + 0.5 * 4 of 1.5 * 2 + 1.5 * 4.
  found = maps.share_inside(of_map, mask_of((1, 1, 3), 0, 0, 1))
  assert found.share == pytest.approx(3 / 9, abs=1e-15)
  np.testing.assert_allclose(of_map.at_pixels(), [[[2, 3, 4]]])
  assert of_map.at_pixels().sum() == (of_map.values * of_map.volumes).sum()


def test_a_map_on_the_person_alone_has_share_1_and_off_it_0():
  mask = mask_of((4, 8, 8), slice(None), slice(2, 6), slice(4, 8))
  inside, outside = maps.on_grid(mask, mask.shape), maps.on_grid(1 - mask, mask.shape)
  assert maps.share_inside(inside, mask) == maps.Share(1.0, 0.25)
  assert maps.share_inside(outside, mask) == maps.Share(0.0, 0.25)


def test_an_empty_map_has_no_share_and_an_empty_mask_no_ratio():
  nothing = maps.on_grid(np.zeros((1, 2, 2)), (2, 4, 4))
  mask = mask_of((2, 4, 4), 0)
  assert np.isnan(maps.share_inside(nothing, mask).share)
  found = maps.share_inside(maps.on_grid(np.ones((1, 2, 2)), (2, 4, 4)), 0 * mask)
  assert (found.share, found.area) == (0, 0) and np.isnan(found.ratio)


def test_the_peak_is_the_cell_of_the_highest_value():
  values = np.zeros((2, 2, 4), np.float32)
  values[1, 0, 2] = 1
  assert maps.on_grid(values, (10, 8, 8)).peak == ((5, 10), (0, 4), (4, 6))


def test_a_map_is_averaged_over_other_cells():
  fine = maps.on_grid(np.arange(16).reshape(1, 4, 4), (1, 4, 4))
  coarse = maps.on_grid(np.zeros((1, 2, 2)), (1, 4, 4))
  np.testing.assert_allclose(maps.resampled(fine, coarse.edges), [[[2.5, 4.5], [10.5, 12.5]]])
  back = maps.resampled(coarse, fine.edges)
  assert back.shape == (1, 4, 4)


@pytest.mark.parametrize(
  'values, edges, message',
  [
    ([[[-1.0]]], ([0, 1], [0, 1], [0, 1]), 'at least 0'),
    ([[[np.nan]]], ([0, 1], [0, 1], [0, 1]), 'finite'),
    ([[[1.0]]], ([0, 1], [0, 1], [0, 1, 2]), r'must be \[1, 1, 2\]; received \[1, 1, 1\]'),
    ([[[1.0]]], ([0, 1], [1, 2], [0, 1]), 'edges of height must ascend from 0'),
    ([[[1.0, 1.0]]], ([0, 1], [0, 1], [0, 2, 2]), 'edges of width must ascend from 0'),
  ],
)
def test_what_is_no_map_is_refused(values, edges, message):
  with pytest.raises(ValueError, match=message):
    maps.AttributionMap(np.array(values), tuple(map(np.array, edges)))


def test_a_mask_of_another_clip_is_refused():
  with pytest.raises(ValueError, match=r'must be \[1, 2, 2\].* received \[1, 2, 3\]'):
    maps.share_inside(maps.on_grid(np.ones((1, 1, 1)), (1, 2, 2)), np.ones((1, 2, 3)))
