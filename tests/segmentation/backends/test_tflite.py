"""LiteRT networks: recognized by their output, shown crops, their masks split into people."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from segmentation.backends import registry
from segmentation.backends import segmenter
from segmentation.backends import tflite
from tests import fakes

_SIZE = 32  # of the networks' input and output


def _network(folder, function, channels=3, dtype=tf.float32):
  """Writes a network of `function` from [1, 32, 32, channels]: its path."""
  spec = tf.TensorSpec([1, _SIZE, _SIZE, channels], dtype)
  concrete = tf.function(function, input_signature=[spec]).get_concrete_function()
  path = folder / 'network.tflite'
  path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
  return str(path)


def _red(x):
  """Red is a person: for input in [0, 1], one channel of probability."""
  return x[..., :1]


def _voc(x):
  """Red is a person, else background: for input in [-1, 1], scores of 21 classes."""
  person = 10 * x[..., :1]
  zeros = tf.zeros([1, _SIZE, _SIZE, 1])
  return tf.concat([-person] + [zeros - 20] * 14 + [person] + [zeros - 20] * 5, axis=-1)


def _two(x):
  return tf.concat([1 - x[..., :1], x[..., :1]], axis=-1)


def _six(x):
  """Not red is background; red and green is skin, only red is clothes."""
  red, green = 20 * x[..., :1], 20 * x[..., 1:2]
  zeros = tf.zeros_like(red)
  return tf.concat([10 - red, zeros, zeros, green, red - green, zeros], axis=-1)


def _frame(*boxes, height=64, width=96, level=255):
  frame = np.zeros((height, width, 3), np.uint8)
  for y0, x0, y1, x1 in boxes:
    frame[y0:y1, x0:x1, 0] = level
  return frame


_BOX = (8, 24, 48, 60)


@pytest.mark.parametrize(
  'function', [_red, _voc, _two, _six], ids=['1 channel', '21 channels', '2 channels', '6 channels']
)
@pytest.mark.parametrize('crops', [None, *tflite.CROPS])
def test_known_networks_are_recognized_by_their_channels(tmp_path, function, crops):
  model = registry.create(
    'tflite', _network(tmp_path, function), tflite_settings=tflite.TFLiteSettings(crops=crops)
  )
  (person,) = model.people(_frame(_BOX)[np.newaxis])[0]
  expected = _frame(_BOX)[..., 0] > 0
  assert person.mask.dtype == bool and person.mask.shape == (64, 96)
  assert (person.mask & expected).sum() / (person.mask | expected).sum() > 0.85
  assert person.score > 0.8
  assert 'network.tflite' in model.name


def test_the_score_is_the_mean_probability(tmp_path):
  settings = tflite.TFLiteSettings(crops='none')
  model = tflite.TFLiteSegmenter(_network(tmp_path, _red), settings)
  (person,) = model.people(_frame((0, 0, 64, 96), level=178)[np.newaxis])[0]
  assert person.mask.all()
  assert person.score == pytest.approx(178 / 255, abs=1e-5)
  path = str(tmp_path / 'network.tflite')
  assert not tflite.TFLiteSegmenter(path, settings, min_score=0.8).people(
    _frame((0, 0, 64, 96), level=178)[np.newaxis]
  )[0]


def test_separate_components_are_people_and_specks_are_ignored(tmp_path):
  model = tflite.TFLiteSegmenter(_network(tmp_path, _red), tflite.TFLiteSettings(crops='none'))
  frame = _frame((4, 4, 40, 36), (20, 60, 60, 90))
  people = model.people(np.stack([frame, 0 * frame]))
  assert [len(found) for found in people] == [2, 0]


def test_tiles_find_a_person_who_is_too_small_in_the_full_frame(tmp_path):
  def least(x):  # loses everything below 3 pixels of its input, as networks do
    return -tf.nn.max_pool2d(-_red(x), 3, 1, 'SAME')

  path = _network(tmp_path, least)
  frame = _frame((100, 60, 116, 84), height=256, width=384)[np.newaxis]
  assert not tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(crops='none')).people(frame)[0]
  (person,) = tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(crops='tiles')).people(frame)[0]
  y, x = np.nonzero(person.mask)
  assert y.min() >= 98 and y.max() <= 117 and x.min() >= 58 and x.max() <= 85


def test_the_input_range_can_be_set(tmp_path):
  def dark(x):
    return tf.cast(x[..., :1] < -0.5, tf.float32)

  path = _network(tmp_path, dark)
  frame = _frame((0, 0, 64, 48), height=64, width=96)[np.newaxis]
  default = tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(crops='none'))
  assert not default.people(frame)[0]
  (person,) = tflite.TFLiteSegmenter(
    path, tflite.TFLiteSettings(input_range=(-1, 1), crops='none')
  ).people(frame)[0]
  np.testing.assert_array_equal(person.mask, frame[0, ..., 0] == 0)


def test_byte_input_is_not_rescaled(tmp_path):
  path = _network(tmp_path, lambda x: tf.cast(x[..., :1], tf.float32) / 255, dtype=tf.uint8)
  (person,) = tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(crops='none')).people(
    _frame((0, 0, 64, 96), level=200)[np.newaxis]
  )[0]
  assert person.score == pytest.approx(200 / 255)


# === Errors ===


def test_unknown_channels_need_the_number_of_the_persons_channel(tmp_path):
  path = _network(tmp_path, lambda x: tf.concat([_two(x), 0 * x[..., :1]], -1) * 9)
  with pytest.raises(segmenter.SegmenterError, match=r'network.tflite: .* found 3 channels'):
    tflite.TFLiteSegmenter(path)
  model = tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(person=1))
  assert len(model.people(_frame(_BOX)[np.newaxis])[0]) == 1
  with pytest.raises(segmenter.SegmenterError, match='person channel below 3; received 3'):
    tflite.TFLiteSegmenter(path, tflite.TFLiteSettings(person=3))


def test_a_file_that_is_not_a_network_is_named(tmp_path):
  path = tmp_path / 'text.tflite'
  path.write_text('no network')
  with pytest.raises(segmenter.SegmenterError, match=r'text.tflite: expected a LiteRT') as e:
    tflite.TFLiteSegmenter(str(path))
  assert '\n' not in str(e.value)


def test_a_truncated_network_is_named(tmp_path):
  path = _network(tmp_path, _voc)
  with open(path, 'rb') as f:
    content = f.read()
  with open(path, 'wb') as f:
    f.write(content[: len(content) // 2])
  with pytest.raises(segmenter.SegmenterError, match=r'network.tflite: expected a LiteRT'):
    tflite.TFLiteSegmenter(path)


@pytest.mark.parametrize(
  'function, channels, message',
  [
    (lambda x: x, 1, r'one input \[1, height, width, 3\]; found \[1, 32, 32, 1\]'),
    (lambda x: tf.reduce_mean(x, [1, 2]), 3, r'output \[1, height, width, channels\]; found'),
  ],
)
def test_networks_of_other_shapes_are_rejected(tmp_path, function, channels, message):
  with pytest.raises(segmenter.SegmenterError, match=message):
    tflite.TFLiteSegmenter(_network(tmp_path, function, channels))


# === Real networks ===


@pytest.mark.parametrize('name', ['mediapipe_selfie_segmentation', 'deeplabv3_257_mv_gpu'])
def test_real_networks_find_the_woman_in_a_close_up(name):
  from i3d_tf.video import decoding

  frames = decoding.decode(fakes.shared('clips', 'v_ApplyEyeMakeup_g01_c01.avi'))
  model = tflite.TFLiteSegmenter(fakes.shared('models', f'{name}.tflite'))
  people = model.people(next(frames)[np.newaxis])[0]
  union = np.any([person.mask for person in people], axis=0)
  assert 0.4 < union.mean() < 0.7
  assert union[:, 250:].mean() > 0.9 and union[:150, :80].mean() < 0.05


def _bike_too(x):
  """Red is a person, green a bicycle, for input in [-1, 1]."""
  zeros = tf.zeros([1, _SIZE, _SIZE, 1]) - 20
  red, green = 10 * x[..., :1], 10 * x[..., 1:2]
  return tf.concat([zeros + 20, zeros, green] + [zeros] * 12 + [red] + [zeros] * 5, axis=-1)


def test_deeplab_adds_the_objects_that_are_named(tmp_path):
  path = _network(tmp_path, _bike_too)
  settings = tflite.TFLiteSettings(crops='none')
  frame = _frame((8, 24, 40, 60))
  frame[40:56, 24:60, 1] = 255  # a bicycle below the person
  frame[0:12, 80:96, 1] = 255  # and one elsewhere
  (alone,) = tflite.TFLiteSegmenter(path, settings).people(frame[np.newaxis])[0]
  made = tflite.TFLiteSegmenter(path, settings, also=('Bicycle',))
  assert made.also == ('bicycle',)
  (person,) = made.people(frame[np.newaxis])[0]
  expected = (frame[..., 0] > 0) | (frame[..., 1] > 0)
  expected[:12, 80:] = False
  for mask, truth in ((alone.mask, frame[..., 0] > 0), (person.mask, expected)):
    assert (mask & truth).sum() / (mask | truth).sum() > 0.85
  assert not person.mask[:12, 80:].any() and not alone.mask[44:].any()
  assert person.score == alone.score


def test_networks_without_classes_refuse_names_and_deeplab_lists_its_own(tmp_path):
  path = _network(tmp_path, _red)
  message = r'--also is for segmenters that know classes; .*network.tflite tells people .*bicycle'
  with pytest.raises(errors.UserError, match=message):
    tflite.TFLiteSegmenter(path, also=('bicycle',))
  path = _network(tmp_path, _voc)
  with pytest.raises(errors.UserError, match="network.tflite; received 'racket'; known are aero"):
    tflite.TFLiteSegmenter(path, also=('racket',))
