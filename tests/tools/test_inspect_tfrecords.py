"""Inspecting records: counts that are right, damage that is named, a sheet that shows it."""

import csv
import dataclasses
import json

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inspection import contact_sheet
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import summary
from i3d_tf.records import folders
from i3d_tf.records import shards
from tests import commands
from tests import fakes

_HEIGHT, _WIDTH = 36, 48


def _video(number, label=0, length=9, covered=0.25, **changes):
  """A textured video of class A, B or C, `covered` of it a person from the left; None: no masks."""
  frames = np.repeat(fakes.texture(_HEIGHT, _WIDTH, number)[np.newaxis], length, axis=0)
  masks = None
  if covered is not None:
    masks = np.zeros((length, _HEIGHT, _WIDTH), np.uint8)
    masks[:, :, : round(covered * _WIDTH)] = 1
  name = 'ABC'[label]
  video = fakes.video(
    f'{name}/v_{name}_g{number:02d}_c01.avi', label=label, frames=frames, masks=masks
  )
  return dataclasses.replace(video, **changes)


def _with_flow(video):
  codes = np.full((len(video.frames) - 1, _HEIGHT, _WIDTH, 2), (200, 128), np.uint8)
  return dataclasses.replace(video, flow=tuple(map(fakes.flow_png, codes)), flow_method='tvl1')


def _set():
  return [
    _video(1, 0),
    _video(2, 0, length=12, covered=0.5),
    _video(3, 1, covered=None),
    _video(4, 1, covered=0.0),
    _video(5, 2, keep_original=True),
  ]


def _write(folder, videos, lists=True, **kwargs):
  fakes.write_records(folder, videos, **kwargs)
  if lists:
    (folder / 'lists').mkdir(exist_ok=True)
    for name, chosen in (('trainlist01', videos[::2]), ('testlist01', videos[1::2])):
      (folder / 'lists' / f'{name}.txt').write_text(''.join(f'{video.path}\n' for video in chosen))
  return str(folder)


# === What is there ===


def test_everything_is_counted(tmp_path):
  videos = _set()
  videos[0] = _with_flow(videos[0])
  found = summary.summary(inspect_folder.inspect(_write(tmp_path, videos, num_shards=2)))
  size = lambda name: sum(len(i) for v in videos for i in (getattr(v, name) or ()))
  assert found['totals'] == {
    'files': 2,
    'videos': 5,
    'frames': 48,
    'flow': 8,
    'frame_bytes': size('frames'),
    'flow_bytes': size('flow'),
    'mask_bytes': size('masks'),
    'problems': 0,
  }
  assert found['sizes'] == {'36x48': 5}
  assert found['lengths'] == {'least': 9, 'median': 9, 'most': 12, 'mean': 48 / 5}
  assert found['masks'] == {
    'found': 2,
    'without_masks': [videos[2].path],
    'without_person': [videos[3].path],
    'keep_original': [videos[4].path],
    'coverage': {'least': 0.25, 'median': 0.375, 'most': 0.5, 'mean': 0.375},
    'coverage_histogram': [0, 0, 1, 0, 0, 1, 0, 0, 0, 0],
  }
  classes = {row['name']: row for row in found['classes']}
  assert [classes[name]['videos'] for name in 'ABC'] == [2, 2, 1]
  assert [classes[name]['frames'] for name in 'ABC'] == [21, 18, 9]
  assert [classes[name]['without'] for name in 'ABC'] == [0, 2, 1]
  assert classes['A']['lists'] == {
    'trainlist01': {'videos': 1, 'frames': 9},
    'testlist01': {'videos': 1, 'frames': 12},
  }
  assert found['lists'] == {
    'trainlist01': {'videos': 3, 'missing': []},
    'testlist01': {'videos': 2, 'missing': []},
  }
  text = '\n'.join(found['attention'])
  assert (
    'no masks, so that they keep their original frames in every condition: 1 video: '
    + videos[2].path
  ) in text
  assert 'nobody in their masks' in text and videos[3].path in text
  assert 'set aside by a verdict' in text and videos[4].path in text
  assert 'no flow: 4 videos' in text


def test_the_text_says_which_flow_there_is(tmp_path):
  folder = _write(tmp_path, [_with_flow(_video(1))])
  manifest = folders.read_manifest(folder)
  folders.write_manifest(folder, {**manifest, 'settings': {'flow': 'tvl1', 'flow_backend': 'xla'}})
  assert ', flow tvl1_xla ' in summary.text(inspect_folder.inspect(folder))
  folders.write_manifest(folder, {**manifest, 'settings': {'flow': 'dis'}})
  assert ', flow dis ' in summary.text(inspect_folder.inspect(folder))


def test_records_without_a_fault_are_well(tmp_path):
  found = inspect_folder.inspect(
    _write(tmp_path, [_with_flow(_video(1)), _with_flow(_video(2, 1))])
  )
  assert not found.problems and not summary.attention(found)
  assert summary.text(found).endswith('\nAll is well.')


def test_videos_that_lists_and_records_do_not_share_are_named(tmp_path):
  folder = _write(tmp_path, [_video(1), _video(2, 1)])
  (tmp_path / 'lists' / 'testlist01.txt').write_text('C/v_C_g09_c01.avi\n')
  found = inspect_folder.inspect(folder)
  assert found.missing('testlist01') == ('C/v_C_g09_c01.avi',)
  text = '\n'.join(summary.attention(found))
  assert 'testlist01 names videos that are not in the records: 1 video: C/v_C_g09_c01.avi' in text
  assert 'in no list: 1 video: B/v_B_g02_c01.avi' in text


def test_a_validation_list_is_a_list(tmp_path):
  folder = _write(tmp_path, [_video(1), _video(2, 1)])
  (tmp_path / 'lists' / 'testlist01.txt').rename(tmp_path / 'lists' / 'validationlist01.txt')
  found = inspect_folder.inspect(folder, quick=True)
  assert found.lists == {
    'trainlist01': ('A/v_A_g01_c01.avi',),
    'validationlist01': ('B/v_B_g02_c01.avi',),
  }
  assert not summary.attention(found)


def test_black_bars_are_found_in_the_stored_frames(tmp_path):
  frames = 40 + fakes.texture(_HEIGHT, _WIDTH)[np.newaxis].repeat(9, axis=0) // 2
  frames[:, :6] = frames[:, -6:] = 0
  bare = fakes.video('B/v_B_g02_c01.avi', label=1, frames=frames)
  found = inspect_folder.inspect(_write(tmp_path, [_video(1), bare]))
  bars = {video.path: video.bars for video in found.videos}
  assert not bars['A/v_A_g01_c01.avi']
  assert dataclasses.astuple(bars[bare.path]) == (6, 6, 0, 0)
  assert [video.path for video in summary.letterboxed(found)] == [bare.path]
  assert f'{bare.path} (top 6, bottom 6)' in summary.text(found)
  quick = inspect_folder.inspect(str(tmp_path), quick=True)
  assert all(video.bars is None for video in quick.videos)


def test_many_classes_are_shown_only_when_asked_for(tmp_path):
  names = [f'Class{n:02d}' for n in range(30)]
  videos = [fakes.video(f'{name}/v_{name}_g01_c01.avi', label=n) for n, name in enumerate(names)]
  found = inspect_folder.inspect(
    _write(tmp_path, videos, lists=False, label_names=names), quick=True
  )
  assert 'Class15 ' not in summary.text(found)
  assert all(name in summary.text(found, all_classes=True) for name in names)


# === Damage ===


def _spoiled(video, part, change):
  return dataclasses.replace(video, **{part: change(getattr(video, part))})


_cut = lambda images: (*images[:3], images[3][: len(images[3]) // 2], *images[4:])
_other_size = lambda image: lambda images: (*images[:-1], image)


@pytest.mark.parametrize(
  'spoil, reason',
  [
    (lambda v: _spoiled(v, 'frames', _cut), 'frame number 3 cannot be decoded'),
    (lambda v: _spoiled(v, 'masks', _cut), 'mask number 3 cannot be decoded'),
    (lambda v: _spoiled(v, 'flow', _cut), 'flow field number 3 cannot be decoded'),
    (
      lambda v: _spoiled(v, 'frames', lambda f: (b'no', *f[1:-1], b'')),
      'frame number 0 cannot be decoded, and 1 more',
    ),
    (
      lambda v: _spoiled(v, 'frames', _other_size(fakes.jpeg(np.zeros((20, 48, 3), np.uint8)))),
      'expected every frame to be 36x48x3; 1 are not, such as number 8 of 20x48x3',
    ),
    (
      lambda v: _spoiled(v, 'masks', _other_size(fakes.png(np.zeros((36, 40), np.uint8)))),
      'expected every mask to be 36x48x1; 1 are not, such as number 8 of 36x40x1',
    ),
    (
      lambda v: _spoiled(v, 'flow', _other_size(fakes.png(np.zeros((30, 48, 3), np.uint8)))),
      'expected every flow field to be 36x48x3; 1 are not, such as number 7 of 30x48x3',
    ),
    (
      lambda v: dataclasses.replace(v, coverage=0.5),
      'expected masks that cover 0.500000; they cover 0.250000',
    ),
    (lambda v: dataclasses.replace(v, label=7), 'expected a label from 0 to 2; it has 7'),
    (
      lambda v: dataclasses.replace(v, label_text='B'),
      "expected the class A with label 0; it has 'B'",
    ),
  ],
)
def test_what_is_wrong_in_a_record_is_named_and_the_rest_goes_on(tmp_path, spoil, reason):
  videos = [_video(1), spoil(_with_flow(_video(2))), _video(3, 1)]
  found = inspect_folder.inspect(_write(tmp_path, videos))
  (problem,) = found.problems
  offset = shards.read_index(str(tmp_path / shards.shard_name(0, 1)))[1].offset
  assert str(problem) == f'{shards.shard_name(0, 1)} at byte {offset}: {videos[1].path}: {reason}'
  assert len(found.videos) == 3


def _edit_index(folder, row, **values):
  path = folder / 'videos-00000-of-00001.csv'
  with open(path, newline='') as f:
    rows = list(csv.DictReader(f))
  rows[row].update(values)
  with open(path, 'w', newline='') as f:
    writer = csv.DictWriter(f, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)


@pytest.mark.parametrize(
  'values, reason',
  [
    ({'frames': '10'}, 'expected frames 10, as the index has it; it has 9'),
    ({'height': '35'}, 'expected height 35, as the index has it; it has 36'),
    ({'label': '1'}, 'expected label 1, as the index has it; it has 0'),
    ({'path': 'A/x.avi'}, 'expected path A/x.avi, as the index has it; it has A/v_A_g02_c01.avi'),
    ({'coverage': ''}, 'expected coverage None, as the index has it; it has 0.25'),
    ({'keep_original': '1'}, 'expected keep_original True, as the index has it; it has False'),
    ({'offset': '17'}, 'the checksum of its length is wrong: no record begins there'),
  ],
)
def test_an_index_that_disagrees_with_its_record_is_named(tmp_path, values, reason):
  folder = _write(tmp_path, [_video(1), _video(2)], lists=False)
  _edit_index(tmp_path, 1, **values)
  (problem,) = inspect_folder.inspect(folder, quick=True).problems
  assert problem.reason == reason


def test_a_label_that_disagrees_with_a_list_is_named(tmp_path):
  # As the class folder tells the label of a list.
  video = _video(1, 1)
  video = dataclasses.replace(video, path='A/v_A_g01_c01.avi')
  (problem,) = inspect_folder.inspect(_write(tmp_path, [video, _video(2)])).problems
  assert problem.reason == 'expected label 0, as trainlist01 has it; it has 1'


def test_a_flipped_bit_is_named_and_the_rest_goes_on(tmp_path):
  videos = [_video(n) for n in range(1, 5)]
  folder = _write(tmp_path, videos, num_shards=2)
  shard = tmp_path / shards.shard_name(1, 2)
  content = bytearray(shard.read_bytes())
  content[len(content) // 4] ^= 1
  shard.write_bytes(content)
  found = inspect_folder.inspect(folder)
  (problem,) = found.problems
  assert (problem.file, problem.offset, problem.path, problem.reason) == (
    shard.name,
    0,
    videos[1].path,
    'its checksum is wrong',
  )
  assert len(found.videos) == 3


def test_of_a_cut_file_what_is_left_is_inspected(tmp_path):
  folder = _write(tmp_path, [_video(n) for n in range(1, 5)])
  shard = tmp_path / shards.shard_name(0, 1)
  shard.write_bytes(shard.read_bytes()[:-100])
  found = inspect_folder.inspect(folder)
  assert len(found.videos) == 3
  assert 'expected a file of' in found.problems[0].reason
  assert 'the file ends at byte' in found.problems[1].reason


@pytest.mark.parametrize(
  'name, problems',
  [
    ('videos-00000-of-00001.csv', ['expected the index of a shard']),
    ('videos-00000-of-00001.tfrecord', ['no such file']),
    ('labels.txt', ['expected a text file of class names']),
  ],
)
def test_a_missing_file_is_a_problem_and_no_more(tmp_path, name, problems):
  folder = _write(tmp_path, [_video(1), _video(2)])
  (tmp_path / name).unlink()
  found = inspect_folder.inspect(folder)
  assert len(found.problems) == len(problems)
  for problem, expected in zip(found.problems, problems):
    assert expected in problem.reason
  assert len(found.videos) == (0 if name.endswith('tfrecord') else 2)


def test_a_damaged_list_is_a_problem_and_no_more(tmp_path):
  folder = _write(tmp_path, [_video(1), _video(2)])
  (tmp_path / 'lists' / 'testlist01.txt').write_text('Nowhere/v.avi\n')
  found = inspect_folder.inspect(folder)
  (problem,) = found.problems
  assert problem.file == 'lists/testlist01.txt' and ':1: expected "Class/video.avi"' in str(problem)
  assert list(found.lists) == ['trainlist01'] and len(found.videos) == 2


def test_a_video_that_is_stored_twice_is_named(tmp_path):
  found = inspect_folder.inspect(_write(tmp_path, [_video(1), _video(1)], lists=False))
  (problem,) = found.problems
  assert f'the same video lies in {shards.shard_name(0, 1)} at byte 0, too' == problem.reason


def test_quick_does_not_decode(tmp_path):
  video = _spoiled(_video(1), 'frames', lambda f: (b'no picture',) * len(f))
  folder = _write(tmp_path, [video], lists=False)
  assert not inspect_folder.inspect(folder, quick=True).problems
  assert inspect_folder.inspect(folder).problems


def test_progress_reaches_the_end_whatever_the_workers(tmp_path):
  folder = _write(tmp_path, [_video(n) for n in range(20)], lists=False)
  for workers in (1, 3):
    calls = []
    found = inspect_folder.inspect(folder, True, lambda *call: calls.append(call), workers)
    assert [done for done, _, _ in calls] == list(range(1, 21))
    assert calls[-1][1] == 20 and calls[-1][2] > 0
    assert [video.path for video in found.videos] == [_video(n).path for n in range(20)]


# === Contact sheet ===


def test_the_sheet_shows_frames_with_the_person_outlined_and_flow(tmp_path):
  folder = _write(tmp_path, [_with_flow(_video(1, covered=0.5))])
  found = inspect_folder.inspect(folder, quick=True)
  sheet, skipped = contact_sheet.draw(folder, found.videos, found.label_names, columns=3)
  assert not skipped
  magenta = (sheet == (255, 0, 255)).all(axis=-1)
  assert magenta.sum() > 3 * 100
  # Motion to the right, 11.3 pixels everywhere, is red; half of the page's pictures are flow.
  red = (sheet[..., 0] > 200) & (sheet[..., 1] < 40) & (sheet[..., 2] < 40)
  assert red.sum() == 3 * 160 * 213


def test_videos_are_chosen_by_seed_and_from_all_classes():
  entries = [
    inspect_folder.record_checks.Video(f'{n}', n % 5, '', 0, 1, 1, 1, 0, None, False, 0, 0, 0)
    for n in range(50)
  ]
  chosen = contact_sheet.choose(entries, 5, seed=3)
  assert sorted(entry.label for entry in chosen) == list(range(5))
  assert chosen == contact_sheet.choose(entries, 5, seed=3)
  assert chosen != contact_sheet.choose(entries, 5, seed=4)
  assert len(set(contact_sheet.choose(entries, 99))) == 50


def test_videos_are_found_by_name(tmp_path):
  found = inspect_folder.inspect(_write(tmp_path, [_video(1), _video(2, 1)]), quick=True)
  for name in ('v_B_g02_c01', 'v_B_g02_c01.avi', 'B/v_B_g02_c01.avi'):
    assert contact_sheet.named(found.videos, [name]) == [found.videos[1]]
  with pytest.raises(errors.UserError, match='found none for g02$'):
    contact_sheet.named(found.videos, ['g02'])


# === The command ===


def test_the_command_reports_writes_json_and_draws(tmp_path):
  _write(tmp_path / 'records', _set(), num_shards=2)
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


def test_damage_is_exit_status_1_and_what_cannot_be_inspected_2(tmp_path):
  videos = [_video(1), _spoiled(_video(2), 'frames', _cut)]
  _write(tmp_path / 'records', videos)
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
