"""Tests on held-out videos while a network trains: rows, when to stop, what a kill leaves."""

import math

import pytest

from i3d_tf.common import errors
from i3d_tf.training import held_out


def _schedule(accuracies, every=10, patience=None):
  """Tests that give these accuracies, from step to accuracy."""
  summary = lambda step: {
    'accuracy': accuracies[step],
    'accuracy_interval': (accuracies[step] - 0.1, accuracies[step] + 0.1),
    'videos': 20,
  }
  return held_out.Schedule(every, patience, lambda model, step: summary(step))


def _run(run_dir, schedule, first, last, steps=100):
  """The step at which a training of so many steps stops, or is killed after `last`."""
  tests = held_out.Tests(run_dir, first, schedule)
  if tests.stopped:
    return first
  for step in range(first + 1, last + 1):
    if tests.is_due(step, step == steps) and tests.after(None, step):
      return step
  return last


def test_tests_come_every_so_many_steps_and_after_the_last(tmp_path):
  asked = []
  summary = {'accuracy': 0.5, 'accuracy_interval': (None, None), 'videos': 3}
  schedule = held_out.Schedule(10, None, lambda model, step: asked.append(step) or summary)
  assert _run(tmp_path, schedule, 0, 25, steps=25) == 25
  assert asked == [10, 20, 25]
  rows = held_out.read(tmp_path)
  assert [(row.step, row.accuracy, row.videos) for row in rows] == [
    (step, 0.5, 3) for step in asked
  ]
  assert all(math.isnan(row.low) and math.isnan(row.high) for row in rows)


_RISE_AND_FALL = {10: 0.2, 20: 0.6, 30: 0.6, 40: 0.5, 50: 0.9, 60: 0.1}


@pytest.mark.parametrize('patience, stopped', [(None, 60), (1, 30), (2, 40), (3, 60), (4, 60)])
def test_patience_counts_tests_since_the_first_best(patience, stopped, tmp_path):
  schedule = _schedule(_RISE_AND_FALL, patience=patience)
  assert _run(tmp_path, schedule, 0, 60, steps=60) == stopped
  assert held_out.Tests(tmp_path, stopped, schedule).stopped == (stopped < 60)


@pytest.mark.parametrize('killed', range(1, 41))
@pytest.mark.parametrize('checkpoint_every', [7, 10, 30])
def test_wherever_it_is_killed_it_stops_where_it_would_have(killed, checkpoint_every, tmp_path):
  schedule = _schedule(_RISE_AND_FALL, patience=2)
  _run(tmp_path, schedule, 0, killed)
  resumed = killed // checkpoint_every * checkpoint_every
  assert _run(tmp_path, schedule, resumed, 60) == 40
  assert [row.step for row in held_out.read(tmp_path)] == [10, 20, 30, 40]


def test_the_fewest_steps_that_reach_the_best_are_recommended(tmp_path):
  _run(tmp_path, _schedule(_RISE_AND_FALL, patience=2), 0, 60)
  lines = held_out.described(tmp_path, 40, 60).splitlines()
  assert [line for line in lines if line.endswith('best')] == [
    '      20  0.6000 (0.5000 to 0.7000)  best'
  ]
  assert 'stopped there, of 60 steps' in lines[-2]
  assert '--steps=20, without --hold_out' in lines[-1]


def test_a_training_that_took_all_its_steps_is_not_called_stopped(tmp_path):
  _run(tmp_path, _schedule(_RISE_AND_FALL), 0, 60, steps=60)
  assert 'stopped' not in held_out.described(tmp_path, 60, 60)
  assert 'had been trained before' in held_out.described(tmp_path / 'other', 60, 60)


def test_steps_that_were_trained_without_tests_are_said(tmp_path):
  _run(tmp_path, _schedule(_RISE_AND_FALL, patience=2), 0, 60)
  text = held_out.described(tmp_path, 60, 60)
  assert 'stopped' not in text and 'the steps after these were trained without tests' in text


@pytest.mark.parametrize(
  'content',
  [
    'nonsense',
    'step,accuracy\n10,0.5\n',
    'step\n',
    '\0',
    'step,accuracy,accuracy_low,accuracy_high,videos\n10,high,0.1,0.2,3\n',
  ],
)
def test_what_train_did_not_write_is_refused_by_name(content, tmp_path):
  path = tmp_path / held_out.FILE
  path.write_text(content + ('\nx' if content in ('nonsense', 'step\n', '\0') else ''))
  with pytest.raises(errors.UserError, match='validation.csv: expected what train writes'):
    held_out.read(tmp_path)
