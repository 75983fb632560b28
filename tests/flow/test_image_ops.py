"""OpenCV's image operations as array code, compared with OpenCV."""

import cv2
import keras
import numpy as np
import pytest

from i3d_tf.flow import image_ops
from tests import fakes


def _images(height, width, number=2):
  return np.stack([fakes.texture(height, width, seed)[..., 0] for seed in range(number)]).astype(
    np.float32
  )


def _array(x):
  return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize('height, width', [(20, 30), (17, 33), (31, 18)])
def test_resize_to_a_scale_of_a_pyramid(height, width):
  images = _images(height, width)
  expected = np.stack([cv2.resize(image, None, fx=0.8, fy=0.8) for image in images])
  found = _array(image_ops.resize(images, *expected.shape[1:], step=1 / 0.8))
  np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize('height, width', [(25, 41), (16, 24), (9, 50)])
def test_resize_to_a_size(height, width):
  images = _images(20, 33)
  expected = np.stack([cv2.resize(image, (width, height)) for image in images])
  np.testing.assert_allclose(_array(image_ops.resize(images, height, width)), expected, atol=1e-3)


def test_median_is_that_of_the_5x5_pixels_around_each_pixel():
  images = np.random.default_rng(0).standard_normal((2, 13, 10)).astype(np.float32)
  expected = np.stack([cv2.medianBlur(image, 5) for image in images])
  np.testing.assert_array_equal(_array(image_ops.median(images)), expected)


def test_median_of_zeros_and_ones():
  # The 0-1 principle: a network that sorts all sequences of zeros and ones sorts everything.
  images = np.random.default_rng(0).integers(0, 2, (8, 60, 60)).astype(np.float32)
  expected = np.stack([cv2.medianBlur(image, 5) for image in images])
  np.testing.assert_array_equal(_array(image_ops.median(images)), expected)


def test_centered_gradient_of_a_ramp_is_halved_at_the_edge():
  ramp = np.tile(3 * np.arange(6, dtype=np.float32), (1, 4, 1))
  along_x, along_y = map(_array, image_ops.centered_gradient(ramp))
  np.testing.assert_array_equal(along_x, np.tile(np.float32([1.5, 3, 3, 3, 3, 1.5]), (1, 4, 1)))
  np.testing.assert_array_equal(along_y, 0)
  np.testing.assert_array_equal(
    _array(image_ops.centered_gradient(ramp.swapaxes(1, 2))[1]), along_x.swapaxes(1, 2)
  )


def test_warp_is_remap_with_a_cubic_kernel_and_zeros_outside():
  generator = np.random.default_rng(0)
  images, others = _images(19, 23), _images(19, 23) + 1
  # Large enough to point outside the image on every side.
  u, v = generator.uniform(-40, 40, (2, 2, 19, 23)).astype(np.float32)
  u[:, ::2], v[:, ::3] = u[:, ::2] / 10, v[:, ::3] / 10
  columns, rows = np.meshgrid(np.arange(23, dtype=np.float32), np.arange(19, dtype=np.float32))
  found = image_ops.warp(image_ops.pad_for_warp([images, others]), u, v)
  for warped, wanted in zip(found, (images, others)):
    expected = [
      cv2.remap(image, columns + du, rows + dv, cv2.INTER_CUBIC)
      for image, du, dv in zip(wanted, u, v)
    ]
    np.testing.assert_allclose(_array(warped), expected, atol=2e-3)
  assert np.mean(_array(found[1]) == 0) > 0.2 and np.mean(_array(found[1]) > 50) > 0.2
