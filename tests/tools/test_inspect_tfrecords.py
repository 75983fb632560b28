"""The command that inspects records: report, JSON, contact sheet, exit status."""

import json

import cv2

from tests import commands
from tests.inspection import samples


def test_command_reports_writes_json_and_draws(tmp_path):
  samples.write(tmp_path / 'records', samples.varied_set(), num_shards=2)
  out, _ = commands.run(
    'tools.inspect_tfrecords',
    '--records=records',
    '--json=all.json',
    '--contact_sheet=sheet.png',
    cwd=tmp_path,
  )
  assert 'records: 5 videos, 48 frames, 3 classes, 2 files' in out
  assert out.index('class') < out.index('Needs attention:') and 'sheet.png: 5 videos drawn' in out
  found = json.loads((tmp_path / 'all.json').read_text())
  assert found['totals']['videos'] == 5 and len(found['videos']) == 5
  assert cv2.imread(str(tmp_path / 'sheet.png')).shape[0] > 5 * 160


def test_command_exits_with_1_for_damage_and_2_for_errors(tmp_path):
  videos = [samples.video(1), samples.spoiled(samples.video(2), 'frames', samples.cut)]
  samples.write(tmp_path / 'records', videos)
  out, _ = commands.run(
    'tools.inspect_tfrecords',
    '--records=records',
    '--contact_sheet=sheet.png',
    cwd=tmp_path,
    status=1,
  )
  assert f'{videos[1].path}: frame number 3 cannot be decoded' in out
  assert '1 problem, listed above' in out
  for arguments, message in (
    ((), 'expected --records'),
    (('--records=nowhere',), 'nowhere: expected a folder made by make_tfrecords'),
    (('--records=records', '--contact_sheet=sheet.gif'), 'to end in .png or .jpg'),
    (('--records=records', '--quick', '--contact_sheet=a.png', '--videos=x'), 'found none for x'),
  ):
    assert message in commands.error('tools.inspect_tfrecords', *arguments, cwd=tmp_path)
