"""Applies treatments to clips: replaces a region of the pixels.

A clip in which no person was found stays as it is in every treatment: the paper's rule.
"""

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import treatments

_BLACK = {'rgb': -1.0, 'flow': 0.0}
_WHITE = 1.0
# Standard deviation of the blur as a share of the frame's side, and the weight of a frame's mean
# colour in it, which decides where no pixel that stays is near.
_BLUR, _MEAN_WEIGHT = 1 / 16, 1e-4


def apply(clips, masks, found, treatment, stream='rgb', seeds=None, partner=None):
  """Applies a treatment to clips.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], not 0 where the person is; may be None for
      region 'none', as may `found`.
    found: bool [B], whether a person was found in the clip's video.
    treatment: a `treatments.Treatment`.
    stream: 'rgb' or 'flow'.
    seeds: int [B], of fill 'noise', a number of each video's own; None for 0.
    partner: (clips, masks, found) of videos of other classes, of the same shapes;
      needed for fill 'other'.

  Returns:
    Clips of the same shape and dtype.

  Raises:
    UserError: the stream has no such treatment, or fill 'other' no partner.
    ValueError: `stream` is unknown.
  """
  if stream not in _BLACK:
    raise ValueError(f"`stream` must be 'rgb' or 'flow'; received {stream!r}")
  treatments.check_stream(treatment, stream)
  if treatment.region == 'none':
    return clips
  clips = tf.convert_to_tensor(clips)
  person = _placed(tf.cast(masks, tf.bool), treatment.place)
  replaced = person if treatment.region == 'activity' else ~person
  replaced = replaced[..., tf.newaxis]
  if treatment.region == 'both':
    filled = tf.where(replaced, tf.cast(_BLACK[stream], clips.dtype), tf.cast(_WHITE, clips.dtype))
    replaced = tf.ones_like(replaced)
  else:
    filled = _filled(clips, replaced, treatment.fill, stream, seeds, partner)
  replaced &= tf.cast(found, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.ensure_shape(tf.where(replaced, filled, clips), clips.shape)


def _filled(clips, replaced, fill, stream, seeds, partner):
  """What a fill puts in the place of `replaced`, bool [B, T, H, W, 1]: broadcasts to the clips."""
  if fill == 'black':
    return tf.cast(_BLACK[stream], clips.dtype)
  if fill == 'mean':
    return _mean(clips, ~replaced, stream)[0]
  if fill == 'blur':
    return _blurred(clips, ~replaced, stream)
  if fill == 'noise':
    return _noise(clips, seeds)
  if partner is None:
    raise errors.UserError(
      "fill 'other' must have a video of another class to take from; there is "
      'none here (train, evaluate and reproduce have)'
    )
  others, masks, others_found = partner
  person = tf.cast(masks, tf.bool)[..., tf.newaxis]
  person &= tf.cast(others_found, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.where(person, _blurred(others, ~person, stream), others)


def _mean(clips, stays, stream):
  """(mean of the pixels that stay [B, T, 1, 1, C], whether there are any)."""
  values = tf.cast(clips, tf.float32)
  weights = tf.cast(stays, tf.float32)
  count = tf.reduce_sum(weights, axis=(2, 3), keepdims=True)
  # tf.where, not multiplication: NaNs in masked-out pixels must not leak.
  total = tf.reduce_sum(tf.where(stays, values, 0.0), axis=(2, 3), keepdims=True)
  mean = tf.where(count > 0, total / tf.maximum(count, 1.0), _BLACK[stream])
  return tf.cast(mean, clips.dtype), count > 0


def _blurred(clips, stays, stream):
  """Normalised convolution: the pixels that stay, blurred, over their blurred weights."""
  values = tf.where(stays, tf.cast(clips, tf.float32), 0.0)
  weights = tf.cast(stays, tf.float32)
  mean = tf.cast(_mean(clips, stays, stream)[0], tf.float32)

  def blur(images):
    for axis, side in (('h', clips.shape[2]), ('w', clips.shape[3])):
      places = np.arange(side, dtype=np.float32)
      kernel = np.exp(-0.5 * ((places[:, np.newaxis] - places) / (side * _BLUR)) ** 2)
      kernel /= kernel.sum(axis=1).max()
      images = tf.einsum('hx,btxwc->bthwc' if axis == 'h' else 'wx,bthxc->bthwc', kernel, images)
    return images

  blurred = (blur(values) + _MEAN_WEIGHT * mean) / (blur(weights) + _MEAN_WEIGHT)
  return tf.cast(blurred, clips.dtype)


def _noise(clips, seeds):
  seeds = (
    tf.zeros_like(clips[:, 0, 0, 0, 0], tf.int64) if seeds is None else (tf.cast(seeds, tf.int64))
  )
  shape = tf.shape(clips)[1:]
  noise = tf.map_fn(
    lambda seed: tf.random.stateless_uniform(shape, tf.stack([seed, 0]), minval=-1.0, maxval=1.0),
    seeds,
    fn_output_signature=tf.float32,
  )
  return tf.cast(noise, clips.dtype)


def _placed(person, place):
  """Masks, bool [B, T, H, W], at a place."""
  if place == 'earlier':
    return tf.roll(person, tf.shape(person)[1] // 2, axis=1)
  if place == 'elsewhere':
    return _elsewhere(person)
  return person


def _elsewhere(person):
  width = person.shape[3]
  columns = np.arange(width)
  # How often columns x and y of one row are both the person's, exact in float32 below 2 ** 24.
  rows = tf.reshape(tf.cast(person, tf.float32), [tf.shape(person)[0], -1, width])
  both = tf.reshape(tf.matmul(rows, rows, transpose_a=True), [-1, width * width])
  shifts = np.array(sorted(columns, key=lambda shift: abs(shift - width // 2)))
  pairs = columns * width + (columns + shifts[:, np.newaxis]) % width
  overlap = tf.reduce_sum(tf.gather(both, pairs, axis=1), axis=2)  # [B, shifts]
  shift = tf.gather(shifts, tf.argmin(overlap, axis=1))
  source = (columns - shift[:, tf.newaxis]) % width
  moved = tf.gather(tf.transpose(person, [0, 3, 1, 2]), source, axis=1, batch_dims=1)
  return tf.transpose(moved, [0, 2, 3, 1])
