"""Person masks as PNG files with one bit per pixel.

A training clip has as many masks as frames, so decoding a mask must cost much less than
decoding a frame. These files use one bit per pixel and no PNG filters: decoding is inflating
and unpacking bits, ten times as fast as a general decoder with a byte per pixel. A palette
with the grey values 0 and 1 makes every decoder return 1 for a person, which is the class
number that MediaSequence stores. (For one channel: `tf.io.decode_png(image, channels=1)`,
`cv2.IMREAD_GRAYSCALE`, or Pillow's default.)
"""

from collections.abc import Sequence
import struct
import zlib

import cv2
import numpy as np

from i3d_tf.masks import dilation as dilation_lib

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_KIND = b'\x01\x03\x00\x00\x00'  # end of IHDR: 1 bit, palette, deflate, no filter, not interlaced
_PALETTE = bytes([0, 0, 0, 1, 1, 1])


def encode(mask: np.ndarray) -> bytes:
  """Encodes a mask as a PNG file.

  Args:
    mask: bool or uint8 [H, W], not 0 for people.

  Returns:
    The bytes of the file.
  """
  mask = np.asarray(mask) > 0
  height, width = mask.shape
  # Each line begins with the number of its filter: 0 is none.
  lines = np.pad(np.packbits(mask, axis=-1), ((0, 0), (1, 0)))
  return _SIGNATURE + b''.join(
    _chunk(kind, content)
    for kind, content in (
      (b'IHDR', struct.pack('>II', width, height) + _KIND),
      (b'PLTE', _PALETTE),
      (b'IDAT', zlib.compress(lines.tobytes(), 9)),
      (b'IEND', b''),
    )
  )


def _chunk(kind: bytes, content: bytes) -> bytes:
  """A chunk of a PNG: length, kind, content, checksum (PNG specification, 5.3)."""
  return (
    struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))
  )


def decode(
  images: Sequence[bytes], window: Sequence[int] | None = None, dilation: int = 0
) -> np.ndarray:
  """Decodes masks of one size, grows them and cuts a window out of them.

  Args:
    images: the bytes of at least one PNG file with one channel. Those of `encode` are fast.
    window: top, left, height and width in pixels of the part to return; None for all.
    dilation: the diameter in pixels of the ellipse by which the masks are grown before they
      are cut (`dilation.dilate`); odd, or 0.

  Returns:
    uint8 [T, H, W] of 0 and 1.

  Raises:
    ValueError: there is no file, a file is not a complete PNG, or the sizes differ.
  """
  kernel = dilation_lib.element(dilation)
  size, masks = None, None
  for number, image in enumerate(images):
    mask = _decode(image)
    if masks is None:
      size = mask.shape
      top, left, height, width = (0, 0, *size) if window is None else map(int, window)
      masks = np.zeros((len(images), height, width), np.uint8)
    if mask.shape != size:
      raise ValueError(f'expected masks of one size; found {mask.shape} after {size}')
    (rows, columns), people = dilation_lib.dilate_people(mask, kernel)
    above, before = (rows.start or 0) - top, (columns.start or 0) - left
    inside = people[
      max(-above, 0) : max(height - above, 0), max(-before, 0) : max(width - before, 0)
    ]
    if inside.size:
      target = masks[number, max(above, 0) :, max(before, 0) :]
      np.not_equal(inside, 0, out=target[: inside.shape[0], : inside.shape[1]].view(bool))
  if masks is None:
    raise ValueError('`images` must hold at least one PNG file; received none')
  return masks


def _decode(image: bytes) -> np.ndarray:
  """Decodes a mask: uint8 [H, W], not 0 for people."""
  mask: np.ndarray | None = (
    _decode_ours(image) if image[:8] == _SIGNATURE and image[24:29] == _KIND else None
  )
  if mask is None and image:  # for empty input, OpenCV raises instead of returning None
    mask = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
  if mask is None:
    raise ValueError(f'expected PNG files of masks; received {len(image)} bytes of something else')
  return mask


def _decode_ours(image: bytes) -> np.ndarray | None:
  """Decodes a mask of `encode`: uint8 [H, W] of 0 and 1; None for another one-bit PNG."""
  width, height = struct.unpack('>II', image[16:24])
  start, palette, data = len(_SIGNATURE), None, []
  while start + 12 <= len(image):
    (length,) = struct.unpack('>I', image[start : start + 4])
    kind, content = image[start + 4 : start + 8], image[start + 8 : start + 8 + length]
    if kind == b'PLTE':
      palette = content
    elif kind == b'IDAT':
      data.append(content)
    start += length + 12
  bytes_per_line = 1 + (width + 7) // 8
  try:
    data_bytes = zlib.decompress(b''.join(data), bufsize=height * bytes_per_line)
  except zlib.error as e:
    raise ValueError(f'expected a complete PNG of a mask; {e}') from e
  if len(data_bytes) != height * bytes_per_line:
    raise ValueError(f'expected a PNG of a mask of {height}x{width}; received data of another size')
  lines = np.frombuffer(data_bytes, np.uint8).reshape(height, bytes_per_line)
  if palette != _PALETTE or lines[:, 0].any():
    return None
  # As one long row, because numpy unpacks many short rows more slowly.
  bits = np.unpackbits(np.ascontiguousarray(lines[:, 1:]).reshape(-1))
  return bits.reshape(height, -1)[:, :width]
