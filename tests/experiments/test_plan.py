"""What is left of a reproduction: counted in clips, told in time."""

import os

import pytest

from i3d_tf.experiments import conditions
from i3d_tf.experiments import plan
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.training import run_settings
from tests import commands

_SIZE = plan.TestSize(videos=10, frames=24)


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


def test_a_plan_before_anything_is_there(reproduction):
  lines = plan.plan(reproduction, 10, _SIZE)
  assert 'rgb_none_split1_seed0' in lines[0] and '0 of 2 steps trained' in lines[0]
  assert lines[0].endswith('to test: none, background, activity')
  assert lines[2].startswith('2 models, 4 results')
  assert 'calibration' in lines[3] and '24 frames a test video' in lines[3]


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
  assert '0.5 training clips/s (history.csv' in plan.plan(reproduction, 10, _SIZE)[-1]


@pytest.mark.parametrize('seconds, words', [(5, '5 s'), (300, '5 min'), (7200, '2.0 h')])
def test_durations_in_words(seconds, words):
  assert plan.duration(seconds) == words


def test_a_dry_run_on_the_demo_set_draws_nothing(tmp_path):
  out, _ = commands.run('i3d_tf.reproduce', '--dry_run', '--width=0.05', cwd=tmp_path)
  assert os.listdir(tmp_path) == []
  assert 'demo set in demo: to be drawn' in out and 'TV-L1 flow' in out
  assert '4 models, 7 results' in out
