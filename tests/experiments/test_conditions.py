"""The table of experiments: published figures, which model serves which row, names."""

import pytest

from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import trial
from i3d_tf.inputs import treatments


@pytest.mark.parametrize(
  'name, mean',
  [
    ('1a', 97.77),
    ('1b-rgb', 94.85),
    ('1b-flow', 96.59),
    ('2a', 20.33),
    ('2b', 56.58),
    ('3a', 78.02),
    ('3b', 92.23),
  ],
)
def test_published_figures_have_the_published_mean(name, mean):
  (condition,) = conditions.select([name], on_demo_set=False)
  assert round(sum(condition.published.values()) / 3, 1) == pytest.approx(mean, abs=0.06)
  assert not condition.control


def test_every_row_is_a_treatment_of_its_streams():
  for condition in conditions.ALL:
    for name in (condition.trained_on, condition.tested_on):
      treatment = treatments.Treatment.parse(name)
      assert treatment.name == name
      for stream in condition.streams:
        treatments.check_stream(treatment, stream)
  names = [condition.name for condition in conditions.ALL]
  assert len(set(names)) == len(names)


def test_one_model_serves_all_that_differs_in_the_test_alone():
  chosen = conditions.select(['paper', 'controls'], on_demo_set=False)
  models = {model for c in chosen for model in conditions.models(c, 1, 0)}
  assert sorted(model.name for model in models) == [
    'flow_none_split1_seed0',
    'rgb_activity_squash_split1_seed0',
    'rgb_background_squash_split1_seed0',
    'rgb_both_squash_split1_seed0',
    'rgb_none_plain_split1_seed0',
    'rgb_none_split1_seed0',
  ]


def test_conditions_keep_the_order_of_the_table():
  chosen = conditions.select(['3b', '1a', '2a', '1a'], on_demo_set=False)
  assert [condition.name for condition in chosen] == ['1a', '2a', '3b']
  assert len(conditions.select(['all'], True)) == len(conditions.select(['all'], False)) + 6


def test_groups_leave_out_what_needs_flow_where_there_is_none():
  def left_out(*names):
    chosen = conditions.select(names, False, with_flow=False)
    return [c.name for c in conditions.select(names, False) if c not in chosen]

  assert left_out('paper') == ['1a', '1b-flow']
  assert left_out('loopholes') == ['2-carried', '3-carried']
  assert left_out('all') == ['1a', '1b-flow', '2-carried', '3-carried']
  # Who names a row asks for it, and is told that it needs flow.
  assert left_out('paper', '1a', '3-carried') == ['1b-flow']


def test_rows_that_need_flow_are_those_of_its_stream_and_of_carried_noise():
  needing = {condition.name for condition in conditions.ALL if condition.needs_flow}
  assert needing == {'1a', '1b-flow', '2-carried', '3-carried'}


@pytest.mark.parametrize(
  'names, message',
  [
    ([], '--conditions must be some of paper, controls, loopholes, all, 1a, .*; received none'),
    (['2c'], 'received 2c'),
    (['1b-diversity3'], 'draw a demo set of their own'),
  ],
)
def test_unknown_conditions_are_refused(names, message):
  with pytest.raises(errors.UserError, match=message):
    conditions.select(names, on_demo_set=False)


def test_loopholes_are_tested_on_one_network_or_train_what_they_ask():
  chosen = conditions.select(['loopholes'], on_demo_set=False)
  models = {model.name for c in chosen for model in conditions.models(c, 1, 0)}
  assert models == {
    f'rgb_{name}_split1_seed0'
    for name in (
      'none',
      'none_squash',
      'background-box_squash',
      'activity-box_squash',
      'activity-tube_squash',
      'activity-united_squash',
      'activity-inpaint_squash',
      'both-box_squash',
      'both-tube_squash',
      'both-united_squash',
      'both-carried_squash',
    )
  }
  assert [c.name for c in chosen if not conditions.models(c, 1, 0)] == ['0-tube', '0-box']
  only_test, _ = trial.for_trained_network(chosen, 'rgb')
  assert [c.name for c in only_test if c.tested_on.startswith('activity')] == [
    '2b-box',
    '2b-tube',
    '2b-united',
    '2b-inpaint',
    '2b-still',
    '2b-grown0',
    '2b-grown5',
    '2b-grown9',
    '2b-grown17',
    '2b-grown33',
  ]
