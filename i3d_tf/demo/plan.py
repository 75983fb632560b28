"""What is in a demo set: its settings, and every clip's class, group, scene and camera distance."""

import dataclasses
import math

import numpy as np

from i3d_tf.demo import actions
from i3d_tf.demo import scene

NUM_SPLITS = 3
# What a random number is for is the second entry of its key, so that purposes never share a stream.
(_KEY_FAMILIES, _KEY_SCHEDULE, _KEY_PERFORMER, _KEY_PLACE, _KEY_CLIP, _KEY_CLOTHES, _KEY_IDLE) = (
  range(7)
)
# Classes of which the shape of the person, a black hole, tells little apart.
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
    seed: of everything random, >= 0.
    num_groups: groups per class, >= 3. A group is a performer with clothes in one place, as in
      UCF101.
    clips_per_group: clips per group, >= 1. They differ in position, tempo, phase and camera.
    num_frames: frames per clip, >= 1.
    height: of a frame, pixels, >= 32.
    width: of a frame, pixels, >= 32.
    frame_rate: frames per second, 1 to 1000.
    scene_affinity: share of the groups, in [0, 1], filmed in a scene family of their class; the
      others are filmed in another. Exact (to rounding) in the test groups of every split, not by
      chance.
    shared_scenes: how many `PAIRS` of classes, 0 to 4, have the same families, so that only the
      person tells them apart: the first of a pair wears warm colours, the second cold ones. At a
      `near_share` of 0.5 both are filmed near or both far, so that the size of the person does not
      tell them apart.
    clothes_affinity: share of the groups of these classes, in [0, 1], that wear their class's
      colours; the others wear the other ones. Exact, as `scene_affinity` is.
    idle_share: share of the groups, in [0, 1], whose performers only stand ready, as their habits
      are, and do not act: there the person tells nothing but the clothes. Exact, as
      `scene_affinity` is.
    scenes_per_class: families that a class draws from, 1 to 10: the diversity of its backgrounds.
      Each family then belongs to that many classes, so a scene says less about the class; at 10,
      nothing.
    near_share: share of the classes, in [0, 1], that are filmed near (the person covers about 25 to
      35 % of the pixels) and not far (4 to 8 %). Actions of the upper body are the first to be
      filmed near.
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

  def __post_init__(self):
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
      # A bool is an int to Python, and nan is neither below nor above anything.
      if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        kind = 'an integer' if types is int else 'a number'
        limits = f'of at least {low}' if high == math.inf else f'from {low} to {high}'
        raise ValueError(f'`{name}` must be {kind} {limits}; received {value!r}')


@dataclasses.dataclass(frozen=True)
class ClipPlan:
  """One clip.

  Attributes:
    class_name: e.g. 'Waving'.
    class_index: 0-based, alphabetical; the row of `actions.ACTIONS`.
    group: 1-based.
    clip: 1-based within the group.
    scene_family: a key of `scene.FAMILIES`.
    idle: whether the performer does not act.
    clothes: 'warm' or 'cold', the colours that the performer wears, or None for any.
    near: whether the camera is near.
    seed: that of the settings.
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
    """UCF101's name of the video, without suffix: 'v_Waving_g01_c01'."""
    return f'v_{self.class_name}_g{self.group:02d}_c{self.clip:02d}'

  def performer_rng(self) -> np.random.Generator:
    """Random numbers of the performer, who is the same in this group of every class.

    But for the clothes.
    """
    return np.random.default_rng([self.seed, _KEY_PERFORMER, self.group])

  def place_rng(self) -> np.random.Generator:
    """Random numbers of the place, which is the same in all clips of the group."""
    return np.random.default_rng([self.seed, _KEY_PLACE, self.class_index, self.group])

  def clip_rng(self) -> np.random.Generator:
    """Random numbers of this clip: position, tempo, phase, camera."""
    return np.random.default_rng([self.seed, _KEY_CLIP, self.class_index, self.group, self.clip])


def test_groups(num_groups: int) -> tuple[tuple[int, ...], ...]:
  """The groups tested in each of the three splits, a third each: 24 give 1-8, 9-16 and 17-24."""
  parts = np.array_split(np.arange(1, num_groups + 1), NUM_SPLITS)
  return tuple(tuple(part.tolist()) for part in parts)


def class_families(settings: DemoSettings) -> list[tuple[str, ...]]:
  """The scene families of every class, `scenes_per_class` of them each."""
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
  """The colours, 'warm' or 'cold', of those class indices that share their families."""
  return {
    index: colours for pair in _pairs(settings) for index, colours in zip(pair, ('warm', 'cold'))
  }


def _pairs(settings):
  """The pairs of class indices that share their families."""
  indices = {action.name: index for index, action in enumerate(actions.ACTIONS)}
  return [(indices[one], indices[other]) for one, other in PAIRS[: settings.shared_scenes]]


def _upper_body_first():
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


def _deal(settings, classes, share, rng):
  """Groups that are an exception to their class, of every split: lists of (class index, group).

  Drawn independently, chance alone would leave some splits with twice the exceptions of others, and
  some classes with none. So they are dealt out like cards: their number is exact in the test groups
  of each split, and they go round the classes.
  """
  class_order = rng.permutation(classes).tolist()
  dealt, slots, number = [], 0, 0
  for groups in test_groups(settings.num_groups):
    slots += len(class_order) * len(groups)
    group_order = {index: rng.permutation(groups).tolist() for index in class_order}
    of_split = []
    # Rounding the running total keeps the whole set exact too.
    while number < int(slots * share + 0.5):
      index = class_order[number % len(class_order)]
      of_split.append((index, group_order[index].pop()))
      number += 1
    dealt.append(of_split)
  return dealt


def _scene_schedule(settings: DemoSettings) -> dict[tuple[int, int], str]:
  """The scene family of every (class index, group).

  In the test groups of each split, every family is a foreign one equally often.
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
      if not others:  # the class draws from all the families: no scene is foreign to it
        continue
      family = min(others, key=used.get)
      used[family] += 1
      schedule[index, group] = family
  return schedule


def _clothes_schedule(settings: DemoSettings) -> dict[tuple[int, int], str | None]:
  """The colours of the clothes of every (class index, group)."""
  rng = np.random.default_rng([settings.seed, _KEY_CLOTHES])
  own = class_clothes(settings)
  schedule = {
    (index, group): own.get(index)
    for index in range(len(actions.ACTIONS))
    for group in range(1, settings.num_groups + 1)
  }
  for of_split in _deal(settings, sorted(own), 1 - settings.clothes_affinity, rng):
    for key in of_split:
      schedule[key] = 'cold' if schedule[key] == 'warm' else 'warm'
  return schedule
