"""Rows without a network: the nearest box answers, and every number follows from the rows."""

import dataclasses
import json

import numpy as np
import pytest

from i3d_tf.experiments import conditions
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import run_conditions
from i3d_tf.experiments.baselines import boxes
from i3d_tf.experiments.baselines import nearest
from i3d_tf.inference import results
from i3d_tf.records import folders
from i3d_tf.records import splits
from i3d_tf.reporting import load_results
from i3d_tf.reporting import report
from tests import tiny


@pytest.fixture(name='records', scope='module')
def _records(tmp_path_factory):
  return tiny.make_records(tmp_path_factory.mktemp('demo'))


def _reproduction(records, run_dir, **changes):
  run = tiny.run(records, steps=1)
  return dataclasses.replace(
    reproduction_lib.Reproduction(
      str(run_dir),
      conditions.select(['0-tube', '0-box'], False),
      (1,),
      (0,),
      {None: str(records)},
      run.clips,
      run.network,
      run.optimization,
    ),
    **changes,
  )


def _read(run_dir, name, seed=0):
  return results.read(str(run_dir / 'results' / f'{name}.split1.seed{seed}.csv'))


def test_the_nearest_neighbour_answers_by_hand():
  known = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 1.0]])
  found = nearest.logits(known, np.array([2, 0, 2]), np.array([[0.1, 0.0], [0.7, 0.0], [1, 1]]), 4)
  assert found.dtype == np.float32
  np.testing.assert_allclose(found[0], [-0.4, -4, -0.1, -4], rtol=1e-6)
  assert list(found.argmax(axis=1)) == [2, 0, 2]
  assert found[2, 2] == 0


def test_of_equally_near_ones_the_first_class_answers():
  known = np.array([[0.0], [1.0]])
  for labels in ([0, 1], [1, 0]):
    assert nearest.logits(known, np.array(labels), np.array([[0.5]]), 2).argmax() == 0


def test_a_place_that_tells_is_read_and_one_that_does_not_is_at_chance():
  """The oracle of boxes: classes in places of their own, and all in the same."""
  rng = np.random.default_rng(0)
  labels = np.repeat(np.arange(5), 40)
  own = np.column_stack([labels / 5 + 0.1, *rng.random((3, 200)) * 0.05])
  same = rng.random((200, 4))
  tested = np.arange(200) % 2 == 0
  for numbers, low, high in ((own, 1, 1), (same, 0.05, 0.35)):
    found = nearest.logits(numbers[~tested], labels[~tested], numbers[tested], 5).argmax(axis=1)
    assert low <= np.mean(found == labels[tested]) <= high


def test_rows_have_the_nearest_of_the_training_list(records, tmp_path):
  assert run_conditions.run(_reproduction(records, tmp_path)) == []
  source = folders.open_folder(records)
  training, tested = (splits.load(source, subset, 1)[0] for subset in ('train', 'test'))
  for name, kind in (('0-tube', 'tube'), ('0-box', 'box')):
    known, asked = (
      boxes.read(source, entries, tmp_path / 'other.jsonl', max_frames=250, growth=0)[kind]
      for entries in (training, tested)
    )
    rows = _read(tmp_path, name)
    assert [row.video for row in rows] == [entry.path for entry in tested]
    for row, one in zip(rows, asked):
      closest = int(np.argmin(((known - one) ** 2).sum(axis=1)))
      assert row.prediction == training[closest].label
      assert row.has_person and row.coverage > 0 and row.frames == 10
  about = json.loads((tmp_path / 'results' / '0-box.split1.seed0.json').read_text())['about']
  assert about['neighbours'] == len(training) and about['models'] == []
  assert not (tmp_path / 'runs').exists()


def test_the_same_call_gives_the_same_bytes_whatever_the_seed(records, tmp_path):
  run_conditions.run(_reproduction(records, tmp_path, seeds=(0, 7)))
  first, other = (
    (tmp_path / 'results' / f'0-box.split1.seed{seed}.csv').read_bytes() for seed in (0, 7)
  )
  assert first == other
  run_conditions.run(_reproduction(records, tmp_path))
  assert (tmp_path / 'results' / '0-box.split1.seed0.csv').read_bytes() == first


def test_what_is_held_out_is_no_neighbour(records, tmp_path):
  source = folders.open_folder(records)
  groups = sorted({entry.path[-11:-8] for entry in splits.load(source, 'train', 1)[0]})
  reproduction = _reproduction(records, tmp_path, hold_out=(groups[0],))
  assert run_conditions.run(reproduction) == []
  rows = _read(tmp_path, '0-tube')
  assert {row.video[-11:-8] for row in rows} == {groups[0]}
  # With itself among its neighbours, each would be at distance 0 and right.
  assert max(row.logits.max() for row in rows) < 0


def test_a_verdict_takes_the_box_away(records, tmp_path):
  source = folders.open_folder(records)
  video = splits.load(source, 'test', 1)[0][0].path
  run_conditions.run(_reproduction(records, tmp_path, verdicts={video: 'original'}))
  row = next(row for row in _read(tmp_path, '0-tube') if row.video == video)
  assert not row.has_person
  assert row.logits.max() < -0.1  # nobody in the training list is nowhere


def test_records_without_masks_fail_in_one_line_and_alone(records, tmp_path, monkeypatch):
  source = folders.open_folder(records)
  bare = dataclasses.replace(
    source, entries=tuple(dataclasses.replace(e, coverage=None) for e in source.entries)
  )
  monkeypatch.setattr(nearest.folders, 'open_folder', lambda _: bare)
  ((name, reason),) = run_conditions.run(_reproduction(records, tmp_path))
  assert name == '0-tube, 0-box, split 1'
  assert 'expected person masks' in reason and '\n' not in reason


def test_the_report_has_the_rows_beside_those_of_the_hole(records, tmp_path):
  run_conditions.run(_reproduction(records, tmp_path))
  path, made = report.make(str(tmp_path), str(tmp_path / 'report'), draws=200)
  rows = {row['row']: row for row in made.tables.rows.rows}
  for name in ('0-tube', '0-box'):
    expected = 100 * np.mean([row.is_correct for row in _read(tmp_path, name)])
    assert rows[name]['accuracy'] == pytest.approx(expected)
    assert rows[name]['accuracy_low'] <= expected <= rows[name]['accuracy_high']
  with open(path, encoding='utf-8') as f:
    assert 'no network: the nearest training clip' in f.read()
  assert [c.name for c in load_results.read(str(tmp_path)).tested] == ['0-tube', '0-box']
