"""Renders a planned clip: the scene through a moving camera, and the person in it."""

from collections.abc import Mapping

import cv2
import numpy as np

from i3d_tf.demo import actions
from i3d_tf.demo import figure
from i3d_tf.demo import scene
from i3d_tf.demo import skeleton
from i3d_tf.demo.plan import ClipPlan
from i3d_tf.demo.plan import DemoSettings

_MARGIN = 1.3  # size of the scene over that of a frame, so that the camera can move
_SHAKE_SECONDS = 0.08  # standard deviation, in time, of a jolt of the camera


def render(clip: ClipPlan, settings: DemoSettings) -> tuple[np.ndarray, np.ndarray]:
  """Draws a clip.

  Args:
    clip: one of `plan.plan(settings)`.
    settings: those of the set.

  Returns:
    Frames, uint8 [T, H, W, 3], RGB, and masks, bool [T, H, W]: the pixels of the person (and of
    what they juggle). The person leaves no trace outside the mask: there, the frame equals that of
    `render_scene`.
  """
  backgrounds, gains = render_scene(clip, settings)
  performance = _Performance(clip, settings)
  frames, masks = np.empty_like(backgrounds), np.empty(backgrounds.shape[:3], bool)
  for t, background in enumerate(backgrounds):
    frames[t], masks[t] = performance.draw(background, t, gains[t])
  return frames, masks


def render_scene(clip: ClipPlan, settings: DemoSettings) -> tuple[np.ndarray, np.ndarray]:
  """Draws a clip without its person.

  Returns:
    Frames, uint8 [T, H, W, 3], RGB, and the brightness of the light in each, float [T], about 1.
  """
  height, width = settings.height, settings.width
  place = scene.draw(
    clip.scene_family, clip.place_rng(), round(height * _MARGIN), round(width * _MARGIN)
  )
  rng = _camera_rng(clip)
  seconds = np.arange(settings.num_frames) / settings.frame_rate
  # The same whether the person is near or far: otherwise the place would give that away.
  drift = _drift(seconds)
  zoom = rng.uniform(1.0, 1.25) * (1 + rng.uniform(-0.08, 0.08) * drift)
  # In pixels of the place: (y, x) of the middle of the frame.
  size, frame_size = np.array(place.shape[:2]), np.array([height, width])
  room = (size - frame_size / zoom[0]) / 2
  start = size / 2 + room * rng.uniform(-0.65, 0.65, 2)
  pan = frame_size * rng.normal(0, (0.04, 0.08)) * drift[:, None]
  center = start + pan + _shake(rng, settings)
  flicker = 0.02 * np.sin(2 * np.pi * (rng.uniform(1, 6) * seconds + rng.uniform()))
  gains = rng.uniform(0.88, 1.1) * (1 + flicker + rng.normal(0, 0.008, len(seconds)))
  frames = np.empty((settings.num_frames, height, width, 3), np.uint8)
  for t, scale in enumerate(1 / zoom):
    corner = center[t] - scale * (frame_size - 1) / 2
    to_place = np.array([[scale, 0, corner[1]], [0, scale, corner[0]]])
    seen = cv2.warpAffine(
      place,
      to_place,
      (width, height),
      flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
      borderMode=cv2.BORDER_REFLECT_101,
    )
    frames[t] = cv2.convertScaleAbs(seen, alpha=gains[t])
  return frames, gains


class _Performance:
  """Someone performing an action in front of a camera, for the length of a clip."""

  def __init__(self, clip: ClipPlan, settings: DemoSettings):
    action = actions.IDLE if clip.idle else actions.ACTIONS[clip.class_index]
    performer_rng, rng = clip.performer_rng(), _performance_rng(clip)
    height, width, count = settings.height, settings.width, settings.num_frames
    seconds = np.arange(count) / settings.frame_rate

    # A stream of its own: habits must not depend on how many numbers the clothes draw.
    self.performer = figure.cast(clip.performer_rng().spawn(1)[0], clip.clothes)
    arm_habit = int(performer_rng.integers(len(actions.ARM_HABITS)))
    leg_habit = int(performer_rng.integers(len(actions.LEG_HABITS)))
    tempo = performer_rng.uniform(0.75, 1.3) * rng.uniform(0.93, 1.07)
    amplitude = np.clip(performer_rng.normal(0.95, 0.12) + rng.normal(0, 0.05), 0.65, 1.15)
    phase = rng.uniform() + seconds * tempo / action.period
    angles = actions.poses(
      action, phase, arm_habit=arm_habit, leg_habit=leg_habit, amplitude=amplitude
    )
    # Nobody holds a limb perfectly still, or in exactly the pose of the table.
    swaying = (
      2
      * np.pi
      * (
        rng.uniform(size=angles.shape[1:])
        + seconds[:, None, None] * rng.uniform(0.4, 1.2, angles.shape[1:])
      )
    )
    angles += rng.normal(0, 3.5, angles.shape[1:]) + 3 * np.sin(swaying)

    pitch = performer_rng.uniform(3, 14)
    yaw = rng.choice([-1, 1]) * rng.uniform(8, 48)
    yaw = yaw + 4 * np.sin(2 * np.pi * (0.5 * seconds + rng.uniform()))
    jump = action.jump * np.abs(np.sin(2 * np.pi * phase))
    self.joints = skeleton.joints(angles, yaw=yaw, pitch=pitch, jump=jump)
    nods = np.radians(angles[:, actions.SEGMENTS.index('head')])
    self.head_rotations = skeleton.camera_rotation(yaw, pitch) @ _nodding(*nods.T)
    self.balls = _cascade(self.joints, phase, action.num_balls)
    if rng.integers(2):  # mirrored, so that left and right say nothing about the class
      flip = np.array([-1, 1, 1])
      self.joints = {name: points * flip for name, points in self.joints.items()}
      self.head_rotations = np.diag(flip) @ self.head_rotations
      self.balls = self.balls * flip

    shake = _shake(rng, settings)
    if clip.near:  # framed by the head; the feet are outside the frame
      self.size = height * rng.uniform(1.54, 1.7)
      self.ground = height * rng.uniform(0.2, 0.27) + 0.9 * self.size + shake[:, 0]
      offset = rng.uniform(-0.08, 0.08)
    else:
      self.size = height * rng.uniform(0.47, 0.58)
      self.ground = height * rng.uniform(0.84, 0.95) + shake[:, 0]
      offset = rng.uniform(-0.16, 0.16)
    self.center = width * (0.5 + offset + rng.normal(0, 0.04) * _drift(seconds)) + shake[:, 1]

  def draw(self, background: np.ndarray, t: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Frame t over a background: uint8 [H, W, 3] and bool [H, W]."""
    joints = {name: points[t] for name, points in self.joints.items()}
    return figure.draw(
      background,
      self.performer,
      joints,
      head_rotation=self.head_rotations[t],
      center=self.center[t],
      ground=self.ground[t],
      size=self.size,
      gain=gain,
      balls=self.balls[:, t],
    )


def _nodding(outward: np.ndarray, forward: np.ndarray) -> np.ndarray:
  """Rotations from a tilted, nodding head's axes to the body's: radians [T] -> float [T, 3, 3]."""
  zero, one = 0 * forward, 1 + 0 * forward
  cos, sin = np.cos(forward), np.sin(forward)
  nod = np.array([[one, zero, zero], [zero, cos, -sin], [zero, sin, cos]])
  cos, sin = np.cos(outward), np.sin(outward)
  tilt = np.array([[cos, sin, zero], [-sin, cos, zero], [zero, zero, one]])
  return np.moveaxis(tilt, -1, 0) @ np.moveaxis(nod, -1, 0)


def _cascade(joints: Mapping[str, np.ndarray], phase: np.ndarray, num_balls: int) -> np.ndarray:
  """Balls thrown from hand to hand in arcs: float [num_balls, T, 3], positions like joints."""
  arcs = np.empty((num_balls, len(phase), 3))
  for ball, arc in enumerate(arcs):
    throw, flight = np.divmod(phase + 2 * ball / num_balls, 1.0)
    from_left = (throw % 2 == 0)[:, None]
    start = np.where(from_left, joints['left_wrist'], joints['right_wrist'])
    end = np.where(from_left, joints['right_wrist'], joints['left_wrist'])
    arc[:] = start + flight[:, None] * (end - start)
    arc[:, 1] += 0.06 + 0.9 * flight * (1 - flight)
  return arcs


def _drift(seconds: np.ndarray) -> np.ndarray:
  """The course of a slow movement, which starts at 0 and settles at 1, however long the clip."""
  return np.tanh(seconds)


def _shake(rng: np.random.Generator, settings: DemoSettings) -> np.ndarray:
  """The shake of a hand-held camera: smooth noise in pixels, float [T, 2], down and right."""
  steps = rng.normal(0, 0.012 * settings.height, (settings.num_frames, 2))
  sigma = max(_SHAKE_SECONDS * settings.frame_rate, 0.1)
  return cv2.GaussianBlur(steps, (1, 2 * round(3 * sigma) + 1), sigmaX=0, sigmaY=sigma)


# Two separate streams, so that the scene is the same with and without its person.


def _camera_rng(clip: ClipPlan) -> np.random.Generator:
  return clip.clip_rng().spawn(2)[0]


def _performance_rng(clip: ClipPlan) -> np.random.Generator:
  return clip.clip_rng().spawn(2)[1]
