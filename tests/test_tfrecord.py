"""TFRecord files: the bytes that TensorFlow writes, read without it."""

import pytest
import tensorflow as tf

from i3d_tf import tfrecord

_DATA = [b'', b'a', bytes(range(256)) * 400]


@pytest.fixture(name='path')
def _path(tmp_path):
  """A file that TensorFlow wrote."""
  path = str(tmp_path / 'a.tfrecord')
  with tf.io.TFRecordWriter(path) as writer:
    for data in _DATA:
      writer.write(data)
  return path


def test_records_are_framed_as_tensorflow_frames_them(path):
  with open(path, 'rb') as f:
    assert f.read() == b''.join(map(tfrecord.frame, _DATA))


def test_records_are_read_where_they_begin(path):
  offset = 0
  for data in _DATA:
    assert tfrecord.read(path, offset) == data
    offset += len(data) + tfrecord.OVERHEAD


@pytest.mark.parametrize('offset', [1, 15, 33 + 5, 10**9])
def test_what_is_no_record_is_refused(path, offset):
  with pytest.raises(ValueError) as error:
    tfrecord.read(path, offset)
  assert str(error.value) == f'{path}: expected a whole record at byte {offset}'


def test_a_flipped_bit_and_a_cut_are_noticed(path):
  with open(path, 'rb') as f:
    content = bytearray(f.read())
  start = 16 + 17
  for changed in (content[:-1], content[:-3000], content[:start + 5],
                  content[:start + 50] + b'!' + content[start + 51:]):
    with open(path, 'wb') as f:
      f.write(changed)
    with pytest.raises(ValueError, match=f'expected a whole record at byte {start}$'):
      tfrecord.read(path, start)
