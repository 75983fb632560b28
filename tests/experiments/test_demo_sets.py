"""The demo sets that conditions need: where they are, and with flow only where one asks for it."""

from i3d_tf.experiments import conditions
from i3d_tf.experiments import demo_sets


def _chosen(*names):
  return [condition for condition in conditions.ALL if condition.name in names]


def test_conditions_share_one_set_and_only_flow_asks_for_flow(tmp_path):
  demo = str(tmp_path / 'demo')
  assert {key: s.flow for key, s in demo_sets.needed(_chosen('1b-rgb', '2a'), demo).items()} == {
    None: False
  }
  assert demo_sets.needed(_chosen('1b-rgb', '1b-flow'), demo)[None].flow


def test_a_set_of_another_diversity_is_drawn_next_to_it(tmp_path):
  demo = str(tmp_path / 'demo')
  diverse = [condition for condition in conditions.ALL if condition.diversity is not None]
  assert diverse
  sets = demo_sets.needed(diverse, demo)
  for diversity, demo_set in sets.items():
    assert demo_set.folder == f'{demo}_diversity{diversity}'
    assert demo_set.settings.scenes_per_class == diversity
  assert len({demo_set.folder for demo_set in sets.values()}) == len(sets)


def test_it_says_what_is_to_be_done(tmp_path):
  demo = str(tmp_path / 'demo')
  (plain,) = demo_sets.needed(_chosen('1b-rgb'), demo).values()
  (with_flow,) = demo_sets.needed(_chosen('1b-flow'), demo).values()
  assert 'to be drawn' in plain.describe() and 'flow' not in plain.describe()
  assert 'TV-L1 flow' in with_flow.describe()
  assert plain.records.startswith(demo)
