"""Rows that take from other videos: where there are none, they fail alone."""

import os

import pytest

from i3d_tf.experiments import conditions
from i3d_tf.experiments import possible_tests
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import run_conditions
from i3d_tf.inference import results
from i3d_tf.records import folders
from tests import shallow
from tests import tiny

_TREATMENTS = ['none', 'background-same', 'activity', 'background-other']


@pytest.fixture(name='records', scope='module')
def _records(tmp_path_factory):
  """Records with one test video of every class."""
  return tiny.make_records(tmp_path_factory.mktemp('demo'))


def test_a_treatment_that_takes_from_the_same_class_needs_two_videos_of_it(records):
  source = folders.open_folder(records)
  possible, impossible = possible_tests.split_off_impossible(source, _TREATMENTS, 'test', 1)
  assert possible == ['none', 'activity', 'background-other']
  assert list(impossible) == ['background-same']
  assert 'expected two videos of every class or more' in impossible['background-same']
  # The training list has two.
  assert possible_tests.split_off_impossible(source, _TREATMENTS, 'train', 1) == (_TREATMENTS, {})


def test_a_row_that_the_list_does_not_allow_fails_alone(records, tmp_path):
  run = tiny.run(records, steps=1)
  reproduction = reproduction_lib.Reproduction(
    str(tmp_path),
    conditions.select(['1b-rgb', '2a-same', '2b'], False),
    (1,),
    (0,),
    {None: str(records)},
    run.clips,
    run.network,
    run.optimization,
  )
  with shallow.network():
    ((name, reason),) = run_conditions.run(reproduction)
  assert name == 'rgb_none_split1_seed0, tested on background-same'
  assert 'expected two videos of every class' in reason
  assert len(results.read(str(tmp_path / 'results' / '2b.split1.seed0.csv'))) == 10
  assert not os.path.exists(tmp_path / 'results' / '2a-same.split1.seed0.csv')
