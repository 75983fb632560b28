"""The framing of TFRecord files, read without the help of an index.

A record is its length (8 bytes, little endian), a checksum of that (4), the data, and
a checksum of those (4).
"""

import os
import struct

import google_crc32c

FRAMING = 16  # bytes around the data of a record


class DamageError(ValueError):
  """A record that cannot be read; the message says why."""


def _checksum(data):
  """CRC-32C, masked as TFRecord files have it."""
  crc = google_crc32c.value(data)
  return (((crc >> 15) | (crc << 17)) + 0xa282ead8) & 0xffffffff


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
    size = os.fstat(f.fileno()).st_size
    length = _read_length(f, offset, size)
    data = f.read(length)
    checksum, = struct.unpack('<I', f.read(4))
  if checksum != _checksum(data):
    raise DamageError('its checksum is wrong')
  return data


def _read_length(f, offset, size):
  f.seek(offset)
  head = f.read(12)
  if len(head) < 12:
    raise DamageError(f'the file ends at byte {size}')
  length, checksum = struct.unpack('<QI', head)
  if checksum != _checksum(head[:8]):
    raise DamageError('the checksum of its length is wrong: no record begins there')
  if offset + length + FRAMING > size:
    raise DamageError(f'it should reach to byte {offset + length + FRAMING}; the file ends at '
                      f'byte {size}')
  return length


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
    size = os.fstat(f.fileno()).st_size
    offset = 0
    while offset < size:
      length = _read_length(f, offset, size)
      yield offset
      offset += length + FRAMING
