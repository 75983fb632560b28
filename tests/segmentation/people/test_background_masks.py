"""The script that makes masks of Weizmann's people: drawn people before a drawn wall."""

import importlib.util
import os

import cv2
import numpy as np

from i3d_tf.masks import coco_files
from tests import fakes

_SHAPE = (96, 128)
_SCRIPT = os.path.join(
  os.path.dirname(os.path.realpath(__file__)),
  *('..', '..', '..', 'docs', 'weizmann', 'background_masks.py'),
)


def _script():
  spec = importlib.util.spec_from_file_location('background_masks', _SCRIPT)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def _wall(seed):
  """A wall of large stones, RGB float [H, W, 3] in 120 to 220."""
  stones = np.random.default_rng(seed).random((12, 16, 1))
  wall = cv2.resize(stones, _SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
  return 120 + 100 * np.clip(wall, 0, 1)[..., np.newaxis] * [1, 0.95, 0.9]


def _clip(wall, lefts, exposure=1.0):
  """(frames, masks): somebody 14 wide and 40 high, dark and red, with a shadow to the right."""
  frames, masks = [], []
  for left in lefts:
    frame, mask = wall.copy(), np.zeros(_SHAPE, bool)
    frame[46:84, left + 14 : left + 22] *= 0.83
    mask[44:84, left : left + 14] = True
    frame[mask] = [60, 60, 70]
    frame[44:60, left : left + 14] = [220, 120, 110]
    frames.append(np.clip(frame * exposure, 0, 255).round().astype(np.uint8))
    masks.append(mask)
  return frames, masks


def _write(folder, action, group, frames):
  fakes.write_video(folder / action / f'v_{action}_g{group:02d}_c01.avi', frames)


def test_people_are_told_from_their_shadow_and_from_another_exposure(tmp_path):
  wall = _wall(0)
  crossing, _ = _clip(wall, range(4, 104, 5))
  moved = np.roll(wall, 2, axis=1)  # the camera was touched between the clips
  standing, standing_masks = _clip(moved, [60] * 6, 0.9)
  _write(tmp_path / 'videos', 'Walk', 1, crossing)
  _write(tmp_path / 'videos', 'Bend', 1, standing)
  _script().main(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  for name, truth in (
    ('v_Walk_g01_c01', _clip(wall, range(4, 104, 5))[1]),
    ('v_Bend_g01_c01', standing_masks),
  ):
    found = coco_files.read(tmp_path / 'masks' / f'{name}.json')
    for index, mask in enumerate(truth):
      there = found.decode(index)
      assert (there & mask).sum() / (there | mask).sum() > 0.9, (name, index)


def test_a_frame_without_anybody_has_no_mask(tmp_path):
  wall = _wall(1)
  frames, _ = _clip(wall, range(4, 104, 5))
  empty = np.clip(wall, 0, 255).round().astype(np.uint8)
  _write(tmp_path / 'videos', 'Run', 1, [empty, *frames, empty])
  _script().main(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  found = coco_files.read(tmp_path / 'masks' / 'v_Run_g01_c01.json')
  assert not found.decode(0).any() and not found.decode(21).any() and found.decode(10).any()


def test_a_clip_before_another_wall_is_left_out_and_named(tmp_path, capsys):
  _write(tmp_path / 'videos', 'Walk', 1, _clip(_wall(0), range(4, 104, 5))[0])
  _write(tmp_path / 'videos', 'Bend', 1, _clip(_wall(7), [60] * 6)[0])
  _write(tmp_path / 'videos', 'Bend', 2, _clip(_wall(0), [60] * 6)[0])
  _script().main(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  assert sorted(os.listdir(tmp_path / 'masks')) == ['v_Walk_g01_c01.json']
  assert capsys.readouterr().err.splitlines() == [
    'left out, no empty place of g01 fits: v_Bend_g01_c01',
    'left out, no empty place of g02 fits: v_Bend_g02_c01',
  ]
