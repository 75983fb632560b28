"""Results: what follows from the rows, their CSV, and the journal of an evaluation under way."""

import csv
import dataclasses
import json
import os

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import results

_NAMES = ['A', 'B', 'C']


def _row(
  video='A/v_A_g01_c01.avi',
  label=0,
  logits=(1, 0, 0),
  *,
  has_person=True,
  coverage=0.5,
  frames=20,
  names=_NAMES,
):
  return results.Row(
    video, label, names[label], frames, has_person, coverage, np.array(logits, np.float32)
  )


def _assert_same(left, right):
  left, right = list(left), list(right)
  for a, b in zip(left, right, strict=True):
    assert a.logits.dtype == b.logits.dtype == np.float32
    np.testing.assert_array_equal(a.logits, b.logits)
    assert dataclasses.replace(a, logits=None) == dataclasses.replace(b, logits=None)


# === Summary ===


def test_the_summary_is_what_one_finds_by_hand():
  rows = [
    _row('A/v_A_g01_c01.avi', 0, (3, 1, 0)),
    _row('A/v_A_g02_c01.avi', 0, (0, 1, 0)),  # wrong
    _row('A/v_A_g03_c01.avi', 0, (2, 2, 0), has_person=False, coverage=0.0),  # a tie: the first
    _row('C/v_C_g01_c01.avi', 2, (0, 5, 5), has_person=False, coverage=None),  # a tie: wrong
  ]
  assert [row.prediction for row in rows] == [0, 1, 0, 1]
  assert results.summarize(rows) == {
    'videos': 4,
    'correct': 2,
    'accuracy': 0.5,
    # Of four groups, drawn with replacement: 95% of the draws.
    'accuracy_interval': [0.0, 1.0],
    'top_5_accuracy': 1.0,  # of three classes
    'mean_class_accuracy': pytest.approx((2 / 3 + 0) / 2),
    'kept_original': ['A/v_A_g03_c01.avi', 'C/v_C_g01_c01.avi'],
    'accuracy_where_mask_found': 0.5,
    'classes': [  # B has no video
      {'class': 'A', 'videos': 3, 'correct': 2, 'accuracy': pytest.approx(2 / 3)},
      {'class': 'C', 'videos': 1, 'correct': 0, 'accuracy': 0.0},
    ],
  }


def test_the_interval_is_over_groups_and_is_none_for_one_group():
  rows = [_row(f'A/v_A_g{n // 4:02d}_c{n % 4}.avi', 0, (n % 8 < 4, 0.5, 0)) for n in range(80)]
  low, high = results.summarize(rows)['accuracy_interval']
  # Half of 20 groups are right: +- 1.96 sqrt(0.25 / 20), and not of 80 videos.
  assert low == pytest.approx(0.28, abs=0.03) and high == pytest.approx(0.72, abs=0.03)
  assert results.summarize(rows[:4])['accuracy_interval'] == [None, None]


def test_groups_that_classes_share_and_second_looks_make_the_round_trip(tmp_path):
  names = [f'{name}/v_{name}_g{n}_c01.avi' for n in range(4) for name in _NAMES]
  own = [_row(name, _NAMES.index(name[0])) for name in names]
  rows = [dataclasses.replace(row, source=f'all/g{n // 3}') for n, row in enumerate(own)]
  rows[1] = dataclasses.replace(rows[1], seen_again=1 / 3)
  assert [len({row.group for row in some}) for some in (own, rows)] == [12, 4]
  for name, written in (('own', own), ('shared', rows)):
    results.write(str(tmp_path), name, 'none', written, _NAMES, {})
    path = tmp_path / 'results' / f'{name}.none.csv'
    _assert_same(results.read(str(path)), written)
    assert ('seen_again' in path.read_text()) == (name == 'shared')


def test_accuracy_where_nobody_was_found_is_none():
  summary = results.summarize([_row(has_person=False)])
  assert summary['accuracy_where_mask_found'] is None
  assert summary['accuracy'] == 1.0


@pytest.mark.parametrize(
  'logits, within',
  [
    ([7, 6, 5, 4, 3, 2, 1], [1, 1, 1, 1, 1, 0, 0]),
    ([1, 1, 1, 1, 1, 1, 2], [1] * 7),  # among equals, all are fifth
    ([9, 8, 7, 6, 5, 5, 0], [1, 1, 1, 1, 1, 1, 0]),
    ([np.nan] * 7, [0] * 7),  # a network that has diverged knows nothing
  ],
)
def test_the_best_five_are_those_that_fewer_than_five_beat(logits, within):
  names = list('ABCDEFG')
  for label in range(7):
    summary = results.summarize([_row(label=label, logits=logits, names=names)])
    assert summary['top_5_accuracy'] == within[label]


# === Files ===


def _varied_rows():
  rng = np.random.default_rng(0)
  logits = rng.normal(size=(4, 3)).astype(np.float32)
  logits[1] = 1e-45, 3.4028235e38, -0.1  # the smallest and the largest float32
  logits[3, 1] = -0.0
  return [
    _row('A/v_A_g01_c01.avi', 0, logits[0], coverage=1 / 3),
    _row('B/v_B_g02_c01.avi', 1, logits[1], coverage=None, has_person=False),
    _row('C/with, "quotes"_g03_c01.avi', 2, logits[2], coverage=0.0, has_person=False, frames=9),
    _row('C/clip.avi', 2, logits[3]),
  ]


def test_rows_are_read_exactly_as_they_were_written(tmp_path):
  rows = _varied_rows()
  results.write(str(tmp_path), 'test1', 'background', rows, _NAMES, {})
  _assert_same(results.read(results.path(str(tmp_path), 'test1', 'background')), rows)


def test_the_csv_describes_every_video_by_name(tmp_path):
  results.write(
    str(tmp_path),
    'test1',
    'none',
    [
      _row('B/v_B_g07_c01.avi', 1, (0.5, 0.25, -1), coverage=0.125),
      _row('C/clip.avi', 2, (0, 0, 0.1), coverage=None, has_person=False),
    ],
    _NAMES,
    {},
  )
  path = tmp_path / 'results' / 'test1.none.csv'
  with open(path, newline='') as f:
    rows = list(csv.DictReader(f))
  assert rows == [
    {
      'video': 'B/v_B_g07_c01.avi',
      'label': '1',
      'class': 'B',
      'group': 'g07',
      'prediction': '0',
      'correct': '0',
      'mask_found': '1',
      'coverage': '0.125',
      'frames': '20',
      'logit_0': '0.5',
      'logit_1': '0.25',
      'logit_2': '-1.0',
    },
    {
      'video': 'C/clip.avi',
      'label': '2',
      'class': 'C',
      'group': '',
      'prediction': '2',
      'correct': '1',
      'mask_found': '0',
      'coverage': '',
      'frames': '20',
      'logit_0': '0.0',
      'logit_1': '0.0',
      'logit_2': '0.1',
    },
  ]


def test_the_summary_can_be_recomputed_from_the_csv(tmp_path):
  about = {'step': 500, 'mask': 'activity'}
  summary = results.write(str(tmp_path), 'test2', 'activity', _varied_rows(), _NAMES, about)
  assert summary['about'] == about
  assert results.read_summary(str(tmp_path), 'test2', 'activity') == summary
  rows = results.read(str(tmp_path / 'results' / 'test2.activity.csv'))
  assert {'about': about, **results.summarize(rows)} == summary


def test_a_missing_summary_is_none_and_a_damaged_one_is_named(tmp_path):
  assert results.read_summary(str(tmp_path), 'test1', 'none') is None
  results.write(str(tmp_path), 'test1', 'none', [_row()], _NAMES, {})
  path = tmp_path / 'results' / 'test1.none.json'
  path.write_text(path.read_text()[:-10])
  with pytest.raises(errors.UserError) as error:
    results.read_summary(str(tmp_path), 'test1', 'none')
  assert str(error.value).startswith(f'{path}: expected the summary of a result; ')


@pytest.mark.parametrize(
  'damage, what',
  [
    (lambda text: None, 'FileNotFoundError'),
    (lambda text: text.replace('label,', 'lable,'), "KeyError: 'label'"),
    (lambda text: text.replace(',20,', ',many,'), 'ValueError'),
    (
      lambda text: text.rsplit(',', 1)[0],
      'ValueError: the line of A/v_A_g02_c01.avi does not have as many cells as the first line',
    ),
    (lambda text: text.rsplit(',', 6)[0], 'ValueError: the line of A/v_A_g02_c01.avi does not'),
    (lambda text: text.rstrip() + ',7\r\n', 'ValueError: the line of A/v_A_g02_c01.avi does not'),
    (lambda text: text.replace('logit_', 'score_'), "KeyError: 'logit_0'"),
    (
      lambda text: text.replace(',1.0,', ',nan,'),
      'ValueError: the line of A/v_A_g01_c01.avi has logits that are not finite',
    ),
    (
      lambda text: text.replace('.avi,0,', '.avi,7,'),
      'ValueError: the line of A/v_A_g01_c01.avi has logits that are not finite, or a label',
    ),
    (lambda text: text.splitlines(True)[0], 'ValueError: there is none'),
    (lambda text: '', 'ValueError: there is none'),
  ],
)
def test_damaged_rows_are_refused_naming_the_file(tmp_path, damage, what):
  results.write(str(tmp_path), 'test1', 'none', [_row(), _row('A/v_A_g02_c01.avi')], _NAMES, {})
  path = tmp_path / 'results' / 'test1.none.csv'
  text = damage(path.read_bytes().decode())
  if text is None:
    path.unlink()
  else:
    path.write_bytes(text.encode())
  with pytest.raises(errors.UserError) as error:
    results.read(str(path))
  assert str(error.value).startswith(f'{path}: expected the rows of a result; {what}')


# === Journal ===

_ABOUT = {'step': 500, 'list': 'test1', 'missing': []}


@pytest.fixture(name='path')
def _path(tmp_path):
  return str(tmp_path / 'results' / '.test1.journal')


def _journal_of(path, about=_ABOUT):
  """A journal of four rows, two of each region, as a kill leaves it: not closed."""
  journal = results.RowJournal(path, about)
  journal.add('none', _varied_rows()[:2])
  journal.add('background', _varied_rows()[:2])
  return journal


def test_rows_survive_a_kill(path):
  # The journal that writes is not closed: what was added must be on disk.
  written = _journal_of(path)
  read = results.RowJournal(path, dict(reversed(_ABOUT.items())))
  assert list(read.rows) == [
    (region, row.video) for region in ('none', 'background') for row in _varied_rows()[:2]
  ]
  _assert_same(read.rows.values(), written.rows.values())
  _assert_same(read.rows.values(), _varied_rows()[:2] * 2)


def test_a_journal_resumes(path):
  _journal_of(path).close()
  journal = results.RowJournal(path, _ABOUT)
  journal.add('none', _varied_rows()[2:])
  journal.close()
  again = results.RowJournal(path, _ABOUT)
  assert len(again.rows) == 6
  _assert_same([again.rows['none', row.video] for row in _varied_rows()], _varied_rows())


def test_wherever_a_kill_cuts_the_last_line_off_it_is_dropped_and_the_others_stay(path):
  _journal_of(path).close()
  with open(path, 'rb') as f:
    content = f.read()
  last = content.rindex(b'\n', 0, -1) + 1
  for end in (last, last + 1, (last + len(content)) // 2, len(content) - 2, len(content) - 1):
    with open(path, 'wb') as f:
      f.write(content[:end])
    journal = results.RowJournal(path, _ABOUT)
    _assert_same(journal.rows.values(), _varied_rows()[:2] + _varied_rows()[:1])
    # What comes next is on a line of its own.
    journal.add('background', _varied_rows()[1:2])
    journal.close()
    with open(path, 'rb') as f:
      assert f.read() == content


@pytest.mark.parametrize(
  'about', [{**_ABOUT, 'step': 501}, {'step': 500}, {**_ABOUT, 'missing': ['A/v_A_g01_c01.avi']}]
)
def test_a_journal_of_something_else_is_thrown_away(path, about):
  _journal_of(path).close()
  journal = results.RowJournal(path, about)
  assert not journal.rows
  journal.add('none', _varied_rows()[:1])
  journal.close()
  assert len(results.RowJournal(path, about).rows) == 1
  assert not results.RowJournal(path, _ABOUT).rows


def test_a_damaged_line_of_a_journal_is_computed_again(path):
  _journal_of(path).close()
  with open(path) as f:
    lines = f.readlines()
  for damage in ('\0' * 40 + '\n', '[]\n', '["none", {"video": 7}]\n', '{"none": 1}\n'):
    with open(path, 'w') as f:
      f.writelines([*lines[:2], damage, *lines[3:]])
    journal = results.RowJournal(path, _ABOUT)
    kept = _varied_rows()
    _assert_same(journal.rows.values(), [kept[0], kept[0], kept[1]])
    journal.close()


@pytest.mark.parametrize('content', ['[]', '{}', '{"about": {}, "videos": 1, "accuracy": "all"}'])
def test_a_summary_of_something_else_is_named(tmp_path, content):
  path = tmp_path / 'results' / 'test1.none.json'
  path.parent.mkdir()
  path.write_text(content)
  with pytest.raises(errors.UserError, match='test1.none.json: expected the summary of a result'):
    results.read_summary(str(tmp_path), 'test1', 'none')


@pytest.mark.parametrize('content', ['', '{"list": "te', '\n'])
def test_a_journal_without_its_first_line_is_thrown_away(path, content):
  os.makedirs(os.path.dirname(path))
  with open(path, 'w') as f:
    f.write(content)
  assert not results.RowJournal(path, _ABOUT).rows
  with open(path) as f:
    assert f.read() == json.dumps(_ABOUT, sort_keys=True) + '\n'


def test_a_journal_is_kept_or_removed_on_closing(path):
  results.RowJournal(path, _ABOUT).close()
  assert os.path.exists(path)
  results.RowJournal(path, _ABOUT).close(delete=True)
  assert not os.listdir(os.path.dirname(path))
