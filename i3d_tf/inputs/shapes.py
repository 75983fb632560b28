"""Shapes and places of masks: which pixels count as the person's.

Places are functions from masks, bool [B, T, H, W], to masks of the same shape. Shapes are the same
of two arguments: the masks, and those of videos of other classes, or None. `treatments` describes
them to users. A new one, say 'disc', needs a function `_disc` and a line in
`treatments.SHAPE_HELP`, or its name in `treatments.PLACES`.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import treatments

Place = Callable[[tf.Tensor], tf.Tensor]
Shape = Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]


def _outline(person: tf.Tensor, others: tf.Tensor | None = None) -> tf.Tensor:
  """The masks as they are."""
  del others
  return person


def _box(person: tf.Tensor, others: tf.Tensor | None = None) -> tf.Tensor:
  """The bounding box of each mask; nothing in frames without a person."""
  del others
  return _between(tf.reduce_any(person, 3, keepdims=True), 2) & _between(
    tf.reduce_any(person, 2, keepdims=True), 3
  )


def _tube(person: tf.Tensor, others: tf.Tensor | None = None) -> tf.Tensor:
  """The bounding box of all masks of a clip, in all of its frames."""
  del others
  return _box(tf.reduce_any(person, 1, keepdims=True)) | tf.zeros_like(person)


def _united(person: tf.Tensor, others: tf.Tensor | None = None) -> tf.Tensor:
  """Each mask and that of a video of another class.

  Over draws, a clip of class a with a mask of class b is as likely as the reverse. So of a union
  from which both outlines can be read, nobody can be right about the class in more than half of the
  cases; it is not chance where there are more than two classes.

  Raises:
    UserError: there are no other videos.
  """
  if others is None:
    raise errors.UserError(
      "shape 'united' must have the mask of a video of another class; there is none here (only "
      'train, evaluate and reproduce have one)'
    )
  return person | others


def _between(touched: tf.Tensor, axis: int) -> tf.Tensor:
  """What lies between the first and the last True of an axis, these included."""
  counts = tf.cast(touched, tf.int32)
  return (tf.cumsum(counts, axis) > 0) & (tf.cumsum(counts, axis, reverse=True) > 0)


def _person(person: tf.Tensor) -> tf.Tensor:
  """The masks where they are."""
  return person


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


# The function of shape 'box' is `_box`, that of place 'earlier' is `_earlier`, and so on.
SHAPES: dict[str, Shape] = {name: globals()[f'_{name}'] for name in treatments.SHAPES}
PLACES: dict[str, Place] = {name: globals()[f'_{name}'] for name in treatments.PLACES}
