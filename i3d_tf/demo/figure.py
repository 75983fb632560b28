"""Draws a person from its joints, with an exact mask."""

from collections.abc import Callable, Iterable, Mapping
import dataclasses
import functools

import numpy as np

from i3d_tf.demo import canvas as canvas_lib
from i3d_tf.demo import texture

_CLOTH_TILES = 3.0  # repetitions of a cloth over a body height


@dataclasses.dataclass(frozen=True)
class Performer:
  """How someone looks.

  Drawn once per group; only the colors of the clothes depend on the class.

  Attributes:
    skin: RGB float32 [3] in [0, 1], like all colors here.
    hair: RGB.
    shoes: RGB.
    ball: RGB of what they juggle.
    shirt: cloth, float32 [32, 32, 3].
    trousers: cloth.
    long_sleeves: whether the shirt covers the forearms.
    long_trousers: whether the trousers cover the shins.
    long_hair: whether the hair falls to the shoulders.
    build: thickness of the limbs, about 1.
  """

  skin: np.ndarray
  hair: np.ndarray
  shoes: np.ndarray
  ball: np.ndarray
  shirt: np.ndarray
  trousers: np.ndarray
  long_sleeves: bool
  long_trousers: bool
  long_hair: bool
  build: float


def cast(rng: np.random.Generator, clothes: str | None = None) -> Performer:
  """Draws the looks of a performer.

  Args:
    rng: random numbers.
    clothes: colors of the clothes, a key of `texture.HUES`; None for any.
  """
  return Performer(
    skin=texture.hsv(rng.uniform(0.04, 0.09), rng.uniform(0.3, 0.65), rng.uniform(0.4, 0.97)),
    hair=texture.hsv(rng.uniform(0.03, 0.13), rng.uniform(0.2, 0.8), rng.uniform(0.08, 0.75)),
    shoes=texture.hsv(rng.uniform(), rng.uniform(0, 0.8), rng.uniform(0.15, 0.9)),
    ball=texture.hsv(rng.uniform(), 0.85, 0.95),
    shirt=texture.cloth(rng, clothes),
    trousers=texture.cloth(rng, clothes),
    long_sleeves=bool(rng.integers(2)),
    long_trousers=bool(rng.integers(4)),
    long_hair=bool(rng.integers(2)),
    build=float(rng.uniform(0.9, 1.15)),
  )


def draw(
  background: np.ndarray,
  performer: Performer,
  joints: Mapping[str, np.ndarray],
  *,
  head_rotation: np.ndarray,
  center: float,
  ground: float,
  size: float,
  gain: float = 1.0,
  balls: Iterable[np.ndarray] = (),
) -> tuple[np.ndarray, np.ndarray]:
  """Draws a person into a frame.

  Args:
    background: uint8 [H, W, 3], RGB; not changed.
    performer: who.
    joints: name -> float [3], one time step of `skeleton.joints`.
    head_rotation: float [3, 3], from the head's axes (its left, up, front) to the camera's.
    center: x of the body's axis in pixels.
    ground: y of the ground under it in pixels.
    size: the body height in pixels.
    gain: brightness of the light.
    balls: positions like joints, each drawn as a ball that belongs to the person.

  Returns:
    The frame, uint8 [H, W, 3], and the mask, bool [H, W]: outside it, the frame is the
    background.
  """
  canvas = canvas_lib.Canvas(background, gain)
  joints = {**joints, **{f'ball_{number}': ball for number, ball in enumerate(balls)}}
  pixels = {
    name: (center + size * float(x), ground - size * float(y)) for name, (x, y, _) in joints.items()
  }
  z = {name: float(point[2]) for name, point in joints.items()}
  thickness = size * performer.build

  def draw_head() -> None:
    canvas.add_head(pixels['head'], 0.078 * size, performer.skin, performer.hair, head_rotation)

  def draw_part(part: _Part) -> None:
    capsules = [
      (pixels[start], pixels[end], first * thickness, last * thickness)
      for start, end, first, last in part.pieces
    ]
    canvas.add(capsules, part.material, size)

  steps: list[tuple[float, Callable[[], None]]] = [
    (part.depth, functools.partial(draw_part, part))
    for part in _parts(performer, z, faces_camera=head_rotation[2, 2] > 0)
  ]
  steps.append((z['head'] + 0.02, draw_head))
  for _, step in sorted(steps, key=lambda step: step[0]):
    step()
  return canvas.finish()


@dataclasses.dataclass(frozen=True)
class _Part:
  """A part of the body, or a ball.

  Attributes:
    depth: how near the camera it is, in body heights; nearer parts hide others.
    material: its color.
    pieces: the capsules that it consists of: names of two joints, and the radii at them in
      body heights.
  """

  depth: float
  material: canvas_lib.Material
  pieces: tuple[tuple[str, str, float, float], ...]


def _parts(performer: Performer, z: Mapping[str, float], faces_camera: bool) -> list[_Part]:
  """The parts of a body except for the head, and the balls.

  The summands of the depths decide who hides whom where joints alone leave it open.

  Args:
    performer: who.
    z: name of a joint or ball -> how near the camera it is, in body heights.
    faces_camera: whether the face shows.
  """
  skin = _plain(performer.skin)
  shirt, trousers = _cloth(performer.shirt), _cloth(performer.trousers)
  torso = (z['neck'] + z['pelvis']) / 2
  parts = [
    _Part(
      torso,
      shirt,
      (
        ('neck', 'pelvis', 0.075, 0.098),
        ('left_shoulder', 'right_shoulder', 0.05, 0.05),
        ('left_shoulder', 'pelvis', 0.048, 0.085),
        ('right_shoulder', 'pelvis', 0.048, 0.085),
      ),
    ),
    _Part(z['pelvis'] - 0.04, trousers, (('left_hip', 'right_hip', 0.062, 0.062),)),
    _Part(z['neck'] + 0.001, skin, (('neck', 'head', 0.042, 0.036),)),
  ]
  shoes = _plain(performer.shoes)
  sleeve = shirt if performer.long_sleeves else skin
  trouser_leg = trousers if performer.long_trousers else skin
  for side in ('left', 'right'):
    shoulder, elbow, wrist = f'{side}_shoulder', f'{side}_elbow', f'{side}_wrist'
    hip, knee, ankle, toe = f'{side}_hip', f'{side}_knee', f'{side}_ankle', f'{side}_toe'
    parts += [
      _Part((z[shoulder] + z[elbow]) / 2 + 0.02, shirt, ((shoulder, elbow, 0.045, 0.037),)),
      _Part((z[elbow] + z[wrist]) / 2 + 0.025, sleeve, ((elbow, wrist, 0.036, 0.026),)),
      _Part(z[wrist] + 0.03, skin, ((wrist, wrist, 0.036, 0.036),)),
      _Part((z[hip] + z[knee]) / 2 - 0.035, trousers, ((hip, knee, 0.061, 0.047),)),
      _Part((z[knee] + z[ankle]) / 2 - 0.037, trouser_leg, ((knee, ankle, 0.046, 0.031),)),
      _Part(z[toe] - 0.06, shoes, ((ankle, toe, 0.034, 0.028),)),
    ]
  if performer.long_hair:
    depth = torso + (-0.02 if faces_camera else 0.03)
    parts.append(_Part(depth, _plain(performer.hair), (('head', 'neck', 0.07, 0.075),)))
  for name in z:
    if name.startswith('ball_'):
      parts.append(_Part(z[name] + 0.05, _plain(performer.ball), ((name, name, 0.034, 0.034),)))
  return parts


def _plain(color: np.ndarray) -> canvas_lib.Material:
  """A material of one color."""
  return lambda along, across: color


def _cloth(cloth: np.ndarray) -> canvas_lib.Material:
  """A material that repeats a cloth."""
  scale = len(cloth) * _CLOTH_TILES

  def material(along: np.ndarray, across: np.ndarray) -> np.ndarray:
    rows, columns = (along * scale).astype(np.int32), (across * scale).astype(np.int32)
    return cloth[rows % len(cloth), columns % len(cloth)]

  return material
