"""Ten actions as tables: which way the parts of a body point, from key pose to key pose.

A pose is a float32 array [12, 2], one row per segment of `SEGMENTS`: two angles in degrees that
say which way the segment points from its first joint, independently of the other segments.

  outward: raised sideways, away from the body (negative: across the body)
  forward: swung to the front (negative: to the back)

Zero is straight down for limbs and straight up for torso and head, so an arm at (90, 0) is level at
the side, at (0, 90) points ahead, and at (180, 0) or (0, 180) points up.

An action names only the segments that define it; the others follow the performer's habits
(`ARM_HABITS`, `LEG_HABITS`), so the idle limbs say nothing about the class.
"""

from collections.abc import Mapping, Sequence
import dataclasses

import numpy as np

SEGMENTS = (
  'torso',
  'head',
  'left_upper_arm',
  'left_forearm',
  'right_upper_arm',
  'right_forearm',
  'left_thigh',
  'left_shin',
  'right_thigh',
  'right_shin',
  'left_foot',
  'right_foot',
)
_ROW = {name: row for row, name in enumerate(SEGMENTS)}
_LIMBS = ('upper_arm', 'forearm', 'thigh', 'shin', 'foot')

_STANDING = {
  'upper_arm': (8, 3),
  'forearm': (4, 14),
  'thigh': (4, 0),
  'shin': (2, -2),
  'foot': (20, 78),
}

# Habits are key poses like those of the actions, for both sides at once.
ARM_HABITS = (
  ({'upper_arm': (8, 3), 'forearm': (4, 14)},),
  ({'upper_arm': (42, -12), 'forearm': (-48, 10)},),  # hands on the hips
  ({'upper_arm': (14, 30), 'forearm': (-22, 125)},),  # guard
  ({'upper_arm': (6, 74), 'forearm': (-4, 84)},),  # held out ahead
  ({'upper_arm': (30, 0), 'forearm': (18, 40)}, {'upper_arm': (18, 10), 'forearm': (8, 70)}),
)
LEG_HABITS = (
  ({'thigh': (4, 0), 'shin': (2, -2)},),
  ({'thigh': (14, 2), 'shin': (12, -2)},),  # wide stance
  ({'thigh': (8, 4), 'shin': (5, -4)}, {'thigh': (11, 28), 'shin': (6, -20)}),  # bouncing knees
  # shifting the weight from foot to foot
  (
    {'left_thigh': (6, 22), 'left_shin': (4, -22)},
    {'right_thigh': (6, 22), 'right_shin': (4, -22)},
  ),
)


@dataclasses.dataclass(frozen=True)
class Action:
  """One class of the demo set.

  Attributes:
    name: class name in UCF101's spelling, e.g. 'JumpingJack'.
    key_poses: the poses of one period, equally spaced in time; each maps a segment ('torso',
      'left_thigh', or 'thigh' for both sides) to (outward, forward) in degrees.
    period: seconds that one period takes at tempo 1.
    jump: height of the jump between two key poses, as a fraction of the body height.
    legs: whether the legs perform the action. Such actions are the last to be filmed near, since
      they need the entire body in the frame.
    num_balls: balls in the air between the hands.
  """

  name: str
  key_poses: tuple[dict[str, tuple[int, int]], ...]
  period: float
  jump: float = 0.0
  legs: bool = False
  num_balls: int = 0


def _alternate(
  pose_left: dict[str, tuple[int, int]], between: dict[str, tuple[int, int]]
) -> tuple[dict[str, tuple[int, int]], ...]:
  """Key poses of a movement that the left side makes first and then the right side."""
  other = {'left': 'right', 'right': 'left'}
  pose_right = {}
  for name, angles in pose_left.items():
    side, _, limb = name.partition('_')
    pose_right[f'{other[side]}_{limb}' if side in other else name] = angles
  return pose_left, between, pose_right, between


# Not a class: arms and legs follow the performer's habits.
IDLE = Action('Idle', ({},), period=1.0)

# Alphabetical: the order is the class index.
ACTIONS = (
  Action(
    'Bowing',
    (
      {'torso': (0, 0), 'head': (0, 0)},
      {'torso': (0, 62), 'head': (0, 84)},
      {'torso': (0, 66), 'head': (0, 88)},
      {'torso': (0, 4), 'head': (0, 4)},
    ),
    period=1.0,
  ),
  Action(
    'Clapping',
    ({'upper_arm': (22, 32), 'forearm': (34, 88)}, {'upper_arm': (12, 40), 'forearm': (-38, 98)}),
    period=0.42,
  ),
  Action(
    'JugglingBalls',
    (
      {'upper_arm': (16, 8), 'left_forearm': (6, 62), 'right_forearm': (-4, 104)},
      {'upper_arm': (16, 12), 'left_forearm': (-4, 104), 'right_forearm': (6, 62)},
    ),
    period=0.56,
    num_balls=3,
  ),
  Action(
    'JumpingJack',
    (
      {'upper_arm': (12, 4), 'forearm': (8, 8), 'thigh': (3, 0), 'shin': (2, 0)},
      {'upper_arm': (92, 4), 'forearm': (100, 8), 'thigh': (15, 0), 'shin': (14, 0)},
      {'upper_arm': (152, 4), 'forearm': (174, 4), 'thigh': (27, 0), 'shin': (24, 0)},
      {'upper_arm': (92, 4), 'forearm': (100, 8), 'thigh': (15, 0), 'shin': (14, 0)},
    ),
    period=0.8,
    jump=0.04,
    legs=True,
  ),
  Action(
    'Kicking',
    _alternate(
      {
        'torso': (0, -12),
        'left_thigh': (6, 82),
        'left_shin': (6, 84),
        'left_foot': (10, 150),
        'right_thigh': (4, -6),
        'right_shin': (2, -8),
      },
      {'torso': (0, 2), 'thigh': (5, 6), 'shin': (3, -10)},
    ),
    period=1.1,
    legs=True,
  ),
  Action(
    'Lunges',
    _alternate(
      {
        'torso': (0, 6),
        'left_thigh': (5, 72),
        'left_shin': (4, -4),
        'right_thigh': (5, -22),
        'right_shin': (4, -74),
        'right_foot': (10, 20),
      },
      {'torso': (0, 0), 'thigh': (4, 2), 'shin': (3, -2)},
    ),
    period=1.3,
    legs=True,
  ),
  Action(
    'Marching',
    _alternate(
      {
        'left_thigh': (6, 82),
        'left_shin': (4, -12),
        'left_foot': (10, 60),
        'right_thigh': (3, 0),
        'right_shin': (2, -2),
      },
      {'thigh': (4, 4), 'shin': (3, -6)},
    ),
    period=0.9,
    legs=True,
  ),
  Action(
    'Punching',
    _alternate(
      {
        'left_upper_arm': (2, 84),
        'left_forearm': (-4, 90),
        'right_upper_arm': (16, 18),
        'right_forearm': (-16, 126),
      },
      {'upper_arm': (14, 28), 'forearm': (-20, 122)},
    ),
    period=0.8,
  ),
  Action(
    'Squatting',
    (
      {'torso': (0, 2), 'thigh': (7, 4), 'shin': (5, -4)},
      {'torso': (0, 22), 'thigh': (16, 52), 'shin': (9, -22)},
      {'torso': (0, 30), 'thigh': (22, 84), 'shin': (10, -28)},
      {'torso': (0, 22), 'thigh': (16, 52), 'shin': (9, -22)},
    ),
    period=1.0,
    legs=True,
  ),
  Action(
    'Waving',
    (
      {'left_upper_arm': (72, 14), 'left_forearm': (132, 14)},
      {'left_upper_arm': (78, 14), 'left_forearm': (212, 14)},
    ),
    period=0.5,
  ),
)


def pose_from(angles: Mapping[str, tuple[int, int]], onto: np.ndarray) -> np.ndarray:
  """The pose `onto` with the segments that `angles` names replaced.

  Args:
    angles: segment, or limb for both its sides -> (outward, forward) in degrees.
    onto: float32 [12, 2].

  Returns:
    float32 [12, 2], a new array.
  """
  pose = onto.copy()
  # Limbs first, so that a pose may name both sides and then override one of them.
  for name in sorted(angles, key=lambda name: name not in _LIMBS):
    for segment in (f'left_{name}', f'right_{name}') if name in _LIMBS else (name,):
      pose[_ROW[segment]] = angles[name]
  return pose


def poses(
  action: Action,
  phase: np.ndarray,
  *,
  arm_habit: int = 0,
  leg_habit: int = 0,
  amplitude: float = 1.0,
) -> np.ndarray:
  """Poses of a performance.

  Args:
    action: what is performed.
    phase: float [T], time in periods; only the fractional part matters.
    arm_habit: row of `ARM_HABITS`, for arms that the action does not name.
    leg_habit: row of `LEG_HABITS`, likewise.
    amplitude: how far the movement departs from its mean pose; 1 is the table's.

  Returns:
    float32 [T, 12, 2], degrees.
  """
  standing = pose_from(_STANDING, np.zeros((len(SEGMENTS), 2), np.float32))
  arms = _periodic([pose_from(key, standing) for key in ARM_HABITS[arm_habit]], phase)
  legs = _periodic([pose_from(key, standing) for key in LEG_HABITS[leg_habit]], phase)
  of_legs = np.array([name.endswith(('thigh', 'shin', 'foot')) for name in SEGMENTS])[:, None]
  idle = np.where(of_legs, legs, arms)

  keys = np.stack([pose_from(key, standing) for key in action.key_poses])
  mean = keys.mean(axis=0)
  moved = _periodic(mean + amplitude * (keys - mean), phase)
  named = np.zeros((len(SEGMENTS), 2), np.float32)
  for key in action.key_poses:
    named = pose_from(dict.fromkeys(key, (1, 1)), named)
  return np.where(named, moved, idle).astype(np.float32)


def _periodic(keys: Sequence[np.ndarray] | np.ndarray, phase: np.ndarray) -> np.ndarray:
  """Interpolates key poses [K, 12, 2] smoothly and periodically: [T] -> float32 [T, 12, 2]."""
  keys = np.asarray(keys, np.float32)
  position = np.mod(phase, 1.0) * len(keys)
  left = np.floor(position).astype(int) % len(keys)
  # Half a cosine: at rest in every key pose, fastest in between.
  weight = (0.5 - 0.5 * np.cos(np.pi * (position - np.floor(position))))[:, None, None]
  return ((1 - weight) * keys[left] + weight * keys[(left + 1) % len(keys)]).astype(np.float32)
