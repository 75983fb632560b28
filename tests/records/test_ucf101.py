"""UCF101's lists: the official ones, and damaged ones."""

import pytest

from i3d_tf.common import errors
from i3d_tf.records import ucf101
from tests import fakes

_CLASSES = ['Archery', 'Bowling', 'HandstandPushups']


@pytest.fixture(scope='module', name='official')
def _official():
  """A dict from (subset, split) to list, and the class names."""
  folder = fakes.shared('ucf101')
  names = ucf101.read_classes(f'{folder}/classInd.txt')
  return names, {
    (subset, split): ucf101.read_list(f'{folder}/{ucf101.list_name(subset, split)}', names)
    for subset in ('train', 'test')
    for split in ucf101.SPLITS
  }


def test_official_classes_are_101_in_alphabetical_order(official):
  names, _ = official
  assert len(names) == 101
  assert names[0] == 'ApplyEyeMakeup' and names[100] == 'YoYo'
  assert [name.lower() for name in names] == sorted(name.lower() for name in names)


@pytest.mark.parametrize('split, train, test', [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)])
def test_official_lists_have_the_published_sizes(official, split, train, test):
  _, lists = official
  assert len(lists['train', split]) == train
  assert len(lists['test', split]) == test
  assert len({**lists['train', split], **lists['test', split]}) == 13320


@pytest.mark.parametrize('split, tested', [(1, range(1, 8)), (2, range(8, 15)), (3, range(15, 22))])
def test_official_lists_keep_groups_together(official, split, tested):
  _, lists = official
  groups = {
    subset: {ucf101.group(video) for video in lists[subset, split]} for subset in ('train', 'test')
  }
  assert groups['test'] == {f'g{n:02d}' for n in tested}
  assert groups['train'] == {f'g{n:02d}' for n in range(1, 26)} - groups['test']


def test_official_lists_agree_on_labels(official):
  names, lists = official
  labels = {}
  for videos in lists.values():
    for video, label in videos.items():
      assert labels.setdefault(video, label) == label
      assert names[label] == video.split('/')[0]
  assert len(labels) == 13320


def test_official_lists_label_handstand_pushups_by_folder(official):
  names, lists = official
  for subset in ('train', 'test'):
    videos = [video for video in lists[subset, 1] if video.startswith('HandstandPushups/')]
    assert videos and all(video.split('/')[1].startswith('v_HandStandPushups_') for video in videos)
    assert {names[lists[subset, 1][video]] for video in videos} == {'HandstandPushups'}


def test_read_all_lists_joins_the_official_lists(official):
  names, lists = official
  read_names, videos = ucf101.read_all_lists(fakes.shared('ucf101'))
  assert read_names == names
  assert videos == {**lists['train', 1], **lists['test', 1]}


@pytest.mark.parametrize('line_end', ['\n', '\r\n'])
@pytest.mark.parametrize('labelled', [True, False])
def test_read_list_accepts_every_line_end_with_and_without_labels(tmp_path, line_end, labelled):
  lines = [
    'Bowling/v_Bowling_g01_c01.avi',
    'HandstandPushups/v_HandStandPushups_g02_c03.avi',
    '',
    'Archery/v_Archery_g01_c01.avi',
  ]
  if labelled:
    lines = [f'{line} {label}' if line else '' for line, label in zip(lines, (2, 3, None, 1))]
  path = tmp_path / 'list.txt'
  path.write_bytes(line_end.join(lines).encode())
  assert list(ucf101.read_list(path, _CLASSES).items()) == [
    ('Bowling/v_Bowling_g01_c01.avi', 1),
    ('HandstandPushups/v_HandStandPushups_g02_c03.avi', 2),
    ('Archery/v_Archery_g01_c01.avi', 0),
  ]


@pytest.mark.parametrize(
  'content, where, what',
  [
    ('1 Archery\n3 Bowling\n', ':2', 'expected "2 ClassName"; found "3 Bowling"'),
    ('0 Archery\n1 Bowling\n', ':1', 'expected "1 ClassName"; found "0 Archery"'),
    ('Archery\nBowling\n', ':1', 'expected "1 ClassName"; found "Archery"'),
    ('1 Archery\n\n2 Bowling Alley\n', ':3', 'expected "2 ClassName"; found "2 Bowling Alley"'),
    ('1 Archery\n2 Archery\n', ':2', 'Archery is listed twice'),
    ('\r\n\r\n', '', 'expected lines such as "1 ApplyEyeMakeup"; found none'),
    ('', '', 'expected lines such as "1 ApplyEyeMakeup"; found none'),
  ],
)
def test_read_classes_rejects_damage_naming_file_and_line(tmp_path, content, where, what):
  path = tmp_path / 'classInd.txt'
  path.write_text(content)
  with pytest.raises(ucf101.ListError) as error:
    ucf101.read_classes(path)
  assert str(error.value) == f'{path}{where}: {what}'


_KNOWN = 'expected "Class/video.avi" of a known class, perhaps with a label'


@pytest.mark.parametrize(
  'line, what',
  [
    ('Archery/v_Archery_g01_c02.avi 2', 'expected label 1 for Archery; found 2'),
    ('Archery/v_Archery_g01_c02.avi 0', 'expected label 1 for Archery; found 0'),
    ('Archery/v_Archery_g01_c02.avi one', 'expected label 1 for Archery; found one'),
    ('Archery/v_Archery_g01_c02.avi 1 2', f'{_KNOWN}; found "Archery/v_Archery_g01_c02.avi 1 2"'),
    ('Rowing/v_Rowing_g01_c01.avi', f'{_KNOWN}; found "Rowing/v_Rowing_g01_c01.avi"'),
    (
      'HandStandPushups/v_HandStandPushups_g01_c01.avi',
      f'{_KNOWN}; found "HandStandPushups/v_HandStandPushups_g01_c01.avi"',
    ),
    ('v_Archery_g01_c02.avi', f'{_KNOWN}; found "v_Archery_g01_c02.avi"'),
    ('Archery/', f'{_KNOWN}; found "Archery/"'),
    ('Archery/v_Archery_g01_c01.avi', 'Archery/v_Archery_g01_c01.avi is listed twice'),
  ],
)
def test_read_list_rejects_damage_naming_file_and_line(tmp_path, line, what):
  path = tmp_path / 'trainlist01.txt'
  path.write_text(f'Archery/v_Archery_g01_c01.avi 1\r\n\r\n{line}\r\n')
  with pytest.raises(ucf101.ListError) as error:
    ucf101.read_list(path, _CLASSES)
  assert str(error.value) == f'{path}:3: {what}'


def test_read_list_rejects_an_empty_list(tmp_path):
  path = tmp_path / 'testlist01.txt'
  path.write_text('\n')
  with pytest.raises(
    ucf101.ListError, match=r'testlist01.txt: expected lines such as .*found none'
  ):
    ucf101.read_list(path, _CLASSES)


@pytest.mark.parametrize(
  'make',
  [
    lambda path: None,
    lambda path: path.write_bytes(b'\xff\xfe1\x00 \x00A\x00'),
    lambda path: path.mkdir(),
  ],
  ids=['missing', 'utf-16', 'folder'],
)
def test_read_classes_rejects_a_file_that_is_not_text(tmp_path, make):
  path = tmp_path / 'classInd.txt'
  make(path)
  with pytest.raises(ucf101.ListError, match=r'classInd\.txt: expected a text file; '):
    ucf101.read_classes(path)


def test_read_all_lists_rejects_a_folder_without_lists(tmp_path):
  (tmp_path / 'classInd.txt').write_text('1 Archery\n')
  with pytest.raises(ucf101.ListError) as error:
    ucf101.read_all_lists(str(tmp_path))
  assert str(error.value) == f'{tmp_path}: expected lists such as trainlist01.txt; found none'


def test_read_all_lists_reads_the_lists_that_exist(tmp_path):
  (tmp_path / 'classInd.txt').write_text('1 Archery\n2 Bowling\n')
  (tmp_path / 'testlist02.txt').write_text('Bowling/v_Bowling_g01_c01.avi\n')
  (tmp_path / 'trainlist03.txt').write_text('Archery/v_Archery_g01_c01.avi 1\n')
  assert ucf101.read_all_lists(str(tmp_path)) == (
    ['Archery', 'Bowling'],
    {'Bowling/v_Bowling_g01_c01.avi': 1, 'Archery/v_Archery_g01_c01.avi': 0},
  )


def test_list_error_is_a_user_error():
  assert issubclass(ucf101.ListError, errors.UserError)


@pytest.mark.parametrize(
  'video, group',
  [
    ('Archery/v_Archery_g01_c02.avi', 'g01'),
    ('HandstandPushups/v_HandStandPushups_g25_c07.avi', 'g25'),
    ('v_Archery_g01_c02', 'g01'),
    ('v_Archery_g123_c02.mp4', 'g123'),
    ('a_g01_c01/v_Archery_g02_c02.avi', 'g02'),
    ('clip.avi', ''),
    ('v_Archery_g01.avi', ''),
    ('a_g01_c01/clip.avi', ''),
  ],
)
def test_group_reads_the_name_of_a_video(video, group):
  assert ucf101.group(video) == group


def test_check_disjoint_rejects_lists_that_share_a_video(tmp_path):
  (tmp_path / 'trainlist01.txt').write_text('Archery/a.avi 1\nArchery/b.avi 1\n')
  (tmp_path / 'testlist01.txt').write_text('Archery/b.avi\n')
  ucf101.check_disjoint(tmp_path, 2, _CLASSES)
  with pytest.raises(ucf101.ListError) as error:
    ucf101.check_disjoint(tmp_path, 1, _CLASSES)
  assert str(error.value) == (
    f'{tmp_path}/testlist01.txt: expected no video of {tmp_path}/trainlist01.txt; 1 of its 1 are '
    'listed there too, such as Archery/b.avi'
  )


@pytest.mark.parametrize('names', [['Archery', 'Bowling'], ['air drumming', 'yoga']])
def test_formatted_lists_read_back(tmp_path, names):
  videos = {f'{name}/a.avi': label for label, name in enumerate(names)}
  (tmp_path / 'classInd.txt').write_bytes(ucf101.format_classes(names))
  (tmp_path / 'list.txt').write_bytes(ucf101.format_list(videos))
  assert ucf101.read_classes(tmp_path / 'classInd.txt') == names
  assert ucf101.read_list(tmp_path / 'list.txt', names) == videos


@pytest.mark.parametrize(
  'video, source, group',
  [
    ('Run/v_Run_g03_c01.avi', 'Run/v_Run_g03_c01', 'g03'),
    ('Run/v_Run_g03_c01_0-0.6.avi', 'Run/v_Run_g03_c01', 'g03'),
    ('Run/v_Run_g03_c01_12.5-end.avi', 'Run/v_Run_g03_c01', 'g03'),
    ('Run/sub__v_Run_g03_c01_0-3.mp4', 'Run/sub__v_Run_g03_c01', 'g03'),
    ('Run/v_Run_g03_c01', 'Run/v_Run_g03_c01', 'g03'),
    ('air drumming/4Ar-7XQ_000012_000022.mp4', 'air drumming/4Ar-7XQ', ''),
    ('air drumming/4Ar-7XQ_12-22.mp4', 'air drumming/4Ar-7XQ', ''),
    ('a/take_3-1.avi', 'a/take_3-1', ''),  # no time runs backwards
    ('a/2024-11-26.avi', 'a/2024-11-26', ''),
    ('a/clip.v2.avi', 'a/clip.v2', ''),
  ],
)
def test_a_clip_keeps_source_and_group_through_parts(video, source, group):
  assert ucf101.source(video) == source
  assert ucf101.group(video) == group


@pytest.mark.parametrize('space', ['\u202f', '\u00a0', '\u2009', '\u3000'])
@pytest.mark.parametrize('label', [b'', b' 1', b'\t1'])
def test_other_white_space_is_part_of_a_name(tmp_path, space, label):
  video = f'Run/Screen 1.02{space}PM.avi'.replace(' ', '_')
  (tmp_path / 'l.txt').write_bytes(video.encode() + label + b'\r\n')
  assert ucf101.read_list(tmp_path / 'l.txt', ['Run']) == {video: 0}
  (tmp_path / 'l.txt').write_bytes(ucf101.format_list({video: 0, 'Run/b c.avi': 0}))
  assert ucf101.read_list(tmp_path / 'l.txt', ['Run']) == {video: 0, 'Run/b c.avi': 0}
