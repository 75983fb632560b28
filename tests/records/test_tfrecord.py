"""TFRecord files, compared with what TensorFlow writes."""

import pytest
import tensorflow as tf

from i3d_tf.records import tfrecord

_DATA = [b'', b'a', bytes(range(256)) * 400]


@pytest.fixture(name='path')
def _path(tmp_path):
  """A file that TensorFlow wrote."""
  path = str(tmp_path / 'a.tfrecord')
  with tf.io.TFRecordWriter(path) as writer:
    for data in _DATA:
      writer.write(data)
  return path


def test_frame_matches_tensorflow(path):
  with open(path, 'rb') as f:
    assert f.read() == b''.join(map(tfrecord.frame, _DATA))


def test_read_returns_the_record_at_an_offset(path):
  offset = 0
  for data in _DATA:
    assert tfrecord.read(path, offset) == data
    offset += len(data) + tfrecord.OVERHEAD


def test_offsets_yields_where_records_begin(path):
  assert list(tfrecord.offsets(path)) == [0, 16, 16 + 17]


@pytest.mark.parametrize(
  'offset, message',
  [
    (1, 'the checksum of its length is wrong: no record begins there'),
    (15, 'the checksum of its length is wrong: no record begins there'),
    (33 + 5, 'the checksum of its length is wrong: no record begins there'),
    (10**9, 'the file ends at byte 102449'),
  ],
)
def test_read_rejects_an_offset_where_no_record_begins(path, offset, message):
  with pytest.raises(tfrecord.DamageError, match=f'^{message}$'):
    tfrecord.read(path, offset)


@pytest.mark.parametrize(
  'place, message',
  [
    (0, 'the checksum of its length is wrong: no record begins there'),
    (9, 'the checksum of its length is wrong: no record begins there'),
    (50, 'its checksum is wrong'),
    (-1, 'its checksum is wrong'),
  ],
)
def test_read_detects_a_flipped_bit(path, place, message):
  with open(path, 'rb') as f:
    content = bytearray(f.read())
  content[16 + 17 + place if place >= 0 else place] ^= 1
  with open(path, 'wb') as f:
    f.write(content)
  with pytest.raises(tfrecord.DamageError, match=f'^{message}$'):
    tfrecord.read(path, 16 + 17)
  assert tfrecord.read(path, 16) == b'a'


@pytest.mark.parametrize('cut', [1, 3000])
def test_read_and_offsets_detect_a_truncated_file(path, cut):
  with open(path, 'rb') as f:
    content = f.read()
  with open(path, 'wb') as f:
    f.write(content[:-cut])
  message = f'it should reach to byte {len(content)}; the file ends at byte {len(content) - cut}'
  with pytest.raises(tfrecord.DamageError, match=message):
    tfrecord.read(path, 16 + 17)
  with pytest.raises(tfrecord.DamageError, match=message):
    list(tfrecord.offsets(path))
