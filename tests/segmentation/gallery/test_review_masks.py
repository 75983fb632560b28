"""The command: what it writes and says of good and bad masks, and that it resumes after a kill."""

import csv
import os
import re
import time

import numpy as np
import pytest

from i3d_tf.masks import coco_files
from i3d_tf.masks import verdicts
from tests import commands
from tests import fakes


@pytest.fixture
def data_set(tmp_path):
  """Three videos, the last without masks."""
  for name in ('v_A_g01_c01', 'v_A_g01_c02', 'v_A_g01_c03'):
    fakes.write_video(tmp_path / 'videos' / 'A' / f'{name}.avi', [fakes.texture(24, 32)] * 10)
  good, bad = np.zeros((2, 10, 24, 32), bool)
  good[:, 5:20, 8:24] = True
  coco_files.write(tmp_path / 'masks' / 'v_A_g01_c01.json', good, video='v_A_g01_c01')
  coco_files.write(tmp_path / 'masks' / 'v_A_g01_c02.json', bad, video='v_A_g01_c02')
  return tmp_path


def review(folder, *arguments, status=0):
  return commands.run(
    'segmentation.review',
    '--videos=videos',
    '--masks=masks',
    '--processes=2',
    *arguments,
    cwd=folder,
    status=status,
  )


def test_makes_a_gallery_and_says_what_is_odd(data_set):
  out, _ = review(data_set)
  assert out.splitlines() == [
    '3 videos, 2 with a reason to look',
    '      1 no mask file',
    '      1 no person',
    'open review/index.html',
  ]
  with open(data_set / 'review' / 'suspicion.csv', newline='') as f:
    rows = list(csv.DictReader(f))
  assert [(row['video'][-7:-4], row['reasons']) for row in rows] == [
    ('c03', 'no mask file'),
    ('c02', 'no person'),
    ('c01', ''),
  ]
  assert sorted(os.listdir(data_set / 'review' / 'strips' / 'A')) == [
    f'v_A_g01_c0{n}.avi.jpg' for n in (1, 2, 3)
  ]
  assert '<title>Person masks of videos</title>' in (data_set / 'review' / 'index.html').read_text()


def test_resumes_from_verdicts_and_reports_unmatched_ones(data_set):
  verdicts.write(data_set / 'v.csv', {'A/v_A_g01_c02.avi': 'original', 'B/b.avi': 'fine'})
  (data_set / 'masks' / 'v_B_g01_c01.json').write_text('{}')
  out, _ = review(data_set, '--verdicts=v.csv')
  assert 'verdicts on videos that are not here, exported again: 1' in out
  assert 'mask files that belong to no video: 1, such as v_B_g01_c01.json' in out
  page = (data_set / 'review' / 'index.html').read_text()
  assert re.search('"video":"A/v_A_g01_c02.avi","key":"[0-9a-f]{8}","verdict":"original"', page)
  assert '"others":{"B/b.avi":"fine"}' in page


def test_what_cannot_be_used_is_listed_and_the_rest_is_done(data_set):
  (data_set / 'masks' / 'v_A_g01_c02.json').write_text('{')
  os.truncate(data_set / 'videos' / 'A' / 'v_A_g01_c03.avi', 3000)
  out, err = review(data_set, status=1)
  assert '3 videos, 2 with a reason to look\n      2 unreadable' in out
  assert 'cannot be used: A/v_A_g01_c02.avi: masks/v_A_g01_c02.json: expected a COCO' in err
  assert 'cannot be used: A/v_A_g01_c03.avi: videos/A/v_A_g01_c03.avi: expected' in err
  assert '2 videos or their masks cannot be used; the page shows the others' in err
  assert 'Traceback' not in err


def runs_still(process):
  try:
    with open(f'/proc/{process}/stat') as f:
      return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
  except FileNotFoundError:
    return False


def test_resumes_after_a_kill(data_set):
  for n in range(4, 60):
    os.link(
      data_set / 'videos' / 'A' / 'v_A_g01_c01.avi',
      data_set / 'videos' / 'A' / f'v_A_g01_c{n:02d}.avi',
    )
  journal = data_set / 'review' / 'strips' / '.journal.jsonl'
  process = commands.start(
    'segmentation.review', '--videos=videos', '--masks=masks', '--processes=1', cwd=data_set
  )
  children = []

  def reached():
    with open(f'/proc/{process.pid}/task/{process.pid}/children') as f:
      children[:] = f.read().split()
    return journal.exists() and journal.stat().st_size > 1000

  commands.kill_when(process, reached)
  assert children
  deadline = time.monotonic() + 60
  while any(map(runs_still, children)):
    assert time.monotonic() < deadline, 'its processes must end with it'
    time.sleep(0.02)
  before = journal.read_bytes().count(b'\n')
  assert 0 < before < 59 and not (data_set / 'review' / 'index.html').exists()
  out, _ = review(data_set)
  assert out.startswith('59 videos, 58 with a reason to look')
  lines = journal.read_bytes().splitlines()
  assert len(lines) == len(set(lines)) == 1 + 59  # the first identifies the work


@pytest.mark.parametrize(
  'arguments, message',
  [
    (
      (),
      'expected --videos, folder of class folders of videos; where they have none, of folders of '
      'frames (images). It was not given',
    ),
    (('--videos=videos',), 'expected --masks, folder of person masks'),
    (
      ('--videos=videos', '--masks=nowhere'),
      'nowhere: expected a folder of person masks (--masks); no such file',
    ),
    (('--videos=masks', '--masks=masks'), 'masks: expected folders of videos, as Class/'),
    (
      ('--videos=videos', '--masks=masks', '--verdicts=none.csv'),
      'none.csv: expected a CSV file of verdicts',
    ),
    (('--videos=videos', '--masks=masks', '--strip_frames=0'), '0 is not an integer in the range'),
  ],
)
def test_bad_flags_are_one_line(data_set, arguments, message):
  assert message in commands.error('segmentation.review', *arguments, cwd=data_set)
