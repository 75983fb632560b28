"""Whether a video file ends before its container says so: boxes of MP4, chunks of AVI, Matroska.

A header's number of frames is an estimate in most containers. What they say of their own bytes is
none: a box, chunk or segment that reaches beyond the end of the file has lost its end.
"""

import os
import struct
from typing import BinaryIO

# Boxes at the top level of a file: ISO/IEC 14496-12 and Apple's QuickTime File Format.
_BOXES = frozenset(
  b'ftyp moov mdat free skip wide moof styp sidx ssix mfra meta uuid pdin prft emsg pnot '
  b'udta'.split()
)
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_PACKET = 188  # bytes of a packet of an MPEG transport stream


def missing_bytes(path: str | os.PathLike) -> int:
  """How many bytes a file is short of what its container announces; 0 where it cannot be told.

  Sources: ISO/IEC 14496-12 (boxes), the RIFF and OpenDML specifications, RFC 8794 (EBML) and
  ISO/IEC 13818-1 (transport packets).
  """
  size = os.path.getsize(path)
  with open(path, 'rb') as f:
    start = f.read(12)
    f.seek(0)
    if start[4:8] in _BOXES:
      end = _end_of_boxes(f, size)
    elif start[:4] == b'RIFF':
      end = _end_of_riff(f, size)
    elif start[:4] == _EBML.to_bytes(4, 'big'):
      end = _end_of_segment(f)
    elif start[:1] == b'\x47' and size > _PACKET and _is_transport(f):
      end = -(-size // _PACKET) * _PACKET
    else:
      end = size
  return max(end - size, 0)


def _end_of_boxes(f: BinaryIO, size: int) -> int:
  at = 0
  while at + 8 <= size:
    f.seek(at)
    length, name = struct.unpack('>I4s', f.read(8))
    if name not in _BOXES:  # something was written behind them
      return at
    if length == 1:
      large = f.read(8)
      length = struct.unpack('>Q', large)[0] if len(large) == 8 else 16
    if length == 0:  # to the end of the file
      return size
    if length < 8:
      return at
    at += length
  return at


def _end_of_riff(f: BinaryIO, size: int) -> int:
  at = 0
  while at + 8 <= size:
    f.seek(at)
    name, length = struct.unpack('<4sI', f.read(8))
    # Files that were written to a pipe have 0 or -1 here.
    if name != b'RIFF' or length in (0, 0xFFFFFFFF):
      return at
    at += 8 + length + length % 2
  return at - 1 if at == size + 1 else at


def _end_of_segment(f: BinaryIO) -> int:
  at = 0
  for wanted in (_EBML, _SEGMENT):
    f.seek(at)
    head = f.read(12)
    if len(head) < 12 or int.from_bytes(head[:4], 'big') != wanted:
      return 0
    width = 9 - head[4].bit_length()
    if width > 8:
      return 0
    unknown = (1 << 7 * width) - 1
    length = int.from_bytes(head[4 : 4 + width], 'big') & unknown
    if length == unknown:
      return 0
    at += 4 + width + length
  return at


def _is_transport(f: BinaryIO) -> bool:
  f.seek(_PACKET)
  return f.read(1) == b'\x47'
