"""Masks for every video of a folder: resumable, in several processes, with bad videos listed."""

import csv
import functools
import hashlib
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.backends import segmenter
from segmentation.people import segment_folder
from segmentation.people import video_masks
from tests import commands
from tests import fakes

_HEIGHT, _WIDTH = 48, 64


class Bright(segmenter.Segmenter):
  """Takes bright pixels for a person. It can be slow, so that it can be killed in time."""

  name = 'bright'

  def __init__(self, seconds=0.0):
    self._seconds = seconds

  def people(self, frames):
    time.sleep(self._seconds)
    masks = frames[..., 0] > 200
    return [[segmenter.DetectedPerson(mask, 0.875)] if mask.any() else [] for mask in masks]


def _frames(seed, num_frames=6, somebody=True):
  frames = np.stack([fakes.texture(_HEIGHT, _WIDTH, seed) // 2] * num_frames)
  for index in range(num_frames if somebody else 0):
    frames[index, 10:30, 5 + index : 25 + index] = 255
  return frames


def _write_videos(folder, classes=('A', 'B'), groups=2, **kwargs):
  for number, name in enumerate(classes):
    for group in range(1, groups + 1):
      fakes.write_video(
        folder / name / f'v_{name}_g{group:02d}_c01.avi', _frames(10 * number + group, **kwargs)
      )


def _segment(tmp_path, make=Bright, processes=1, **settings):
  return segment_folder.segment_folder(
    str(tmp_path / 'videos'),
    str(tmp_path / 'masks'),
    make,
    video_masks.MaskSettings(**settings),
    processes,
  )


def _read_csv(path):
  with open(path, newline='') as f:
    return list(csv.DictReader(f))


@pytest.mark.parametrize('processes', [1, 2])
def test_every_video_gets_a_mask_file(tmp_path, processes):
  _write_videos(tmp_path / 'videos')
  outcome = _segment(tmp_path, processes=processes, detect_every=1)
  assert outcome == segment_folder.Outcome(4, (), ())
  masks = coco_files.read(tmp_path / 'masks' / 'v_A_g02_c01.json')
  assert (masks.height, masks.width, len(masks)) == (_HEIGHT, _WIDTH, 6)
  for index, frame in enumerate(_frames(2)):
    np.testing.assert_array_equal(masks.decode(index), frame[..., 0] > 200)
  dataset = json.loads((tmp_path / 'masks' / 'v_A_g02_c01.json').read_text())
  video = tmp_path / 'videos' / 'A' / 'v_A_g02_c01.avi'
  assert dataset['info'].pop('source') == {
    'bytes': video.stat().st_size,
    'mtime_ns': video.stat().st_mtime_ns,
    'sha256': hashlib.sha256(video.read_bytes()).hexdigest(),
  }
  assert dataset['info'] == {
    'video': 'A/v_A_g02_c01.avi',
    'settings': {
      'segmenter': 'bright',
      'score_threshold': 0.5,
      'detect_every': 1,
      'track': True,
      'max_gap': 2,
      'min_detections': 2,
    },
  }
  assert {a['score'] for a in dataset['annotations']} == {0.875}
  assert {a['track_id'] for a in dataset['annotations']} == {0}


def test_propagated_masks_are_marked(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'], 1)
  _segment(tmp_path, detect_every=3)
  dataset = json.loads((tmp_path / 'masks' / 'v_A_g01_c01.json').read_text())
  assert [a.get('carried', False) for a in dataset['annotations']] == [
    False,
    True,
    True,
    False,
    True,
    False,
  ]


def test_videos_in_which_nobody_is_found_are_listed(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'])
  _write_videos(tmp_path / 'videos', ['B'], 1, somebody=False)
  for _ in range(2):  # also if all masks already exist
    assert _segment(tmp_path).no_person == ('B/v_B_g01_c01.avi',)
    assert _read_csv(tmp_path / 'masks' / 'no_person.csv') == [{'video': 'B/v_B_g01_c01.avi'}]
  assert len(coco_files.read(tmp_path / 'masks' / 'v_B_g01_c01.json')) == 6


class Deadly(Bright):
  """Kills its process on videos that begin with a bright frame."""

  def people(self, frames):
    if frames[0].min() > 200:
      os.kill(os.getpid(), 9)
    return super().people(frames)


def test_a_video_that_kills_its_process_is_listed_and_the_rest_is_done(tmp_path):
  _write_videos(tmp_path / 'videos', groups=3)
  fakes.write_video(
    tmp_path / 'videos' / 'A' / 'v_A_g02_c01.avi', np.full((6, _HEIGHT, _WIDTH, 3), 255, np.uint8)
  )
  outcome = _segment(tmp_path, Deadly, processes=2)
  (failure,) = outcome.failures
  assert failure.video == 'A/v_A_g02_c01.avi'
  assert failure.reason.endswith('its process died (is the file damaged, or did memory run out?)')
  assert len(list((tmp_path / 'masks').glob('v_*.json'))) == 5


def test_bad_videos_are_listed_and_the_rest_is_done(tmp_path):
  _write_videos(tmp_path / 'videos')
  bad = tmp_path / 'videos' / 'B' / 'v_B_g01_c01.avi'
  whole = bad.read_bytes()
  bad.write_text('no video')
  for processes in (1, 2):
    outcome = _segment(tmp_path, processes=processes)
    (failure,) = outcome.failures
    assert failure.video == 'B/v_B_g01_c01.avi' and str(bad) in failure.reason
    assert _read_csv(tmp_path / 'masks' / 'failures.csv') == [
      {'video': failure.video, 'reason': failure.reason}
    ]
  assert sorted(path.stem for path in (tmp_path / 'masks').glob('*.json')) == [
    'v_A_g01_c01',
    'v_A_g02_c01',
    'v_B_g02_c01',
  ]
  bad.write_bytes(whole)
  assert not _segment(tmp_path).failures
  assert not _read_csv(tmp_path / 'masks' / 'failures.csv')
  assert (tmp_path / 'masks' / 'v_B_g01_c01.json').exists()


def test_a_video_cut_in_half_leaves_no_file(tmp_path):
  path = fakes.write_video(tmp_path / 'videos' / 'v.avi', _frames(0, 40))
  with open(path, 'rb') as f:
    content = f.read()
  with open(path, 'wb') as f:
    f.write(content[: len(content) // 2])
  (failure,) = _segment(tmp_path).failures
  assert 'cut off' in failure.reason or 'could be decoded' in failure.reason
  assert not [name for name in os.listdir(tmp_path / 'masks') if 'v.json' in name]


def test_existing_masks_are_not_made_again(tmp_path):
  _write_videos(tmp_path / 'videos')
  _segment(tmp_path)
  before = fakes.contents(tmp_path / 'masks')
  times = {
    name: os.stat(tmp_path / 'masks' / name).st_mtime_ns
    for name in before
    if name.endswith('.json')
  }
  damaged = tmp_path / 'masks' / 'v_B_g02_c01.json'
  damaged.write_bytes(damaged.read_bytes()[:300])
  (tmp_path / 'masks' / 'v_A_g01_c01.json').unlink()
  _segment(tmp_path)
  assert fakes.contents(tmp_path / 'masks') == before
  assert {
    name for name, time_ in times.items() if os.stat(tmp_path / 'masks' / name).st_mtime_ns == time_
  } == {'v_A_g02_c01.json', 'v_B_g01_c01.json'}


def test_masks_of_a_replaced_video_are_made_again(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'])
  _segment(tmp_path)
  kept, replaced = (tmp_path / 'videos' / 'A' / f'v_A_g0{n}_c01.avi' for n in (1, 2))
  masks = [tmp_path / 'masks' / f'{path.stem}.json' for path in (kept, replaced)]
  before = [path.stat().st_mtime_ns for path in masks]
  os.utime(kept, ns=(1, 1))  # another time, the same content
  fakes.write_video(replaced, _frames(99, somebody=False))
  assert _segment(tmp_path).no_person == ('A/v_A_g02_c01.avi',)
  after = [path.stat().st_mtime_ns for path in masks]
  assert after[0] == before[0] and after[1] != before[1]


def test_masks_that_do_not_know_their_video_are_kept(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'], 1)
  _segment(tmp_path)
  path = tmp_path / 'masks' / 'v_A_g01_c01.json'
  dataset = json.loads(path.read_text())
  del dataset['info']['source']  # as older versions wrote it
  path.write_text(json.dumps(dataset))
  _segment(tmp_path)
  assert 'source' not in json.loads(path.read_text())['info']


def test_existing_masks_of_other_settings_are_rejected(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'], 1)
  _segment(tmp_path)
  with pytest.raises(
    errors.UserError,
    match='v_A_g01_c01.json: these masks were made with other settings '
    r'\(detect_every: expected 2; received 1\). Choose another --output',
  ):
    _segment(tmp_path, detect_every=2)
  _segment(tmp_path, batch_size=1)  # does not change the masks


def test_masks_of_another_video_of_the_same_name_are_rejected(tmp_path):
  _write_videos(tmp_path / 'videos', ['A'], 1)
  _segment(tmp_path)
  (tmp_path / 'videos' / 'A').rename(tmp_path / 'videos' / 'Z')
  with pytest.raises(errors.UserError, match=r"received 'A/v_A_g01_c01.avi'"):
    _segment(tmp_path)


@pytest.mark.parametrize('processes', [1, 2])
def test_resuming_after_a_kill_gives_the_same_masks(tmp_path, processes):
  _write_videos(tmp_path / 'videos', groups=3)
  _segment(tmp_path)
  expected = fakes.contents(tmp_path / 'masks')
  code = (
    'from tests.segmentation.people import test_segment_folder as test\n'
    'import functools, pathlib\n'
    'if __name__ == "__main__":\n'
    f'  test._segment(pathlib.Path(), functools.partial(test.Bright, 0.4), {processes})\n'
  )
  killed = tmp_path / 'killed'
  (killed / 'videos').mkdir(parents=True)
  for name in 'AB':
    (killed / 'videos' / name).symlink_to(tmp_path / 'videos' / name)
  (killed / 'script.py').write_text(code)
  # As a file: Bazel's Python does not search the current folder for modules.
  process = subprocess.Popen(
    [sys.executable, 'script.py'],
    cwd=killed,
    text=True,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
  )
  commands.kill_when(process, lambda: len(list(killed.glob('masks/v_*.json'))) >= 2)
  time.sleep(1.5)  # its worker processes end with it
  left = len(list(killed.glob('masks/v_*.json')))
  assert 2 <= left < 6
  _segment(killed, functools.partial(Bright, 0.0))
  found = {
    name: content
    for name, content in fakes.contents(killed / 'masks').items()
    if not name.startswith('.')
  }
  assert found == expected


def test_two_videos_of_one_name_get_two_files(tmp_path):
  for count, name in enumerate(('A', 'B'), 3):
    fakes.write_video(tmp_path / 'videos' / name / 'v.avi', _frames(0, count))
  _segment(tmp_path)
  masks = tmp_path / 'masks'
  assert len(coco_files.read(masks / 'A' / 'v.json', tmp_path / 'videos/A/v.avi')) == 3
  assert len(coco_files.read(masks / 'B' / 'v.json', tmp_path / 'videos/B/v.avi')) == 4
  with pytest.raises(coco_files.MaskError, match='they were made from a file of other content'):
    coco_files.read(masks / 'A' / 'v.json', tmp_path / 'videos/B/v.avi')


def test_a_folder_without_videos_is_named(tmp_path):
  with pytest.raises(errors.UserError, match='expected a folder of videos; there is none'):
    _segment(tmp_path)
  (tmp_path / 'videos').mkdir()
  (tmp_path / 'videos' / 'readme.txt').write_text('none')
  (tmp_path / 'videos' / '.partial_v.avi').write_text('none')
  with pytest.raises(errors.UserError, match=r'expected videos .*; found none'):
    _segment(tmp_path)


def test_a_single_video_file_is_accepted(tmp_path):
  path = fakes.write_video(tmp_path / 'clip.avi', _frames(0))
  outcome = segment_folder.segment_folder(
    path, str(tmp_path / 'masks'), Bright, video_masks.MaskSettings()
  )
  assert outcome.num_videos == 1
  assert (tmp_path / 'masks' / 'clip.json').exists()


def test_progress_adds_up_to_the_number_of_videos(tmp_path):
  _write_videos(tmp_path / 'videos')
  (tmp_path / 'videos' / 'B' / 'v_B_g01_c01.avi').write_text('no video')
  given = []

  class Bar:
    def __init__(self, total, initial):
      assert (total, initial) == (4, 0)

    def __enter__(self):
      return self

    def __exit__(self, *error):
      pass

    def update(self, share):
      given.append(share)

  segment_folder.segment_folder(
    str(tmp_path / 'videos'), str(tmp_path / 'masks'), Bright, video_masks.MaskSettings(), 1, Bar
  )
  assert sum(given) == 4  # exactly, or a bar would be beyond its total
  assert len(given) > 15
