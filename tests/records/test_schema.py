"""The TFRecord schema, and shards with their indexes."""

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.records import schema
from i3d_tf.records import shards

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


def _videos(count, size=1):
  """Videos that differ in length: record n holds n + 1 frames."""
  return [
    dataclasses.replace(
      _BARE, path=f'A/v_A_g01_c{n:02d}.avi', label=n % 3, frames=(b'%d' % n * size,) * (n + 1)
    )
    for n in range(count)
  ]


# === One record ===


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
def test_a_record_parses_to_what_was_encoded(video):
  parsed = schema.parse(schema.encode(video))
  assert set(parsed) == {'frames', 'masks', 'flow', 'label', 'path'}
  assert tuple(parsed['frames'].numpy()) == video.frames
  assert tuple(parsed['masks'].numpy()) == (video.masks or ())
  assert tuple(parsed['flow'].numpy()) == (video.flow or ())
  assert parsed['label'].dtype == tf.int64 and parsed['label'].numpy() == 7
  assert parsed['path'].numpy() == b'Archery/v_Archery_g01_c02.avi'


def test_records_parse_inside_a_dataset():
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


def test_a_record_holds_the_keys_of_media_sequence():
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


def test_a_record_without_masks_and_flow_has_no_keys_for_them():
  context, lists = _features(_BARE)
  assert not [key for key in (*context, *lists) if 'SEGMENTATION' in key or 'FLOW' in key]


def test_flow_that_is_not_png_is_declared_as_jpeg():
  context, _ = _features(dataclasses.replace(_FULL, flow=(b'\xff\xd8 0', b'\xff\xd8 1')))
  assert context['FORWARD_FLOW/image/format'] == [b'JPEG']


def test_timestamps_follow_the_frame_rate():
  _, lists = _features(dataclasses.replace(_FULL, frame_rate=30.0))
  assert lists['image/timestamp'] == [0, 33333, 66667]


def test_the_bytes_of_a_record_are_the_same_in_every_process():
  # Protocol buffers keep keys in a hash table that every process seeds anew; in order they only
  # are by intention.
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
def test_a_record_is_the_message_of_tensorflow_and_decodes_to_what_was_encoded(video):
  if video.flow == ():
    video = dataclasses.replace(video, frames=video.frames[:1], masks=video.masks[:1])
  serialized = schema.encode(video)
  message = tf.train.SequenceExample.FromString(serialized)
  assert message.SerializeToString(deterministic=True) == serialized
  # No flow fields leave no list, so that a video of one frame has no flow or none of it.
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
def test_counts_that_do_not_go_together_are_refused(changes, message):
  with pytest.raises(ValueError) as error:
    schema.encode(dataclasses.replace(_FULL, **changes))
  assert str(error.value) == f'{_FULL.path}: {message}'


# === Shards ===


def _read_at(shards, offsets):
  """The records at offsets of shards: a list of bytes."""
  places = tf.data.Dataset.from_tensor_slices((list(map(str, shards)), np.int64(offsets)))
  return list(places.flat_map(shards.read_at).as_numpy_iterator())


def test_the_index_says_of_each_record_what_it_holds_and_where(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  written = shards.write_shard(
    path,
    [
      _FULL,
      dataclasses.replace(_BARE, path='B, "b"/v.avi', label=2),
      dataclasses.replace(_FULL, coverage=0.0, masks=(b'',) * 3),
      dataclasses.replace(_FULL, keep_original=True),
    ],
  )
  lengths = [entry.length for entry in written]
  assert written == [
    shards.Entry(
      'Archery/v_Archery_g01_c02.avi', 7, 'a.tfrecord', 0, lengths[0], 3, 36, 48, 0.25, 2
    ),
    shards.Entry('B, "b"/v.avi', 2, 'a.tfrecord', lengths[0], lengths[1], 3, 36, 48, None, 0),
    shards.Entry(
      'Archery/v_Archery_g01_c02.avi',
      7,
      'a.tfrecord',
      lengths[0] + lengths[1],
      lengths[2],
      3,
      36,
      48,
      0.0,
      2,
    ),
    shards.Entry(
      'Archery/v_Archery_g01_c02.avi',
      7,
      'a.tfrecord',
      sum(lengths[:3]),
      lengths[3],
      3,
      36,
      48,
      0.25,
      2,
      keep_original=True,
    ),
  ]
  assert sum(lengths) == os.path.getsize(path)
  assert shards.read_index(path) == written
  assert [entry.has_person for entry in written] == [True, False, False, False]


def test_coverage_is_read_back_exactly(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, [dataclasses.replace(_FULL, coverage=1 / 3)])
  assert shards.read_index(path)[0].coverage == 1 / 3


def test_any_tool_reads_a_shard(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  videos = _videos(5)
  shards.write_shard(path, videos)
  read = list(tf.data.TFRecordDataset(path).as_numpy_iterator())
  assert read == [schema.encode(video) for video in videos]


def test_any_record_is_read_by_its_offset(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  videos = _videos(12, size=300)
  entries = shards.write_shard(path, videos)
  read = _read_at([path] * 12, [entry.offset for entry in entries[::-1]])
  assert read == [schema.encode(video) for video in videos[::-1]]


@pytest.mark.parametrize(
  'place',
  [0, 8, 12, 40, -1],
  ids=['length', 'checksum of the length', 'start', 'middle', 'checksum'],
)
def test_a_flipped_byte_is_noticed(tmp_path, place):
  path = tmp_path / 'a.tfrecord'
  entries = shards.write_shard(str(path), _videos(3))
  content = bytearray(path.read_bytes())
  content[entries[1].offset + place % entries[1].length] ^= 1
  path.write_bytes(content)
  with pytest.raises(tf.errors.DataLossError):
    _read_at([path], [entries[1].offset])
  # The records around it can still be read.
  assert _read_at([path] * 2, [entries[0].offset, entries[2].offset]) == [
    schema.encode(_videos(3)[0]),
    schema.encode(_videos(3)[2]),
  ]


def test_an_offset_within_a_record_is_noticed(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, _videos(3))
  with pytest.raises(tf.errors.DataLossError):
    _read_at([path], [5])


class _Killed(BaseException):
  pass


def test_a_kill_while_writing_leaves_nothing_that_looks_whole(tmp_path):
  def videos():
    yield from _videos(2)
    raise _Killed()

  with pytest.raises(_Killed):
    shards.write_shard(str(tmp_path / 'a.tfrecord'), videos())
  assert not os.listdir(tmp_path)


def test_a_kill_before_the_index_leaves_a_shard_without_one(tmp_path):
  def kill(_):
    assert os.listdir(tmp_path) == ['a.tfrecord']
    raise _Killed()

  path = str(tmp_path / 'a.tfrecord')
  with pytest.raises(_Killed):
    shards.write_shard(path, _videos(2), before_index=kill)
  assert os.listdir(tmp_path) == ['a.tfrecord']
  with pytest.raises(schema.RecordError, match=r'a\.csv: expected the index of a shard; FileNot'):
    shards.read_index(path)


def test_a_video_that_cannot_be_encoded_leaves_nothing(tmp_path):
  with pytest.raises(ValueError, match='a video must have frames'):
    shards.write_shard(
      str(tmp_path / 'a.tfrecord'), [*_videos(1), dataclasses.replace(_BARE, frames=())]
    )
  assert not os.listdir(tmp_path)


def test_an_older_index_is_gone_before_its_shard_is_replaced(tmp_path):
  def kill(_):
    raise _Killed()

  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, _videos(2))
  with pytest.raises(_Killed):
    shards.write_shard(path, _videos(2), before_index=kill)
  assert os.listdir(tmp_path) == ['a.tfrecord']


def test_the_checksum_is_that_of_the_file(tmp_path):
  told = []
  path = tmp_path / 'a.tfrecord'
  shards.write_shard(str(path), _videos(3), before_index=told.append)
  assert told == [hashlib.sha256(path.read_bytes()).hexdigest()]


def test_records_are_written_without_tensorflow():
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


def test_record_errors_are_for_the_user():
  assert issubclass(schema.RecordError, errors.UserError)
