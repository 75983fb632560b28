"""Bodies, and how they are painted."""

import numpy as np
import pytest

from i3d_tf.demo import actions
from i3d_tf.demo import canvas as canvas_lib
from i3d_tf.demo import figure
from i3d_tf.demo import skeleton

_BLACK = np.zeros((40, 60, 3), np.uint8)


def _white(along, across):
  return np.ones(3, np.float32)


@pytest.mark.parametrize(
  'end, area',
  [
    ((30.0, 20.0), np.pi * 64),  # a ball
    ((40.0, 20.0), np.pi * 64 + 160),
    ((30.0, 24.0), np.pi * 64 + 64),
  ],
)
def test_canvas_covers_the_area_of_a_capsule(end, area):
  canvas = canvas_lib.Canvas(_BLACK, gain=1.0)
  canvas.add([((30.0, 20.0), end, 8.0, 8.0)], _white, 40.0)
  image, mask = canvas.finish()
  assert mask.sum() == pytest.approx(area, rel=0.1)
  assert image[20, 30].min() > 240
  np.testing.assert_array_equal(image[~mask], 0)


def test_canvas_paints_nothing_outside_the_frame():
  canvas = canvas_lib.Canvas(_BLACK, gain=1.0)
  canvas.add([((-30.0, 20.0), (-20.0, 90.0), 8.0, 8.0)], _white, 40.0)
  canvas.add_head((100.0, 20.0), 5.0, np.ones(3), np.ones(3), np.eye(3))
  image, mask = canvas.finish()
  assert not mask.any() and not image.any()


@pytest.mark.parametrize('nod, color', [(np.eye(3), 'skin'), (np.diag([-1, 1, -1]), 'hair')])
def test_head_shows_its_face_in_front_and_hair_at_the_back(nod, color):
  skin, hair = np.float32([1, 0, 0]), np.float32([0, 0, 1])
  canvas = canvas_lib.Canvas(_BLACK, gain=1.0)
  canvas.add_head((30.0, 20.0), 12.0, skin, hair, nod)
  image, _ = canvas.finish()
  assert image[20, 30].argmax() == {'skin': 0, 'hair': 2}[color]


def _standing(**changes):
  pose = actions.pose_from({'foot': (0, 90), **changes}, np.zeros((12, 2), np.float32))
  flat = np.zeros(1)
  seen = skeleton.joints(pose[None], yaw=flat, pitch=0.0, jump=flat)
  return {name: points[0] for name, points in seen.items()}


def test_joints_stand_on_the_ground_at_about_body_height():
  joints = _standing()
  assert 0 < joints['left_toe'][1] < 0.05 and 0 < joints['left_ankle'][1] < 0.05
  assert joints['head'][1] == pytest.approx(0.9, abs=0.1)
  assert joints['left_wrist'][0] == -joints['right_wrist'][0] > 0


@pytest.mark.parametrize(
  'angles, axis, sign',
  [
    ((90, 0), 0, 1),
    ((0, 90), 2, 1),
    ((180, 0), 1, 1),
    ((0, 180), 1, 1),
    ((0, 0), 1, -1),
    ((0, -90), 2, -1),
    ((-90, 0), 0, -1),
  ],
)
def test_joints_follow_the_angles(angles, axis, sign):
  joints = _standing(left_upper_arm=angles)
  direction = joints['left_elbow'] - joints['left_shoulder']
  expected = np.zeros(3)
  expected[axis] = sign
  np.testing.assert_allclose(direction / np.linalg.norm(direction), expected, atol=1e-6)


def test_joints_of_a_squat_are_lower_with_feet_on_the_ground():
  low = _standing(thigh=(20, 84), shin=(10, -28))
  high = _standing()
  lowest = lambda joints: min(point[1] for point in joints.values())
  assert low['pelvis'][1] < high['pelvis'][1] - 0.1
  assert lowest(low) == pytest.approx(lowest(high), abs=1e-6)


@pytest.mark.parametrize('action', actions.ACTIONS, ids=lambda action: action.name)
def test_poses_are_periodic_and_pass_through_the_key_poses(action):
  phase = np.arange(len(action.key_poses)) / len(action.key_poses)
  poses = actions.poses(action, phase)
  np.testing.assert_allclose(actions.poses(action, phase + 3), poses, atol=1e-3)
  for pose, key in zip(poses, action.key_poses):
    np.testing.assert_allclose(actions.pose_from(key, pose), pose, atol=1e-3)


def test_idle_limbs_follow_the_habit_instead_of_the_class():
  waving, bowing = (
    next(action for action in actions.ACTIONS if action.name == name)
    for name in ('Waving', 'Bowing')
  )
  legs = [actions.SEGMENTS.index(name) for name in ('left_thigh', 'right_shin')]
  phase = np.linspace(0, 1, 5)
  first, second = (
    actions.poses(action, phase, leg_habit=1)[:, legs] for action in (waving, bowing)
  )
  np.testing.assert_array_equal(first, second)
  assert np.any(actions.poses(waving, phase, leg_habit=0)[:, legs] != first)


@pytest.mark.parametrize('seed', range(8))
def test_cast_changes_only_the_colors_of_the_clothes(seed):
  warm, cold = (figure.cast(np.random.default_rng(seed), colors) for colors in ('warm', 'cold'))
  for cloth in ('shirt', 'trousers'):
    red, _, blue = np.moveaxis(getattr(warm, cloth), -1, 0)
    assert (red > blue).all()
    red, _, blue = np.moveaxis(getattr(cold, cloth), -1, 0)
    assert (blue > red).all()
  np.testing.assert_array_equal(warm.skin, cold.skin)
  np.testing.assert_array_equal(warm.hair, cold.hair)
