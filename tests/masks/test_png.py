"""Mask PNGs with one bit per pixel: every decoder reads them, and we read every encoder's."""

import io

import cv2
import numpy as np
from PIL import Image
import pytest
import tensorflow as tf

from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.masks import png
from tests import fakes


def _masks(height=37, width=49, count=5):
  return np.random.default_rng(0).integers(0, 2, (count, height, width), np.uint8)


@pytest.mark.parametrize('width', [1, 7, 8, 9, 48, 49])
def test_what_is_encoded_is_decoded(width):
  drawn = _masks(width=width)
  decoded = png.decode([png.encode(mask) for mask in drawn])
  np.testing.assert_array_equal(decoded, drawn)
  assert decoded.dtype == np.uint8
  np.testing.assert_array_equal(
    png.decode([png.encode(mask.astype(bool)) for mask in drawn]), drawn
  )


def test_other_readers_see_1_where_a_person_is():
  mask = _masks()[0]
  image = png.encode(mask)
  expected = (mask > 0).astype(np.uint8)
  np.testing.assert_array_equal(tf.io.decode_png(image, channels=1)[..., 0], expected)
  np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(image))), expected)
  np.testing.assert_array_equal(
    cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE), expected
  )


def _pillow(mask):
  file = io.BytesIO()
  Image.fromarray(mask > 0).save(file, 'PNG')
  return file.getvalue()


def _filtered(mask):
  return cv2.imencode(
    '.png',
    255 * mask,
    [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP],
  )[1].tobytes()


@pytest.mark.parametrize(
  'encode',
  [fakes.png, _pillow, _filtered, lambda m: fakes.png(255 * m)],
  ids=['one byte per pixel', 'by Pillow', 'filtered lines', '0 and 255'],
)
@pytest.mark.parametrize('window', [None, (3, 5, 20, 30), (0, 8, 37, 41), (36, 48, 1, 1)])
def test_any_png_is_decoded_fully_or_in_part(encode, window):
  masks = _masks()
  top, left, height, width = (0, 0, 37, 49) if window is None else window
  for images in (
    [encode(m) for m in masks],
    [png.encode(m) for m in masks],
    [encode(masks[0]), *map(png.encode, masks[1:])],
  ):
    np.testing.assert_array_equal(
      png.decode(images, window), masks[:, top : top + height, left : left + width]
    )


@pytest.mark.parametrize(
  'spoil',
  [
    lambda image: image[:-30],
    lambda image: b'no picture',
    lambda image: b'',
    lambda image: image[:70] + bytes([image[70] ^ 255]) + image[71:],
  ],
)
def test_decode_rejects_damaged_files(spoil):
  images = [png.encode(mask) for mask in _masks()]
  with pytest.raises(ValueError, match='expected '):
    png.decode([images[0], spoil(images[1])])


def test_files_of_encode_are_decoded_without_opencv(monkeypatch):
  monkeypatch.setattr(png.cv2, 'imdecode', None)
  images = [png.encode(mask) for mask in _masks()]
  np.testing.assert_array_equal(png.decode(images), np.stack(_masks()) > 0)


@pytest.mark.parametrize('dilation', [0, 1, 5, 9])
@pytest.mark.parametrize(
  'window',
  [
    None,
    (0, 0, 37, 49),
    (4, 6, 20, 30),
    (0, 0, 5, 5),
    (30, 40, 7, 9),
    (0, 40, 37, 9),
    (33, 0, 4, 49),
    (17, 23, 1, 1),
  ],
)
def test_a_window_is_cut_out_of_grown_masks(window, dilation):
  drawn = np.zeros((4, 37, 49), np.uint8)
  drawn[0, 10:20, 15:30] = 1
  drawn[1, 36, 48] = drawn[1, 0, 0] = 1
  drawn[2, 17, 23] = 1  # nobody in the last one
  top, left, height, width = (0, 0, 37, 49) if window is None else window
  expected = dilation_lib.dilate(drawn, dilation)[:, top : top + height, left : left + width]
  np.testing.assert_array_equal(
    png.decode(list(map(png.encode, drawn)), window, dilation), expected
  )
