"""The masks of one video: from a file or a folder of frames, killed at any moment."""

import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from i3d_tf.masks import coco_files
from segmentation.people import segment_video
from segmentation.people import video_masks
from tests import commands
from tests import fakes
from tests.segmentation.people import test_segment_folder


def _segment(path, output, seconds=0.0, **kwargs):
  return segment_video.segment_video(
    str(path),
    str(output),
    test_segment_folder.Bright(seconds),
    video_masks.MaskSettings(track=False, batch_size=1),
    video='v.avi',
    recorded={'segmenter': 'bright'},
    second_look=True,
    **kwargs,
  )


def test_a_folder_of_frames_gives_the_masks_of_its_frames_in_natural_order(tmp_path):
  frames = test_segment_folder._frames(3, 12)
  (tmp_path / 'v').mkdir()
  for index, frame in enumerate(frames):
    cv2.imwrite(str(tmp_path / 'v' / f'{index}.png'), frame[..., ::-1])
  shares = []
  assert _segment(tmp_path / 'v', tmp_path / 'v.json', progress=shares.append)
  masks = coco_files.read(tmp_path / 'v.json', tmp_path / 'v')
  assert len(masks) == 12 and masks.second_look is not None
  for index, frame in enumerate(frames):
    np.testing.assert_array_equal(masks.decode(index), frame[..., 0] > 200)
  assert sum(shares) == pytest.approx(1) and len(shares) == 24  # two looks


def test_killed_in_either_look_and_run_again_the_file_is_the_same(tmp_path):
  fakes.write_video(tmp_path / 'v.avi', test_segment_folder._frames(0, 30))
  _segment(tmp_path / 'v.avi', tmp_path / 'expected.json')
  code = (
    'from tests.segmentation.people import test_segment_video as test\n'
    'if __name__ == "__main__":\n'
    '  test._segment("v.avi", "v.json", 0.05, progress=test._note)\n'
  )
  (tmp_path / 'script.py').write_text(code)
  for steps in (15, 45):  # of 30 frames, in the first look and in the second
    process = subprocess.Popen(
      [sys.executable, 'script.py'],
      cwd=tmp_path,
      text=True,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
    )
    noted = tmp_path / 'noted'
    commands.kill_when(process, lambda: noted.exists() and noted.stat().st_size >= steps)  # noqa: B023
    assert not (tmp_path / 'v.json').exists()
    noted.unlink()
  assert _segment(tmp_path / 'v.avi', tmp_path / 'v.json')
  assert (tmp_path / 'v.json').read_bytes() == (tmp_path / 'expected.json').read_bytes()


def _note(share):
  """Says to the process that will kill this one how many frames were looked at."""
  del share
  with open(pathlib.Path('noted'), 'a') as f:
    f.write('.')
