"""Draws a person from its joints, and says exactly which pixels it covers."""

import dataclasses

import numpy as np

from i3d_tf.demo import canvas as canvas_lib
from i3d_tf.demo import texture

_CLOTH_TILES = 3.0  # repetitions of a cloth over a body height


@dataclasses.dataclass(frozen=True)
class Performer:
  """How someone looks. Drawn once a group; of the class, only the colours of the clothes tell.

  Attributes:
    skin: RGB float32 [3] in [0, 1], as all colours here.
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
  """Draws a performer in colours of `clothes`, a key of `texture.HUES`, or in any."""
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
  joints: dict[str, np.ndarray],
  *,
  head_rotation: np.ndarray,
  center: float,
  ground: float,
  size: float,
  gain: float = 1.0,
  balls=(),
) -> tuple[np.ndarray, np.ndarray]:
  """Draws a person into a picture.

  Args:
    background: uint8 [H, W, 3], RGB; is left as it is.
    performer: who.
    joints: name -> float [3], one time step of `skeleton.joints`.
    head_rotation: float [3, 3], from the head's axes (its left, up, front) to the camera's.
    center: x of the body's axis in pixels.
    ground: y of the ground under it in pixels.
    size: the body height in pixels.
    gain: brightness of the light.
    balls: positions like joints, each drawn as a ball that belongs to the person.

  Returns:
    The picture, uint8 [H, W, 3], and the mask, bool [H, W]: outside it, the picture is the
    background's.
  """
  canvas = canvas_lib.Canvas(background, gain)
  joints = {**joints, **{f'ball_{number}': ball for number, ball in enumerate(balls)}}
  pixels = {
    name: (center + size * float(x), ground - size * float(y)) for name, (x, y, _) in joints.items()
  }
  z = {name: point[2] for name, point in joints.items()}

  parts = []  # (distance towards the camera, how to draw it)

  def add(depth, material, *pieces):
    capsules = [
      (pixels[start], pixels[end], first * size * performer.build, last * size * performer.build)
      for start, end, first, last in pieces
    ]
    parts.append((depth, lambda: canvas.add(capsules, material, size)))

  # The summands of the depths settle who hides whom where joints alone leave it open.
  skin = _plain(performer.skin)
  shirt, trousers = _cloth(performer.shirt), _cloth(performer.trousers)
  torso = (z['neck'] + z['pelvis']) / 2
  add(
    torso,
    shirt,
    ('neck', 'pelvis', 0.075, 0.098),
    ('left_shoulder', 'right_shoulder', 0.05, 0.05),
    ('left_shoulder', 'pelvis', 0.048, 0.085),
    ('right_shoulder', 'pelvis', 0.048, 0.085),
  )
  add(z['pelvis'] - 0.04, trousers, ('left_hip', 'right_hip', 0.062, 0.062))
  add(z['neck'] + 0.001, skin, ('neck', 'head', 0.042, 0.036))
  for side in ('left', 'right'):
    shoulder, elbow, wrist = f'{side}_shoulder', f'{side}_elbow', f'{side}_wrist'
    hip, knee, ankle, toe = f'{side}_hip', f'{side}_knee', f'{side}_ankle', f'{side}_toe'
    sleeve = shirt if performer.long_sleeves else skin
    trouser_leg = trousers if performer.long_trousers else skin
    add((z[shoulder] + z[elbow]) / 2 + 0.02, shirt, (shoulder, elbow, 0.045, 0.037))
    add((z[elbow] + z[wrist]) / 2 + 0.025, sleeve, (elbow, wrist, 0.036, 0.026))
    add(z[wrist] + 0.03, skin, (wrist, wrist, 0.036, 0.036))
    add((z[hip] + z[knee]) / 2 - 0.035, trousers, (hip, knee, 0.061, 0.047))
    add((z[knee] + z[ankle]) / 2 - 0.037, trouser_leg, (knee, ankle, 0.046, 0.031))
    add(z[toe] - 0.06, _plain(performer.shoes), (ankle, toe, 0.034, 0.028))
  if performer.long_hair:
    behind = -0.02 if head_rotation[2, 2] > 0 else 0.03
    add(torso + behind, _plain(performer.hair), ('head', 'neck', 0.07, 0.075))
  for ball in joints:
    if ball.startswith('ball_'):
      add(z[ball] + 0.05, _plain(performer.ball), (ball, ball, 0.034, 0.034))
  parts.append(
    (
      z['head'] + 0.02,
      lambda: canvas.add_head(
        pixels['head'], 0.078 * size, performer.skin, performer.hair, head_rotation
      ),
    )
  )
  for _, draw_part in sorted(parts, key=lambda part: part[0]):
    draw_part()
  return canvas.finish()


# A material gives the colour of a place on a body part: a function of its coordinates along and
# across the part, float [h, w] in body heights, to RGB, [3] or [h, w, 3].


def _plain(color: np.ndarray):
  return lambda along, across: color


def _cloth(cloth: np.ndarray):
  scale = len(cloth) * _CLOTH_TILES

  def material(along, across):
    rows, columns = (along * scale).astype(np.int32), (across * scale).astype(np.int32)
    return cloth[rows % len(cloth), columns % len(cloth)]

  return material
