"""Whose place it is: the measures of pasted people, by hand and of known networks."""

import json

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import results
from i3d_tf.reporting import load_results
from i3d_tf.reporting import whose_place
from i3d_tf.statistics import stats

_NAMES = ('A', 'B', 'C')
_TESTED = {
  '1b-rgb': 'none',
  '2a-pasted': 'background-other',
  '2a-same': 'background-same',
  '2a-picture': 'background-picture',
  '2a-picture-still': 'background-picture-still',
  '2a-stripes': 'background-stripes',
  '2a-stripes-still': 'background-stripes-still',
}


def _person(label, place, group=0):
  del group
  return np.eye(3)[label] + 0.5 * np.eye(3)[place]


def _place(label, place, group=0):
  del group
  return np.eye(3)[place] + 0.5 * np.eye(3)[label]


def _paper(folder, networks, same=False, has_person=True):
  """A folder of results: each row of `networks` answered by a function of (label, place)."""
  conditions = [
    {
      'name': name,
      'title': name,
      'table': None,
      'streams': ['rgb'],
      'trained_on': 'none',
      'tested_on': tested_on,
      'published': None,
      'records': '/nowhere',
    }
    for name, tested_on in _TESTED.items()
  ]
  (folder / 'conditions.json').write_text(
    json.dumps({'label_names': _NAMES, 'conditions': conditions})
  )
  for name, logits in networks.items():
    rows = []
    for label, class_name in enumerate(_NAMES):
      for group in range(4):
        place = label if name == '2a-same' or same else (label + 1 + group % 2) % 3
        pasted = (_NAMES[place], f'{_NAMES[place]}/v_{_NAMES[place]}_g09_c01.avi')
        for clip in range(2):
          rows.append(
            results.Row(
              f'{class_name}/v_{class_name}_g{group:02d}_c{clip:02d}.avi',
              label,
              class_name,
              20,
              has_person,
              0.5,
              np.float32(logits(label, place, group)),
              (),
              '',
              None,
              *(pasted if has_person and 'stripes' not in name else ('', '')),
            )
          )
    results.write(folder, f'{name}.split1', 'seed0', rows, _NAMES, {})
  return load_results.read(str(folder))


def _table(paper):
  found = whose_place.table(paper, stats.Statistic(200, 0))
  return {row['row']: row for row in found.rows}, found.note


def test_a_place_oracle_errs_in_all_and_a_person_oracle_in_none(tmp_path):
  rows, _ = _table(_paper(tmp_path, {'1b-rgb': _place, '2a-pasted': _place, '2a-picture': _person}))
  assert list(rows) == ['2a-pasted', '2a-picture']
  of_place, of_person = rows['2a-pasted'], rows['2a-picture']
  assert (of_place['shacc'], of_place['sberr'], of_place['wins']) == (0, 100, 100)
  assert of_place['sberr_low'] < 100 == of_place['sberr_high']
  assert (of_person['shacc'], of_person['sberr'], of_person['wins']) == (100, 0, 0)
  assert (of_place['place'], of_person['place']) == ('another class', 'another class, a still')
  assert of_place['videos'] == 24


def test_measures_are_what_one_counts_by_hand(tmp_path):
  def network(label, place, group):
    third = 3 - label - place
    if group == 0:
      return _person(label, place)
    # The third class is answered; the place ranks before the person in groups 1 and 2.
    return 2 * np.eye(3)[third] + (_place if group < 3 else _person)(label, place)

  rows, _ = _table(_paper(tmp_path, {'2a-pasted': network}))
  row = rows['2a-pasted']
  assert (row['shacc'], row['sberr'], row['wins']) == (25, 0, 50)
  assert row['wins_low'] < 50 < row['wins_high']  # over groups


def test_on_a_place_of_the_same_class_only_the_person_is_asked(tmp_path):
  rows, _ = _table(_paper(tmp_path, {'2a-same': _place}))
  assert rows['2a-same']['shacc'] == 100
  assert 'sberr' not in rows['2a-same'] and rows['2a-same']['place'] == 'the same class'


def test_what_is_right_in_one_frame_does_not_count_as_contrasted(tmp_path):
  moving = lambda label, place, group: (_person if group < 3 else _place)(label, place)
  still = lambda label, place, group: (_person if group < 1 else _place)(label, place)
  rows, _ = _table(_paper(tmp_path, {'2a-picture': moving, '2a-picture-still': still}))
  assert rows['2a-picture']['contrasted'] == 50  # groups 1 and 2 of four
  assert 'contrasted' not in rows['2a-picture-still']


def test_stripes_are_nobodys_place_and_have_a_contrast(tmp_path):
  moving = lambda label, place, group: (_person if group < 3 else _place)(label, place)
  still = lambda label, place, group: (_person if group < 1 else _place)(label, place)
  rows, note = _table(_paper(tmp_path, {'2a-stripes': moving, '2a-stripes-still': still}))
  row = rows['2a-stripes']
  assert (row['place'], row['videos'], row['shacc']) == ('nobody: stripes', 24, 75)
  assert row['contrasted'] == 50 and row['contrasted_low'] < 50 < row['contrasted_high']
  assert 'sberr' not in row and 'wins' not in row and 'Not known' not in note
  assert rows['2a-stripes-still']['shacc'] == 25
  # One picture is no contrast to the other.
  (tmp_path / 'other').mkdir()
  rows, _ = _table(_paper(tmp_path / 'other', {'2a-stripes': moving, '2a-picture-still': still}))
  assert 'contrasted' not in rows['2a-stripes']


def test_results_that_do_not_say_whose_place_it_was_are_named(tmp_path):
  rows, note = _table(_paper(tmp_path, {'2a-pasted': _place}, has_person=False))
  assert not rows and note.endswith('do not say whose place it was: 2a-pasted.')


def test_a_pair_of_one_class_is_never_counted_as_one_of_two(tmp_path):
  with pytest.raises(errors.UserError, match='expected places of other classes than the person'):
    _table(_paper(tmp_path, {'2a-pasted': _place}, same=True))
