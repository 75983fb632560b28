"""Reading the folder of reproduce: complete, with missing results, with damaged files."""

import json
import re

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.reporting import load_results
from tests import paper_results


@pytest.fixture(name='folder')
def _folder(tmp_path):
  paper_results.write(tmp_path, splits=(1, 2), names=('1b-rgb', '2a', '2b'), groups=2, clips=2)
  return tmp_path


def _edit(path, old, new, count=1):
  text = path.read_text()
  assert old in text
  path.write_text(text.replace(old, new, count))


def test_conditions_and_results_are_read(folder):
  paper = load_results.read(folder)
  assert paper.label_names == paper_results.CLASSES and paper.problems == ()
  assert [c.name for c in paper.conditions] == list(paper_results.CONDITIONS)
  assert [c.name for c in paper.tested] == ['1b-rgb', '2a', '2b']
  assert paper.splits == [1, 2] and paper.splits_of('3a') == []
  assert paper.seeds_of('1b-rgb', 2) == [0, 1] and paper.seeds_of('2a', 2) == [0]
  assert paper.conditions[3].published == {1: 19.16, 2: 18.31, 3: 23.53}
  assert paper.conditions[-1].published == {} and paper.conditions[-1].own_data


def test_outcomes_average_seeds_and_join_splits(folder):
  paper = load_results.read(folder)
  outcomes = paper.outcomes('1b-rgb')
  assert len(outcomes.videos) == 2 * 10 * 2 * 2 == len(np.unique(outcomes.videos))
  assert set(outcomes.correct) <= {0, 0.5, 1} and 0.5 in outcomes.correct
  first, second = (paper.results['1b-rgb', 2, seed] for seed in (0, 1))
  np.testing.assert_array_equal(
    outcomes.correct[outcomes.splits == 2], (first.correct * 1 + second.correct) / 2
  )
  assert outcomes.groups[0] == 'Bowing/g01'
  kept = outcomes.only(~outcomes.has_person)
  assert set(kept.groups) == {'Clapping/g01', 'Clapping/g03'} and not kept.coverage.any()


def test_outcomes_are_those_of_the_given_runs(folder):
  paper = load_results.read(folder)
  assert paper.runs_of('1b-rgb') == [(1, 0), (1, 1), (2, 0), (2, 1)]
  outcomes = paper.outcomes('1b-rgb', [(2, 1)])
  assert set(outcomes.splits) == {2}
  np.testing.assert_array_equal(outcomes.correct, paper.results['1b-rgb', 2, 1].correct)


def test_videos_missing_in_the_records_are_listed_by_split(folder):
  assert load_results.read(folder).missing == {}
  for name, missing in (('2a.split2.seed0', ['B/b.avi', 'A/a.avi']), ('2b.split2.seed0', [])):
    (folder / 'results' / f'{name}.json').write_text(
      json.dumps({'about': {'missing': missing}, 'videos': 1, 'accuracy': 1.0})
    )
  assert load_results.read(folder).missing == {2: ('A/a.avi', 'B/b.avi')}


def test_a_summary_without_a_list_is_a_problem(folder):
  (folder / 'results' / '2a.split2.seed0.json').write_text(
    json.dumps({'about': {'missing': 5}, 'videos': 1, 'accuracy': 1.0})
  )
  paper = load_results.read(folder)
  assert 'expected a list of missing videos; found 5' in paper.problems[0]


def test_probabilities_are_the_softmax_of_the_true_class(folder):
  result = load_results.read(folder).results['2a', 1, 0]
  rows = [
    line.split(',')
    for line in (folder / 'results' / '2a.split1.seed0.csv').read_text().splitlines()[1:]
  ]
  for row, probability in zip(rows, result.probabilities, strict=True):
    powers = np.exp(np.array(row[9:], float))
    assert probability == pytest.approx(powers[int(row[1])] / powers.sum())


def test_a_video_without_a_group_is_its_own_group(folder):
  path = folder / 'results' / '2a.split1.seed0.csv'
  text = path.read_text().replace('_g01_c01', '_x').replace('_g01_c02', '_y')
  path.write_text(text.replace(',g01,', ',,'))
  groups = load_results.read(folder).results['2a', 1, 0].groups
  assert groups[0] == 'Bowing/v_Bowing_x' and groups[2] == 'Bowing/g02'


def test_the_column_names_the_source_where_the_video_does_not(folder):
  path = folder / 'results' / '2a.split1.seed0.csv'
  path.write_text(path.read_text().replace('_g01_c01', '_x').replace('_g01_c02', '_y'))
  groups = load_results.read(folder).results['2a', 1, 0].groups
  assert groups[0] == groups[1] == 'g01' and groups[2] == 'Bowing/g02'


@pytest.mark.parametrize(
  'name, damage, message',
  [
    (
      '2a',
      lambda path: path.write_bytes(path.read_bytes()[:3000]),
      'expected the rows of a result',
    ),
    ('2a', lambda path: path.write_bytes(b'\x00\xff\xfe' * 99), 'expected the rows of a result'),
    ('2a', lambda path: path.write_text(''), 'expected the rows of a result'),
    ('2a', lambda path: _edit(path, ',Bowing,', ',Rowing,'), 'found Rowing with label 0'),
    ('2a', lambda path: _edit(path, '_c02', '_c01'), 'v_Bowing_g01_c01.avi twice'),
    ('2a', lambda path: _edit(path, ',logit_9', ''), 'v_Bowing_g01_c01.avi'),
    (
      '2a',
      lambda path: path.write_text(re.sub(r'[^,\n]+\n(?!v)', 'nan\n', path.read_text())),
      'expected',
    ),
    ('1b-rgb', lambda path: _edit(path, '_c02', '_c09'), 'expected the videos of seed'),
  ],
)
def test_a_damaged_result_is_a_problem_and_the_others_are_used(folder, name, damage, message):
  damage(folder / 'results' / f'{name}.split1.seed0.csv')
  paper = load_results.read(folder)
  (problem,) = paper.problems
  assert message in problem and f'{name}.split1.seed' in problem and '\n' not in problem
  assert len(paper.results) == 7


def test_an_unknown_condition_is_a_problem(folder):
  results = folder / 'results'
  (results / '9z.split1.seed0.csv').write_bytes((results / '2a.split1.seed0.csv').read_bytes())
  (results / '.partial_2a.split3.seed0.csv').write_text('half')
  (results / 'notes.csv').write_text('mine')
  paper = load_results.read(folder)
  assert len(paper.problems) == 1 and 'found 9z' in paper.problems[0]


@pytest.mark.parametrize('content', ['', '{', '[]', '{"conditions": 3}', 'null'])
def test_a_damaged_file_of_conditions_is_an_error(folder, content):
  (folder / 'conditions.json').write_text(content)
  with pytest.raises(errors.UserError, match=r'conditions\.json: expected what reproduce writes'):
    load_results.read(folder)


def test_a_condition_without_a_title_is_an_error(folder):
  path = folder / 'conditions.json'
  content = json.loads(path.read_text())
  del content['conditions'][2]['title']
  path.write_text(json.dumps(content))
  with pytest.raises(errors.UserError, match="KeyError: 'title'"):
    load_results.read(folder)


def test_no_result_is_an_error(folder, tmp_path):
  with pytest.raises(errors.UserError, match='expected what reproduce writes'):
    load_results.read(tmp_path / 'nowhere')
  for path in (folder / 'results').iterdir():
    path.unlink()
  with pytest.raises(errors.UserError, match=r'expected results that reproduce wrote.*found none'):
    load_results.read(folder)
  (folder / 'results').rmdir()
  with pytest.raises(errors.UserError, match='results: expected a folder of results'):
    load_results.read(folder)


def test_classes_are_numbered_as_in_the_paper():
  # The paper's Hammering36 and JumpRope47: capitals sort before small letters.
  names = ['JumpRope', 'JumpingJack', 'Hammering', 'HammerThrow']
  assert load_results.numbered_classes(names) == [
    (1, 'HammerThrow', 3),
    (2, 'Hammering', 2),
    (3, 'JumpRope', 0),
    (4, 'JumpingJack', 1),
  ]
