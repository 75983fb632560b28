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
def test_real_clips_decode_whole(name, rate, count, shape):
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


def test_a_folder_is_no_video(tmp_path):
  with pytest.raises(decoding.VideoError, match=r'no such video file$'):
    decoding.decode(tmp_path)


def test_an_empty_file_is_told_as_such(tmp_path):
  (tmp_path / 'clip.avi').touch()
  with pytest.raises(decoding.VideoError) as error:
    decoding.decode(tmp_path / 'clip.avi')
  assert str(error.value) == f'{tmp_path / "clip.avi"}: the file is empty'


@pytest.mark.parametrize(
  'content',
  [b'What I did on my holidays.\n' * 400, b'RIFF', b'\0' * 5000],
  ids=['text', 'start of a header', 'zeros'],
)
def test_what_is_no_video_is_refused(tmp_path, content):
  (tmp_path / 'clip.avi').write_bytes(content)
  with pytest.raises(decoding.VideoError) as error:
    decoding.decode(tmp_path / 'clip.avi')
  assert str(error.value) == (
    f'{tmp_path / "clip.avi"}: expected a video file; FFmpeg finds no video stream in it'
  )


def test_a_file_cut_in_half_is_told_while_decoding(tmp_path):
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


def test_a_video_without_frames_is_told_while_decoding(tmp_path):
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
def test_parts_of_real_clips_are_parts_of_the_whole(name):
  path = fakes.shared('clips', name)
  rate, frames = decoding.decode(path)
  frames = list(frames)
  for start in (0.5, 1.7, 3.1):
    first = decoding.frame_at(start, rate)
    part = list(decoding.decode(path, start, start + 0.2)[1])
    np.testing.assert_array_equal(part, frames[first : first + len(part)])
    assert len(part) in (5, 6)


def test_a_part_behind_the_end_is_refused(tmp_path):
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


def test_the_header_tells_how_long_a_file_is(tmp_path):
  path = fakes.write_video(tmp_path / 'clip.avi', _noise(30), 20)
  assert decoding.duration(path) == pytest.approx(1.5)
  (tmp_path / 'text.avi').write_text('no video')
  with pytest.raises(decoding.VideoError, match='expected a video file that announces its length$'):
    decoding.duration(tmp_path / 'text.avi')


# === Frame rate ===


@pytest.mark.parametrize(
  'source_rate, count, expected',
  [
    (25, 4, [0, 1, 2, 3]),
    # Frames belong at 0, .83, 1.67, 2.5, 3.33, 4.17, rounded 0, 1, 2, 3, 3, 4: of the two at 3
    # the later is shown. The sixth ends at 5.
    (30, 6, [0, 1, 2, 4, 5]),
    # 0, .5, 1, 1.5, 2, 2.5, halves upwards: 0, 1, 1, 2, 2, 3; the end is 3.
    (50, 6, [0, 2, 4]),
    (50, 5, [0, 2, 4]),  # its end, 2.5, is 3
    (12.5, 3, [0, 0, 1, 1, 2, 2]),
    # 0, .83, 1.67, 2.502, 3.34, 4.17; the end is 5.005.
    (29.97, 6, [0, 1, 2, 4, 5]),
    (25, 1, [0]),
    (12.5, 1, [0, 0]),
    (30, 1, [0]),
    (50, 1, [0]),
    (1000, 1, [0]),
    (1000, 19, [18]),
    (1000, 20, [19]),  # one frame at least
    (1, 1, [0] * 25),
    (25, 0, []),
    (30, 0, []),
  ],
)
def test_frames_are_repeated_and_left_out_as_worked_out_by_hand(source_rate, count, expected):
  assert list(decoding.resample(range(count), source_rate)) == expected


@pytest.mark.parametrize('source_rate', [12.5, 15, 23.976, 24, 25, 28, 29.97, 30, 50, 59.94, 60])
@pytest.mark.parametrize('count', [2, 7, 50, 333])
def test_length_in_seconds_is_kept_and_time_never_runs_back(source_rate, count):
  shown = list(decoding.resample(range(count), source_rate))
  assert abs(len(shown) / 25 - count / source_rate) <= 0.5 / 25 + 1e-9
  assert shown == sorted(shown)
  # No frame is shown more than half a place too early, nor when the next one belongs there.
  late = np.arange(len(shown)) / 25 - np.array(shown) / source_rate
  assert late.min() >= -0.5 / 25 - 1e-9
  assert late.max() <= 1 / source_rate - 0.5 / 25 + 1e-9 or len(shown) == 1


def test_another_rate_can_be_asked_for():
  assert list(decoding.resample('abcdef', 30, 10)) == ['b', 'e']


@_needs_ffmpeg
@pytest.mark.parametrize('rate, count', [(29.97, 80), (28.0, 83)])
def test_frames_are_those_of_the_fps_filter_of_ffmpeg(tmp_path, rate, count):
  # A frame's grey level tells its number.
  frames = np.repeat(3 * np.arange(count, dtype=np.uint8), 16 * 16 * 3).reshape(-1, 16, 16, 3)
  path = fakes.write_video(tmp_path / 'clip.avi', frames, rate)
  raw = subprocess.run(
    [
      'ffmpeg',
      '-v',
      'error',
      '-i',
      path,
      '-vf',
      'fps=25',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-',
    ],
    check=True,
    capture_output=True,
  ).stdout
  grey = np.frombuffer(raw, np.uint8).reshape(-1, 16 * 16)[:, 0]
  read_rate, decoded = decoding.decode(path)
  assert read_rate == pytest.approx(rate, abs=1e-6)
  shown = [int(frame[0, 0, 0]) // 3 for frame in decoding.resample(decoded, read_rate)]
  np.testing.assert_array_equal(shown, np.round(grey / 3).astype(int))


@_needs_ffmpeg
@pytest.mark.parametrize('name', ['v_BaseballPitch_g01_c01.avi', 'mmaction2_test.mp4'])
def test_real_clips_get_the_number_of_frames_that_ffmpeg_gives_them(name):
  path = fakes.shared('clips', name)
  listed = subprocess.run(
    [
      'ffmpeg',
      '-v',
      'error',
      '-i',
      path,
      '-vf',
      'fps=25,scale=8:8',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-',
    ],
    check=True,
    capture_output=True,
  ).stdout
  rate, decoded = decoding.decode(path)
  assert abs(sum(1 for _ in decoding.resample(decoded, rate)) - len(listed) // 64) <= 1


# === Size ===


@pytest.mark.parametrize(
  'height, width, expected',
  [
    (240, 320, (256, 341)),  # UCF101: 341.33
    (320, 240, (341, 256)),
    (256, 340, (256, 340)),
    (100, 100, (256, 256)),
    (1080, 1920, (256, 455)),
    (36, 48, (256, 341)),
  ],
)
def test_the_shorter_side_is_fitted_and_the_aspect_ratio_kept(height, width, expected):
  assert decoding.fit_short_side(height, width, 256) == expected


@pytest.mark.parametrize('height, width', [(24, 20), (36, 48), (18, 60), (50, 41)])
def test_a_resized_ramp_is_a_ramp_with_half_pixel_centres(height, width):
  source = np.zeros((30, 40, 2), np.float32)
  source[..., 0] = np.arange(30)[:, np.newaxis] + 0.5
  source[..., 1] = np.arange(40) + 0.5
  resized = decoding.resize(source, height, width)
  assert resized.shape == (height, width, 2)
  rows = (np.arange(height) + 0.5) * 30 / height
  columns = (np.arange(width) + 0.5) * 40 / width
  # What lies outside of the outermost pixel centres repeats them.
  np.testing.assert_allclose(resized[:, width // 2, 0], np.clip(rows, 0.5, 29.5), atol=0.02)
  np.testing.assert_allclose(resized[height // 2, :, 1], np.clip(columns, 0.5, 39.5), atol=0.02)


def test_an_image_of_the_right_size_is_left_alone():
  image = fakes.ramp(20, 30)
  assert decoding.resize(image, 20, 30) is image
