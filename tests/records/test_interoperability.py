"""Records are readable by the Model Garden, by DMVR's calls, and by MediaSequence's keys."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.records import schema
from i3d_tf.records import shards
from tests import fakes

_HEIGHT, _WIDTH, _FRAMES = 40, 56, 12


def _frames():
  """Frames whose pixels encode their position and the number of the frame."""
  frames = np.repeat(fakes.ramp(_HEIGHT, _WIDTH)[np.newaxis], _FRAMES, axis=0)
  frames[..., 2] = 20 * np.arange(_FRAMES)[:, np.newaxis, np.newaxis]
  return frames


def _video(parts):
  rng = np.random.default_rng(0)
  return fakes.video(
    'Archery/v_Archery_g01_c01.avi',
    label=2,
    frames=_frames(),
    masks=rng.integers(0, 2, (_FRAMES, _HEIGHT, _WIDTH), np.uint8) if 'masks' in parts else None,
    flow=rng.integers(0, 256, (_FRAMES - 1, _HEIGHT, _WIDTH, 2), np.uint8)
    if 'flow' in parts
    else None,
  )


@pytest.fixture(
  name='video',
  params=['', 'masks', 'flow', 'masks and flow'],
  ids=lambda parts: parts if parts else 'frames only',
)
def _parametrized_video(request):
  return _video(request.param)


@pytest.fixture(name='serialized')
def _serialized(video, tmp_path):
  """The record as any TFRecord reader sees it: a string scalar."""
  fakes.write_records(tmp_path, [video])
  shard = tmp_path / shards.shard_name(0, 1)
  return next(iter(tf.data.TFRecordDataset(str(shard))))


def _decoded(images):
  return np.stack([tf.io.decode_jpeg(image) for image in images])


# === The Model Garden ===


@pytest.fixture(name='video_input', scope='module')
def _video_input():
  return pytest.importorskip('official.vision.dataloaders.video_input')


def _parser(video_input, **changes):
  from official.vision.configs import video_classification

  return video_input.Parser(
    video_classification.DataConfig(
      feature_shape=(_FRAMES, _HEIGHT, _WIDTH, 3),
      min_image_size=_HEIGHT,
      num_classes=3,
      num_test_crops=1,
      dtype='float32',
      **changes,
    )
  )


def test_model_garden_decoder_returns_frames_and_label(video_input, video, serialized):
  decoded = video_input.Decoder().decode(serialized)
  assert tuple(decoded['image/encoded'].numpy()) == video.frames
  assert decoded['clip/label/index'].numpy().tolist() == [2]


def test_model_garden_decoder_returns_masks_and_flow_on_request(video_input, serialized):
  decoder = video_input.Decoder()
  for key in (schema.MASKS, schema.FLOW):
    decoder.add_feature(key, tf.io.VarLenFeature(tf.string))
  decoded = decoder.decode(serialized)
  ours = schema.parse(serialized)
  for key, part in ((schema.MASKS, 'masks'), (schema.FLOW, 'flow')):
    np.testing.assert_array_equal(np.ravel(decoded[key]), ours[part])


def test_model_garden_evaluation_sees_the_stored_pixels(video_input, video, serialized):
  # The full height, and the center of the width: 56 columns fit.
  parse = _parser(video_input).parse_fn(is_training=False)
  features, label = parse(video_input.Decoder().decode(serialized))
  seen = np.asarray(features['image']).reshape(_FRAMES, _HEIGHT, _WIDTH, 3)
  stored = np.stack([tf.io.decode_jpeg(image, channels=3) for image in video.frames])
  np.testing.assert_allclose(255 * seen, stored, atol=0.01)
  np.testing.assert_array_equal(np.ravel(label), [0, 0, 1])


def test_model_garden_training_takes_consecutive_frames(video_input, serialized):
  parse = _parser(video_input, one_hot=False).parse_fn(is_training=True)
  features, label = parse(video_input.Decoder().decode(serialized))
  numbers = np.round(255 * np.asarray(features['image'])[..., 2].mean(axis=(1, 2)) / 20)
  assert (np.diff(numbers) % _FRAMES == 1).all()
  assert np.ravel(label).tolist() == [2]


def test_model_garden_reader_batches_a_shard(video_input, tmp_path):
  videos = [
    dataclasses.replace(_video(parts), path=f'A/v_A_g{n:02d}_c01.avi', label=n % 3)
    for n, parts in enumerate(('', 'masks', 'flow', 'masks and flow'))
  ]
  fakes.write_records(tmp_path, videos, num_shards=2)
  parse = _parser(video_input, one_hot=False).parse_fn(is_training=False)
  dataset = tf.data.TFRecordDataset(sorted(map(str, tmp_path.glob('*.tfrecord'))))
  batch = next(iter(dataset.map(video_input.Decoder().decode).map(parse).batch(4)))
  assert batch[0]['image'].shape == (4, _FRAMES, _HEIGHT, _WIDTH, 3)
  assert sorted(np.ravel(batch[1])) == [0, 0, 1, 2]


# === DMVR ===


def _dmvr_parse(serialized, keys=(schema.FRAMES,)):
  """Parses as DMVR's SequenceExampleParser does: batches, optional keys.

  Its builders ask for 'image/encoded' as FixedLenSequenceFeature((), string) with
  allow_missing, and for 'clip/label/index' and 'clip/label/text' as
  VarLenFeature, and parse a batch of records with tf.io.parse_sequence_example.
  """
  context, lists, lengths = tf.io.parse_sequence_example(
    serialized,
    context_features={
      'clip/label/index': tf.io.VarLenFeature(tf.int64),
      'clip/label/text': tf.io.VarLenFeature(tf.string),
    },
    sequence_features={
      key: tf.io.FixedLenSequenceFeature((), tf.string, allow_missing=True) for key in keys
    },
  )
  dense = {key: tf.sparse.to_dense(value) for key, value in context.items()}
  return {**dense, **lists}, lengths


def test_dmvr_reads_frames_and_labels(video, serialized):
  parsed, lengths = _dmvr_parse(serialized[tf.newaxis])
  assert lengths[schema.FRAMES].numpy().tolist() == [_FRAMES]
  assert tuple(parsed[schema.FRAMES][0].numpy()) == video.frames
  assert parsed['clip/label/index'].numpy().tolist() == [[2]]
  assert parsed['clip/label/text'].numpy().tolist() == [[b'Archery']]
  np.testing.assert_allclose(_decoded(parsed[schema.FRAMES][0]).astype(int), _frames(), atol=4)


def test_dmvr_reads_masks_and_flow_where_they_exist(video, serialized):
  parsed, _ = _dmvr_parse(serialized[tf.newaxis], (schema.FRAMES, schema.MASKS, schema.FLOW))
  assert tuple(parsed[schema.MASKS][0].numpy()) == (video.masks or ())
  assert tuple(parsed[schema.FLOW][0].numpy()) == (video.flow or ())


def test_dmvr_batches_records_with_and_without_masks():
  videos = [_video(parts) for parts in ('', 'masks', 'masks and flow')]
  shorter = dataclasses.replace(videos[0], frames=videos[0].frames[:5])
  batch = tf.constant([schema.encode(video) for video in (*videos, shorter)])
  parsed, lengths = _dmvr_parse(batch, (schema.FRAMES, schema.MASKS))
  assert lengths[schema.FRAMES].numpy().tolist() == [_FRAMES, _FRAMES, _FRAMES, 5]
  assert lengths[schema.MASKS].numpy().tolist() == [0, _FRAMES, _FRAMES, 0]
  assert parsed[schema.FRAMES].shape == (4, _FRAMES)


# === MediaSequence ===


def test_media_sequence_keys_return_everything(video, serialized):
  """Every key by its name in MediaPipe's media_sequence.py, as scalars and lists."""
  integer, text = tf.io.FixedLenFeature([], tf.int64), tf.io.FixedLenFeature([], tf.string)
  prefixes = [
    '',
    *(['CLASS_SEGMENTATION/'] if video.masks else []),
    *(['FORWARD_FLOW/'] if video.flow else []),
  ]
  context_features = {
    'clip/data_path': text,
    'clip/label/index': integer,
    'clip/label/text': text,
    'CLASS_SEGMENTATION/class/label/index': tf.io.VarLenFeature(tf.int64),
    'CLASS_SEGMENTATION/class/label/string': tf.io.VarLenFeature(tf.string),
  }
  sequence_features = {}
  for prefix in prefixes:
    context_features.update(
      {
        f'{prefix}image/format': text,
        f'{prefix}image/channels': integer,
        f'{prefix}image/height': integer,
        f'{prefix}image/width': integer,
        f'{prefix}image/frame_rate': tf.io.FixedLenFeature([], tf.float32),
      }
    )
    sequence_features.update(
      {
        f'{prefix}image/encoded': tf.io.FixedLenSequenceFeature([], tf.string),
        f'{prefix}image/timestamp': tf.io.FixedLenSequenceFeature([], tf.int64),
      }
    )
  context, lists = tf.io.parse_single_sequence_example(
    serialized, context_features, sequence_features
  )
  assert context['clip/data_path'].numpy() == b'Archery/v_Archery_g01_c01.avi'
  assert context['clip/label/index'].numpy() == 2
  images = {'': video.frames, 'CLASS_SEGMENTATION/': video.masks, 'FORWARD_FLOW/': video.flow}
  formats = {'': b'JPEG', 'CLASS_SEGMENTATION/': b'PNG', 'FORWARD_FLOW/': b'PNG'}
  for prefix in prefixes:
    assert tuple(lists[f'{prefix}image/encoded'].numpy()) == images[prefix]
    assert context[f'{prefix}image/format'].numpy() == formats[prefix]
    first = tf.io.decode_image(images[prefix][0], channels=int(context[f'{prefix}image/channels']))
    assert first.shape.as_list() == [
      int(context[f'{prefix}image/{side}']) for side in ('height', 'width', 'channels')
    ]
    assert lists[f'{prefix}image/timestamp'].numpy().tolist() == [
      40000 * n for n in range(len(images[prefix]))
    ]
  if video.masks:
    assert tf.sparse.to_dense(
      context['CLASS_SEGMENTATION/class/label/string']
    ).numpy().tolist() == [b'person']
