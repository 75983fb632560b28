"""Figures: compared with their bounds, measured alternately, shown in a table."""

import json

import numpy as np
import pytest

from tools.benchmarks.support import figure


@pytest.mark.parametrize(
  'value, bound, higher, missed',
  [
    (0.84, 0.85, True, True),
    (0.85, 0.85, True, False),
    (3.2, 3.1, False, True),
    (3.1, 3.1, False, False),
    (0.0, None, True, False),
  ],
)
def test_a_figure_misses_its_bound(value, bound, higher, missed):
  assert figure.Figure('f', value, bound=bound, higher_is_better=higher).missed == missed


def test_a_figure_of_numpy_numbers_is_written_as_json():
  assert json.dumps(figure.Figure('a', np.float64(2), bound=1.0).missed) == 'false'
  assert json.dumps(figure.Figure('a', np.float64(2), bound=3.0).missed) == 'true'


def test_a_figure_of_repeats_has_their_median_and_range():
  made = figure.from_values('f', [3.0, 1.0, 2.0], unit='s')
  assert (made.value, made.low, made.high, made.unit) == (2.0, 1.0, 3.0, 's')


def test_functions_are_measured_alternately():
  calls = []

  def function(name, count):
    def call(start):
      calls.append(name)
      start()
      np.linalg.inv(np.eye(60))
      return count

    return call

  rates = figure.interleaved({'a': function('a', 10), 'b': function('b', 10)}, repeats=3)
  assert ''.join(calls) == 'ab' + 'ab' + 'ba' + 'ab'
  assert all(len(r.wall) == len(r.cpu) == 3 and min(r.wall) > 0 for r in rates.values())
  ratio = rates['a'].over(rates['b'])
  assert ratio.wall == [x / y for x, y in zip(rates['a'].wall, rates['b'].wall)]


def test_a_dict_of_numbers_gives_figures():
  assert figure.as_figures({'speed': 2}) == [figure.Figure('speed', 2.0)]
  one = figure.Figure('f', 1.0)
  assert figure.as_figures([one]) == [one]


def test_the_table_marks_figures_that_miss_their_bound():
  text = figure.table(
    {
      'subject': [
        figure.Figure('good', 0.9, bound=0.85),
        figure.Figure('bad', 0.8, bound=0.85),
        figure.from_values('free', [1234.5], unit='frames/s'),
      ]
    }
  )
  good, bad, free = text.splitlines()[1:]
  assert good.endswith('>= 0.85  reached') and bad.endswith('>= 0.85  MISSED')
  assert 'bound' not in free and free.endswith('frames/s') and '1,23' in free


def test_figures_are_written_as_json_with_whether_they_miss_their_bound():
  (written,) = figure.as_json([figure.Figure('f', 0.8, bound=0.85)])
  assert (written['name'], written['value'], written['missed']) == ('f', 0.8, True)
  assert json.loads(json.dumps(written)) == written
