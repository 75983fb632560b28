"""The random weights and clips with which the original network computed the goldens.

DeepMind's unmodified i3d.py (kinetics-i3d, with Sonnet 1.36) ran on exactly these;
goldens/*.npz hold its outputs. Needs only NumPy and Keras.
"""

import os
import zlib

import numpy as np

from i3d_tf.weights import assign

GOLDENS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'goldens')
# By stream: (channels, classes, scope of the names that seed the weights).
STREAMS = {
  'rgb': (3, 400, 'RGB/inception_i3d/'),
  'flow': (2, 400, 'Flow/inception_i3d/'),
  'rgb600': (3, 600, 'RGB/inception_i3d/'),
}


def golden(name):
  """Reads the arrays of a file of goldens, by name."""
  with np.load(os.path.join(GOLDENS, f'{name}.npz')) as file:
    return dict(file)


def set_weights(model, stream):
  """Sets the weights of a model to those of the reference for a stream."""
  scope = STREAMS[stream][2]
  for name, variable in assign.variables_by_original_name(model).items():
    shape = tuple(variable.shape)
    if '/batch_norm/' in name:
      shape = (1, 1, 1, 1) + shape  # The shape in the graph.
    variable.assign(_weight(stream, scope + name, shape).reshape(variable.shape))


def clip(seed, frames, channels, size=224):
  """A clip in [-1, 1]: float32 [1, frames, size, size, channels]."""
  rng = np.random.RandomState((seed * 1000003 + frames * 101 + channels) % (2**31))
  block = 28
  blocks = -(-size // block) + 1
  coarse = rng.uniform(-1, 1, (-(-frames // 4), blocks, blocks, channels)).astype(np.float32)
  pattern = coarse.repeat(4, 0)[:frames].repeat(block, 1).repeat(block, 2)
  out = np.stack(
    [pattern[t, t % block : t % block + size, t % block : t % block + size] for t in range(frames)]
  )
  out += rng.uniform(-0.3, 0.3, out.shape).astype(np.float32)
  return np.clip(out, -1, 1)[np.newaxis]


def _weight(stream, name, shape, seed=7):
  rng = np.random.RandomState((zlib.crc32(f'{stream}|{name}'.encode()) ^ seed) & 0x7FFFFFFF)
  leaf = name.rsplit('/', 1)[1]
  if leaf == 'w':
    gain = 1.0 if 'Logits' in name else 2.0
    scale = np.sqrt(gain / int(np.prod(shape[:-1])))
    return (rng.standard_normal(shape) * scale).astype(np.float32)
  if leaf == 'moving_variance':
    return rng.uniform(0.5, 1.5, shape).astype(np.float32)
  return (rng.standard_normal(shape) * 0.1).astype(np.float32)
