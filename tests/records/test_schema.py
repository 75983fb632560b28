"""The TFRecord schema: keys, bytes, and the way back."""

import dataclasses
import subprocess
import sys

import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.records import schema

_FULL = schema.StoredVideo(
  path='Archery/v_Archery_g01_c02.avi',
  label=7,
  label_text='Archery',
  frames=(b'jpeg 0', b'jpeg 1', b'jpeg 2'),
  height=36,
  width=48,
  frame_rate=25.0,
  masks=(b'mask 0', b'mask 1', b'mask 2'),
  coverage=0.25,
  flow=(b'\x89PNG 0', b'\x89PNG 1'),
  flow_method='tvl1',
)
_BARE = dataclasses.replace(_FULL, masks=None, coverage=None, flow=None, flow_method=None)


@pytest.mark.parametrize(
  'video',
  [
    _FULL,
    _BARE,
    dataclasses.replace(_FULL, flow=None, flow_method=None),
    dataclasses.replace(_FULL, masks=None, coverage=None),
  ],
  ids=['full', 'bare', 'without flow', 'without masks'],
)
def test_parse_returns_the_parts_that_were_encoded(video):
  parsed = schema.parse(schema.encode(video))
  assert set(parsed) == {'frames', 'masks', 'flow', 'label', 'path'}
  assert tuple(parsed['frames'].numpy()) == video.frames
  assert tuple(parsed['masks'].numpy()) == (video.masks or ())
  assert tuple(parsed['flow'].numpy()) == (video.flow or ())
  assert parsed['label'].dtype == tf.int64 and parsed['label'].numpy() == 7
  assert parsed['path'].numpy() == b'Archery/v_Archery_g01_c02.avi'


def test_parse_works_inside_a_dataset():
  dataset = tf.data.Dataset.from_tensors(schema.encode(_FULL)).map(schema.parse)
  assert {key: spec.shape.rank for key, spec in dataset.element_spec.items()} == {
    'frames': 1,
    'masks': 1,
    'flow': 1,
    'label': 0,
    'path': 0,
  }
  assert tuple(next(iter(dataset))['flow'].numpy()) == _FULL.flow


def _features(video):
  """(context, feature lists) of a record, read without i3d_tf: dicts of lists."""
  example = tf.train.SequenceExample.FromString(schema.encode(video))
  values = lambda feature: list(getattr(feature, feature.WhichOneof('kind')).value)
  return (
    {key: values(feature) for key, feature in example.context.feature.items()},
    {
      key: [value for feature in features.feature for value in values(feature)]
      for key, features in example.feature_lists.feature_list.items()
    },
  )


def test_encode_writes_the_keys_of_media_sequence():
  context, lists = _features(_FULL)
  assert context == {
    'clip/data_path': [b'Archery/v_Archery_g01_c02.avi'],
    'clip/label/index': [7],
    'clip/label/text': [b'Archery'],
    'image/format': [b'JPEG'],
    'image/channels': [3],
    'image/height': [36],
    'image/width': [48],
    'image/frame_rate': [25.0],
    'CLASS_SEGMENTATION/image/format': [b'PNG'],
    'CLASS_SEGMENTATION/image/channels': [1],
    'CLASS_SEGMENTATION/image/height': [36],
    'CLASS_SEGMENTATION/image/width': [48],
    'CLASS_SEGMENTATION/image/frame_rate': [25.0],
    'CLASS_SEGMENTATION/class/label/index': [1],
    'CLASS_SEGMENTATION/class/label/string': [b'person'],
    'CLASS_SEGMENTATION/coverage': [0.25],
    'CLASS_SEGMENTATION/keep_original': [0],
    'FORWARD_FLOW/image/format': [b'PNG'],
    'FORWARD_FLOW/image/channels': [3],
    'FORWARD_FLOW/image/height': [36],
    'FORWARD_FLOW/image/width': [48],
    'FORWARD_FLOW/image/frame_rate': [25.0],
    'FORWARD_FLOW/method': [b'tvl1'],
  }
  assert lists == {
    'image/encoded': [b'jpeg 0', b'jpeg 1', b'jpeg 2'],
    'image/timestamp': [0, 40000, 80000],
    'CLASS_SEGMENTATION/image/encoded': [b'mask 0', b'mask 1', b'mask 2'],
    'CLASS_SEGMENTATION/image/timestamp': [0, 40000, 80000],
    'FORWARD_FLOW/image/encoded': [b'\x89PNG 0', b'\x89PNG 1'],
    'FORWARD_FLOW/image/timestamp': [0, 40000],
  }


def test_encode_omits_keys_of_missing_masks_and_flow():
  context, lists = _features(_BARE)
  assert not [key for key in (*context, *lists) if 'SEGMENTATION' in key or 'FLOW' in key]


def test_encode_declares_flow_that_is_not_png_as_jpeg():
  context, _ = _features(dataclasses.replace(_FULL, flow=(b'\xff\xd8 0', b'\xff\xd8 1')))
  assert context['FORWARD_FLOW/image/format'] == [b'JPEG']


def test_encode_derives_timestamps_from_the_frame_rate():
  _, lists = _features(dataclasses.replace(_FULL, frame_rate=30.0))
  assert lists['image/timestamp'] == [0, 33333, 66667]


def test_encode_writes_keys_in_order():
  # Protocol buffers keep keys in a hash table that every process seeds differently: only
  # deterministic serialization orders them.
  serialized = schema.encode(_FULL)
  for keys in _features(_FULL):
    place = lambda key: serialized.index(b'\x0a' + bytes([len(key)]) + key.encode())
    assert sorted(keys, key=place) == sorted(keys)


@pytest.mark.parametrize(
  'video',
  [
    _FULL,
    _BARE,
    dataclasses.replace(_FULL, keep_original=True),
    dataclasses.replace(_FULL, flow=()),
    dataclasses.replace(_FULL, masks=None, coverage=None),
  ],
)
def test_encode_matches_tensorflow_and_decode_reverses_it(video):
  if video.flow == ():
    video = dataclasses.replace(video, frames=video.frames[:1], masks=video.masks[:1])
  serialized = schema.encode(video)
  message = tf.train.SequenceExample.FromString(serialized)
  assert message.SerializeToString(deterministic=True) == serialized
  # An empty list of flow fields leaves no key, but the method does: decode returns ().
  assert schema.decode(serialized) == video


@pytest.mark.parametrize(
  'changes, message',
  [
    ({'frames': ()}, 'a video must have frames; received none'),
    ({'masks': (b'0', b'1')}, '3 frames must have 3 masks; received 2'),
    ({'masks': ()}, '3 frames must have 3 masks; received 0'),
    ({'flow': (b'0', b'1', b'2')}, '3 frames must have 2 flow fields; received 3'),
    ({'flow': ()}, '3 frames must have 2 flow fields; received 0'),
  ],
)
def test_encode_rejects_counts_that_do_not_match(changes, message):
  with pytest.raises(ValueError) as error:
    schema.encode(dataclasses.replace(_FULL, **changes))
  assert str(error.value) == f'{_FULL.path}: {message}'


def test_writing_records_imports_no_tensorflow():
  # Whose import takes seconds and hundreds of megabytes in every worker.
  subprocess.run(
    [
      sys.executable,
      '-c',
      (
        'import sys; from i3d_tf.ingest import beam_pipeline, build; '
        'assert "tensorflow" not in sys.modules'
      ),
    ],
    check=True,
  )


def test_record_error_is_a_user_error():
  assert issubclass(schema.RecordError, errors.UserError)
