"""The number by which weights and computation are known to be FVD's.

The original, in TensorFlow 1 with its TF Hub module, gives 151.39 for clips of 30 black frames
against clips of 30 white ones. All clips of a set are equal, so this is the squared distance of
two embeddings, and frames of one colour stay so in any resize.
"""

import contextlib
import hashlib
import json
import os

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.fvd import embedding
from i3d_tf.weights.published import fetch

PUBLISHED = 151.39
FRAMES = 30
TOLERANCE = 0.05  # of the published number; float32 computations differ by 0.001


class NotFvdError(errors.UserError):
  """A network does not give FVD's known number."""


def measure(embedder: embedding.Embedder) -> float:
  """The distance of black from white clips of 30 frames, by a network."""
  size = embedder.frame_size
  black = np.zeros((1, FRAMES, size, size, 3), np.uint8)
  colours = [embedder(black)[0], embedder(black + 255)[0]]
  first, second = (colour.astype(np.float64) for colour in colours)
  return float(np.square(first - second).sum())


def check(embedder: embedding.Embedder, weights: str, cache: str | None = None) -> float:
  """Makes sure that a network gives the known number; measures once for weights and machine.

  Args:
    embedder: the network.
    weights: what the user calls it, for messages.
    cache: file that keeps what was measured; None for one in the user's cache. It need not be
      writable.

  Returns:
    The number.

  Raises:
    NotFvdError: it is another number than `PUBLISHED`.
  """
  path = os.path.join(fetch.cache(), 'fvd_checks.json') if cache is None else cache
  known = _read(path)
  key = _key(embedder)
  found = known.get(key)
  if not isinstance(found, float):
    found = measure(embedder)
    with contextlib.suppress(OSError):  # It is measured again next time.
      files.write_json(path, {**known, key: found})
  if not abs(found - PUBLISHED) <= TOLERANCE:
    raise NotFvdError(
      f"{weights}: expected FVD's weights, which are those of rgb_scratch: {FRAMES} black frames "
      f'against {FRAMES} white ones must give {PUBLISHED}; these give {found:.2f}'
    )
  return found


def _key(embedder: embedding.Embedder) -> str:
  """Of what decides the number: weights, libraries, and what computes."""
  devices = [device.device_type for device in tf.config.list_physical_devices()]
  what = (embedder.fingerprint, tf.__version__, devices, os.environ.get('TF_ENABLE_ONEDNN_OPTS'))
  return hashlib.sha256(repr(what).encode()).hexdigest()


def _read(path: str) -> dict[str, object]:
  try:
    with open(path, encoding='utf-8') as f:
      return dict(json.load(f))
  except (OSError, ValueError, TypeError):
    return {}
