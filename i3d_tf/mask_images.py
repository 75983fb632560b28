"""Person masks as PNG files of one bit a pixel.

Such a file is decoded several times faster than one of a byte a pixel: a training clip
has as many masks as frames, and they should cost little beside those. Its two colours
are the greys 0 and 1, so that any decoder gives 1 where a person is: MediaSequence's
pixel values are the numbers of classes.
"""

import struct
import zlib

import cv2
import numpy as np

KIND_AT, KIND = 24, b'\x01\x03\x00\x00\x00'  # where a PNG says: one bit, with a palette
_PALETTE = bytes([0, 0, 0, 1, 1, 1])
_SIGNATURE = b'\x89PNG\r\n\x1a\n'


def encode(mask):
  """A mask as PNG of one bit a pixel: bytes.

  Args:
    mask: bool or uint8 [H, W], not 0 inside.
  """
  mask = np.asarray(mask) > 0
  height, width = mask.shape
  # Each line begins with the number of its filter: 0, none, so that decoding has none to undo.
  lines = np.pad(np.packbits(mask, axis=-1), ((0, 0), (1, 0)))
  return _SIGNATURE + b''.join(_chunk(kind, content) for kind, content in (
      (b'IHDR', struct.pack('>II', width, height) + KIND),
      (b'PLTE', _PALETTE),
      (b'IDAT', zlib.compress(lines.tobytes(), 6)),
      (b'IEND', b'')))


def _chunk(kind, content):
  """A chunk of a PNG: length, kind, content, checksum (PNG specification, 5.3)."""
  return struct.pack('>I', len(content)) + kind + content + struct.pack(
      '>I', zlib.crc32(kind + content))


def decode(images, window=None):
  """Decodes masks of one size.

  Args:
    images: PNG files of one channel, bytes each, at least one. Fast for those of `encode`.
    window: top, left, height, width of the part that is wanted; None for all of it.

  Returns:
    uint8 [T, H, W] of 0 and 1.

  Raises:
    ValueError: a file is no whole PNG, or their sizes differ.
  """
  lines = [_lines(image) for image in images]
  sizes = {line[:2] for line in lines if line is not None}
  if None in lines or len(sizes) != 1:
    return _decode_any(images, window)
  (height, width), = sizes
  packed = np.frombuffer(b''.join(data for _, _, data in lines), np.uint8).reshape(
      len(lines), height, -1)
  if packed[..., 0].any():  # lines with filters
    return _decode_any(images, window)
  top, left, height, width = (0, 0, height, width) if window is None else map(int, window)
  first = left // 8
  wanted = packed[:, top:top + height, 1 + first:1 + (left + width + 7) // 8]
  # One row of bits for all: numpy unpacks many short ones ten times slower.
  bits = np.unpackbits(np.ascontiguousarray(wanted).reshape(-1)).reshape(len(lines), height, -1)
  return bits[..., left - 8 * first:left - 8 * first + width]


def _lines(image):
  """(height, width, lines with a byte of filter each) of a PNG of `encode`; None for another."""
  if image[:8] != _SIGNATURE or image[KIND_AT:KIND_AT + len(KIND)] != KIND:
    return None
  width, height = struct.unpack('>II', image[16:24])
  place, data, palette = 8, [], None
  while place + 12 <= len(image):
    length, = struct.unpack('>I', image[place:place + 4])
    kind, content = image[place + 4:place + 8], image[place + 8:place + 8 + length]
    if kind == b'PLTE':
      palette = content
    elif kind == b'IDAT':
      data.append(content)
    place += length + 12
  if palette != _PALETTE:
    return None
  try:
    lines = zlib.decompress(b''.join(data))
  except zlib.error as e:
    raise ValueError(f'expected a whole PNG of a mask; {e}') from e
  if len(lines) != height * (1 + (width + 7) // 8):
    raise ValueError(f'expected a PNG of a mask of {height}x{width}; its data are of another size')
  return height, width, lines


def _decode_any(images, window):
  # Of no bytes at all, OpenCV raises an error of its own.
  masks = [cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE) if image else None
           for image in images]
  if any(mask is None for mask in masks):
    raise ValueError('expected PNG files of masks; one cannot be decoded')
  masks = (np.stack(masks) > 0).astype(np.uint8)
  if window is None:
    return masks
  top, left, height, width = map(int, window)
  return masks[:, top:top + height, left:left + width]
