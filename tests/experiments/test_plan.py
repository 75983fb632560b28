"""What is left of a reproduction: counted in clips, told in time."""

import os

import pytest

from i3d_tf.experiments import conditions
from i3d_tf.experiments import costs
from i3d_tf.experiments import plan
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.training import run_settings
from tests import commands

_SIZE = costs.TestSize(videos=10, frames=24, batch=4)


@pytest.fixture(name='reproduction')
def _reproduction(tmp_path):
  return reproduction_lib.Reproduction(
    str(tmp_path),
    conditions.select(['1b-rgb', '2a', '2b', '3a'], False),
    (1,),
    (0,),
    {None: 'no records yet'},
    clip_settings.ClipSettings(frame_size=32, clip_frames=9, batch_size=4),
    run_settings.Network(width=0.125),
    run_settings.Optimization(steps=2),
  )


def _write_history(run_dir, model, *rates):
  folder = os.path.join(run_dir, 'runs', model)
  os.makedirs(folder)
  with open(os.path.join(folder, 'history.csv'), 'w') as f:
    f.write('step,clips_per_second\n' + ''.join(f'{i},{rate}\n' for i, rate in enumerate(rates)))


def test_a_plan_before_anything_is_there(reproduction, monkeypatch):
  monkeypatch.setattr(plan, '_SECONDS', 300.0)  # whatever else the machine does
  lines = plan.plan(reproduction, 10, _SIZE)
  assert 'rgb_none_split1_seed0' in lines[0] and '0 of 2 steps trained' in lines[0]
  assert lines[0].endswith('to test: none, background, activity')
  assert lines[2].endswith(' to start, and the report')
  assert lines[3].startswith('2 models, 4 results') and lines[3].endswith('in all')
  assert 'training step of 4 clips' in lines[4] and 'a video of 24 frames' in lines[4]
  assert lines[4].endswith('; measured')
  assert 'memory: about' in lines[5] and 'TOO LITTLE' not in lines[5]


def test_times_of_a_plan_are_those_of_the_measured_costs(reproduction, monkeypatch):
  found = [
    costs.Arithmetic(0, 400e9, 20e9, 1e12, 2**30, 1.0),
    costs.Measurement(0, 'training', 1, 9, 100e9, 730.0, 100.0, 0.0, 2**31),
    costs.Measurement(0, 'test', 4, 24, 80e9, 8.0, 8.0, 1.0, 2**31),
  ]
  monkeypatch.setattr(plan, '_measure', lambda *_: found)
  lines = plan.plan(reproduction, 10, _SIZE)
  # 630 s to trace and two steps of four clips; ten videos read and asked three times, or once.
  assert lines[0].split()[:2] == ['25', 'min'] and 630 + 800 + 10 * (1 + 3 * 2) == 1500
  assert lines[1].split()[:2] == ['24', 'min']
  assert lines[2].endswith('results, 49 min in all')
  assert lines[3].endswith('from a measured step of 1 x 9 frames')
  assert 'memory: about 5.0 GiB' in lines[4]


def test_a_plan_that_cannot_be_measured_says_so(reproduction, monkeypatch, capfd):
  monkeypatch.setattr(plan, '_SECONDS', 0.2)
  lines = plan.plan(reproduction, 10, _SIZE)
  assert lines[0].split()[0] == '?' and lines[2].endswith('time unknown')
  assert 'nothing could be measured in 0 s' in lines[3]
  assert 'did not end within 0.2 s' in capfd.readouterr().err


def test_time_is_estimated_from_the_rate_of_existing_runs(reproduction, tmp_path):
  assert plan.time_left(reproduction, _SIZE) == ''
  # The first rate holds the compilation and does not count; the median of the others is 0.5.
  _write_history(tmp_path, 'rgb_none_split1_seed0', 100, 0.1, 0.5, 70)
  clips = reproduction.clips
  # Four tests, three of the first model and one of the second, each a third of a training.
  trained = 2 * 2 * clips.batch_size
  tested = 4 * 10 * 24 / clips.clip_frames / 3
  seconds = (trained + tested) / 0.5
  assert plan.time_left(reproduction, _SIZE) == (f'about {plan.duration(seconds)} left for all')


def test_a_history_that_is_no_number_leaves_the_time_unsaid(reproduction, tmp_path):
  folder = tmp_path / 'runs' / 'x'
  folder.mkdir(parents=True)
  (folder / 'history.csv').write_text('step,clips_per_second\n1,2\n2,fast\n')
  assert plan.time_left(reproduction, _SIZE) == ''


@pytest.mark.parametrize(
  'seconds, words',
  [(5, '5 s'), (300, '5 min'), (145.4, '2 min 25 s'), (1500, '25 min'), (7200, '2.0 h')],
)
def test_durations_in_words(seconds, words):
  assert plan.duration(seconds) == words


def test_a_dry_run_on_the_demo_set_draws_nothing(tmp_path):
  out, _ = commands.run('i3d_tf.reproduce', '--dry_run', '--width=0.05', cwd=tmp_path)
  assert os.listdir(tmp_path) == []
  assert 'demo set in demo: to be drawn' in out and 'TV-L1 flow' in out
  assert '4 models, 7 results' in out
