"""Frames to measure with: real clips if there are any, else a textured scene that moves."""

from collections.abc import Callable
import os

import cv2
import numpy as np

from i3d_tf.video import decoding

FRAME_RATE = decoding.FRAME_RATE
_HEIGHT, _WIDTH = 256, 340


def clips(frames: int = 250, folder: str | None = None) -> list[np.ndarray]:
  """Returns some videos: uint8 [T, 256, 340, 3] each, with T up to `frames`.

  Args:
    frames: the most frames of each video.
    folder: a folder of video files; None for `shared/clips` next to the repository
      (I3D_SHARED gives another path of `shared`). If it is missing, two scenes are drawn.
  """
  if folder is None:
    root = os.path.realpath(__file__)
    for _ in range(4):
      root = os.path.dirname(root)
    shared = os.environ.get('I3D_SHARED')
    folder = os.path.join(
      os.path.join(os.path.dirname(root), 'shared') if shared is None else shared, 'clips'
    )
  names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
  found = [
    _read(os.path.join(folder, name), frames) for name in names if name.endswith(('.avi', '.mp4'))
  ]
  return found if found else [_draw(frames, seed) for seed in range(2)]


def content(folder: str | None = None) -> str:
  """What `clips` returns, in words: real clips or drawn scenes."""
  are_drawn = np.array_equal(clips(1, folder)[0], _draw(1, 0))
  return 'drawn scenes' if are_drawn else 'the real clips'


def _read(path: str, count: int) -> np.ndarray:
  """The first frames of a video file."""
  frames = []
  for _, frame in decoding.at_rate(path):
    frames.append(cv2.resize(frame, (_WIDTH, _HEIGHT)))
    if len(frames) == count:
      break
  return np.stack(frames)


def _draw(count: int, seed: int) -> np.ndarray:
  """A pan over noise of all scales, whose JPEGs are as large as those of photographs."""
  rng = np.random.default_rng(seed)
  height, width = _HEIGHT, _WIDTH + count
  scene = np.zeros((height, width, 3), np.float32)
  for octave in range(7):
    size = (max(1, width >> octave), max(1, height >> octave))
    noise = rng.standard_normal((size[1], size[0], 3)).astype(np.float32)
    scene += 2.0**octave * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
  scene = np.clip(128 + scene * (50 / scene.std()), 0, 255).astype(np.uint8)
  return np.stack([scene[:, t : t + _WIDTH] for t in range(count)])


def person(frames: np.ndarray) -> np.ndarray:
  """A moving mask with the size and outline of a person: uint8 [T, H, W] of 0 and 1.

  In half of the videos, chosen by the brightness of the first pixel, the person is near the
  camera.
  """
  count, height, width, _ = frames.shape
  scale = 2 if int(frames[0, 0, 0].sum()) % 2 else 1
  masks = np.zeros((count, height, width), np.uint8)
  for t, mask in enumerate(masks):
    x, swing = round(width * (0.3 + 0.4 * t / count)), round(20 * np.sin(t / 4))
    _draw_person(mask, _point_from(x, height // 2, scale), swing, scale)
  return masks


def _point_from(x: int, y: int, scale: int) -> Callable[[int, int], tuple[int, int]]:
  """A function from an offset to a point of the image."""
  return lambda dx, dy: (x + scale * dx, y + scale * dy)


def _draw_person(
  mask: np.ndarray, at: Callable[[int, int], tuple[int, int]], swing: int, scale: int
) -> None:
  """Draws head, body, arms and legs into a mask, in place."""
  cv2.circle(mask, at(0, -48), 11 * scale, 1, -1)
  cv2.ellipse(mask, at(0, -10), (17 * scale, 30 * scale), 0, 0, 360, 1, -1)
  for side in (-1, 1):
    cv2.line(mask, at(12 * side, -28), at(28 * side, swing * side - 5), 1, 8 * scale)
    cv2.line(mask, at(7 * side, 15), at(7 * side + swing // 2 * side, 62), 1, 11 * scale)
