"""A strip shows the frames that it names, with masks outlined; unusable files are reported."""

import os
import re

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from i3d_tf.video import drawing
from segmentation.gallery import strips
from tests import fakes

H, W = 48, 64


def gray(number, count):
  """Frames whose brightness encodes their index t as 5 * t."""
  return [np.full((H, W, 3), 5 * t, np.uint8) for t in range(number, number + count)]


def boxes(count):
  masks = np.zeros((count, H, W), bool)
  masks[:, 12:36, 16:48] = True
  return masks


@pytest.fixture
def make(tmp_path):
  """A function that writes a video with masks (None for no file) and returns its source."""

  def write(masks, count=40, name='v_A_g01_c01'):
    fakes.write_video(tmp_path / 'videos' / 'A' / f'{name}.avi', gray(0, count))
    os.makedirs(tmp_path / 'masks', exist_ok=True)
    if masks is not None:
      coco_files.write(tmp_path / 'masks' / f'{name}.json', masks, video=name)
    sources, _ = strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
    return next(source for source in sources if name in source.video)

  return write


def tiles(folder, seen, settings):
  """The frames of a strip: a list of [H, W, 3]."""
  strip = cv2.imread(strips.strip_path(folder, seen.video))[..., ::-1]
  assert strip.shape[:2] == (seen.height, seen.width)
  width = round(W * settings.height / H)
  starts = [i * (width + 2) for i in range(len(seen.shown))]
  starts += [len(seen.shown) * (width + 2) + 10 + i * (width + 2) for i in range(len(seen.moment))]
  return [strip[:, start : start + width] for start in starts]


def numbers(images):
  """The frame indices encoded in the brightness of a corner."""
  return [round(float(image[2:8, 2:8].mean()) / 5) for image in images]


def test_a_strip_shows_frames_spread_over_the_video_with_the_person_outlined(tmp_path, make):
  settings = strips.StripSettings(frames=4, height=48, quality=95)
  seen = strips.glance(make(boxes(40)), str(tmp_path), settings)
  assert seen.problem is None and seen.shown == (0, 13, 26, 39) and seen.moment == ()
  assert len(seen.masks_hash) == 64
  images = tiles(str(tmp_path), seen, settings)
  assert numbers(images) == [0, 13, 26, 39]
  for image in images:
    magenta = (image.astype(int) - drawing.OUTLINE).__abs__().max(-1) < 90
    rows, columns = np.nonzero(magenta)
    assert (rows.min(), columns.min()) == (pytest.approx(12, abs=1), pytest.approx(16, abs=1))
    assert (rows.max(), columns.max()) == (pytest.approx(35, abs=1), pytest.approx(47, abs=1))
    assert not magenta[16:32, 20:44].any()


def test_the_greatest_break_is_shown_after_the_frames(tmp_path, make):
  masks = boxes(40)
  masks[17] = False
  settings = strips.StripSettings(frames=3, height=48, quality=95)
  seen = strips.glance(make(masks), str(tmp_path), settings)
  assert seen.measures.worst == 17 and seen.moment == (16, 17, 18)
  images = tiles(str(tmp_path), seen, settings)
  assert numbers(images) == [0, 20, 39, 16, 17, 18]
  outlined = [bool((image[..., 0].astype(int) - image[..., 1] > 100).any()) for image in images]
  assert outlined == [True, True, True, True, False, True]


def test_a_mask_of_a_few_pixels_is_visible(tmp_path, make):
  masks = np.zeros((5, H, W), bool)
  masks[:, 20, 30] = True
  settings = strips.StripSettings(frames=1, height=48)
  seen = strips.glance(make(masks, 5), str(tmp_path), settings)
  (image,) = tiles(str(tmp_path), seen, settings)
  assert (image[..., 0].astype(int) - image[..., 1] > 40).any()


@pytest.mark.parametrize('count, shown', [(40, (0, 8, 15, 23, 30, 38)), (3, (0, 1, 2)), (1, (0,))])
def test_a_video_without_a_mask_file_is_shown_without_a_problem(tmp_path, make, count, shown):
  settings = strips.StripSettings(height=48)
  seen = strips.glance(make(None, count), str(tmp_path), settings)
  assert (seen.measures, seen.problem, seen.masks_hash) == (None, None, '')
  assert seen.shown[0] == 0 and seen.shown[-1] >= 0.9 * (count - 1)
  assert numbers(tiles(str(tmp_path), seen, settings)) == list(seen.shown)
  assert len(seen.shown) == len(shown)


@pytest.mark.parametrize(
  'masks, message',
  [
    (boxes(39), 'expected 40 masks, as many as .*avi has frames; found 39'),
    (boxes(41), 'expected 40 masks, as many as .*avi has frames; found 41'),
    (np.ones((40, H, H), bool), 'expected masks of 48x64, the size of .*avi; found 48x48'),
  ],
)
def test_masks_of_another_video_are_a_problem_but_the_video_is_shown(
  tmp_path, make, masks, message
):
  seen = strips.glance(make(masks), str(tmp_path))
  assert re.search(message, seen.problem) and seen.measures is None
  assert os.path.exists(strips.strip_path(str(tmp_path), seen.video)) and len(seen.shown) == 6


def test_a_damaged_mask_file_is_a_problem(tmp_path, make):
  source = make(boxes(40))
  with open(source.masks, 'w') as f:
    f.write('{"images": [')
  seen = strips.glance(source, str(tmp_path))
  assert seen.problem.startswith(f'{source.masks}: expected a COCO dataset') and seen.width


def test_a_truncated_video_is_a_problem(tmp_path, make):
  source = make(boxes(40))
  size = os.path.getsize(source.file)
  os.truncate(source.file, size // 2)
  seen = strips.glance(source, str(tmp_path))
  assert seen.problem.startswith(f'{source.file}: expected frames to the end; ') and not seen.width
  assert not os.path.exists(strips.strip_path(str(tmp_path), seen.video))


def test_find_lists_videos_and_masks_without_a_video(tmp_path, make):
  make(boxes(40))
  make(None, name='v_A_g01_c02')
  (tmp_path / 'videos' / 'A' / '.partial_v_A_g01_c03.avi').write_text('')
  (tmp_path / 'videos' / 'A' / 'notes.txt').write_text('')
  (tmp_path / 'videos' / 'readme.avi').write_text('')
  (tmp_path / 'masks' / 'v_B_g01_c01.json').write_text('{}')
  sources, orphans = strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  assert [source.video for source in sources] == ['A/v_A_g01_c01.avi', 'A/v_A_g01_c02.avi']
  assert orphans == ('v_B_g01_c01.json',)


def _write_images(folder, count=40):
  os.makedirs(folder)
  for index, frame in enumerate(gray(0, count)):
    cv2.imwrite(os.path.join(folder, f'{index}.png'), frame)


def test_a_folder_of_frames_is_shown_in_the_order_of_their_numbers(tmp_path):
  _write_images(tmp_path / 'videos' / 'A' / 'v_A_g01_c01')
  coco_files.write(tmp_path / 'masks' / 'v_A_g01_c01.json', boxes(40), video='A/v_A_g01_c01')
  (source,), orphans = strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  assert source.video == 'A/v_A_g01_c01' and not orphans
  settings = strips.StripSettings(frames=4, height=48, quality=95)
  seen = strips.glance(source, str(tmp_path), settings)
  assert seen.problem is None and seen.shown == (0, 13, 26, 39)
  assert numbers(tiles(str(tmp_path), seen, settings)) == [0, 13, 26, 39]
  coco_files.write(tmp_path / 'masks' / 'v_A_g01_c01.json', boxes(39), video='A/v_A_g01_c01')
  seen = strips.glance(source, str(tmp_path), settings)
  assert 'expected 40 masks, as many as' in seen.problem and seen.width


def test_folders_of_frames_beside_video_files_are_none(tmp_path, make):
  make(boxes(40))
  _write_images(tmp_path / 'videos' / 'A' / 'thumbnails', 2)
  sources, _ = strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  assert [source.video for source in sources] == ['A/v_A_g01_c01.avi']


def test_images_outside_of_the_folder_of_a_class_are_no_videos(tmp_path):
  _write_images(tmp_path / 'videos' / 'A')  # class folders are meant, not one video
  os.makedirs(tmp_path / 'masks')
  with pytest.raises(errors.UserError, match=r'Class/v_Class_g01_c01/000001.jpg; found none'):
    strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))


def test_missing_folders_and_folders_without_videos_are_errors(tmp_path):
  with pytest.raises(errors.UserError, match='`videos` must be a folder; received nowhere'):
    strips.find('nowhere', str(tmp_path))
  with pytest.raises(
    errors.UserError, match=r'expected folders of videos, .*, or of frames, .*; found none'
  ):
    strips.find(str(tmp_path), str(tmp_path))
