"""Masks grown by an ellipse, compared with a brute-force dilation."""

import cv2
import numpy as np
import pytest

from i3d_tf.masks import dilation

_HEIGHT, _WIDTH = 12, 20  # not square: height and width must not be swapped


def _brute_force(mask, size):
  """1 for each pixel whose ellipse contains a pixel of the mask."""
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
  mask = np.zeros((_HEIGHT, _WIDTH), np.uint8)
  mask[row, column] = 1
  grown = dilation.dilate(mask, size)
  assert grown.dtype == np.uint8
  np.testing.assert_array_equal(grown, _brute_force(mask, size))


def test_each_mask_of_a_stack_grows_independently():
  masks = (np.random.default_rng(0).random((2, 3, _HEIGHT, _WIDTH)) < 0.03).astype(np.uint8)
  grown = dilation.dilate(masks, 5)
  assert grown.shape == masks.shape
  for index in np.ndindex(2, 3):
    np.testing.assert_array_equal(grown[index], _brute_force(masks[index], 5))


@pytest.mark.parametrize('size', [0, 1])
def test_a_dilation_of_0_or_1_changes_nothing(size):
  masks = (np.random.default_rng(0).random((2, 8, 9)) < 0.3).astype(np.uint8)
  np.testing.assert_array_equal(dilation.dilate(masks, size), masks)


def test_an_empty_stack_stays_empty():
  assert dilation.dilate(np.zeros((0, 8, 9), np.uint8), 3).shape == (0, 8, 9)


def test_column_major_masks_grow_as_well():
  masks = (np.random.default_rng(0).random((2, 8, 9)) < 0.1).astype(np.uint8)
  by_columns = np.stack([np.asfortranarray(mask).T for mask in masks]).transpose(0, 2, 1)
  np.testing.assert_array_equal(dilation.dilate(by_columns, 3), dilation.dilate(masks, 3))
  np.testing.assert_array_equal(
    dilation.dilate(np.asfortranarray(masks[0])[np.newaxis], 3), dilation.dilate(masks[:1], 3)
  )


def test_the_argument_is_not_changed():
  masks = np.eye(9, dtype=np.uint8)[np.newaxis]
  dilation.dilate(masks, 3)
  np.testing.assert_array_equal(masks[0], np.eye(9))


@pytest.mark.parametrize('size', [-1, 2, 8, -3])
def test_dilate_rejects_even_and_negative_sizes(size):
  with pytest.raises(ValueError) as error:
    dilation.dilate(np.zeros((4, 4), np.uint8), size)
  assert str(error.value) == f'`size` of a dilation must be 0 or odd and positive; received {size}'
