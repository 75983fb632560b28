"""Masks of one bit a pixel: every reader sees the same, and so do we, whatever wrote them."""

import io

import cv2
import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from i3d_tf import mask_images
from tests import fakes


def _masks(height=37, width=49, count=5):
  return np.random.default_rng(0).integers(0, 2, (count, height, width), np.uint8)


@pytest.mark.parametrize('width', [1, 7, 8, 9, 48, 49])
def test_what_is_encoded_is_decoded(width):
  masks = _masks(width=width)
  decoded = mask_images.decode([mask_images.encode(mask) for mask in masks])
  np.testing.assert_array_equal(decoded, masks)
  assert decoded.dtype == np.uint8
  np.testing.assert_array_equal(
      mask_images.decode([mask_images.encode(mask.astype(bool)) for mask in masks]), masks)


def test_other_readers_see_1_where_a_person_is():
  mask = _masks()[0]
  image = mask_images.encode(mask)
  expected = (mask > 0).astype(np.uint8)
  np.testing.assert_array_equal(tf.io.decode_png(image, channels=1)[..., 0], expected)
  np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(image))), expected)
  np.testing.assert_array_equal(
      cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE), expected)


def _pillow(mask):
  file = io.BytesIO()
  Image.fromarray(mask > 0).save(file, 'PNG')
  return file.getvalue()


def _filtered(mask):
  return cv2.imencode('.png', 255 * mask, [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_FILTER,
                                           cv2.IMWRITE_PNG_FILTER_UP])[1].tobytes()


@pytest.mark.parametrize('encode', [fakes.png, _pillow, _filtered, lambda m: fakes.png(255 * m)],
                         ids=['a byte a pixel', 'by Pillow', 'filtered lines', '0 and 255'])
@pytest.mark.parametrize('window', [None, (3, 5, 20, 30), (0, 8, 37, 41), (36, 48, 1, 1)])
def test_any_png_is_decoded_whole_or_in_part(encode, window):
  masks = _masks()
  top, left, height, width = (0, 0, 37, 49) if window is None else window
  for images in ([encode(m) for m in masks], [mask_images.encode(m) for m in masks],
                 [encode(masks[0]), *map(mask_images.encode, masks[1:])]):
    np.testing.assert_array_equal(
        mask_images.decode(images, window), masks[:, top:top + height, left:left + width])


@pytest.mark.parametrize('spoil', [
    lambda image: image[:-30], lambda image: b'no picture', lambda image: b'',
    lambda image: image[:70] + bytes([image[70] ^ 255]) + image[71:]])
def test_damage_is_an_error(spoil):
  images = [mask_images.encode(mask) for mask in _masks()]
  with pytest.raises(ValueError, match='expected '):
    mask_images.decode([images[0], spoil(images[1])])


def test_what_is_written_is_read_the_fast_way(monkeypatch):
  monkeypatch.setattr(mask_images, '_decode_any', None)
  images = [mask_images.encode(mask) for mask in _masks()]
  np.testing.assert_array_equal(mask_images.decode(images), np.stack(_masks()) > 0)
