"""Measured steps: the real batch where the time allows it, a smaller one where not."""

import dataclasses

import pytest

from i3d_tf.experiments import costs
from i3d_tf.experiments import step_times
from i3d_tf.inputs import clip_settings
from i3d_tf.training import network
from i3d_tf.training import run_settings
from tests import shallow
from tests import tiny

_SIZE = costs.TestSize(videos=4, frames=12, batch=2)


def _run(records='', stream='rgb', **clips):
  settings = {'frame_size': 32, 'clip_frames': 20, 'batch_size': 3, 'stream': stream, **clips}
  return run_settings.Run(
    run_settings.Data(records, mask='background'),
    clip_settings.ClipSettings(**settings),
    run_settings.Network(width=0.125),
    run_settings.Optimization(steps=2),
    tuple('abcdefghij'),
  )


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network():
    yield


def _parts(found):
  return [(one.run, one.part, one.clips, one.frames) for one in found]


def test_two_runs_without_records():
  runs = (_run(), _run(stream='flow', with_partners=True))
  rgb, flow, *found = step_times.measure(runs, _SIZE, False, seconds=300)
  assert _parts(found) == [
    (0, 'training', 3, 20),
    (0, 'test', 2, 12),
    (1, 'training', 3, 20),
    (1, 'test', 2, 12),
  ]
  assert (rgb.run, flow.run) == (0, 1)
  assert rgb.training > flow.training > 0 and rgb.answer > flow.answer > 0
  assert found[0].operations == rgb.training and found[1].operations == 2 * rgb.answer
  for one in found:
    assert one.first > 0 and one.later > 0 and one.peak_bytes >= rgb.base_bytes > 2**20
    assert one.beside > 0 or one.part == 'test'


def test_the_memory_of_a_step_includes_what_the_optimizer_keeps(monkeypatch):
  monkeypatch.setattr(step_times, '_peak_bytes', lambda: 1000)
  run = _run()
  trained = network.build_model(run).trainable_variables
  found = step_times.measure((run,), _SIZE, False, seconds=300)
  assert next(found).base_bytes == 1000
  # SGD keeps a momentum, float32, of each number.
  numbers = sum(variable.value.shape.num_elements() for variable in trained)
  assert 4 * numbers <= next(found).peak_bytes - 1000 <= 4 * numbers + 100


def test_a_step_is_measured_compiled_if_it_will_be(monkeypatch):
  asked = {}
  function = step_times.tf.function

  def spy(of=None, **settings):
    asked[getattr(of, '__name__', '')] = settings
    return function(of, **settings)

  monkeypatch.setattr(step_times.tf, 'function', spy)
  run = _run()
  settings = dataclasses.replace(run.optimization, jit_compile=True)
  runs = (dataclasses.replace(run, optimization=settings),)
  found = step_times.measure(runs, _SIZE, False, seconds=300)
  assert isinstance(next(found), costs.Arithmetic) and next(found).part == 'training'
  assert asked['gradients_of'] == {'jit_compile': True}


def test_steps_of_records_read_them(tmp_path):
  records = tiny.make_records(tmp_path)
  _, *found = step_times.measure((_run(str(records)),), _SIZE, True, seconds=300)
  assert [one.part for one in found] == ['training', 'test']
  assert found[-1].beside > 0


def test_the_first_of_several_may_take_all_the_time(monkeypatch):
  given = []

  class Run:
    def __init__(self, number, *_):
      self.number = number

    def arithmetic(self, rate):
      return rate

    def training(self, end, rate):
      given.append(('training', self.number, round(end - step_times.time.monotonic())))
      yield from ()

    def test(self, end, rate):
      given.append(('test', self.number, round(end - step_times.time.monotonic())))
      yield from ()

  monkeypatch.setattr(step_times, '_Run', Run)
  list(step_times.measure((_run(), _run()), _SIZE, False, seconds=1000))
  assert [one[:2] for one in given] == [('training', 0), ('test', 0), ('training', 1), ('test', 1)]
  for (part, _, seconds), expected in zip(given, (800, 1000, 800, 1000)):
    assert expected - 50 <= seconds <= expected, part


def test_without_time_only_the_arithmetic_is_counted():
  (found,) = step_times.measure((_run(),), _SIZE, False, seconds=0)
  assert isinstance(found, costs.Arithmetic) and found.rate > 1e8


@pytest.mark.parametrize(
  'left, clips', [(100, 6), (55, 6), (53, 3), (19, 2), (17, 1), (8, None), (-1, None)]
)
def test_the_largest_batch_that_fits_three_times(monkeypatch, left, clips):
  monkeypatch.setattr(step_times.time, 'monotonic', lambda: 1000.0)
  assert step_times._fitting(6, 3.0, 1000.0 + left) == clips
