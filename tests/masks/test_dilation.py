"""Masks grown by an ellipse."""

import cv2
import numpy as np
import pytest

from i3d_tf.masks import dilation
from tests.masks import test_coco_files


def _brute_force(mask, size):
  """Where any pixel of the mask lies under the ellipse centered there."""
  element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
  half = size // 2
  grown = np.zeros_like(mask)
  for row, column in np.argwhere(mask):
    for down, right in np.argwhere(element) - half:
      if 0 <= row + down < mask.shape[0] and 0 <= column + right < mask.shape[1]:
        grown[row + down, column + right] = 1
  return grown


@pytest.mark.parametrize('size', [3, 5, 9])
@pytest.mark.parametrize('row, column', [(6, 10), (0, 0), (11, 19), (0, 19), (5, 0), (11, 7)])
def test_a_pixel_grows_to_an_ellipse_cut_at_the_borders(size, row, column):
  mask = np.zeros((test_coco_files._HEIGHT, test_coco_files._WIDTH), np.uint8)
  mask[row, column] = 1
  grown = dilation.dilate(mask, size)
  assert grown.dtype == np.uint8
  np.testing.assert_array_equal(grown, _brute_force(mask, size))


def test_every_mask_of_a_stack_grows_by_itself():
  masks = (
    np.random.default_rng(0).random((2, 3, test_coco_files._HEIGHT, test_coco_files._WIDTH)) < 0.03
  )
  masks = masks.astype(np.uint8)
  grown = dilation.dilate(masks, 5)
  assert grown.shape == masks.shape
  for index in np.ndindex(2, 3):
    np.testing.assert_array_equal(grown[index], _brute_force(masks[index], 5))


@pytest.mark.parametrize('size', [0, 1])
def test_a_dilation_of_0_or_1_changes_nothing(size):
  masks = (np.random.default_rng(0).random((2, 8, 9)) < 0.3).astype(np.uint8)
  np.testing.assert_array_equal(dilation.dilate(masks, size), masks)


def test_no_mask_grows_to_no_mask():
  assert dilation.dilate(np.zeros((0, 8, 9), np.uint8), 3).shape == (0, 8, 9)


def test_masks_in_the_order_of_columns_grow_as_well():
  masks = (np.random.default_rng(0).random((2, 8, 9)) < 0.1).astype(np.uint8)
  by_columns = np.stack([np.asfortranarray(mask).T for mask in masks]).transpose(0, 2, 1)
  np.testing.assert_array_equal(dilation.dilate(by_columns, 3), dilation.dilate(masks, 3))
  np.testing.assert_array_equal(
    dilation.dilate(np.asfortranarray(masks[0])[np.newaxis], 3), dilation.dilate(masks[:1], 3)
  )


def test_the_argument_is_left_alone():
  masks = np.eye(9, dtype=np.uint8)[np.newaxis]
  dilation.dilate(masks, 3)
  np.testing.assert_array_equal(masks[0], np.eye(9))


@pytest.mark.parametrize('size', [-1, 2, 8, -3])
def test_even_and_negative_sizes_are_refused(size):
  with pytest.raises(ValueError) as error:
    dilation.dilate(np.zeros((4, 4), np.uint8), size)
  assert str(error.value) == f'`size` of a dilation must be 0 or odd; received {size}'
