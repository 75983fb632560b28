"""Mask R-CNN from a SavedModel: its kind is recognized, its masks are exact to the pixel."""

import functools
import hashlib
import http.server
import os
import pathlib
import tarfile
import threading

import numpy as np
import pytest
import tensorflow as tf

from segmentation.backends import model_garden
from segmentation.backends import paste_masks
from segmentation.backends import registry
from segmentation.backends import saved_model
from segmentation.backends import segmenter
from segmentation.backends import tfhub

_HEIGHT, _WIDTH = 48, 80


def _detections(seed=0, count=100):
  """Boxes as fractions of the frame, classes, scores, masks."""
  rng = np.random.default_rng(seed)
  corner = rng.uniform(-0.2, 0.9, (count, 2))
  boxes = np.concatenate([corner, corner + rng.uniform(0.02, 0.6, (count, 2))], axis=1)
  classes = np.where(rng.random(count) < 0.5, 1, rng.integers(2, 90, count))
  return (
    boxes.astype(np.float32),
    classes,
    np.sort(rng.random(count))[::-1].astype(np.float32),
    rng.random((count, 33, 33)).astype(np.float32),
  )


class _Hub(tf.Module):
  """A model with TF Hub's signature that returns the same detections for every frame.

  It sees the frame all the same: where its first pixel is dark, the scores are 0.
  """

  def __init__(self, boxes, classes, scores, masks):
    super().__init__()
    self.values = [tf.constant(v, tf.float32) for v in (boxes, classes, scores, masks)]

  @tf.function(input_signature=[tf.TensorSpec([1, None, None, 3], tf.uint8)])
  def __call__(self, input_tensor):
    boxes, classes, scores, masks = self.values
    bright = tf.cast(input_tensor[0, 0, 0, 0] > 0, tf.float32)
    return {
      'detection_boxes': boxes[tf.newaxis],
      'detection_classes': classes[tf.newaxis],
      'detection_scores': scores[tf.newaxis] * bright,
      'detection_masks': masks[tf.newaxis],
      'num_detections': tf.constant([100.0]),
      'raw_detection_boxes': tf.zeros([1, 10, 4]),
    }


class _Garden(tf.Module):
  """A model with the Model Garden's signature: boxes in pixels of a resized input."""

  def __init__(self, boxes, classes, scores, masks, scale, offset, batch_size):
    super().__init__()
    self.values = [
      tf.constant(boxes, tf.float32),
      tf.constant(classes, tf.int32),
      tf.constant(scores, tf.float32),
      tf.constant(masks, tf.float32),
    ]
    self.info = tf.constant([[_HEIGHT, _WIDTH], [256, 256], scale, offset], tf.float32)
    self.serve = tf.function(
      self._serve,
      input_signature=[tf.TensorSpec([batch_size, None, None, 3], tf.uint8, name='inputs')],
    )

  def _serve(self, inputs):
    count = tf.shape(inputs)[0]
    repeat = lambda v: tf.repeat(v[tf.newaxis], count, axis=0)
    boxes, classes, scores, masks = map(repeat, self.values)
    bright = tf.cast(inputs[:, 0, 0, :1] > 0, tf.float32)
    return {
      'detection_boxes': boxes,
      'detection_classes': classes,
      'detection_scores': scores * bright,
      'detection_masks': masks,
      'num_detections': tf.repeat(100, count),
      'image_info': repeat(self.info),
    }


def _save_hub(folder, signature=True, **detections):
  module = _Hub(*_detections(**detections))
  tf.saved_model.save(
    module, str(folder), signatures=module.__call__.get_concrete_function() if signature else None
  )
  return str(folder)


def _expected(boxes, classes, scores, masks, min_score=0.0):
  """The people of a frame, pasted as tested in test_paste_masks."""
  pixels = boxes * np.array([_HEIGHT, _WIDTH, _HEIGHT, _WIDTH], np.float32)
  return [
    (paste_masks.paste(masks[i], pixels[i], _HEIGHT, _WIDTH), scores[i])
    for i in range(len(boxes))
    if classes[i] == 1 and scores[i] >= min_score
  ]


def _assert_people(found, expected):
  expected = [(mask, score) for mask, score in expected if mask.any()]
  assert len(expected) > 3
  assert [person.score for person in found] == pytest.approx([score for _, score in expected])
  for person, (mask, _) in zip(found, expected):
    assert person.mask.dtype == bool
    np.testing.assert_array_equal(person.mask, mask)


def _frames(*bright):
  frames = np.zeros((len(bright), _HEIGHT, _WIDTH, 3), np.uint8)
  frames[:, 0, 0, 0] = bright
  return frames


# === TF Hub ===


@pytest.mark.parametrize('signature', [True, False], ids=['signature', 'callable'])
@pytest.mark.parametrize('min_score', [0.0, 0.6])
def test_a_hundred_detections_of_tf_hub_are_decoded_to_the_pixel(tmp_path, signature, min_score):
  model = registry.create('tfhub', _save_hub(tmp_path / 'hub', signature), min_score=min_score)
  assert isinstance(model, tfhub.TFHubSegmenter)
  assert model.name == 'tfhub hub'
  for people in model.people(_frames(1, 1)):
    _assert_people(people, _expected(*_detections(), min_score))


def test_known_boxes_give_known_pixels(tmp_path):
  boxes = np.array([(0.25, 0.25, 0.75, 0.5), (-0.5, 0.9, 0.25, 1.4), (0, 0, 1, 1)], np.float32)
  module = _Hub(boxes, [1, 1, 3], [0.9, 0.8, 0.7], np.ones((3, 33, 33)))
  tf.saved_model.save(
    module, str(tmp_path / 'm'), signatures=module.__call__.get_concrete_function()
  )
  first, second = saved_model.create(str(tmp_path / 'm')).people(_frames(1))[0]
  expected = np.zeros((2, _HEIGHT, _WIDTH), bool)
  expected[0, 12:36, 20:40] = True
  expected[1, :12, 72:] = True  # clipped by the frame's corner
  np.testing.assert_array_equal([first.mask, second.mask], expected)


def test_a_frame_with_nobody_is_empty(tmp_path):
  people = saved_model.create(_save_hub(tmp_path / 'hub')).people(_frames(0, 1, 0))
  assert [bool(found) for found in people] == [False, True, False]


# === Model Garden ===


@pytest.mark.parametrize('batch_size', [None, 1, 2])
def test_the_model_gardens_boxes_are_mapped_back_to_the_frame(tmp_path, batch_size):
  boxes, classes, scores, masks = _detections()
  masks = masks[:, :28, :28]
  scale, offset = np.array([3.2, 2.4], np.float32), np.array([16.0, 8.0], np.float32)
  size = np.array([_HEIGHT, _WIDTH, _HEIGHT, _WIDTH], np.float32)
  resized = boxes * size * np.tile(scale, 2) - np.tile(offset, 2)
  module = _Garden(resized, classes, scores, masks, scale, offset, batch_size)
  tf.saved_model.save(module, str(tmp_path / 'garden'), signatures=module.serve)
  model = registry.create('model_garden', str(tmp_path / 'garden'), min_score=0.1)
  assert isinstance(model, model_garden.ModelGardenSegmenter)
  people = model.people(_frames(1, 0, 1))
  assert not people[1]
  expected = _expected(
    ((resized + np.tile(offset, 2)) / np.tile(scale, 2)) / size, classes, scores, masks, 0.1
  )
  _assert_people(people[0], expected)
  _assert_people(people[2], expected)


@pytest.mark.parametrize('kind', ['tfhub', 'model_garden'])
def test_objects_that_are_named_are_added_to_the_person_next_to_them(tmp_path, kind):
  size = np.array([_HEIGHT, _WIDTH, _HEIGHT, _WIDTH], np.float32)
  boxes = np.array([(0.25, 0.25, 0.75, 0.5), (0.5, 0.5, 0.75, 0.75), (0, 0.9, 0.25, 1)], np.float32)
  found = [1, 2, 2], [0.9, 0.8, 0.7], np.ones((3, 28, 28), np.float32)  # a person, two bicycles
  if kind == 'tfhub':
    module = _Hub(boxes, *found)
    serve = module.__call__.get_concrete_function()
  else:
    module = _Garden(boxes * size, *found, np.ones(2), np.zeros(2), 1)
    serve = module.serve
  tf.saved_model.save(module, str(tmp_path / 'm'), signatures=serve)
  made = registry.create(kind, str(tmp_path / 'm'), also=('bicycle', 'racket'))
  assert made.also == ('bicycle', 'tennis racket')
  (person,) = made.people(_frames(1))[0]
  expected = np.zeros((_HEIGHT, _WIDTH), bool)
  expected[12:36, 20:40] = expected[24:36, 40:60] = True
  np.testing.assert_array_equal(person.mask, expected)


# === Finding the model ===


def _pack(folder, path, inside='.'):
  with tarfile.open(path, 'w:gz') as archive:
    archive.add(folder, inside)
  return str(path)


@pytest.fixture(autouse=True)
def _own_caches(tmp_path, monkeypatch):
  monkeypatch.setenv('TFHUB_CACHE_DIR', str(tmp_path / 'hub_cache'))
  monkeypatch.setenv('KAGGLEHUB_CACHE', str(tmp_path / 'kagglehub'))


@pytest.mark.parametrize('inside', ['.', 'mask_rcnn'])
def test_an_archive_is_unpacked_once(tmp_path, inside):
  path = _pack(_save_hub(tmp_path / 'hub'), tmp_path / 'model.tar.gz', inside)
  for _ in range(2):
    assert saved_model.create(path).people(_frames(1))[0]
  assert len(os.listdir(tmp_path / 'hub_cache')) == 1


@pytest.mark.parametrize('cache', ['tfhub.dev', 'kaggle', 'kagglehub'])
def test_the_default_model_is_found_in_the_caches(tmp_path, cache):
  folder = {
    'tfhub.dev': 'hub_cache/'
    + hashlib.sha1(
      b'https://tfhub.dev/tensorflow/mask_rcnn/inception_resnet_v2_1024x1024/1'
    ).hexdigest(),
    'kaggle': 'hub_cache/' + hashlib.sha1(tfhub.HANDLE.encode()).hexdigest(),
    'kagglehub': 'kagglehub/models/tensorflow/mask-rcnn-inception-resnet-v2/'
    'tensorFlow2/1024x1024/1',
  }[cache]
  _save_hub(tmp_path / folder)
  assert registry.create('tfhub').people(_frames(1))[0]


def test_a_handle_is_fetched_and_cached(tmp_path):
  (tmp_path / 'served').mkdir()
  _pack(_save_hub(tmp_path / 'hub'), tmp_path / 'served' / 'model.tar.gz')
  handler = functools.partial(
    http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / 'served')
  )
  server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  address = f'http://127.0.0.1:{server.server_port}/model.tar.gz'
  try:
    assert saved_model.create(address).people(_frames(1))[0]
  finally:
    server.shutdown()
    server.server_close()
  assert saved_model.create(address).people(_frames(1))[0]  # now from the cache


def test_an_unreachable_handle_says_what_to_do(monkeypatch):
  monkeypatch.setattr(tfhub, 'HANDLE', 'http://127.0.0.1:9/mask_rcnn.tar.gz')
  with pytest.raises(segmenter.SegmenterError) as e:
    registry.create('tfhub')
  message = str(e.value)
  assert '\n' not in message
  for part in ('http://127.0.0.1:9/mask_rcnn.tar.gz', 'Download', '--segmenter_model=PATH'):
    assert part in message


# === Errors ===


def test_a_missing_model_says_where_to_get_one(tmp_path):
  with pytest.raises(segmenter.SegmenterError, match=r'no such model.*kaggle.com'):
    saved_model.create(str(tmp_path / 'nothing'))


def test_an_empty_folder_and_a_truncated_archive_are_named(tmp_path):
  (tmp_path / 'empty').mkdir()
  with pytest.raises(segmenter.SegmenterError, match=r'empty: .*no saved_model.pb'):
    saved_model.create(str(tmp_path / 'empty'))
  whole = _pack(_save_hub(tmp_path / 'hub'), tmp_path / 'whole.tar.gz')
  torn = tmp_path / 'torn.tar.gz'
  torn.write_bytes(pathlib.Path(whole).read_bytes()[:2000])
  with pytest.raises(segmenter.SegmenterError, match=r'torn.tar.gz: expected a .tar'):
    saved_model.create(str(torn))


def test_a_damaged_saved_model_is_one_line(tmp_path):
  folder = _save_hub(tmp_path / 'hub')
  path = os.path.join(folder, 'saved_model.pb')
  with open(path, 'rb') as f:
    content = f.read()
  with open(path, 'wb') as f:
    f.write(content[: len(content) // 2])
  with pytest.raises(segmenter.SegmenterError, match='expected a TensorFlow SavedModel') as e:
    saved_model.create(folder)
  assert '\n' not in str(e.value)


class _Classifier(tf.Module):
  @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)])
  def __call__(self, images):
    return {'logits': tf.zeros([tf.shape(images)[0], 10])}


def test_another_network_is_rejected(tmp_path):
  module = _Classifier()
  tf.saved_model.save(
    module, str(tmp_path / 'c'), signatures=module.__call__.get_concrete_function()
  )
  with pytest.raises(segmenter.SegmenterError, match=r'lack detection_boxes, .*received logits'):
    saved_model.create(str(tmp_path / 'c'))


class _Bytes(tf.Module):
  @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
  def __call__(self, inputs):
    return {
      name: tf.zeros([1])
      for name in ('detection_boxes', 'detection_classes', 'detection_scores', 'detection_masks')
    }


def test_a_network_that_takes_encoded_images_is_rejected(tmp_path):
  module = _Bytes()
  tf.saved_model.save(
    module, str(tmp_path / 'b'), signatures=module.__call__.get_concrete_function()
  )
  with pytest.raises(segmenter.SegmenterError, match='--input_type=image_tensor'):
    saved_model.create(str(tmp_path / 'b'))
