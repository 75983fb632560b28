"""Frame rates and sizes of decoded video, by hand and against FFmpeg's filters."""

import shutil
import subprocess

import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import fakes

_needs_ffmpeg = pytest.mark.skipif(
  shutil.which('ffmpeg') is None, reason='needs the ffmpeg program'
)


def _noise(count, height=32, width=48):
  """Frames that compress badly, so that half a file is half the frames."""
  return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


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
  # A frame's grey level encodes its number.
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
