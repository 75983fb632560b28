"""FVD from Python: features of clips, and the distance of two sets of features."""

from collections.abc import Sequence
import functools

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.fvd import embedding
from i3d_tf.fvd import known_value
from i3d_tf.fvd import options
from i3d_tf.fvd import video_sets
from i3d_tf.statistics import frechet
from i3d_tf.weights.published import releases


def fvd(features_a: np.ndarray, features_b: np.ndarray, divisor: str = 'n-1') -> float:
  """The Fréchet distance of two sets of features; FVD if they are FVD's (`features`).

  Args:
    features_a, features_b: [N, D] and [M, D], one row per clip; N and M are at least 2.
    divisor: of the covariances, 'n-1' (the original) or 'n' (cd-fvd, StyleGAN-V).

  Returns:
    The distance, at least 0. The command prints the same number for the same features.

  Raises:
    UserError: an array has another shape, or numbers that are not finite.
  """
  validation.check_choice('divisor', divisor, tuple(frechet.DIVISORS))
  arrays = []
  for name, given in (('features_a', features_a), ('features_b', features_b)):
    array = np.asarray(given)
    video_sets.check_features(f'`{name}`', array)
    arrays.append(array)
  first, second = arrays
  check_dimensions(first.shape[1], second.shape[1])
  return frechet.distance(frechet.moments(first), frechet.moments(second), divisor)


def features(
  videos: np.ndarray | Sequence[np.ndarray],
  resize: str = 'google',
  weights: str = releases.DEFAULT,
  batch_size: int = 4,
) -> np.ndarray:
  """The features of clips that FVD compares.

  Args:
    videos: uint8 [N, T, H, W, 3], RGB, or a sequence of clips uint8 [T, H, W, 3], which may
      differ in size. Each clip is seen as a whole; T is at least 9.
    resize: one of `options.RESIZES`.
    weights: as `embedding.load` takes them; they must give FVD's known number.
    batch_size: clips that are computed together.

  Returns:
    float32 [N, 400].

  Raises:
    UserError: a clip or the weights cannot be used.
  """
  validation.check('batch_size', batch_size, 'at least 1', batch_size >= 1)
  for index, clip in enumerate(videos):
    options.ClipOptions(length=len(clip) if np.ndim(clip) else 0)
    video_sets.Array(f'`videos[{index}]`', np.asarray(clip)[np.newaxis])
  if not len(videos):
    raise errors.UserError('`videos` must hold at least one clip; received none')
  embedder = _embedder(weights, resize)
  given = ((str(index), iter([np.asarray(clip)])) for index, clip in enumerate(videos))
  rows = embedding.embed(embedder, given, batch_size, _raise)
  return np.concatenate([row for _, row in rows])


def check_dimensions(first: int, second: int) -> None:
  """Raises a `UserError` unless two sets have as many features per row."""
  if first != second:
    raise errors.UserError(
      f'expected as many features per row in both sets; found {first} and {second}'
    )


@functools.lru_cache(maxsize=1)
def _embedder(weights: str, resize: str) -> embedding.Embedder:
  embedder = embedding.load(weights, resize)
  known_value.check(embedder, weights)
  return embedder


def _raise(name: str, error: errors.UserError) -> None:
  del name  # The error names the clip.
  raise error
