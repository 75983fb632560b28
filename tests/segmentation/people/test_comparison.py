"""Two folders of masks compared: figures counted by another route."""

import csv

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.people import comparison
from tests import commands

_SHAPE = (5, 12, 20)


def _random(seed, share=0.5):
  masks = np.random.default_rng(seed).random(_SHAPE) < share
  masks[seed % 5] = False
  return masks


def _write(folder, name, masks):
  coco_files.write(folder / f'{name}.json', masks, video=name)


def test_the_figures_are_those_of_the_pixels(tmp_path):
  a, b = _random(0), _random(1, 0.3)
  _write(tmp_path / 'a', 'v', a)
  _write(tmp_path / 'b', 'v', b)
  (row,), failures, *alone = comparison.compare_folders(str(tmp_path / 'a'), str(tmp_path / 'b'))
  assert not failures and alone == [[], []]
  assert row.iou == pytest.approx((a & b).sum() / (a | b).sum())
  assert row.frame_iou == pytest.approx(
    np.mean([(x & y).sum() / (x | y).sum() for x, y in zip(a, b)])
  )
  assert row.precision == pytest.approx((a & b).sum() / b.sum())  # `a` is the truth
  assert row.recall == pytest.approx((a & b).sum() / a.sum())
  assert (row.coverage_a, row.coverage_b) == pytest.approx((a.mean(), b.mean()))
  assert (row.only_a, row.only_b, row.frames) == (0.2, 0.2, 5)


def test_where_nobody_is_in_either_they_agree():
  nobody = coco_files.Masks(12, 20, ((), ()))
  row = comparison.compare_video('v', nobody, nobody)
  assert (row.iou, row.frame_iou, row.only_a, row.only_b) == (1, 1, 0, 0)
  assert (row.precision, row.recall) == (1, 1)


def test_people_of_a_frame_are_united_first():
  left, right = np.zeros((2, 12, 20), bool)
  left[:, :8], right[:, 5:12] = True, True
  two = coco_files.Masks(12, 20, ((coco_files.encode(left), coco_files.encode(right)),))
  one = coco_files.Masks(12, 20, ((coco_files.encode(left | right),),))
  assert comparison.compare_video('v', two, one).iou == 1


def test_the_command_prints_the_worst_first_and_writes_all(tmp_path):
  for seed in range(12):
    _write(tmp_path / 'a', f'v{seed:02d}', _random(seed))
    _write(tmp_path / 'b', f'v{seed:02d}', _random(seed) if seed else ~_random(seed))
  _write(tmp_path / 'a', 'only', _random(0))
  out, _ = commands.run('segmentation.compare', '--masks=a,b', '--output=c.csv', cwd=tmp_path)
  assert 'only a has masks of 1 videos, only.json for example' in out
  lines = out.splitlines()
  assert lines[2].startswith('mean of 12 videos') and f'{11 / 12:.3f}' in lines[2]
  assert lines[3].split()[:2] == ['v00', '0.000']
  assert lines[-1] == '... 2 more, which differ less'
  with open(tmp_path / 'c.csv', newline='') as f:
    rows = list(csv.DictReader(f))
  assert len(rows) == 12
  assert float(rows[0]['iou']) == 0 and float(rows[1]['iou']) == 1


def test_videos_whose_frames_differ_are_reported_and_the_rest_compared(tmp_path):
  for name, masks in (('v', _random(0)), ('w', _random(0)[:4])):
    _write(tmp_path / 'a', name, _random(0))
    _write(tmp_path / 'b', name, masks)
  line = commands.error('segmentation.compare', '--masks=a,b', cwd=tmp_path, status=1)
  assert line == (
    'w: expected masks of the same frames; found 5 frames of 12x20 and 4 frames of 12x20'
  )


def test_folders_without_a_common_video_are_refused(tmp_path):
  _write(tmp_path / 'a', 'v', _random(0))
  _write(tmp_path / 'b', 'w', _random(0))
  with pytest.raises(errors.UserError, match='expected masks .* found 1 and 1 files, none'):
    comparison.compare_folders(str(tmp_path / 'a'), str(tmp_path / 'b'))


@pytest.mark.parametrize(
  'masks, message',
  [
    ('a', 'expected two folders, --masks=A,B; received a'),
    ('a,nowhere', '--masks must be folders; received nowhere'),
  ],
)
def test_other_arguments_are_refused(tmp_path, masks, message):
  (tmp_path / 'a').mkdir()
  assert commands.error('segmentation.compare', f'--masks={masks}', cwd=tmp_path) == message
