"""Maps by occlusion: for networks of which nothing is known but their answers."""

from collections.abc import Callable, Sequence
import itertools

import numpy as np
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments

Ask = Callable[[np.ndarray], np.ndarray]


def box_edges(
  boxes: tuple[int, int, int], clip_shape: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Where boxes begin and end, in whole frames and pixels.

  Args:
    boxes: how many along time, height and width; no more than there are frames or pixels.
    clip_shape: frames, height and width of the clip.

  Returns:
    As `maps.AttributionMap.edges`.
  """
  t, h, w = (
    np.round(np.linspace(0, length, min(count, length) + 1))
    for count, length in zip(boxes, clip_shape)
  )
  return t, h, w


def passes(boxes: tuple[int, int, int], clip_shape: Sequence[int]) -> int:
  """How often the network is asked about one clip: once for each box, and once without any."""
  counts = [min(count, length) for count, length in zip(boxes, clip_shape)]
  return counts[0] * counts[1] * counts[2] + 1


def occlude(
  ask: Ask,
  clip: np.ndarray,
  targets: Sequence[int],
  boxes: tuple[int, int, int],
  *,
  fill: str = 'black',
  stream: str = 'rgb',
  batch_size: int = 1,
  seed: int = 0,
  progress: Callable[[int], None] | None = None,
) -> list[maps.AttributionMap]:
  """Occlusion in space and time.

  Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, with boxes
  of space-time: the map at a box is by how much the logit of the class falls if the box is filled,

      map(box) = max(0, y(x) - y(x with the box filled)) / the pixels of the box.

  Args:
    ask: clips float32 [B, T, S, S, C] in [-1, 1] to logits [B, N].
    clip: float32 [T, S, S, C] in [-1, 1].
    targets: indices of classes; all are explained by the same answers.
    boxes: how many along time, height and width.
    fill: what a box is filled with, a fill of the treatments.
    stream: 'rgb' or 'flow'.
    batch_size: clips that are asked about together.
    seed: for fill 'noise'.
    progress: called with the number of passes that are done, or None.

  Returns:
    A map for each target.
  """
  shape = clip.shape[:3]
  edges = box_edges(boxes, shape)
  cells = list(itertools.product(*(range(len(of_axis) - 1) for of_axis in edges)))
  told = (lambda count: None) if progress is None else progress
  whole = ask(clip[np.newaxis])[0]
  told(1)
  treatment = treatments.Treatment('activity', fill)
  answers = []
  for start in range(0, len(cells), batch_size):
    chosen = cells[start : start + batch_size]
    filled = [_filled(clip, cell, edges, treatment, stream, seed) for cell in chosen]
    answers.append(ask(np.concatenate(filled)))
    told(len(chosen))
  falls = np.maximum(whole - np.concatenate(answers), 0)
  extents = tuple(len(of_axis) - 1 for of_axis in edges)
  volumes = maps.AttributionMap(np.zeros(extents, np.float32), edges).volumes
  return [
    maps.AttributionMap((falls[:, t].reshape(extents) / volumes).astype(np.float32), edges)
    for t in targets
  ]


def _filled(
  clip: np.ndarray,
  cell: tuple[int, ...],
  edges: Sequence[np.ndarray],
  treatment: treatments.Treatment,
  stream: str,
  seed: int,
) -> np.ndarray:
  """The clip [1, T, S, S, C] with a box filled."""
  box = np.zeros((1, *clip.shape[:3]), bool)
  t, h, w = (slice(int(e[i]), int(e[i + 1])) for e, i in zip(edges, cell))
  box[0, t, h, w] = True
  seeds = tf.constant([seed], tf.int64)
  filled = masking.apply(clip[np.newaxis], box, tf.constant([True]), treatment, stream, seeds=seeds)
  return filled.numpy()
