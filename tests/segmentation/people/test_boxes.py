"""Masks held against boxes: figures counted by hand, files that cannot be used."""

import csv
import gzip

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.people import boxes
from tests import commands

_SHAPE = (4, 20, 30)
_HEADER = 'video,num_frames,tube,frame0,x,y,w,h\n'


def _masks(*areas):
  """One frame per entry: a rectangle (y0, y1, x0, x1), or None for nobody."""
  frames = np.zeros((len(areas), *_SHAPE[1:]), bool)
  for frame, area in zip(frames, areas):
    if area is not None:
      frame[area[0] : area[1], area[2] : area[3]] = True
  return frames


def _encoded(*areas):
  return coco_files.Masks(
    *_SHAPE[1:], tuple((coco_files.encode(mask),) if mask.any() else () for mask in _masks(*areas))
  )


def test_a_mask_that_fills_its_box_is_inside_and_reaches_all():
  row = boxes.compare_video('v', _encoded((2, 12, 5, 9)), {0: [(5, 2, 4, 10)]})
  assert row == boxes.BoxComparison('v', 1, 1, 1, 0, 1, boxes=1, frames=1)


def test_shares_are_those_counted_by_hand():
  # In frame 0, 40 of 60 pixels are within the box of 10 rows and 8 columns: 10 rows, 4 columns.
  # Frame 1 has a box and no mask, frame 2 no box.
  masks = _encoded((2, 12, 5, 11), None, (0, 20, 0, 30))
  row = boxes.compare_video('v', masks, {0: [(7, 2, 8, 10)], 1: [(7, 2, 8, 10)]})
  assert row.inside == pytest.approx(40 / 60)
  assert (row.height, row.width) == pytest.approx((1 / 2, 4 / 8 / 2))
  assert (row.missed, row.covered) == pytest.approx((1 / 2, 40 / 80 / 2))
  assert (row.boxes, row.frames) == (2, 2)


def test_a_person_in_either_of_two_boxes_is_inside_and_each_box_counts():
  masks = _encoded((0, 4, 0, 6))
  row = boxes.compare_video('v', masks, {0: [(0, 0, 4, 4), (4, 0, 4, 8), (20, 10, 5, 5)]})
  assert row.inside == 1  # 16 pixels in one box, 8 in the other
  assert row.height == pytest.approx((1 + 1 / 2 + 0) / 3)
  assert row.width == pytest.approx((1 + 2 / 4 + 0) / 3)
  assert row.missed == pytest.approx(1 / 3)


def test_parts_of_pixels_count_and_what_lies_outside_the_frame_does_not():
  row = boxes.compare_video('v', _encoded((0, 3, 0, 3)), {0: [(-5, -0.5, 7.5, 3.5)]})
  assert (row.inside, row.height, row.width) == (1, 1, 1)


@pytest.mark.parametrize(
  'of_frames, message',
  [
    ({7: [(0, 0, 3, 3)]}, 'expected boxes of its 1 frames, counted from 0; found one of 7'),
    ({0: [(30, 0, 3, 3)]}, 'expected boxes within frames of 20x30; found x=30, y=0, w=3, h=3'),
  ],
)
def test_boxes_of_another_video_are_refused(of_frames, message):
  with pytest.raises(coco_files.MaskError, match=f'v: {message}'):
    boxes.compare_video('v', _encoded(None), of_frames)


def test_the_command_compares_videos_of_both_and_names_the_rest(tmp_path):
  for name in ('A/v_A', 'v_B', 'v_C', 'v_D'):
    coco_files.write(
      tmp_path / 'masks' / f'{name}.json', _masks((0, 10, 0, 10), None), video=f'{name}.avi'
    )
  with gzip.open(tmp_path / 'boxes.csv.gz', 'wt') as f:
    f.write(
      _HEADER
      + 'A/v_A.avi,2,0,0,0,0,10,10\nB/v_B,2,0,0,0,0,10,20\nB/v_B,2,1,0,0,0,10,20\n'
      + 'C/v_C,2,0,5,0,0,9,9\nE/v_E,2,0,0,0,0,9,9\n'
    )
  out, err = commands.run(
    'segmentation.compare',
    '--masks=masks',
    '--boxes=boxes.csv.gz',
    '--output=c.csv',
    cwd=tmp_path,
    status=1,
  )
  assert 'only masks has masks of 1 videos, v_D.json for example' in out
  assert 'C/v_C: expected boxes of its 2 frames' in err
  lines = out.splitlines()
  assert lines[1].split() == ['video', 'inside', 'height', 'width', 'missed', 'covered']
  assert [line.split()[-5:] for line in lines[2:]] == [
    ['1.000', '0.750', '1.000', '0.000', '0.750'],
    ['1.000', '0.500', '1.000', '0.000', '0.500'],
    ['1.000', '1.000', '1.000', '0.000', '1.000'],
  ]
  with open(tmp_path / 'c.csv', newline='') as f:
    assert [row['video'] for row in csv.DictReader(f)] == ['B/v_B', 'A/v_A']


def test_two_videos_of_one_name_have_their_own_boxes(tmp_path):
  for folder, area in (('A', (0, 10, 0, 10)), ('B', None)):
    coco_files.write(tmp_path / 'm' / folder / '000.json', _masks(area), video=f'{folder}/000.avi')
  (tmp_path / 'b.csv').write_text('video,frame0,x,y,w,h\nA/000,0,0,0,10,10\nB/000,0,0,0,10,10\n')
  compared, failures, alone = boxes.compare_folder(str(tmp_path / 'm'), str(tmp_path / 'b.csv'))
  assert {row.video: row.missed for row in compared} == {'A/000': 0, 'B/000': 1}
  assert not failures and not alone


@pytest.mark.parametrize(
  'content, message',
  [
    ('video,x,y,w,h\n', 'columns video, frame0, x, y, w, h; it lacks frame0'),
    ('', 'it lacks video, frame0, x, y, w, h'),
    (_HEADER + 'A/v,1,0,0,0,0,wide,9\n', ':2: expected a whole frame0 and numbers .*wide'),
    (_HEADER + 'A/v,1,0,0\n', ':2: expected a whole frame0 and numbers'),
    (_HEADER + 'A/v,1,0,0,0,0,0,9\n', 'above 0; found frame 0 and 0x9'),
    (_HEADER + 'A/v,1,0,-1,0,0,4,9\n', 'found frame -1 and 4x9'),
    (_HEADER + 'A/v,1,0,0,0,0,nan,9\n', 'found frame 0 and nanx9'),
  ],
)
def test_files_of_boxes_that_cannot_be_used_are_named(tmp_path, content, message):
  (tmp_path / 'boxes.csv').write_text(content)
  with pytest.raises(errors.UserError, match=f'boxes.csv.*{message}'):
    boxes.read(str(tmp_path / 'boxes.csv'), {'v'})


def test_a_file_that_is_not_compressed_as_its_name_says_is_named(tmp_path):
  (tmp_path / 'boxes.csv.gz').write_text(_HEADER)
  with pytest.raises(errors.UserError, match=r'boxes.csv.gz: expected a CSV file of boxes; Not a'):
    boxes.read(str(tmp_path / 'boxes.csv.gz'), {'v'})


def test_masks_without_any_boxes_are_refused(tmp_path):
  coco_files.write(tmp_path / 'm' / 'w.json', _masks(None), video='w')
  (tmp_path / 'b.csv').write_text('video,frame0,x,y,w,h\nA/v,0,0,0,10,10\n')
  with pytest.raises(errors.UserError, match='expected masks .* found 1 files, none of them'):
    boxes.compare_folder(str(tmp_path / 'm'), str(tmp_path / 'b.csv'))


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--masks=a,a', '--boxes=b.csv'), 'expected one folder, --masks=A --boxes=B; received a,a'),
    (
      ('--masks=a', '--boxes=b.csv'),
      'b.csv: expected a CSV file of boxes (--boxes); no such file or folder',
    ),
  ],
)
def test_other_arguments_are_refused(tmp_path, arguments, message):
  (tmp_path / 'a').mkdir()
  assert commands.error('segmentation.compare', *arguments, cwd=tmp_path) == message
