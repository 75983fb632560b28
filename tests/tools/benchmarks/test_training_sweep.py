"""The sweep of training steps: shapes relative to the best, and shapes that are skipped."""

import itertools

import pytest

from tests import shallow
from tools.benchmarks import training_sweep

_SHAPES = [(2, 32, 9), (1, 32, 9), (1, 64, 9)]


def _sweep(seconds, memory):
  peak = itertools.count(2**20, 2**20)  # every step needs a mebibyte more
  with shallow.network():
    return training_sweep.sweep(_SHAPES, 0.125, seconds, memory, lambda: next(peak))


def test_shapes_are_measured_in_the_order_of_their_arithmetic():
  steps, skipped = _sweep(600, 2**50)
  assert list(steps) == [(1, 32, 9), (2, 32, 9), (1, 64, 9)] and not skipped
  operations = [step.operations for step in steps.values()]
  assert operations[1] == 2 * operations[0]
  figures = {figure.name: figure for figure in training_sweep.figures(steps, skipped)}
  assert len(figures) == 3 + 2
  values = [figure.value for name, figure in figures.items() if name.startswith('batch')]
  assert min(values) == pytest.approx(1)  # the best is the measure
  assert figures['shapes that were skipped'].value == 0


@pytest.mark.parametrize('seconds, memory, reason', [(0, 2**50, 'time'), (600, 1, 'memory')])
def test_shapes_that_do_not_fit_are_skipped_and_said(seconds, memory, reason):
  steps, skipped = _sweep(seconds, memory)
  assert list(steps) == [(1, 32, 9)]  # without it, nothing is known of the others
  assert list(skipped) == [(2, 32, 9), (1, 64, 9)]
  assert all(why.startswith(reason + ':') for why in skipped.values())
  *_, last = training_sweep.figures(steps, skipped)
  assert last.value == 2 and '1 x 9 x 64 x 64: ' + reason in last.note
  rows = training_sweep.table(steps, skipped).splitlines()
  assert rows[0] == '| size | 1 x 9 | 2 x 9 |'
  assert rows[3] == f'| 64 | {reason} |  |'
