"""Shapes and places of masks: which pixels count as the person's.

Shapes and places are functions from masks, bool [B, T, H, W], to masks of the same shape.
`treatments` describes them to users. A new one needs a function and a line in `SHAPES` or
`PLACES`, and its name there.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Mask = Callable[[tf.Tensor], tf.Tensor]


def _box(person: tf.Tensor) -> tf.Tensor:
  """The bounding box of each mask; nothing in frames without a person."""
  return _between(tf.reduce_any(person, 3, keepdims=True), 2) & _between(
    tf.reduce_any(person, 2, keepdims=True), 3
  )


def _tube(person: tf.Tensor) -> tf.Tensor:
  """The bounding box of all masks of a clip, in all of its frames."""
  return _box(tf.reduce_any(person, 1, keepdims=True)) | tf.zeros_like(person)


def _between(touched: tf.Tensor, axis: int) -> tf.Tensor:
  """What lies between the first and the last True of an axis, these included."""
  counts = tf.cast(touched, tf.int32)
  return (tf.cumsum(counts, axis) > 0) & (tf.cumsum(counts, axis, reverse=True) > 0)


def _earlier(person: tf.Tensor) -> tf.Tensor:
  """Shifts masks by half a clip in time, circularly."""
  return tf.roll(person, tf.shape(person)[1] // 2, axis=1)


def _elsewhere(person: tf.Tensor) -> tf.Tensor:
  """Shifts the masks of each clip sideways, circularly, to where they cover the person least.

  Of several such shifts, it takes the one nearest to half the width.
  """
  width = person.shape[3]
  columns = np.arange(width)
  # For columns x and y: how many rows have the person in both. Exact in float32 below 2 ** 24.
  rows = tf.reshape(tf.cast(person, tf.float32), [tf.shape(person)[0], -1, width])
  both = tf.reshape(tf.matmul(rows, rows, transpose_a=True), [-1, width * width])
  shifts = np.array(sorted(columns, key=lambda shift: abs(shift - width // 2)))
  pairs = columns * width + (columns + shifts[:, np.newaxis]) % width
  overlap = tf.reduce_sum(tf.gather(both, pairs, axis=1), axis=2)  # [B, shifts]
  shift = tf.gather(shifts, tf.argmin(overlap, axis=1))
  source = (columns - shift[:, tf.newaxis]) % width
  moved = tf.gather(tf.transpose(person, [0, 3, 1, 2]), source, axis=1, batch_dims=1)
  return tf.transpose(moved, [0, 2, 3, 1])


SHAPES: dict[str, Mask] = {'outline': lambda person: person, 'box': _box, 'tube': _tube}
PLACES: dict[str, Mask] = {
  'person': lambda person: person,
  'earlier': _earlier,
  'elsewhere': _elsewhere,
}
