"""Frames with their times: numbers, seeking, clocks that run wrong, errors that say where."""

from fractions import Fraction

import av
import numpy as np
import pytest

from i3d_tf.video import probe
from i3d_tf.video import source_frames
from tests import videos


def _number(shown):
  return videos.number(shown.frame.to_ndarray(format='rgb24'))


def test_frames_have_their_number_time_and_duration(tmp_path):
  stamps = [0, 40, 100, 700]
  path = videos.encode(
    tmp_path / 'a.mp4', videos.numbered(4), stamps, time_base=Fraction(1, 1000), options={'bf': '0'}
  )
  found = list(source_frames.read(path))
  assert [shown.index for shown in found] == [_number(shown) for shown in found] == [0, 1, 2, 3]
  assert [shown.time for shown in found] == [Fraction(stamp, 1000) for stamp in stamps]
  assert [shown.duration for shown in found[:3]] == [
    Fraction(duration, 1000) for duration in (40, 60, 600)
  ]


@pytest.mark.parametrize(
  'suffix, codec, options',
  [
    ('mp4', 'libx264', {'g': '30', 'bf': '3'}),
    ('mkv', 'libx264', {'x264-params': 'open-gop=1:keyint=40:bframes=4'}),
    ('avi', 'mpeg4', {'g': '50'}),
    ('mpg', 'mpeg2video', {'bf': '2', 'g': '12', 'b': '2M'}),
    ('ts', 'libx264', {'g': '30'}),
  ],
)
def test_a_part_far_into_a_file_begins_at_or_before_its_start(tmp_path, suffix, codec, options):
  # Frames of some size: a program stream stamps packs of 2 kB, not each of the frames in them.
  noise = np.random.default_rng(0).integers(0, 80, (300, 64, 160, 3), np.uint8)
  frames = videos.numbered(300, 64) // 3 * 2 + noise
  path = videos.encode(tmp_path / f'a.{suffix}', frames, codec=codec, options=options)
  whole = {shown.time: _number(shown) for shown in source_frames.read(path)}
  assert list(whole.values()) == list(range(300))
  for start in (5.0, 6.28, 9.5, 11.9):
    found = list(source_frames.read(path, start, start + 0.2))
    assert found[0].time <= start - 0.9, 'what comes before the part decides what it begins with'
    assert {shown.time: _number(shown) for shown in found}.items() <= whole.items()
    # One after the other, without a gap, up to the first at or after the end.
    numbers = [_number(shown) for shown in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert found[-2].time < start + 0.2 and (found[-1].time >= start + 0.2 or numbers[-1] == 299)


def test_far_parts_are_reached_without_decoding_all_before_them(tmp_path):
  path = videos.encode(tmp_path / 'a.mp4', videos.numbered(500), options={'g': '25'})
  found = list(source_frames.read(path, 18.0, 18.2))
  assert len(found) < 80


@pytest.mark.parametrize(
  'codec, options', [('mpeg4', {}), ('ffv1', {'level': '3', 'slicecrc': '1'})]
)
def test_a_damaged_packet_is_named_with_its_time_and_what_was_read(tmp_path, codec, options):
  noise = np.random.default_rng(0).integers(0, 256, (20, 32, 48, 3), np.uint8)
  path = videos.encode(tmp_path / 'a.mkv', noise, codec=codec, options=options)
  with av.open(path) as container:
    packet = [p for p in container.demux() if p.size][12]
    content = bytes(packet)
  with open(path, 'rb') as f:
    data = bytearray(f.read())
  data[data.index(content) + len(content) // 2] ^= 0x10
  (tmp_path / 'b.mkv').write_bytes(data)
  with pytest.raises(probe.VideoError) as error:
    list(source_frames.read(tmp_path / 'b.mkv'))
  assert str(error.value).startswith(f'{tmp_path / "b.mkv"}: expected frames to the end; a ')
  assert str(error.value).endswith(' at 0.48 s; only 12 frames, up to 0.48 s, could be decoded')


def test_a_time_that_does_not_follow_is_damage(tmp_path):
  stamps = [0, 40, 80, 80 + 3_600_000]
  path = videos.encode(
    tmp_path / 'a.mkv', videos.numbered(4), stamps, time_base=Fraction(1, 1000), codec='ffv1'
  )
  with pytest.raises(probe.VideoError, match=r'the time of its next frame, 3600\.08 s, does not'):
    list(source_frames.read(path))


def test_empty_packets_go_on_showing_the_picture_before(tmp_path):
  path = str(tmp_path / 'a.avi')
  with av.open(path, 'w') as container:
    stream = container.add_stream('mpeg4', rate=25)
    stream.height, stream.width, stream.pix_fmt = videos.HEIGHT, videos.WIDTH, 'yuv420p'
    for i, image in enumerate(videos.numbered(10)):
      frame = av.VideoFrame.from_ndarray(image, 'rgb24')
      frame.pts, frame.time_base = 3 * i, Fraction(1, 25)
      container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
  found = list(source_frames.read(path))
  assert [_number(shown) for shown in found] == list(range(10))
  assert [shown.time for shown in found] == [Fraction(3 * i, 25) for i in range(10)]


def test_a_file_without_a_frame_is_refused(tmp_path):
  path = str(tmp_path / 'a.mkv')
  with av.open(path, 'w') as container:
    stream = container.add_stream('ffv1', rate=25)
    stream.height, stream.width, stream.pix_fmt = 32, 48, 'yuv420p'
    container.start_encoding()
  with pytest.raises(probe.VideoError, match=r'expected '):
    list(source_frames.read(path))
