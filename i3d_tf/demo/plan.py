"""What is in a demo set: its settings, and every clip's class, group, scene and camera distance."""

from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from i3d_tf.common import validation
from i3d_tf.demo import actions
from i3d_tf.demo import scene

NUM_SPLITS = 3
# The second entry of a random key is its purpose, so that purposes never share a stream.
(_KEY_FAMILIES, _KEY_SCHEDULE, _KEY_PERFORMER, _KEY_PLACE, _KEY_CLIP, _KEY_CLOTHES, _KEY_IDLE) = (
  range(7)
)
# Classes that the shape of a person, masked by black, hardly tells apart.
PAIRS = (
  ('Kicking', 'Marching'),
  ('Lunges', 'Squatting'),
  ('Clapping', 'Punching'),
  ('JugglingBalls', 'Waving'),
)


@dataclasses.dataclass(frozen=True)
class DemoSettings:
  """Settings of a demo set. The same settings give the same set, pixel for pixel.

  Attributes:
    seed: seed of everything random, >= 0.
    num_groups: groups per class, >= 3. A group is a performer with clothes in one place, as in
      UCF101.
    clips_per_group: clips per group, >= 1. They differ in position, tempo, phase and camera.
    num_frames: frames per clip, >= 1.
    height: of a frame, pixels, >= 32.
    width: of a frame, pixels, >= 32.
    frame_rate: frames per second, 1 to 1000.
    scene_affinity: share of the groups, in [0, 1], filmed in a scene family of their class; the
      others are filmed in another. Exact, up to rounding, in the test groups of every split.
    shared_scenes: how many `PAIRS` of classes, 0 to 4, share their families, so that only the
      person tells them apart: the first of a pair wears warm colors, the second cold ones. At a
      `near_share` of 0.5, both are filmed near or both far, so that the size of the person does not
      tell them apart.
    clothes_affinity: share of the groups of these classes, in [0, 1], that wear their class's
      colors; the others wear the other ones. Exact, like `scene_affinity`.
    idle_share: share of the groups, in [0, 1], whose performers only stand ready and do not act:
      there only the clothes can say anything about the class. Exact, like `scene_affinity`.
    scenes_per_class: families that a class draws from, 1 to 10: the diversity of its backgrounds.
      Each family then belongs to that many classes, so a scene says less about the class; at 10,
      nothing.
    near_share: share of the classes, in [0, 1], that are filmed near (the person covers about 25 to
      35 % of the pixels) instead of far (4 to 8 %). Actions of the upper body are the first to
      be filmed near.
  """

  seed: int = 0
  num_groups: int = 24
  clips_per_group: int = 2
  num_frames: int = 24
  height: int = 84
  width: int = 112
  frame_rate: float = 25.0
  scene_affinity: float = 0.95
  shared_scenes: int = 2
  clothes_affinity: float = 0.95
  idle_share: float = 0.5
  scenes_per_class: int = 1
  near_share: float = 0.5

  def __post_init__(self) -> None:
    for name, types, low, high in (
      ('seed', int, 0, math.inf),
      ('num_groups', int, NUM_SPLITS, 99),
      ('clips_per_group', int, 1, 99),
      ('num_frames', int, 1, math.inf),
      ('height', int, 32, math.inf),
      ('width', int, 32, math.inf),
      ('frame_rate', (int, float), 1, 1000),
      ('scene_affinity', (int, float), 0, 1),
      ('shared_scenes', int, 0, 4),
      ('clothes_affinity', (int, float), 0, 1),
      ('idle_share', (int, float), 0, 1),
      ('scenes_per_class', int, 1, len(scene.FAMILIES)),
      ('near_share', (int, float), 0, 1),
    ):
      value = getattr(self, name)
      # A bool is an int to Python; NaN fails every comparison.
      ok = not isinstance(value, bool) and isinstance(value, types) and low <= value <= high
      kind = 'an integer' if types is int else 'a number'
      limits = f'of at least {low}' if high == math.inf else f'from {low} to {high}'
      validation.check(name, value, f'{kind} {limits}', ok)


@dataclasses.dataclass(frozen=True)
class ClipPlan:
  """One clip of a demo set.

  Attributes:
    class_name: e.g. 'Waving'.
    class_index: 0-based, alphabetical; the row of `actions.ACTIONS`.
    group: 1-based.
    clip: 1-based within the group.
    scene_family: a key of `scene.FAMILIES`.
    idle: whether the performer only stands ready.
    clothes: 'warm' or 'cold', the colors that the performer wears; None for any.
    near: whether the camera is near.
    seed: seed of the set.
  """

  class_name: str
  class_index: int
  group: int
  clip: int
  scene_family: str
  idle: bool
  clothes: str | None
  near: bool
  seed: int

  @property
  def name(self) -> str:
    """Name of the video in UCF101's form, without suffix: 'v_Waving_g01_c01'."""
    return f'v_{self.class_name}_g{self.group:02d}_c{self.clip:02d}'

  def performer_rng(self) -> np.random.Generator:
    """Random numbers of the performer: the same for a group in every class, except the clothes."""
    return np.random.default_rng([self.seed, _KEY_PERFORMER, self.group])

  def place_rng(self) -> np.random.Generator:
    """Random numbers of the place, which is the same in all clips of the group."""
    return np.random.default_rng([self.seed, _KEY_PLACE, self.class_index, self.group])

  def clip_rng(self) -> np.random.Generator:
    """Random numbers of this clip: position, tempo, phase, camera."""
    return np.random.default_rng([self.seed, _KEY_CLIP, self.class_index, self.group, self.clip])


def test_groups(num_groups: int) -> tuple[tuple[int, ...], ...]:
  """The test groups of each of the three splits, a third each: 24 give 1-8, 9-16 and 17-24."""
  parts = np.array_split(np.arange(1, num_groups + 1), NUM_SPLITS)
  return tuple(tuple(part.tolist()) for part in parts)


def class_families(settings: DemoSettings) -> list[tuple[str, ...]]:
  """The `scenes_per_class` scene families of every class."""
  rng = np.random.default_rng([settings.seed, _KEY_FAMILIES])
  families = rng.permutation(list(scene.FAMILIES)).tolist()
  count = settings.scenes_per_class
  first = list(range(len(actions.ACTIONS)))
  for one, other in _pairs(settings):
    first[other] = first[one]
  return [
    tuple(families[(index + offset) % len(families)] for offset in range(count)) for index in first
  ]


def class_clothes(settings: DemoSettings) -> dict[int, str]:
  """Class index -> 'warm' or 'cold', for the classes that share their families."""
  return {
    index: colors for pair in _pairs(settings) for index, colors in zip(pair, ('warm', 'cold'))
  }


def _pairs(settings: DemoSettings) -> list[tuple[int, int]]:
  """The pairs of class indices that share their families."""
  indices = {action.name: index for index, action in enumerate(actions.ACTIONS)}
  return [(indices[one], indices[other]) for one, other in PAIRS[: settings.shared_scenes]]


def _upper_body_first() -> list[int]:
  """Class indices: actions of the upper body, then those of the legs."""
  return sorted(range(len(actions.ACTIONS)), key=lambda index: actions.ACTIONS[index].legs)


def plan(settings: DemoSettings) -> list[ClipPlan]:
  """Every clip of the set, by class, group and clip."""
  scenes, clothes = _scene_schedule(settings), _clothes_schedule(settings)
  idle_rng = np.random.default_rng([settings.seed, _KEY_IDLE])
  idle = {
    key
    for of_split in _deal(settings, range(len(actions.ACTIONS)), settings.idle_share, idle_rng)
    for key in of_split
  }
  near = set(_upper_body_first()[: round(settings.near_share * len(actions.ACTIONS))])
  return [
    ClipPlan(
      class_name=action.name,
      class_index=index,
      group=group,
      clip=clip,
      scene_family=scenes[index, group],
      idle=(index, group) in idle,
      clothes=clothes[index, group],
      near=index in near,
      seed=settings.seed,
    )
    for index, action in enumerate(actions.ACTIONS)
    for group in range(1, settings.num_groups + 1)
    for clip in range(1, settings.clips_per_group + 1)
  ]


def _deal(
  settings: DemoSettings, classes: Sequence[int], share: float, rng: np.random.Generator
) -> list[list[tuple[int, int]]]:
  """For every split, the groups that are exceptions to their class, as (class index, group).

  Independent draws would give some splits twice as many exceptions as others, and some classes
  none. So they are dealt like cards: their number is exact in the test groups of each split, and
  the classes take turns.
  """
  class_order = rng.permutation(classes).tolist()
  dealt: list[list[tuple[int, int]]] = []
  slots, number = 0, 0
  for groups in test_groups(settings.num_groups):
    slots += len(class_order) * len(groups)
    group_order = {index: rng.permutation(groups).tolist() for index in class_order}
    of_split: list[tuple[int, int]] = []
    # Rounding the running total keeps the share of the entire set exact, too.
    while number < int(slots * share + 0.5):
      index = class_order[number % len(class_order)]
      of_split.append((index, group_order[index].pop()))
      number += 1
    dealt.append(of_split)
  return dealt


def _scene_schedule(settings: DemoSettings) -> dict[tuple[int, int], str]:
  """The scene family of every (class index, group).

  In the test groups of each split, every family is foreign equally often.
  """
  rng = np.random.default_rng([settings.seed, _KEY_SCHEDULE])
  own = class_families(settings)
  # By the group's number, so that a class shows its families equally often.
  schedule = {
    (index, group): own[index][group % len(own[index])]
    for index in range(len(own))
    for group in range(1, settings.num_groups + 1)
  }
  for of_split in _deal(settings, range(len(own)), 1 - settings.scene_affinity, rng):
    used = dict.fromkeys(scene.FAMILIES, 0)
    for index, group in of_split:
      families = rng.permutation(list(scene.FAMILIES)).tolist()
      others = [family for family in families if family not in own[index]]
      if not others:  # the class has all families: none is foreign to it
        continue
      family = min(others, key=lambda family: used[family])
      used[family] += 1
      schedule[index, group] = family
  return schedule


def _clothes_schedule(settings: DemoSettings) -> dict[tuple[int, int], str | None]:
  """The colors of the clothes of every (class index, group)."""
  rng = np.random.default_rng([settings.seed, _KEY_CLOTHES])
  own = class_clothes(settings)
  schedule: dict[tuple[int, int], str | None] = {
    (index, group): own.get(index)
    for index in range(len(actions.ACTIONS))
    for group in range(1, settings.num_groups + 1)
  }
  for of_split in _deal(settings, sorted(own), 1 - settings.clothes_affinity, rng):
    for key in of_split:
      schedule[key] = 'cold' if schedule[key] == 'warm' else 'warm'
  return schedule
