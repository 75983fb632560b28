"""TFRecord files without TensorFlow, whose import costs every process 7 s and 800 MB.

A record is its length (8 bytes, little-endian), the masked CRC-32C of that, the
data, and the masked CRC-32C of the data.
"""

from collections.abc import Iterator
import os
import struct
from typing import BinaryIO

import google_crc32c

OVERHEAD = 16  # bytes of a record that are not data


class DamageError(ValueError):
  """A record that cannot be read; the message says why, not where."""


def frame(data: bytes) -> bytes:
  """The bytes of a TFRecord file that hold one record."""
  length = struct.pack('<Q', len(data))
  return b''.join((length, _checksum(length), data, _checksum(data)))


def read(path: str | os.PathLike, offset: int) -> bytes:
  """Reads the data of one record and verifies its checksums.

  Args:
    path: a TFRecord file.
    offset: where the record begins, in bytes.

  Raises:
    DamageError: no complete record begins there.
    OSError: the file cannot be read.
  """
  with open(path, 'rb') as f:
    data = f.read(_read_length(f, offset))
    if f.read(4) != _checksum(data):
      raise DamageError('its checksum is wrong')
  return data


def offsets(path: str | os.PathLike) -> Iterator[int]:
  """Walks through a file from record to record, without looking at their data.

  Args:
    path: a TFRecord file.

  Yields:
    The offset of each record in bytes.

  Raises:
    DamageError: a record is damaged, so that the ones after it cannot be found.
    OSError: the file cannot be read.
  """
  with open(path, 'rb') as f:
    offset, size = 0, os.fstat(f.fileno()).st_size
    while offset < size:
      length = _read_length(f, offset)
      yield offset
      offset += length + OVERHEAD


def _read_length(f: BinaryIO, offset: int) -> int:
  """Reads the length of a record's data; the next read from the file returns the data."""
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


def _checksum(data: bytes) -> bytes:
  """TensorFlow's masked CRC-32C: rotated right by 15 bits, plus a constant."""
  crc = google_crc32c.value(data)
  return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
