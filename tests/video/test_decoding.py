"""Video files: what cannot be decoded, frame rates, sizes."""

import shutil
import subprocess

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.video import decoding
from tests import fakes

_needs_ffmpeg = pytest.mark.skipif(
  shutil.which('ffmpeg') is None, reason='needs the ffmpeg program'
)


def _noise(count, height=32, width=48):
  """Frames that compress badly, so that half a file is half the frames."""
  return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


# === Decoding ===


def test_frames_come_out_as_they_were_drawn(tmp_path):
  frames = _noise(5)
  rate, decoded = decoding.decode(fakes.write_video(tmp_path / 'clip.avi', frames, 12.5))
  assert rate == 12.5
  np.testing.assert_array_equal(list(decoded), frames)


@pytest.mark.parametrize('rate', [1.0, 23.976, 29.97, 50.0])
def test_the_frame_rate_is_that_of_the_file(tmp_path, rate):
  found, _ = decoding.decode(fakes.write_video(tmp_path / 'clip.avi', _noise(1), rate))
  assert found == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize(
  'name, rate, count, shape',
  [
    ('v_ApplyEyeMakeup_g01_c01.avi', 25, 164, (240, 320, 3)),
    ('v_BaseballPitch_g01_c01.avi', 29.97, 107, (240, 320, 3)),
    ('mmaction2_demo.mp4', 28, 280, (256, 340, 3)),
  ],
)
def test_real_clips_decode_completely(name, rate, count, shape):
  found, frames = decoding.decode(fakes.shared('clips', name))
  assert found == pytest.approx(rate, abs=0.01)
  first = next(frames)
  assert first.shape == shape and first.dtype == np.uint8
  decoded = 1 + sum(1 for _ in frames)
  assert 0.97 * count <= decoded <= count


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(decoding.VideoError) as error:
    decoding.decode(tmp_path / 'clip.avi')
  assert str(error.value) == f'{tmp_path / "clip.avi"}: no such video file'


def test_a_folder_is_not_a_video(tmp_path):
  with pytest.raises(decoding.VideoError, match=r'no such video file$'):
    decoding.decode(tmp_path)


def test_an_empty_file_is_named(tmp_path):
  (tmp_path / 'clip.avi').touch()
  with pytest.raises(decoding.VideoError) as error:
    decoding.decode(tmp_path / 'clip.avi')
  assert str(error.value) == f'{tmp_path / "clip.avi"}: the file is empty'


@pytest.mark.parametrize(
  'content',
  [b'What I did on my holidays.\n' * 400, b'RIFF', b'\0' * 5000],
  ids=['text', 'start of a header', 'zeros'],
)
def test_files_that_are_not_videos_are_refused(tmp_path, content):
  (tmp_path / 'clip.avi').write_bytes(content)
  with pytest.raises(decoding.VideoError) as error:
    decoding.decode(tmp_path / 'clip.avi')
  assert str(error.value) == (
    f'{tmp_path / "clip.avi"}: expected a video file; FFmpeg finds no video stream in it'
  )


def test_decoding_a_truncated_file_raises(tmp_path):
  whole = fakes.write_video(tmp_path / 'whole.avi', _noise(40))
  with open(whole, 'rb') as f:
    content = f.read()
  (tmp_path / 'half.avi').write_bytes(content[: len(content) // 2])
  _, frames = decoding.decode(tmp_path / 'half.avi')
  with pytest.raises(decoding.VideoError) as error:
    list(frames)
  message = str(error.value)
  assert message.startswith(f'{tmp_path / "half.avi"}: expected 40 frames; only ')
  assert message.endswith(' could be decoded (is the file cut off?)')
  assert 15 <= int(message.split('only ')[1].split(' ')[0]) <= 21


@pytest.mark.parametrize('name', ['v_ApplyEyeMakeup_g01_c01.avi', 'mmaction2_demo.mp4'])
def test_a_real_clip_cut_in_half_is_refused(tmp_path, name):
  with open(fakes.shared('clips', name), 'rb') as f:
    content = f.read()
  (tmp_path / name).write_bytes(content[: len(content) // 2])
  with pytest.raises(decoding.VideoError, match=f'{name}: expected '):
    list(decoding.decode(tmp_path / name)[1])


def test_decoding_a_video_without_frames_raises(tmp_path):
  path = str(tmp_path / 'clip.avi')
  cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), 25.0, (48, 32)).release()
  _, frames = decoding.decode(path)
  with pytest.raises(decoding.VideoError) as error:
    next(frames)
  assert str(error.value) == f'{path}: expected frames; none could be decoded'


def test_video_errors_are_for_the_user():
  assert issubclass(decoding.VideoError, errors.UserError)


# === Parts ===


def _numbered(count, height=64, width=160):
  """Frames that carry their number in nine black or white bars."""
  frames = np.zeros((count, height, width, 3), np.uint8)
  for bit in range(9):
    frames[(np.arange(count) >> bit & 1) == 1, 8:-8, 8 + 16 * bit : 24 + 16 * bit] = 255
  return frames


def _number(frame):
  return sum(
    1 << bit for bit in range(9) if frame[20:-20, 12 + 16 * bit : 20 + 16 * bit].mean() > 127
  )


@pytest.mark.parametrize(
  'start, end, shown',
  [
    (1.0, 1.5, range(20, 30)),
    (None, 0.5, range(10)),
    (4.5, None, range(90, 100)),
    (0.01, 0.11, range(1, 3)),
    (0.05, 0.1, range(1, 2)),
    (4.9, 100, range(98, 100)),
  ],
)
def test_a_part_has_the_frames_of_its_time(tmp_path, start, end, shown):
  path = fakes.write_video(tmp_path / 'clip.avi', _numbered(100), 20)
  rate, frames = decoding.decode(path, start, end)
  assert rate == 20 and [_number(frame) for frame in frames] == list(shown)


@_needs_ffmpeg
@pytest.mark.parametrize(
  'name, codec',
  [
    ('b.mp4', ['libx264', '-g', '250', '-bf', '3']),
    ('open.mp4', ['libx264', '-x264-params', 'open-gop=1:keyint=30:bframes=4']),
    ('b.avi', ['mpeg4', '-bf', '2', '-g', '100', '-q:v', '3']),
    ('b.webm', ['libvpx-vp9', '-b:v', '500k', '-cpu-used', '8']),
    # Without an index: OpenCV's seeking misses by a frame or three here, and does not know.
    ('b.mpg', ['mpeg2video', '-bf', '2']),
    ('b.ts', ['libx264', '-bf', '3']),
  ],
)
def test_parts_begin_at_the_frame_in_whatever_file(tmp_path, name, codec):
  path = tmp_path / name
  subprocess.run(
    [
      'ffmpeg',
      '-v',
      'error',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      '160x64',
      '-r',
      '25',
      '-i',
      '-',
      '-c:v',
      *codec,
      '-pix_fmt',
      'yuv420p',
      path,
    ],
    input=_numbered(300).tobytes(),
    check=True,
  )
  whole = [_number(frame) for frame in decoding.decode(path)[1]]
  assert whole == list(range(300))
  for first in (1, 35, 42, 56, 131, 249, 250, 297):
    frames = decoding.decode(path, first / 25, (first + 3) / 25)[1]
    assert [_number(frame) for frame in frames] == whole[first : first + 3]


@pytest.mark.parametrize('name', ['v_BaseballPitch_g01_c01.avi', 'mmaction2_test.mp4'])
def test_parts_of_real_clips_are_slices_of_all_frames(name):
  path = fakes.shared('clips', name)
  rate, frames = decoding.decode(path)
  frames = list(frames)
  for start in (0.5, 1.7, 3.1):
    first = decoding.frame_at(start, rate)
    part = list(decoding.decode(path, start, start + 0.2)[1])
    np.testing.assert_array_equal(part, frames[first : first + len(part)])
    assert len(part) in (5, 6)


def test_a_part_after_the_end_is_refused(tmp_path):
  path = fakes.write_video(tmp_path / 'clip.avi', _noise(20), 20)
  with pytest.raises(decoding.VideoError) as error:
    list(decoding.decode(path, 3.0)[1])
  assert str(error.value) == (
    f'{path}: expected frames from 3 s on; none could be decoded (the file announces 1.0 s)'
  )


def test_a_part_of_a_file_cut_off_before_its_end_is_refused(tmp_path):
  whole = fakes.write_video(tmp_path / 'whole.avi', _noise(40), 20)
  with open(whole, 'rb') as f:
    content = f.read()
  (tmp_path / 'half.avi').write_bytes(content[: len(content) // 2])
  assert len(list(decoding.decode(tmp_path / 'half.avi', 0, 0.5)[1])) == 10
  with pytest.raises(decoding.VideoError, match='expected 20 frames; only '):
    list(decoding.decode(tmp_path / 'half.avi', 0.5, 1.5)[1])


def test_duration_is_that_of_the_header(tmp_path):
  path = fakes.write_video(tmp_path / 'clip.avi', _noise(30), 20)
  assert decoding.duration(path) == pytest.approx(1.5)
  (tmp_path / 'text.avi').write_text('no video')
  with pytest.raises(decoding.VideoError, match='expected a video file that announces its length$'):
    decoding.duration(tmp_path / 'text.avi')
