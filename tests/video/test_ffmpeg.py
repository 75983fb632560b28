"""Real clips as the network sees them, against an independent path: FFmpeg's own filters."""

import shutil

import numpy as np
import pytest

from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.video import decoding
from tests import fakes
from tests import videos

# clip: (largest and mean difference in grey levels, filters that make its pixels square).
# Frames that need no resizing are equal to the bit; the others differ by how FFmpeg's scaler and
# OpenCV's bilinear interpolation round.
_CLIPS = {
  'mmaction2_demo.mp4': (0, 0.0, 'format=rgb24,scale=427:256,'),
  'mmaction2_test.mp4': (0, 0.0, 'format=rgb24,scale=455:256,'),
  'v_BaseballPitch_g01_c01.avi': (1, 0.15, ''),
  'v_ApplyEyeMakeup_g01_c01.avi': (1, 0.15, ''),
}


def by_ffmpeg(path, height, width, square):
  """uint8 [T, 224, 224, 3]: 25 fps, shorter side 256, centre crop, all by FFmpeg."""
  # To RGB before the resize: FFmpeg would otherwise scale the halved colour planes.
  filters = (
    f'fps=25,{square}format=rgb24,scale={width}:{height}:flags=bilinear,'
    f'crop=224:224:{(width - 224) // 2}:{(height - 224) // 2}'
  )
  return videos.by_program(path, 224, 224, filters)


@pytest.mark.parametrize('name', _CLIPS)
def test_frames_are_those_of_ffmpegs_filters(name):
  if shutil.which('ffmpeg') is None:
    pytest.skip('needs the program ffmpeg')
  path = fakes.shared('clips', name)
  most, mean, square = _CLIPS[name]
  height, width = decoding.fit_short_side(*next(decoding.decode(path)).shape[:2], 256)
  (window,) = from_videos.windows(path, 'rgb', 224, 1000)
  ours = preprocess.center(window.frames, 224, 'crop').numpy().astype(int)
  theirs = by_ffmpeg(path, height, width, square).astype(int)
  assert len(ours) == len(theirs)
  difference = np.abs(ours - theirs)
  print(f'{name}: {len(ours)} frames, at most {difference.max()}, mean {difference.mean():.4f}')
  assert difference.max() <= most and difference.mean() <= mean


def test_frames_of_real_clips_are_those_of_one_graph_of_filters():
  for folder in (fakes.shared('real', 'kinetics'),):
    paths = videos.in_folder(folder)
    assert paths, folder
    for path in paths:
      aspect = videos.pixel_aspect(path)
      if aspect is not None and max(aspect, 1 / aspect) > 1.01:
        continue  # `test_frames_are_those_of_ffmpegs_filters` looks at those
      theirs = videos.by_one_graph(path)
      ours = [frame for _, frame in decoding.at_rate(path)]
      assert len(ours) == len(theirs), path
      for frame, (_, expected) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(frame, expected, err_msg=path)


@videos.needs_ffmpeg
def test_frames_of_ucf101_are_those_of_the_program():
  # PyAV's own time stamps in an AVI are not those of the program, so not by one graph.
  paths = videos.in_folder(fakes.shared('real', 'ucf101'))
  assert paths
  for path in paths:
    ours = np.stack([frame for _, frame in decoding.at_rate(path)])
    theirs = videos.by_program(path, *ours.shape[1:3])
    assert ours.shape == theirs.shape, path
    # Versions of FFmpeg round MPEG-4's transform differently.
    assert np.abs(ours.astype(np.int16) - theirs).max() <= 2, path
