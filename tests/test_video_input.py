"""Videos of any length, as windows of what the network sees."""

import cv2
import numpy as np
import pytest

from i3d_tf import optical_flow
from i3d_tf import video
from i3d_tf import video_input


def write_video(path, count, rate=25.0, height=80, width=112):
  """A lossless video whose frame i has grey level 2 * i."""
  writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*'FFV1'), rate,
                           (width, height))
  for i in range(count):
    writer.write(np.full((height, width, 3), 2 * i, np.uint8))
  writer.release()


def shown(path, max_frames, stream='rgb'):
  """(grey levels halved, new frames) of every window."""
  return [((window[:, 5, 5, 0] / 2).round().astype(int).tolist(), new)
          for window, new in video_input.windows(str(path), stream, 64, max_frames)]


@pytest.mark.parametrize('count, max_frames, expected', [
    (9, 250, [(range(9), 9)]),
    (25, 10, [(range(10), 10), (range(10, 20), 10), (range(16, 25), 5)]),
    (20, 10, [(range(10), 10), (range(10, 20), 10)]),
    (21, 10, [(range(10), 10), (range(10, 20), 10), (range(12, 21), 1)]),
])
def test_windows_show_every_frame_and_never_fewer_than_9(tmp_path, count, max_frames, expected):
  write_video(tmp_path / 'a.avi', count)
  assert shown(tmp_path / 'a.avi', max_frames) == [(list(r), new) for r, new in expected]


def test_other_frame_rates_are_resampled(tmp_path):
  write_video(tmp_path / 'a.avi', 40, rate=50)
  (levels, new), = shown(tmp_path / 'a.avi', 250)
  assert new == 20 and np.diff(levels).tolist() == [2] * 19


def test_a_folder_of_frames_is_a_video(tmp_path):
  for i in range(12):
    cv2.imwrite(str(tmp_path / f'{i:03d}.png'), np.full((73, 90, 3), 2 * i, np.uint8))
  (tmp_path / 'notes.txt').write_text('no frame')
  assert shown(tmp_path, 250) == [(list(range(12)), 12)]


def test_frames_are_cropped_at_the_centre(tmp_path):
  ramp = np.zeros((73, 97, 3), np.uint8)
  ramp[..., 2] = np.arange(73)[:, np.newaxis]
  ramp[..., 1] = np.arange(97)
  for i in range(9):
    cv2.imwrite(str(tmp_path / f'{i}.png'), ramp)
  (window, _), = video_input.windows(str(tmp_path), 'rgb', 64, 250)
  assert window.shape == (9, 64, 64, 3)
  assert window[0, 0, 0, :2].tolist() == [(73 - 64) // 2, (97 - 64) // 2]


def test_flow_is_that_of_the_resized_frames(tmp_path):
  rng = np.random.default_rng(0)
  texture = cv2.GaussianBlur(rng.uniform(0, 255, (90, 120, 3)), (0, 0), 3)
  texture = ((texture - texture.min()) / np.ptp(texture) * 255).astype(np.uint8)
  frames = [texture[4:77, 2 * i:2 * i + 73] for i in range(11)]
  for i, frame in enumerate(frames):
    cv2.imwrite(str(tmp_path / f'{i:02d}.png'), frame)
  (window, new), = video_input.windows(str(tmp_path), 'flow', 64, 250)
  assert window.shape == (10, 64, 64, 2) and new == 10
  flow = optical_flow.dequantise(window)
  np.testing.assert_allclose(np.median(flow[..., 0]), -2, atol=0.15)
  np.testing.assert_allclose(np.median(flow[..., 1]), 0, atol=0.15)


@pytest.mark.parametrize('make, message', [
    (lambda path: write_video(path, 8), 'expected at least 9 frames at 25 a second; found 8'),
    (lambda path: path.write_bytes(b''), 'the file is empty'),
    (lambda path: path.write_text('x' * 999), 'FFmpeg finds no video stream in it'),
    (lambda path: path.mkdir(), r'expected image files \(.bmp, .jpeg'),
    (lambda path: None, 'no such video file'),
])
def test_what_is_no_video_is_named(tmp_path, make, message):
  path = tmp_path / 'a.avi'
  make(path)
  with pytest.raises(video.VideoError, match=f'{path}: .*{message}'):
    list(video_input.windows(str(path), 'rgb', 64, 250))
