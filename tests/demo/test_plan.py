"""The plan of the demo set: settings, groups, splits and scenes."""

import collections

import pytest

from i3d_tf.demo import actions
from i3d_tf.demo import plan as plan_lib
from i3d_tf.demo import scene
from i3d_tf.demo.plan import DemoSettings


@pytest.mark.parametrize(
  'name, value, message',
  [
    ('seed', -1, '`seed` must be an integer of at least 0; received -1'),
    ('seed', 1.5, '`seed` must be an integer of at least 0; received 1.5'),
    ('num_groups', 2, '`num_groups` must be an integer from 3 to 99; received 2'),
    ('clips_per_group', 0, '`clips_per_group` must be an integer from 1 to 99; received 0'),
    ('num_frames', 0, '`num_frames` must be an integer of at least 1; received 0'),
    ('num_frames', True, '`num_frames` must be an integer of at least 1; received True'),
    ('height', 31, '`height` must be an integer of at least 32; received 31'),
    ('width', '112', "`width` must be an integer of at least 32; received '112'"),
    ('frame_rate', 0, '`frame_rate` must be a number from 1 to 1000; received 0'),
    ('frame_rate', float('nan'), '`frame_rate` must be a number from 1 to 1000; received nan'),
    ('scene_affinity', 1.01, '`scene_affinity` must be a number from 0 to 1; received 1.01'),
    ('clothes_affinity', 2, '`clothes_affinity` must be a number from 0 to 1; received 2'),
    ('shared_scenes', 5, '`shared_scenes` must be an integer from 0 to 4; received 5'),
    ('idle_share', -1, '`idle_share` must be a number from 0 to 1; received -1'),
    ('scenes_per_class', 11, '`scenes_per_class` must be an integer from 1 to 10; received 11'),
    ('near_share', -0.1, '`near_share` must be a number from 0 to 1; received -0.1'),
  ],
)
def test_settings_reject_values_out_of_range(name, value, message):
  with pytest.raises(ValueError) as error:
    DemoSettings(**{name: value})
  assert str(error.value) == message


def test_plan_has_every_class_group_and_clip_once():
  settings = DemoSettings(num_groups=4, clips_per_group=2)
  clips = plan_lib.plan(settings)
  keys = [(clip.class_index, clip.group, clip.clip) for clip in clips]
  assert keys == [(c, g, k) for c in range(10) for g in range(1, 5) for k in range(1, 3)]
  assert clips[0].name == 'v_Bowing_g01_c01'
  assert len({clip.name for clip in clips}) == len(clips)


def test_classes_are_in_alphabetical_order():
  names = [action.name for action in actions.ACTIONS]
  assert names == sorted(names)
  assert len(set(names)) == 10


@pytest.mark.parametrize(
  'num_groups, expected',
  [
    (12, ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12))),
    (3, ((1,), (2,), (3,))),
    (5, ((1, 2), (3, 4), (5,))),
  ],
)
def test_test_groups_partition_the_groups_nearly_equally(num_groups, expected):
  assert plan_lib.test_groups(num_groups) == expected


def test_clips_of_a_group_share_scene_and_distance():
  shared = collections.defaultdict(set)
  for clip in plan_lib.plan(DemoSettings()):
    shared[clip.class_index, clip.group].add((clip.scene_family, clip.near))
  assert all(len(values) == 1 for values in shared.values())


@pytest.mark.parametrize('near_share, expected', [(0.0, 0), (0.3, 3), (0.5, 5), (1.0, 10)])
def test_near_share_is_a_share_of_the_classes(near_share, expected):
  clips = plan_lib.plan(DemoSettings(near_share=near_share))
  near = {clip.class_name for clip in clips if clip.near}
  assert len(near) == expected


def test_actions_of_the_upper_body_are_the_first_to_be_near():
  near = {clip.class_index for clip in plan_lib.plan(DemoSettings()) if clip.near}
  assert not any(actions.ACTIONS[index].legs for index in near)


def _foreign(settings):
  """(class, group) -> family, for the groups filmed in a family that their class lacks."""
  own = plan_lib.class_families(settings)
  return {
    (clip.class_index, clip.group): clip.scene_family
    for clip in plan_lib.plan(settings)
    if clip.scene_family not in own[clip.class_index]
  }


@pytest.mark.parametrize('seed', [0, 1, 2])
@pytest.mark.parametrize('affinity, per_split', [(1.0, 0), (0.85, 6), (0.5, 20), (0.0, 40)])
def test_scene_affinity_is_exact_in_every_split(seed, affinity, per_split):
  settings = DemoSettings(seed=seed, num_groups=12, scene_affinity=affinity)
  foreign = _foreign(settings)
  for groups in plan_lib.test_groups(settings.num_groups):
    assert sum(group in groups for _, group in foreign) == per_split


@pytest.mark.parametrize('seed', [0, 1, 2])
@pytest.mark.parametrize('affinity, per_split', [(1.0, 0), (0.75, 4), (0.0, 16)])
def test_clothes_affinity_is_exact_in_every_split(seed, affinity, per_split):
  settings = DemoSettings(seed=seed, num_groups=12, shared_scenes=2, clothes_affinity=affinity)
  own = plan_lib.class_clothes(settings)
  clothes = {(clip.class_index, clip.group): clip.clothes for clip in plan_lib.plan(settings)}
  for groups in plan_lib.test_groups(settings.num_groups):
    assert (
      sum(clothes[index, group] != own[index] for index in own for group in groups) == per_split
    )
  assert all(colors is None for (index, _), colors in clothes.items() if index not in own)


@pytest.mark.parametrize('share, per_split', [(0.0, 0), (0.3, 12), (1.0, 40)])
def test_idle_share_is_exact_in_every_split(share, per_split):
  settings = DemoSettings(num_groups=12, idle_share=share)
  idle = {(clip.class_index, clip.group) for clip in plan_lib.plan(settings) if clip.idle}
  for groups in plan_lib.test_groups(settings.num_groups):
    assert sum(group in groups for _, group in idle) == per_split


def test_foreign_scenes_are_spread_over_classes_and_families():
  foreign = _foreign(DemoSettings(seed=3, num_groups=12, scene_affinity=0.85))
  by_class = collections.Counter(index for index, _ in foreign)
  assert set(by_class.values()) <= {1, 2} and len(by_class) == 10
  assert max(collections.Counter(foreign.values()).values()) <= 3


@pytest.mark.parametrize('scenes_per_class', [1, 3, 10])
def test_scenes_per_class_is_the_number_of_families(scenes_per_class):
  settings = DemoSettings(scene_affinity=1.0, scenes_per_class=scenes_per_class, shared_scenes=0)
  seen = collections.defaultdict(set)
  for clip in plan_lib.plan(settings):
    seen[clip.class_index].add(clip.scene_family)
  assert {len(families) for families in seen.values()} == {scenes_per_class}
  used = collections.Counter(family for families in seen.values() for family in families)
  assert used == dict.fromkeys(scene.FAMILIES, scenes_per_class)


@pytest.mark.parametrize('shared', [0, 2, 4])
@pytest.mark.parametrize('scenes_per_class', [1, 3])
@pytest.mark.parametrize('seed', [0, 1])
def test_shared_scenes_is_the_number_of_pairs_that_share_families(seed, shared, scenes_per_class):
  settings = DemoSettings(seed=seed, shared_scenes=shared, scenes_per_class=scenes_per_class)
  near = {clip.class_index: clip.near for clip in plan_lib.plan(settings)}
  classes = collections.defaultdict(list)
  for index, families in enumerate(plan_lib.class_families(settings)):
    classes[families].append(index)
  assert sorted(map(len, classes.values())) == [1] * (10 - 2 * shared) + [2] * shared
  clothes = plan_lib.class_clothes(settings)
  assert len(clothes) == 2 * shared
  for members in classes.values():
    assert len({near[index] for index in members}) == 1
    assert len({clothes.get(index) for index in members}) == len(members)


def test_scene_affinity_does_nothing_without_foreign_families():
  assert _foreign(DemoSettings(scene_affinity=0.0, scenes_per_class=10)) == {}


def test_plan_depends_on_the_seed_alone():
  assert plan_lib.plan(DemoSettings(seed=4)) == plan_lib.plan(DemoSettings(seed=4))
  first, second = (plan_lib.plan(DemoSettings(seed=seed)) for seed in (4, 5))
  assert [clip.scene_family for clip in first] != [clip.scene_family for clip in second]
