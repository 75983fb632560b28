"""Damaged files: refused by one clear error, or decoded to the same frames twice; never a hang."""

import faulthandler
import time

import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import videos

_PER_FILE = 25
_LONGEST = 20  # seconds for one file, on a busy machine
_FILES = {
  'a.avi': ('mpeg4', {'g': '8', 'bf': '0'}),
  'a.mp4': ('libx264', {'g': '8'}),
  'a.mov': ('mjpeg', {}),
  'a.mkv': ('libx264', {'g': '8', 'bf': '2'}),
  'b.mkv': ('ffv1', {}),
  'a.webm': ('libvpx', {'g': '8', 'b': '500k'}),
  'a.mpg': ('mpeg2video', {'g': '8', 'b': '1M'}),
  'a.ts': ('libx264', {'g': '8'}),
  'a.flv': ('libx264', {'g': '8'}),
  'a.wmv': ('wmv2', {'g': '8', 'b': '500k'}),
  'c.mkv': ('libx265', {'x265-params': 'log-level=none'}),
  'c.webm': ('libvpx-vp9', {'b': '500k', 'cpu-used': '8'}),
}


def _damaged(content, rng):
  """A file with bytes flipped, its end or a middle part cut out, blocks swapped or overwritten."""
  data = bytearray(content)
  size = len(data)
  kind = rng.integers(6)
  if kind == 0:
    for at in rng.integers(0, size, rng.integers(1, 40)):
      data[at] ^= 1 << rng.integers(8)
  elif kind == 1:
    del data[int(rng.integers(1, size)) :]
  elif kind == 2:
    start = int(rng.integers(0, size))
    del data[start : start + int(rng.integers(1, size // 4))]
  elif kind == 3:
    length = int(rng.integers(1, size // 4))
    a, b = (int(at) for at in rng.integers(0, size - length, 2))
    first, second = bytes(data[a : a + length]), bytes(data[b : b + length])
    data[a : a + length], data[b : b + length] = second, first
  elif kind == 4:
    length = int(rng.integers(1, size // 4))
    start = int(rng.integers(0, size - length))
    data[start : start + length] = rng.integers(0, 256, length, np.uint8).tobytes()
  else:
    start = int(rng.integers(0, min(size, 300)))
    data[start : start + 8] = rng.integers(0, 256, 8, np.uint8).tobytes()
  return bytes(data)


def _read(path):
  """What a file gives: (frames up to the end or the error, the error's message or None)."""
  frames = []
  try:
    for index, frame in decoding.at_rate(path):
      frames.append((index, frame.tobytes()))
      if len(frames) == 400:  # a damaged time stamp may announce a long pause: it may be shown
        break
  except decoding.VideoError as e:
    return frames, str(e)
  return frames, None


@pytest.mark.parametrize('name', _FILES)
def test_a_damaged_file_is_refused_or_gives_the_same_frames_twice(tmp_path, name):
  codec, options = _FILES[name]
  texture = np.random.default_rng(0).integers(0, 256, (24, 32, 160, 3), np.uint8) // 3
  whole = videos.encode(
    tmp_path / f'whole_{name}',
    videos.numbered(24) // 3 * 2 + texture,
    codec=codec,
    pixels='yuvj420p' if codec == 'mjpeg' else 'yuv420p',
    options=options,
  )
  with open(whole, 'rb') as f:
    content = f.read()
  rng = np.random.default_rng(sum(map(ord, name)))
  refused = 0
  # A hang within FFmpeg would outlive any Python check: the test is then killed, saying where.
  faulthandler.dump_traceback_later(20 * _LONGEST, exit=True)
  for number in range(_PER_FILE):
    path = tmp_path / f'{number}_{name}'
    path.write_bytes(_damaged(content, rng))
    begin = time.monotonic()
    first, message = _read(path)
    assert time.monotonic() - begin < _LONGEST, path
    again = _read(path)
    assert first == again[0] and message == again[1], path
    if message is not None:
      refused += 1
      assert str(path) in message and '\n' not in message and 'expected' in message, message
    path.unlink()
  faulthandler.cancel_dump_traceback_later()
  # WMV notices least: it has neither checksums nor a code that an error breaks soon.
  assert refused >= 3, f'only {refused} of {_PER_FILE} were refused'
