"""The demo set on disk: layout, lossless videos, exact masks, resuming."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.demo import rendering
from i3d_tf.demo import writing
from i3d_tf.demo.plan import DemoSettings
from i3d_tf.demo.plan import plan
from i3d_tf.masks import coco_files

_SETTINGS = DemoSettings(num_groups=3, clips_per_group=1, num_frames=2, height=32, width=40)


@pytest.fixture(scope='module', name='complete_set')
def _complete_set(tmp_path_factory):
  output = tmp_path_factory.mktemp('demo')
  writing.write_videos(_SETTINGS, output)
  return output


def _contents(folder):
  return {
    str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()
  }


def test_write_videos_stores_exact_frames_and_masks(complete_set):
  for clip in plan(_SETTINGS)[::7]:
    frames, masks = rendering.render(clip, _SETTINGS)
    capture = cv2.VideoCapture(str(complete_set / 'videos' / clip.class_name / f'{clip.name}.avi'))
    assert capture.get(cv2.CAP_PROP_FPS) == _SETTINGS.frame_rate
    for frame in frames:
      ok, decoded = capture.read()
      assert ok
      np.testing.assert_array_equal(decoded[..., ::-1], frame)
    assert not capture.read()[0]
    read = coco_files.read(complete_set / 'masks' / f'{clip.name}.json')
    np.testing.assert_array_equal([read.decode(t) for t in range(len(read))], masks)


def test_write_videos_writes_lists_like_those_of_ucf101(complete_set):
  lists = {path.name: path.read_text().splitlines() for path in (complete_set / 'lists').iterdir()}
  assert lists['classInd.txt'][:2] == ['1 Bowing', '2 Clapping']
  assert len(lists['classInd.txt']) == 10
  everything = {f'{clip.class_name}/{clip.name}.avi' for clip in plan(_SETTINGS)}
  tested = []
  for split in ('01', '02', '03'):
    train = dict(line.split(' ') for line in lists[f'trainlist{split}.txt'])
    test = lists[f'testlist{split}.txt']
    assert {*train, *test} == everything and len(train) + len(test) == len(everything)
    groups = [{name.split('_')[2] for name in names} for names in (train, test)]
    assert groups[0].isdisjoint(groups[1])
    classes = dict(line.split(' ')[::-1] for line in lists['classInd.txt'])
    assert all(classes[name.split('/')[0]] == label for name, label in train.items())
    tested += test
  assert sorted(tested) == sorted(everything)


class _Killed(BaseException):
  pass


def _killed_after(count):
  def progress(iterable, total):
    for number, item in enumerate(iterable):
      if number == count:
        raise _Killed()
      yield item

  return progress


def test_write_videos_completes_an_interrupted_set(complete_set, tmp_path):
  with pytest.raises(_Killed):
    writing.write_videos(_SETTINGS, tmp_path, _killed_after(5))
  assert not (tmp_path / 'lists').exists()
  # What a kill can leave: half a file under a temporary name, and a video without its masks.
  drawn = plan(_SETTINGS)[5]
  (tmp_path / 'videos' / drawn.class_name / f'.partial_{drawn.name}.avi').write_bytes(b'half')
  (tmp_path / 'masks' / '.partial_v_Bowing_g02_c01.json').write_bytes(b'half')
  (tmp_path / 'masks' / 'v_Bowing_g02_c01.json').unlink()
  totals = []

  def progress(iterable, total):
    totals.append(total)
    return iterable

  writing.write_videos(_SETTINGS, tmp_path, progress)
  assert totals == [30 - 4]
  assert _contents(tmp_path) == _contents(complete_set)


def test_write_videos_leaves_a_complete_set_alone(complete_set):
  before = {path: path.stat().st_mtime_ns for path in (complete_set / 'videos').rglob('*.avi')}
  writing.write_videos(_SETTINGS, complete_set)
  assert {path: path.stat().st_mtime_ns for path in before} == before


def test_write_videos_rejects_changed_settings(complete_set):
  before = _contents(complete_set)
  with pytest.raises(errors.UserError) as error:
    writing.write_videos(dataclasses.replace(_SETTINGS, clips_per_group=2, seed=9), complete_set)
  message = str(error.value)
  assert str(complete_set) in message
  assert 'clips_per_group is 1 there and 2 here; seed is 0 there and 9 here' in message
  assert _contents(complete_set) == before


def test_write_videos_rejects_a_set_of_another_drawing(tmp_path):
  (tmp_path / 'demo_set.json').write_text(json.dumps({'version': 0}))
  with pytest.raises(errors.UserError, match=r'version is 0 there and 1 here'):
    writing.write_videos(_SETTINGS, tmp_path)


def test_write_videos_rejects_a_damaged_description(tmp_path):
  (tmp_path / 'demo_set.json').write_text('{')
  with pytest.raises(
    errors.UserError, match=r'demo_set\.json: expected JSON that describes a demo set'
  ):
    writing.write_videos(_SETTINGS, tmp_path)
