"""Frames to measure with: real clips where they are, else a textured scene that moves."""

import os

import cv2
import numpy as np

from i3d_tf.video import decoding

FRAME_RATE = decoding.FRAME_RATE
_HEIGHT, _WIDTH = 256, 340


def clips(frames=250, folder=None):
  """Some videos: a list of uint8 [T, 256, 340, 3], T being `frames` or fewer.

  Args:
    frames: of each video, at most.
    folder: of video files; None for `shared/clips` beside the repository (I3D_SHARED names
      `shared` if it lies elsewhere). Where it is missing, two scenes are drawn.
  """
  if folder is None:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    shared = os.environ.get('I3D_SHARED')
    folder = os.path.join(
      os.path.join(os.path.dirname(root), 'shared') if shared is None else shared, 'clips'
    )
  names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
  found = [
    _read(os.path.join(folder, name), frames) for name in names if name.endswith(('.avi', '.mp4'))
  ]
  return found if found else [_draw(frames, seed) for seed in range(2)]


def are_real(folder=None):
  """Whether `clips` gives real ones."""
  return not np.array_equal(clips(1, folder)[0], _draw(1, 0))


def _read(path, count):
  rate, decoded = decoding.decode(path)
  frames = []
  for frame in decoding.resample(decoded, rate):
    frames.append(cv2.resize(frame, (_WIDTH, _HEIGHT)))
    if len(frames) == count:
      break
  return np.stack(frames)


def _draw(count, seed):
  """A camera that pans over noise of all sizes, so that a JPEG is as large as of a photograph."""
  rng = np.random.default_rng(seed)
  height, width = _HEIGHT, _WIDTH + count
  scene = np.zeros((height, width, 3), np.float32)
  for octave in range(7):
    size = (max(1, width >> octave), max(1, height >> octave))
    noise = rng.standard_normal((size[1], size[0], 3)).astype(np.float32)
    scene += 2.0**octave * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
  scene = np.clip(128 + scene * (50 / scene.std()), 0, 255).astype(np.uint8)
  return np.stack([scene[:, t : t + _WIDTH] for t in range(count)])


def person(frames):
  """A moving mask of a person's size and smoothness: uint8 [T, H, W] of 0 and 1.

  Half of the videos have a person near the camera, by the brightness of their first pixel.
  """
  count, height, width, _ = frames.shape
  near = int(frames[0, 0, 0].sum()) % 2
  masks = np.zeros((count, height, width), np.uint8)
  for t, mask in enumerate(masks):
    x, swing = round(width * (0.3 + 0.4 * t / count)), round(20 * np.sin(t / 4))
    scale = 2 if near else 1
    at = lambda dx, dy: (x + scale * dx, height // 2 + scale * dy)
    cv2.circle(mask, at(0, -48), 11 * scale, 1, -1)
    cv2.ellipse(mask, at(0, -10), (17 * scale, 30 * scale), 0, 0, 360, 1, -1)
    for side in (-1, 1):
      cv2.line(mask, at(12 * side, -28), at(28 * side, swing * side - 5), 1, 8 * scale)
      cv2.line(mask, at(7 * side, 15), at(7 * side + swing // 2 * side, 62), 1, 11 * scale)
  return masks
