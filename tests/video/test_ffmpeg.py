"""Real clips as the network sees them, against an independent path: FFmpeg's own filters."""

import shutil
import subprocess

import numpy as np
import pytest

from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.video import decoding
from tests import fakes

# clip: (largest and mean difference in grey levels, frames that FFmpeg alone shows at the start).
# Frames that need no resizing are equal to the bit; the others differ by how FFmpeg's scaler and
# OpenCV's bilinear interpolation round. ApplyEyeMakeup starts its clock one frame late, and
# FFmpeg's fps filter shows its first frame twice.
_CLIPS = {
  'mmaction2_demo.mp4': (0, 0.0, 0),
  'mmaction2_test.mp4': (0, 0.0, 0),
  'v_BaseballPitch_g01_c01.avi': (1, 0.15, 0),
  'v_ApplyEyeMakeup_g01_c01.avi': (1, 0.15, 1),
}


def by_ffmpeg(path, height, width):
  """uint8 [T, 224, 224, 3]: 25 fps, shorter side 256, centre crop, all by FFmpeg."""
  # To RGB before the resize: FFmpeg would otherwise scale the halved colour planes.
  filters = (
    f'fps=25,format=rgb24,scale={width}:{height}:flags=bilinear,'
    f'crop=224:224:{(width - 224) // 2}:{(height - 224) // 2}'
  )
  raw = subprocess.run(
    [
      'ffmpeg',
      '-v',
      'error',
      '-i',
      path,
      '-vf',
      filters,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ],
    capture_output=True,
    check=True,
  ).stdout
  return np.frombuffer(raw, np.uint8).reshape(-1, 224, 224, 3)


@pytest.mark.parametrize('name', _CLIPS)
def test_frames_are_those_of_ffmpegs_filters(name):
  if shutil.which('ffmpeg') is None:
    pytest.skip('needs the program ffmpeg')
  path = fakes.shared('clips', name)
  most, mean, repeated = _CLIPS[name]
  _, frames = decoding.decode(path)
  height, width = decoding.fit_short_side(*next(frames).shape[:2], 256)
  (window,) = from_videos.windows(path, 'rgb', 224, 1000)
  ours = preprocess.center(window.frames, 224, 'crop').numpy().astype(int)
  theirs = by_ffmpeg(path, height, width).astype(int)[repeated:]
  assert len(ours) == len(theirs)
  difference = np.abs(ours - theirs)
  print(f'{name}: {len(ours)} frames, at most {difference.max()}, mean {difference.mean():.4f}')
  assert difference.max() <= most and difference.mean() <= mean
