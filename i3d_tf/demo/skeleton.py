"""From the angles of a pose to the joints of a body in space, seen from the camera."""

import numpy as np

from i3d_tf.demo import actions

# Lengths as fractions of the body height, by segment.
_LENGTHS = {
  'torso': 0.31,
  'head': 0.125,
  'upper_arm': 0.17,
  'forearm': 0.16,
  'thigh': 0.235,
  'shin': 0.22,
  'foot': 0.085,
}
_SHOULDER = 0.115  # from the spine to a shoulder
_HIP = 0.052  # from the spine to a hip joint
_SOLE = 0.028  # from the joints of the foot to the ground


def joints(
  poses: np.ndarray, *, yaw: np.ndarray, pitch: float, jump: np.ndarray
) -> dict[str, np.ndarray]:
  """Joints of a body that stands on the ground.

  Args:
    poses: float [T, 12, 2], degrees, as `actions.poses` gives them.
    yaw: float [T], degrees by which the body turns from the camera toward its right.
    pitch: degrees by which the camera looks down.
    jump: float [T], distance of the lower foot from the ground, body heights.

  Returns:
    Joint name -> float32 [T, 3]: right, up (from the ground) and toward the camera, in body
    heights. Names are 'pelvis', 'neck', 'head', and 'left_' or 'right_' with 'shoulder', 'elbow',
    'wrist', 'hip', 'knee', 'ankle', 'toe'.
  """
  directions = {}
  for row, segment in enumerate(actions.SEGMENTS):
    outward, forward = np.radians(poses[:, row]).T
    side = -1.0 if segment.startswith('right') else 1.0
    up = -1.0 if segment.startswith(('left', 'right')) else 1.0  # limbs hang, torso and head rise
    direction = np.stack(
      [
        side * np.sin(outward),
        up * np.cos(outward) * np.cos(forward),
        np.cos(outward) * np.sin(forward),
      ],
      axis=-1,
    )
    directions[segment] = direction * _LENGTHS[segment.removeprefix('left_').removeprefix('right_')]

  points = {'pelvis': np.zeros_like(directions['torso'])}
  points['neck'] = points['pelvis'] + directions['torso']
  points['head'] = points['neck'] + directions['head']
  for body_side, sign in (('left', 1.0), ('right', -1.0)):
    for root, first, offset, links in (
      ('neck', 'shoulder', _SHOULDER, {'elbow': 'upper_arm', 'wrist': 'forearm'}),
      ('pelvis', 'hip', _HIP, {'knee': 'thigh', 'ankle': 'shin', 'toe': 'foot'}),
    ):
      point = points[root] + np.array([sign * offset, 0, 0])
      points[f'{body_side}_{first}'] = point
      for joint, segment in links.items():
        point = point + directions[f'{body_side}_{segment}']
        points[f'{body_side}_{joint}'] = point

  # So far the pelvis is at the origin; move the lowest point of the feet to the ground.
  feet = [points[f'{side}_{joint}'] for side in ('left', 'right') for joint in ('ankle', 'toe')]
  lift = jump + _SOLE - np.min(feet, axis=0)[:, 1]
  rotation = camera_rotation(yaw, pitch)
  return {
    name: np.einsum('tij,tj->ti', rotation, point + lift[:, None] * (0, 1, 0)).astype(np.float32)
    for name, point in points.items()
  }


def camera_rotation(yaw: np.ndarray, pitch: float) -> np.ndarray:
  """Rotations from the body's axes to the camera's: float [T, 3, 3].

  The body's axes are its left, up and front; the camera's are right, up and toward the camera. A
  body that faces the camera has its left on the right of the frame.

  Args:
    yaw: as in `joints`.
    pitch: as in `joints`.
  """
  cos, sin, zero, one = np.cos(np.radians(yaw)), np.sin(np.radians(yaw)), 0 * yaw, 1 + 0 * yaw
  turn = np.moveaxis(np.array([[cos, zero, sin], [zero, one, zero], [-sin, zero, cos]]), -1, 0)
  cos, sin = np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
  look_down = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
  return look_down @ turn
