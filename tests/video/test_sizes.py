"""Sizes of stored frames: the shorter side fitted, resized with half-pixel centres."""

import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import fakes


@pytest.mark.parametrize(
  'height, width, expected',
  [
    (240, 320, (256, 341)),  # UCF101: 341.33
    (320, 240, (341, 256)),
    (256, 340, (256, 340)),
    (100, 100, (256, 256)),
    (1080, 1920, (256, 455)),
    (36, 48, (256, 341)),
  ],
)
def test_the_shorter_side_is_fitted_and_the_aspect_ratio_kept(height, width, expected):
  assert decoding.fit_short_side(height, width, 256) == expected


@pytest.mark.parametrize('height, width', [(24, 20), (36, 48), (18, 60), (50, 41)])
def test_a_resized_ramp_is_a_ramp_with_half_pixel_centres(height, width):
  source = np.zeros((30, 40, 2), np.float32)
  source[..., 0] = np.arange(30)[:, np.newaxis] + 0.5
  source[..., 1] = np.arange(40) + 0.5
  resized = decoding.resize(source, height, width)
  assert resized.shape == (height, width, 2)
  rows = (np.arange(height) + 0.5) * 30 / height
  columns = (np.arange(width) + 0.5) * 40 / width
  # What lies outside of the outermost pixel centres repeats them.
  np.testing.assert_allclose(resized[:, width // 2, 0], np.clip(rows, 0.5, 29.5), atol=0.02)
  np.testing.assert_allclose(resized[height // 2, :, 1], np.clip(columns, 0.5, 39.5), atol=0.02)


def test_an_image_of_the_right_size_is_left_alone():
  image = fakes.ramp(20, 30)
  assert decoding.resize(image, 20, 30) is image
