"""Applies treatments to clips: replaces a region of their pixels."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from i3d_tf.common import validation
from i3d_tf.inputs import fills
from i3d_tf.inputs import treatments

_WHITE = 1.0


def apply(
  clips: tf.Tensor,
  masks: tf.Tensor | None,
  has_person: tf.Tensor | None,
  treatment: treatments.Treatment,
  stream: str = 'rgb',
  *,
  seeds: tf.Tensor | None = None,
  partner: fills.Partner | None = None,
) -> tf.Tensor:
  """Applies a treatment to clips.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], nonzero on the person; may be None for region
      'none', as may `has_person`.
    has_person: bool [B], whether the clip's video shows a person. A clip without one
      is returned unchanged, whatever the treatment: the paper's rule.
    treatment: what to replace, and by what.
    stream: 'rgb' or 'flow'.
    seeds: int [B], for fill 'noise': a number of its own for each video; None for 0.
    partner: videos of other classes, of the same shapes; fill 'other' needs it.

  Returns:
    Clips of the same shape and dtype.

  Raises:
    UserError: `stream` is unknown or does not have this treatment, or fill 'other'
      has no partner.
  """
  validation.check_choice('stream', stream, fills.BLACK)
  treatments.check_stream(treatment, stream)
  if treatment.region == 'none':
    return clips
  clips = tf.convert_to_tensor(clips)
  person = _PLACES[treatment.place](tf.cast(masks, tf.bool))
  replaced = person if treatment.region == 'activity' else ~person
  replaced = replaced[..., tf.newaxis]
  if treatment.region == 'both':
    black, white = (tf.cast(level, clips.dtype) for level in (fills.BLACK[stream], _WHITE))
    filled = tf.where(replaced, black, white)
    replaced = tf.ones_like(replaced)
  else:
    scene = fills.Scene(clips, ~replaced, stream, seeds, partner)
    filled = fills.FILLS[treatment.fill](scene)
  replaced &= tf.cast(has_person, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.ensure_shape(tf.where(replaced, filled, clips), clips.shape)


# === Places: functions from masks, bool [B, T, H, W], to masks of the same shape ===


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


_PLACES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
  'person': lambda person: person,
  'earlier': _earlier,
  'elsewhere': _elsewhere,
}
