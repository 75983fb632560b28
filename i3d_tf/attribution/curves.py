"""Deletion and insertion: does the answer go and come with what a map says it rests on?

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models",
BMVC 2018. The pixels of the clip are replaced, those of the highest map values first; the score is
the area under the class's probability over the share of pixels. A good map has a low deletion
score, and, put onto a blurred clip, a high insertion score. How low and how high depends on the
clip, so the same is done in an order that knows nothing.
"""

from collections.abc import Callable
import dataclasses

import numpy as np
from scipy import special
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.inputs import fills

STEPS = 8
_CELLS = (4, 7, 7)  # of the order that knows nothing


@dataclasses.dataclass(frozen=True)
class Curves:
  """The probabilities of a class while pixels are deleted, or inserted.

  Attributes:
    shares: share of the pixels that are deleted or inserted, from 0 to 1: float [steps + 1].
    deletion, insertion: the probability at each share: float [steps + 1].
  """

  shares: np.ndarray
  deletion: np.ndarray
  insertion: np.ndarray

  @property
  def deletion_score(self) -> float:
    """The area under the deletion curve, from 0 to 1: lower is better."""
    return float(np.trapezoid(self.deletion, self.shares))

  @property
  def insertion_score(self) -> float:
    """The area under the insertion curve, from 0 to 1: higher is better."""
    return float(np.trapezoid(self.insertion, self.shares))


def measure(
  ask: Callable[[np.ndarray], np.ndarray],
  clip: np.ndarray,
  attribution: maps.AttributionMap,
  target: int,
  stream: str = 'rgb',
  steps: int = STEPS,
) -> Curves:
  """The curves of a map.

  Args:
    ask: clips float32 [B, T, S, S, C] in [-1, 1] to logits [B, N].
    clip: float32 [T, S, S, C].
    attribution: its map.
    target: index of the class.
    stream: 'rgb' or 'flow'; what is deleted is black, or no motion.
    steps: of each curve; the network is asked 2 * (steps + 1) times.
  """
  order = np.argsort(-attribution.at_pixels(), axis=None, kind='stable')
  shares = np.linspace(0, 1, steps + 1)
  black = np.full_like(clip, fills.BLACK[stream])
  # Where everything stays, the fill is the blurred clip.
  stays = tf.ones((1, *clip.shape[:3], 1), tf.bool)
  blurred = fills.FILLS['blur'](fills.Scene(tf.constant(clip[np.newaxis]), stays, stream))
  found: dict[str, list[float]] = {'deletion': [], 'insertion': []}
  for share in shares:
    first = np.zeros(order.size, bool)
    first[order[: round(share * order.size)]] = True
    first = first.reshape(clip.shape[:3])[..., np.newaxis]
    shown = {
      'deletion': np.where(first, black, clip),
      'insertion': np.where(first, clip, blurred[0].numpy()),
    }
    for name, values in shown.items():
      logits = ask(values[np.newaxis])[0].astype(np.float64)
      found[name].append(float(special.softmax(logits)[target]))
  return Curves(shares, np.array(found['deletion']), np.array(found['insertion']))


def know_nothing(clip_shape: tuple[int, ...], seed: int) -> maps.AttributionMap:
  """A map that knows nothing: random values of boxes, which make an order to compare with.

  Args:
    clip_shape: frames, height and width of the clip.
    seed: seeds it.
  """
  cells = tuple(min(count, length) for count, length in zip(_CELLS, clip_shape))
  return maps.on_grid(np.random.default_rng(seed).random(cells), clip_shape)
