"""Every video is examined once, in several processes, any of which may die."""

import os

import cv2
import numpy as np
import pytest

from i3d_tf.masks import coco_files
from segmentation.gallery import preview
from segmentation.gallery import strips
from tests import fakes

NAMES = ('v_A_g01_c01', 'v_A_g01_c02', 'v_A_g01_c03')
SETTINGS = strips.StripSettings(frames=2, height=16)


@pytest.fixture
def sources(tmp_path):
  for name in NAMES:
    fakes.write_video(tmp_path / 'videos' / 'A' / f'{name}.avi', [fakes.texture(24, 32)] * 4)
    coco_files.write(tmp_path / 'masks' / f'{name}.json', np.ones((4, 24, 32), bool), video=name)
  return strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))[0]


def examine(sources, folder, settings=SETTINGS, processes=1):
  """(glances, the numbers of videos that progress reported)."""
  reported = []
  glances = preview.examine(
    sources,
    str(folder),
    settings,
    processes=processes,
    progress=lambda done, total: reported.append((done, total)),
  )
  return glances, [done for done, _ in reported]


def test_every_video_is_examined_once(tmp_path, sources):
  glances, reported = examine(sources, tmp_path / 'strips', processes=2)
  assert [glance.video for glance in glances] == [f'A/{name}.avi' for name in NAMES]
  assert all(glance.measures.coverage == 1 for glance in glances)
  assert reported == [0, 1, 2, 3]
  assert examine(sources, tmp_path / 'strips') == (glances, [3])


def change_masks(source, folder):
  coco_files.write(source.masks, np.zeros((4, 24, 32), bool), video=source.video)


def change_video(source, folder):
  fakes.write_video(source.file, [fakes.texture(24, 32, seed=1)] * 4)


def remove_strip(source, folder):
  os.remove(strips.strip_path(str(folder), source.video))


def remove_masks(source, folder):
  os.remove(source.masks)


@pytest.mark.parametrize('change', [change_masks, change_video, remove_strip, remove_masks])
def test_only_changed_videos_are_examined_again(tmp_path, sources, change):
  examine(sources, tmp_path / 'strips')
  change(sources[1], tmp_path / 'strips')
  glances, reported = examine(sources, tmp_path / 'strips')
  assert reported == [2, 3]
  assert glances == examine(sources, tmp_path / 'again')[0]


def test_a_folder_of_frames_is_examined_again_when_one_of_them_is_written_over(tmp_path):
  for name in NAMES:
    folder = tmp_path / 'videos' / 'A' / name
    folder.mkdir(parents=True)
    for index in range(4):
      cv2.imwrite(str(folder / f'{index}.png'), fakes.texture(24, 32))
  (tmp_path / 'masks').mkdir()
  sources, _ = strips.find(str(tmp_path / 'videos'), str(tmp_path / 'masks'))
  examine(sources, tmp_path / 'strips')
  before = os.stat(sources[1].file).st_mtime_ns
  cv2.imwrite(os.path.join(sources[1].file, '2.png'), fakes.texture(24, 32, seed=1))
  assert os.stat(sources[1].file).st_mtime_ns == before  # the folder itself has not changed
  assert examine(sources, tmp_path / 'strips')[1] == [2, 3]
  os.rename(os.path.join(sources[2].file, '0.png'), os.path.join(sources[2].file, '9.png'))
  assert examine(sources, tmp_path / 'strips')[1] == [2, 3]


def test_other_settings_make_all_strips_again(tmp_path, sources):
  examine(sources, tmp_path / 'strips')
  _, reported = examine(sources, tmp_path / 'strips', strips.StripSettings(frames=3, height=16))
  assert reported == [0, 1, 2, 3]


def test_a_truncated_journal_loses_only_its_last_line(tmp_path, sources):
  expected, _ = examine(sources, tmp_path / 'strips')
  path = tmp_path / 'strips' / '.journal.jsonl'
  path.write_bytes(path.read_bytes()[:-20])
  assert examine(sources, tmp_path / 'strips') == (expected, [2, 3])


@pytest.mark.parametrize('line', ['garbage', '[]', '{"key": "", "glance": {"video": "A/a.avi"}}'])
def test_damaged_lines_of_a_journal_are_left_out(tmp_path, sources, line):
  expected, _ = examine(sources, tmp_path / 'strips')
  path = tmp_path / 'strips' / '.journal.jsonl'
  lines = path.read_text().splitlines()  # the first identifies the work
  path.write_text('\n'.join([lines[0], line, *lines[2:]]) + '\n')
  assert examine(sources, tmp_path / 'strips') == (expected, [2, 3])
