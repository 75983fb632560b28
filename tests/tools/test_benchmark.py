"""The benchmark: figures are told against their bounds, a subject that fails stops no other."""

import json
import types

import numpy as np
import pytest

from tests import commands
from tools import benchmark
from tools.benchmarks import figure
from tools.benchmarks import footage
from tools.benchmarks import records_cost


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
def test_a_figure_knows_whether_it_misses_its_bound(value, bound, higher, missed):
  assert figure.Figure('f', value, bound=bound, higher_is_better=higher).missed == missed


def test_a_figure_of_numpy_goes_into_json():
  assert json.dumps(figure.Figure('a', np.float64(2), bound=1.0).missed) == 'false'
  assert json.dumps(figure.Figure('a', np.float64(2), bound=3.0).missed) == 'true'


def test_a_figure_of_repeats_has_their_median_and_range():
  made = figure.from_values('f', [3.0, 1.0, 2.0], unit='s')
  assert (made.value, made.low, made.high, made.unit) == (2.0, 1.0, 3.0, 's')


def test_functions_are_called_by_turns_and_rated():
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


def test_dicts_of_numbers_are_figures_too():
  assert figure.as_figures({'speed': 2}) == [figure.Figure('speed', 2.0)]
  one = figure.Figure('f', 1.0)
  assert figure.as_figures([one]) == [one]


def test_the_table_marks_what_misses_its_bound():
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


def test_a_subject_that_fails_stops_no_other(monkeypatch):
  def broken(quick):
    raise RuntimeError('no such device')

  modules = {
    'tools.benchmarks.a': types.SimpleNamespace(measure=broken),
    'tools.benchmarks.b': types.SimpleNamespace(measure=lambda quick: {'x': 1 + quick}),
  }
  monkeypatch.setattr(benchmark.importlib, 'import_module', modules.__getitem__)
  measured, failed = benchmark.measure(['a', 'b'], quick=True)
  assert measured == {'b': [figure.Figure('x', 2.0)]}
  assert failed == {'a': 'RuntimeError: no such device'}


def test_the_cost_of_a_data_set_follows_from_the_rates():
  rates = records_cost.Rates(
    frame_seconds=0.004, flow_seconds=0.5, frame_bytes=20e3, flow_bytes=100e3, mask_bytes=1e3
  )
  found = records_cost.cost(records_cost.DataSet('S', 360, 10.0), rates, euros_per_core_hour=2.0)
  assert found == pytest.approx(
    {
      'frames': 90000,
      'hours': 0.1,
      'flow hours': 12.5,
      'frame GB': 1.8,
      'mask GB': 0.09,
      'flow GB': 9.0,
      'euros': 0.2,
      'flow euros': 25.0,
    }
  )


def test_footage_is_drawn_where_there_are_no_clips(tmp_path):
  clips = footage.clips(5, str(tmp_path / 'none'))
  assert [clip.shape for clip in clips] == [(5, 256, 340, 3)] * 2
  assert not np.array_equal(clips[0][0], clips[0][1]), 'it moves'
  masks = footage.person(clips[0])
  assert set(np.unique(masks)) == {0, 1} and masks.shape == (5, 256, 340)
  assert 0.01 < masks.mean() < 0.5


def test_the_command_measures_and_writes_both_table_and_json(tmp_path):
  out, _ = commands.run('tools.benchmark', '--only=input_pipeline', '--quick', cwd=tmp_path)
  assert 'cores' in out and 'input pipeline / bare decode_jpeg' in out
  found = json.loads((tmp_path / 'benchmark.json').read_text())
  ratio = found['figures']['input_pipeline'][0]
  assert 0 < ratio['low'] <= ratio['value'] <= ratio['high'] and ratio['bound'] == 0.85
  assert not found['failed'] and found['machine']['cores'] >= 1


def test_an_unknown_subject_is_one_line(tmp_path):
  message = commands.error('tools.benchmark', '--only=speed', cwd=tmp_path)
  assert message.startswith('expected --only of flow, flow_storage, input_pipeline, ')
  assert message.endswith('speed')
