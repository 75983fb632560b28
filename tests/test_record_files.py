"""TFRecord framing: what is read is what was written, and damage says what it is."""

import re

import pytest

from i3d_tf import record_files
from i3d_tf import records
from tests import fakes


@pytest.fixture(name='shard')
def _shard(tmp_path):
  path = tmp_path / 'a.tfrecord'
  videos = [fakes.video(f'A/v_A_g{n:02d}_c01.avi') for n in range(3)]
  return path, videos, records.write_shard(str(path), videos)


def test_records_are_read_as_they_were_written(shard):
  path, videos, entries = shard
  assert list(record_files.offsets(path)) == [entry.offset for entry in entries]
  for video, entry in zip(videos, entries):
    assert record_files.read(path, entry.offset) == records.encode(video)


@pytest.mark.parametrize('place, message', [
    (0, 'the checksum of its length is wrong: no record begins there'),
    (9, 'the checksum of its length is wrong: no record begins there'),
    (40, 'its checksum is wrong'),
    (-1, 'its checksum is wrong'),
])
def test_a_flipped_bit_is_told(shard, place, message):
  path, videos, entries = shard
  content = bytearray(path.read_bytes())
  content[entries[1].offset + place % entries[1].length] ^= 1
  path.write_bytes(content)
  with pytest.raises(record_files.DamageError, match=f'^{re.escape(message)}$'):
    record_files.read(path, entries[1].offset)
  assert record_files.read(path, entries[2].offset) == records.encode(videos[2])


def test_an_offset_within_a_record_and_a_cut_file_are_told(shard):
  path, _, entries = shard
  with pytest.raises(record_files.DamageError, match='no record begins there'):
    record_files.read(path, 5)
  content = path.read_bytes()
  path.write_bytes(content[:-1])
  with pytest.raises(record_files.DamageError, match=(
      f'it should reach to byte {len(content)}; the file ends at byte {len(content) - 1}')):
    record_files.read(path, entries[2].offset)
  with pytest.raises(record_files.DamageError, match=f'the file ends at byte {len(content) - 1}'):
    record_files.read(path, len(content))
  found = []
  with pytest.raises(record_files.DamageError):
    found.extend(entries[0].offset for _ in record_files.offsets(path))
