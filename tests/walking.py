"""Clips of a person who walks, for tests of treatments."""

import numpy as np

from i3d_tf.inputs import fills
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments


def scene(seed=0, clips=2, frames=4, side=32):
  """(random clips, masks of a person of 8x6 pixels who walks to the right)."""
  rng = np.random.default_rng(seed)
  pixels = rng.uniform(-1, 1, (clips, frames, side, side, 3)).astype(np.float32)
  masks = np.zeros((clips, frames, side, side), np.uint8)
  for frame in range(frames):
    masks[:, frame, 10:18, 3 + 2 * frame : 9 + 2 * frame] = 1
  return pixels, masks


def partner(seed=1):
  """A partner from another scene, with a person in each clip."""
  return fills.Partner(*scene(seed), np.array([True, True]))


def partner_of(frames):
  """A partner of another scene with so many frames."""
  return fills.Partner(*scene(1, frames=frames), np.array([True, True]))


def treat(name, clips, masks, has_person=(True, True), **kwargs):
  """Applies the treatment with a name; returns a NumPy array."""
  treatment = treatments.Treatment.parse(name)
  return masking.apply(clips, masks, np.array(has_person), treatment, **kwargs).numpy()
