"""From a list of videos to a table in one command, for networks whose answers are known."""

import itertools
import json

import numpy as np
import pytest

from i3d_tf.inference import results
from i3d_tf.masks import coco_files
from tests import commands
from tests import fakes
from tests.classifiers import oracles

_COUNT, _SIDE = 10, 48
_RGB = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255)}
_COMMAND = ('i3d_tf.evaluate', '--masks=masks', '--output=out')


@pytest.fixture
def folder(tmp_path):
  """Nine videos: a person of each color in a place of each color, with masks and lists.

  The lists are in the words of the project (place.csv) and in those of others (person.csv).
  """
  rows = {'place': ['path,label'], 'person': ['video,accepted']}
  for place, person in itertools.product(oracles.COLORS, repeat=2):
    name = f'{person}_in_{place}.avi'
    frames = np.full((_COUNT, _SIDE, _SIDE, 3), _RGB[place], np.uint8)
    mask = np.zeros((_COUNT, _SIDE, _SIDE), bool)
    mask[:, 12:36, 12:36] = True
    frames[mask] = _RGB[person]
    fakes.write_video(tmp_path / 'videos' / name, frames)
    coco_files.write(tmp_path / 'masks' / f'{name[:-4]}.json', mask, video=name)
    rows['place'].append(f'videos/{name},{place}')
    rows['person'].append(f'videos/{name},{person}')
  for name, lines in rows.items():
    (tmp_path / f'{name}.csv').write_text('\n'.join(lines) + '\n')
  return tmp_path


def _accuracy(folder, treatment):
  return results.read_summary(folder / 'out', 'test1', treatment)['accuracy']


@pytest.mark.parametrize(
  'oracle, expected',
  [
    # 2b = 1b for who knows the place alone, and 2a is chance; and the other way round.
    ('place', {'none': 1, 'background': 1 / 3, 'activity': 1}),
    ('person', {'none': 1, 'background': 1, 'activity': 1 / 3}),
  ],
)
def test_oracles_get_the_rows_that_they_must_get(folder, oracle, expected):
  out, err = commands.run(
    *_COMMAND,
    f'--csv={oracle}.csv',
    f'--classifier=tests.classifiers.oracles:{oracle}',
    '--eval_masks=none,background,activity',
    cwd=folder,
  )
  assert 'videos to records' in err and '9/9' in err
  for treatment, accuracy in expected.items():
    assert _accuracy(folder, treatment) == pytest.approx(accuracy), treatment
    assert f'{treatment:<20}{accuracy:>7.4f}' in out
  about = results.read_summary(folder / 'out', 'test1', 'none')['about']
  assert about['accepted'] is None and len(about['network']) == 64


def test_records_are_kept_and_only_what_changed_is_made_again(folder):
  call = (
    *_COMMAND,
    '--classifier=tests.classifiers.oracles:place',
    '--csv=place.csv',
    '--eval_masks=none',
  )
  commands.run(*call, cwd=folder)
  (records,) = (folder / 'out').glob('records-*')
  before = fakes.contents(records)
  out, _ = commands.run(*call, cwd=folder)
  assert fakes.contents(records) == before and list((folder / 'out').glob('records-*')) == [records]
  assert f'{"none":<20}{1:>7.4f}' in out


def test_parts_of_one_file_under_two_labels_are_one_group(folder):
  # Three files, each cut into two parts of other labels, all tested.
  lines = ['path,label,start,end']
  for n, color in enumerate(oracles.COLORS):
    name = f'videos/red_in_{color}.avi'
    lines += [f'{name},{color},0,0.2', f'{name},{oracles.COLORS[n - 1]},0.2,']
  (folder / 'parts.csv').write_text('\n'.join(lines) + '\n')
  call = ('i3d_tf.evaluate', '--classifier=tests.classifiers.oracles:place', '--output=out')
  commands.run(*call, '--csv=parts.csv', '--eval_masks=none', cwd=folder)
  rows = results.read(results.path(folder / 'out', 'test1', 'none'))
  assert len(rows) == 6 and len({row.group for row in rows}) == 3
  assert results.summarize(rows) == {
    key: value
    for key, value in results.read_summary(folder / 'out', 'test1', 'none').items()
    if key != 'about'
  }


def test_a_class_map_says_what_is_right_where_names_differ(folder):
  listed = (folder / 'place.csv').read_text()
  for color, other in (('red', 'Warm'), ('green', 'Cold'), ('blue', 'Cold')):
    listed = listed.replace(f'.avi,{color}', f'.avi,{other}')
  (folder / 'words.csv').write_text(listed)
  (folder / 'map.csv').write_text('class,accepted\nWarm,red\nCold,green\nCold,blue\n')
  call = (
    *_COMMAND,
    '--classifier=tests.classifiers.oracles:place',
    '--csv=words.csv',
    '--eval_masks=none',
  )
  message = commands.error(*call, cwd=folder)
  assert "the network has no 'Cold'" in message and '--class_map' in message
  commands.run(*call, '--class_map=map.csv', cwd=folder)
  rows = results.read(results.path(folder / 'out', 'test1', 'none'))
  assert all(row.is_correct for row in rows)
  assert {row.class_name: row.right for row in rows} == {'Warm': (0,), 'Cold': (1, 2)}
  summary = json.loads((folder / 'out/results/test1.none.json').read_text())
  assert summary['about']['accepted'] == {'Cold': ['green', 'blue'], 'Warm': ['red']}
  assert {c['class']: c['videos'] for c in summary['classes']} == {'Warm': 3, 'Cold': 6}
  # The same results under another map would be another test.
  (folder / 'map.csv').write_text('class,accepted\nWarm,red\nCold,green\n')
  assert 'is of accepted' in commands.error(*call, '--class_map=map.csv', cwd=folder)


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --records or --csv with --classifier or --weights; received neither'),
    (('--csv=place.csv', '--records=.'), 'received both'),
    (('--records=.', '--videos=videos'), '--videos is for --csv; it was not given'),
    (('--csv=none.csv',), 'none.csv: expected a CSV file of videos (--csv); no such file'),
  ],
)
def test_flags_that_do_not_go_together_are_refused(folder, arguments, message):
  call = ('i3d_tf.evaluate', '--classifier=tests.classifiers.oracles:place', '--output=out')
  assert message in commands.error(*call, *arguments, cwd=folder)
