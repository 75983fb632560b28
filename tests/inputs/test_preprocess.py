"""Decoded frames, flow and masks to network input."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.masks import dilation
from i3d_tf.video import decoding
from tests import fakes

_JUST_UNDER_1 = np.nextafter(np.float32(1), np.float32(0))


def _eagerly(function, *arguments):
  return function(*map(tf.constant, arguments))


def _in_a_dataset(function, *arguments):
  return next(iter(tf.data.Dataset.from_tensors(arguments).map(function)))


@pytest.fixture(name='call', params=[_eagerly, _in_a_dataset], ids=['eagerly', 'in a dataset'])
def _call(request):
  """Calls a function with tensors, in each of the two ways in which the pipeline does."""
  return request.param


# === Crop ===


@pytest.mark.parametrize('frame_size, side', [(224, 256), (112, 128), (64, 73), (32, 37)])
def test_resize_side_is_proportional_to_frame_size(frame_size, side):
  assert preprocess.resize_side(frame_size) == side


@pytest.mark.parametrize(
  'height, width, frame_size, resize, expected',
  [
    (256, 341, 224, 'crop', (224, 224)),
    (341, 256, 224, 'crop', (224, 224)),
    (73, 97, 64, 'crop', (64, 64)),
    (240, 320, 224, 'crop', (210, 210)),  # Stored smaller: the same fraction of the frame.
    (512, 512, 224, 'crop', (448, 448)),
    (256, 341, 224, 'squash', (256, 341)),
    (73, 97, 64, 'squash', (73, 97)),
  ],
)
def test_crop_size_is_a_fraction_of_the_stored_frame(
  call, height, width, frame_size, resize, expected
):
  size = call(lambda h, w: preprocess.crop_size(h, w, frame_size, resize), height, width)
  assert tuple(map(int, size)) == expected


def test_crop_size_rejects_unknown_resize():
  with pytest.raises(errors.UserError) as error:
    preprocess.crop_size(256, 341, 224, 'stretch')
  assert str(error.value) == "`resize` must be one of crop, squash; received 'stretch'"


# Stored sizes with an even and an odd number of spare rows and columns, and with none.
_STORED = [(256, 341), (256, 340), (257, 341), (73, 97), (74, 98), (37, 37)]


@pytest.mark.parametrize('height, width', _STORED)
def test_window_is_centered_by_default(call, height, width):
  top, left, h, w = call(lambda h, w: preprocess.window(h, w, 64, 'crop'), height, width).numpy()
  assert 0 <= (height - h) - 2 * top <= 1
  assert 0 <= (width - w) - 2 * left <= 1


@pytest.mark.parametrize('height, width', _STORED)
def test_window_reaches_both_ends_exactly(call, height, width):
  place = lambda position: call(
    lambda h, w, p: preprocess.window(h, w, 64, 'crop', p), height, width, np.float32(position)
  ).numpy()
  _, _, h, w = place([0, 0])
  assert place([0, 0]).tolist() == [0, 0, h, w]
  assert place([_JUST_UNDER_1, _JUST_UNDER_1]).tolist() == [height - h, width - w, h, w]
  # Vertical comes first.
  assert place([0, _JUST_UNDER_1]).tolist() == [0, width - w, h, w]


@pytest.mark.parametrize('spare', [0, 1, 2, 7, 8, 31, 32, 33, 117, 128, 1000])
def test_window_places_are_equally_likely(spare):
  side = 64 * 8  # Of frames of side + spare columns.
  height, width = round(side * 73 / 64), round(side * 73 / 64) + spare
  size = preprocess.crop_size(height, width, 64, 'crop')[1]
  places = width - int(size) + 1
  positions = np.float32([(k + e) / places for k in range(places) for e in (0.01, 0.99)])
  lefts = [
    int(preprocess.window(height, width, 64, 'crop', np.stack([p, p]))[1]) for p in positions[:60]
  ]
  assert lefts == [k for k in range(places) for _ in range(2)][:60]


def test_window_of_squash_is_the_entire_frame(call):
  window = call(lambda p: preprocess.window(73, 97, 64, 'squash', p), np.float32([0.9, 0.9]))
  assert window.numpy().tolist() == [0, 0, 73, 97]


# === Size ===


def test_to_frame_size_keeps_frames_of_that_size(call):
  images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
  resized = call(lambda i: preprocess.to_frame_size(i, 32), images)
  np.testing.assert_array_equal(resized, images)


@pytest.mark.parametrize('height, width', [(73, 97), (31, 31), (24, 60)])
def test_to_frame_size_uses_half_pixel_centers(call, height, width):
  images = fakes.ramp(height, width, step=2)[np.newaxis]
  resized = call(lambda i: preprocess.to_frame_size(i, 48), images).numpy()
  assert resized.dtype == np.uint8 and resized.shape == (1, 48, 48, 3)
  place = lambda extent: np.clip((np.arange(48) + 0.5) * extent / 48 - 0.5, 0, extent - 1)
  # Rounded, not truncated.
  np.testing.assert_allclose(resized[0, :, 24, 0], 2 * place(height), atol=0.501)
  np.testing.assert_allclose(resized[0, 24, :, 1], 2 * place(width), atol=0.501)


def test_to_frame_size_takes_nearest_pixel_of_masks(call):
  masks = np.random.default_rng(0).integers(0, 2, (2, 24, 36, 1), np.uint8)
  resized = call(lambda m: preprocess.to_frame_size(m, 40, 'nearest'), masks)
  place = lambda extent: np.floor((np.arange(40) + 0.5) * extent / 40).astype(int)
  np.testing.assert_array_equal(resized, masks[:, place(24)[:, np.newaxis], place(36)])


def test_to_frame_size_has_static_shape():
  dataset = tf.data.Dataset.from_generator(
    lambda: iter(()), output_signature=tf.TensorSpec([None, None, None, 2], tf.uint8)
  )
  spec = dataset.map(lambda i: preprocess.to_frame_size(i, 64)).element_spec
  assert spec.shape.as_list() == [None, 64, 64, 2]


# === Flip ===


@pytest.mark.parametrize('stream, channels', [('rgb', 3), ('flow', 2)])
def test_flip_mirrors_frames_and_masks(call, stream, channels):
  rng = np.random.default_rng(0)
  frames = rng.integers(0, 256, (2, 4, 5, channels), np.uint8)
  masks = rng.integers(0, 2, (2, 4, 5), np.uint8)
  mirrored, mirrored_masks = call(lambda f, m: preprocess.flip(f, m, stream), frames, masks)
  expected = frames[:, :, ::-1].copy()
  if stream == 'flow':
    expected[..., 0] = 255 - expected[..., 0]
  np.testing.assert_array_equal(mirrored, expected)
  np.testing.assert_array_equal(mirrored_masks, masks[:, :, ::-1])


def test_flip_negates_horizontal_motion_exactly():
  levels = np.arange(256, dtype=np.uint8)
  frames = np.stack([levels, levels], axis=-1)[np.newaxis, np.newaxis]
  mirrored, _ = preprocess.flip(frames, np.zeros((1, 1, 256), np.uint8), 'flow')
  before = optical_flow.dequantize(frames)[:, :, ::-1]
  after = optical_flow.dequantize(mirrored.numpy())
  np.testing.assert_allclose(after[..., 0], -before[..., 0], atol=1e-5)
  np.testing.assert_array_equal(after[..., 1], before[..., 1])


@pytest.mark.parametrize('stream, channels', [('rgb', 3), ('flow', 2)])
def test_flip_is_its_own_inverse(stream, channels):
  frames = np.random.default_rng(0).integers(0, 256, (2, 4, 5, channels), np.uint8)
  masks = frames[..., 0] % 2
  twice = preprocess.flip(*preprocess.flip(frames, masks, stream), stream)
  np.testing.assert_array_equal(twice[0], frames)
  np.testing.assert_array_equal(twice[1], masks)


# === Network input ===


def test_network_input_scales_to_minus_1_to_1(call):
  frames = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16, 1)
  clips = call(lambda f: preprocess.network_input({'frames': f}), frames)
  assert clips.dtype == tf.float32 and clips.shape == frames.shape
  flat = clips.numpy().ravel()
  assert flat[0] == -1 and flat[255] == pytest.approx(1, abs=1e-6) and flat[255] <= 1
  np.testing.assert_allclose(flat, np.linspace(-1, 1, 256), atol=1e-6)


def test_network_input_scales_flow_to_fraction_of_20_pixels(call):
  quantized = np.arange(256, dtype=np.uint8).reshape(1, 1, 8, 16, 2)
  clips = call(lambda f: preprocess.network_input({'frames': f}, stream='flow'), quantized)
  np.testing.assert_allclose(clips, optical_flow.dequantize(quantized) / 20, atol=1e-6)


@pytest.mark.parametrize('stream, channels, filled', [('rgb', 3, -1.0), ('flow', 2, 0.0)])
@pytest.mark.parametrize('region', ['none', 'background', 'activity'])
def test_network_input_replaces_region_of_clips_with_a_person(
  call, region, stream, channels, filled
):
  rng = np.random.default_rng(0)
  frames = rng.integers(0, 256, (2, 3, 4, 5, channels), np.uint8)
  masks = rng.integers(0, 2, (2, 3, 4, 5), np.uint8)
  clips = call(
    lambda f, m, p: preprocess.network_input(
      {'frames': f, 'masks': m, 'has_person': p}, treatments.Treatment(region), stream
    ),
    frames,
    masks,
    np.array([True, False]),
  ).numpy()
  expected = frames / 127.5 - 1
  if region != 'none':
    expected[0][masks[0] == (region == 'activity')] = filled  # The second has no person.
  np.testing.assert_allclose(clips, expected, atol=1e-6)


# === Videos without records ===


@pytest.mark.parametrize(
  'height, width', [(240, 320), (320, 240), (256, 340), (480, 854), (99, 61)]
)
def test_to_short_side_equals_resize_of_records(call, height, width):
  image = fakes.texture(height, width)
  size = decoding.fit_short_side(height, width, 73)
  expected = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR).astype(int)
  resized = call(lambda images: preprocess.to_short_side(images, 73), image[np.newaxis]).numpy()[0]
  assert resized.shape == (*size, 3)
  # OpenCV's fixed-point arithmetic is one gray level lower in every eighth pixel.
  difference = resized - expected
  assert difference.min() >= -1 and difference.max() <= 1 and np.abs(difference).mean() < 0.15


@pytest.mark.parametrize('height, width', [(240, 320), (256, 340), (480, 854), (99, 61), (40, 41)])
def test_to_short_side_of_masks_equals_resize_of_records(call, height, width):
  mask = (fakes.texture(height, width) > 128).astype(np.uint8)[..., :1]
  rows, columns = decoding.fit_short_side(height, width, 73)
  resized = call(lambda m: preprocess.to_short_side(m, 73, 'nearest'), mask[np.newaxis])[0, ..., 0]
  expected = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_NEAREST_EXACT)
  # If a center is on the edge between two pixels, OpenCV takes either.
  clear_row = (2 * np.arange(rows) + 1) * height % (2 * rows) != 0
  clear_column = (2 * np.arange(columns) + 1) * width % (2 * columns) != 0
  clear = np.outer(clear_row, clear_column)
  assert clear.mean() > 0.95
  np.testing.assert_array_equal(resized.numpy()[clear], expected[clear])


@pytest.mark.parametrize('size', [0, 1, 3, 5, 9, 15])
def test_dilate_equals_dilation_of_pipeline(call, size):
  drawn = (np.random.default_rng(size).random((3, 40, 50)) > 0.99).astype(np.uint8)
  drawn[0, 0, 0] = drawn[1, 39, 49] = 1
  grown = call(lambda m: preprocess.dilate(m, size), drawn[..., np.newaxis])
  np.testing.assert_array_equal(grown[..., 0], dilation.dilate(drawn, size))


@pytest.mark.parametrize('resize', clip_settings.RESIZES)
def test_center_equals_window_of_pipeline(call, resize):
  image = fakes.ramp(73, 84)[np.newaxis]
  top, left, height, width = preprocess.window(73, 84, 64, resize).numpy()
  expected = preprocess.to_frame_size(image[:, top : top + height, left : left + width], 64)
  np.testing.assert_array_equal(
    call(lambda images: preprocess.center(images, 64, resize), image), expected
  )
