"""Shards and their indexes."""

import dataclasses
import hashlib
import os

import numpy as np
import pytest
import tensorflow as tf

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


def _read_at(paths, offsets):
  """The records at offsets of files: a list of bytes."""
  places = tf.data.Dataset.from_tensor_slices((list(map(str, paths)), np.int64(offsets)))
  return list(places.flat_map(shards.read_at).as_numpy_iterator())


def test_write_shard_indexes_every_record(tmp_path):
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


def test_a_second_look_goes_into_record_and_index_where_there_was_one(tmp_path):
  path = tmp_path / 'videos.tfrecord'
  looked = dataclasses.replace(_FULL, seen_again=1 / 3)
  shards.write_shard(path, [looked, _BARE])
  assert [entry.seen_again for entry in shards.read_index(path)] == [1 / 3, None]
  assert schema.decode(schema.encode(looked)).seen_again == pytest.approx(1 / 3)
  assert schema.decode(schema.encode(_FULL)).seen_again is None
  shards.write_shard(path, [_FULL, _BARE])
  with open(shards.index_path(path)) as f:
    assert 'seen_again' not in f.read()  # as before there was a second look


def test_read_index_returns_coverage_exactly(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, [dataclasses.replace(_FULL, coverage=1 / 3)])
  assert shards.read_index(path)[0].coverage == 1 / 3


def test_tensorflow_reads_a_shard(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  videos = _videos(5)
  shards.write_shard(path, videos)
  read = list(tf.data.TFRecordDataset(path).as_numpy_iterator())
  assert read == [schema.encode(video) for video in videos]


def test_read_at_returns_any_record(tmp_path):
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
def test_read_at_detects_a_flipped_byte(tmp_path, place):
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


def test_read_at_detects_an_offset_within_a_record(tmp_path):
  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, _videos(3))
  with pytest.raises(tf.errors.DataLossError):
    _read_at([path], [5])


class _Killed(BaseException):
  pass


def test_write_shard_leaves_nothing_when_killed_while_writing(tmp_path):
  def videos():
    yield from _videos(2)
    raise _Killed()

  with pytest.raises(_Killed):
    shards.write_shard(str(tmp_path / 'a.tfrecord'), videos())
  assert not os.listdir(tmp_path)


def test_write_shard_leaves_no_index_when_killed_before_it(tmp_path):
  def kill(_):
    assert os.listdir(tmp_path) == ['a.tfrecord']
    raise _Killed()

  path = str(tmp_path / 'a.tfrecord')
  with pytest.raises(_Killed):
    shards.write_shard(path, _videos(2), before_index=kill)
  assert os.listdir(tmp_path) == ['a.tfrecord']
  with pytest.raises(schema.RecordError, match=r'a\.csv: expected the index of a shard; FileNot'):
    shards.read_index(path)


def test_write_shard_leaves_nothing_if_a_video_cannot_be_encoded(tmp_path):
  with pytest.raises(ValueError, match=r'a video must have frames'):
    shards.write_shard(
      str(tmp_path / 'a.tfrecord'), [*_videos(1), dataclasses.replace(_BARE, frames=())]
    )
  assert not os.listdir(tmp_path)


def test_write_shard_removes_an_older_index_first(tmp_path):
  def kill(_):
    raise _Killed()

  path = str(tmp_path / 'a.tfrecord')
  shards.write_shard(path, _videos(2))
  with pytest.raises(_Killed):
    shards.write_shard(path, _videos(2), before_index=kill)
  assert os.listdir(tmp_path) == ['a.tfrecord']


def test_write_shard_reports_the_checksum_of_the_file(tmp_path):
  checksums = []
  path = tmp_path / 'a.tfrecord'
  shards.write_shard(str(path), _videos(3), before_index=checksums.append)
  assert checksums == [hashlib.sha256(path.read_bytes()).hexdigest()]


def test_write_shard_ends_the_lines_of_the_index_with_a_line_feed(tmp_path):
  shards.write_shard(tmp_path / 'a.tfrecord', _videos(2))
  content = (tmp_path / 'a.csv').read_bytes()
  assert content.startswith(
    b'path,label,shard,offset,length,frames,height,width,coverage,flow,keep_original\n'
    b'A/v_A_g01_c00.avi,0,a.tfrecord,0,'
  )
  assert content.count(b'\n') == 3 and b'\r' not in content


def test_read_index_accepts_carriage_returns_of_older_records(tmp_path):
  path = tmp_path / 'a.tfrecord'
  written = shards.write_shard(path, [_FULL, dataclasses.replace(_BARE, path='B, "b"/v.avi')])
  index = tmp_path / 'a.csv'
  index.write_bytes(index.read_bytes().replace(b'\n', b'\r\n'))
  assert shards.read_index(path) == written


@pytest.mark.parametrize(
  'column, value',
  [
    ('shard', 'b.tfrecord'),
    ('offset', '-1'),
    ('length', '16'),
    ('frames', '0'),
    ('height', '0'),
    ('width', '0'),
    ('coverage', '1.5'),
    ('seen_again', '1.5'),
    ('flow', '3'),
  ],
)
def test_read_index_rejects_impossible_values(tmp_path, column, value):
  (entry,) = shards.write_shard(tmp_path / 'a.tfrecord', [_FULL])
  row = {**dataclasses.asdict(entry), 'keep_original': 0, 'seen_again': '', column: value}
  (tmp_path / 'a.csv').write_text(f'{",".join(row)}\n{",".join(map(str, row.values()))}\n')
  with pytest.raises(
    schema.RecordError,
    match=rf'a\.csv: expected the index of a shard; ValueError: {column} of .*\.avi is ',
  ):
    shards.read_index(tmp_path / 'a.tfrecord')
