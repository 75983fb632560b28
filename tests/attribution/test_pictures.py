"""Sheets and animations: what is where in them, and that files hold them."""

import cv2
import numpy as np
from PIL import Image
import pytest

from i3d_tf.attribution import answers
from i3d_tf.attribution import maps
from i3d_tf.attribution import pictures
from i3d_tf.attribution import row_files
from i3d_tf.common import errors
from i3d_tf.video import decoding

SHAPE = (10, 64, 64)


def explained(targets=('predicted', 'Run'), channels=3):
  frames = np.full((*SHAPE, channels), 100, np.uint8)
  for index, frame in enumerate(frames):  # No two frames are equal.
    frame[:, 6 * index :] = 160
  mask = np.zeros(SHAPE, np.uint8)
  mask[:, 20:40, 20:40] = 1
  clip = answers.Clip('videos/a.avi', frames, mask, 'Running')
  values = np.zeros((2, 4, 4), np.float32)
  values[0, 1, 1] = 1
  of_map = maps.on_grid(values, SHAPE)
  rows = [
    row_files.Row(
      'a.avi', 'Running', 'a', target, 'Run', 'gradcam', 0.5, 0.1, 0.9, 0.2, 0.3, True, 10
    )
    for target in targets
  ]
  of_maps = {(target, 'gradcam'): of_map for target in targets}
  inputs = np.zeros((*SHAPE, channels), np.float32)
  indices = dict.fromkeys(targets, 0)
  return answers.Explained(clip, inputs, np.zeros(2), indices, of_maps, rows)


def test_heat_is_1_where_the_map_is_highest_and_smooth():
  values = np.zeros((2, 4, 4), np.float32)
  values[0, 1, 2] = 5
  warm = pictures.heat(maps.on_grid(values, SHAPE))
  assert warm.shape == SHAPE and warm.dtype == np.float32 and warm.max() == 1
  # Frames 0 to 4 and pixels 16 to 31 by 32 to 47 are the cell; its center is the warmest.
  assert warm[0, 24, 40] == 1 and warm[9, 24, 40] == 0 and warm[0, 24, 8] == 0
  assert 0 < warm[0, 24, 30] < 1
  assert not pictures.heat(maps.on_grid(0 * values, SHAPE)).any()


def test_maps_of_pixels_are_blurred_to_be_seen():
  values = np.zeros(SHAPE, np.float32)
  values[5, 30, 30] = 1
  warm = pictures.heat(maps.on_grid(values, SHAPE))
  assert warm[5, 30, 30] == 1 and warm[5, 31, 31] > 0 and warm[6, 30, 30] > 0
  assert warm[5, 50, 50] == 0


def test_an_overlay_colors_what_is_warm_and_outlines_the_person():
  image = np.full((64, 64, 3), 100, np.uint8)
  warm, mask = np.zeros((64, 64)), np.zeros((64, 64), np.uint8)
  warm[:10, :10], mask[30:50, 30:50] = 1, 1
  drawn = pictures.overlay(image, warm, mask)
  assert drawn[5, 5, 0] > drawn[5, 5, 2] and drawn[20, 20].tolist() == [100, 100, 100]
  assert (drawn[30, 40] == (255, 0, 255)).all()


def test_a_sheet_has_a_row_for_each_different_map():
  twice, once = pictures.sheet(explained()), pictures.sheet(explained(('Run',)))
  assert twice.shape[0] == once.shape[0] > 2 * 160 and once.shape[1] > 6 * 160
  assert pictures.sheet(explained(channels=2)).shape == twice.shape


def test_captions_say_what_the_numbers_are():
  row = explained().rows[0]
  assert pictures.caption(row) == (
    'predicted: Run (0.90), gradcam: 50% of the map on the person, who covers 10% (ratio 5.00)'
  )
  assert pictures.caption(explained(('Run',)).rows[0]).startswith('Run (0.90), gradcam')


@pytest.mark.parametrize('suffix', ['mp4', 'gif'])
def test_an_animation_can_be_played(tmp_path, suffix):
  frames = list(pictures.animation(explained()))
  assert len(frames) == 10 and all(n % 2 == 0 for n in frames[0].shape[:2])
  path = str(tmp_path / 'folder' / f'a.{suffix}')
  pictures.write_animation(path, iter(frames))
  if suffix == 'gif':
    with Image.open(path) as image:
      assert image.n_frames == 5 and image.size == frames[0].shape[1::-1]
      assert image.info['duration'] == 80
    return
  found = list(decoding.decode(path))
  assert len(found) == 10
  assert np.abs(found[3].astype(int) - frames[3]).mean() < 4


def test_another_suffix_is_refused(tmp_path):
  with pytest.raises(errors.UserError, match=r'expected a file that ends in .mp4 or .gif'):
    pictures.write_animation(str(tmp_path / 'a.txt'), iter([]))


def test_a_sheet_is_written(tmp_path):
  pictures.write_sheet(str(tmp_path / 'a.png'), explained())
  found = cv2.imread(str(tmp_path / 'a.png'))
  np.testing.assert_array_equal(found[..., ::-1], pictures.sheet(explained()))
