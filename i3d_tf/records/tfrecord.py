"""TFRecord files without TensorFlow, whose import takes 7 s and 800 MB in every process.

A record is its length (8 bytes, little-endian), the masked CRC-32C of that, the
data, and the masked CRC-32C of the data.
"""

import os
import struct

import google_crc32c

OVERHEAD = 16  # bytes of a record that are not data


class DamageError(ValueError):
  """A record that cannot be read; the message says why, not where."""


def frame(data):
  """What a TFRecord file holds for one record: bytes."""
  length = struct.pack('<Q', len(data))
  return b''.join((length, _checksum(length), data, _checksum(data)))


def read(path, offset):
  """Reads one record and verifies its checksums: bytes.

  Args:
    path: a TFRecord file.
    offset: where the record begins, in bytes.

  Raises:
    DamageError: no whole record lies there.
    OSError: the file cannot be read.
  """
  with open(path, 'rb') as f:
    data = f.read(_read_length(f, offset))
    if f.read(4) != _checksum(data):
      raise DamageError('its checksum is wrong')
  return data


def offsets(path):
  """Walks through a file from record to record.

  Args:
    path: a TFRecord file.

  Yields:
    The offset of each record in bytes; its data are not looked at.

  Raises:
    DamageError: the walk ends before the file does; what follows cannot be found.
    OSError: the file cannot be read.
  """
  with open(path, 'rb') as f:
    offset, size = 0, os.fstat(f.fileno()).st_size
    while offset < size:
      length = _read_length(f, offset)
      yield offset
      offset += length + OVERHEAD


def _read_length(f, offset):
  """The length of a record's data, in front of which it leaves the file."""
  size = os.fstat(f.fileno()).st_size
  f.seek(offset)
  head = f.read(12)
  if len(head) < 12:
    raise DamageError(f'the file ends at byte {size}')
  if head[8:] != _checksum(head[:8]):
    raise DamageError('the checksum of its length is wrong: no record begins there')
  (length,) = struct.unpack('<Q', head[:8])
  if offset + length + OVERHEAD > size:
    raise DamageError(
      f'it should reach to byte {offset + length + OVERHEAD}; the file ends at byte {size}'
    )
  return length


def _checksum(data):
  crc = google_crc32c.value(data)
  return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
