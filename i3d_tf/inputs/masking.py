"""Applies treatments to clips: orders their frames, and replaces a region of their pixels."""

import tensorflow as tf

from i3d_tf.common import validation
from i3d_tf.inputs import fills
from i3d_tf.inputs import shapes
from i3d_tf.inputs import times
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
  twin: fills.Partner | None = None,
  motion: tf.Tensor | None = None,
) -> tf.Tensor:
  """Applies a treatment to clips.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], nonzero on the person; may be None for region
      'none', as may `has_person`.
    has_person: bool [B], whether the clip's video shows a person. Of a clip without one, no
      pixel is replaced, whatever the treatment: the paper's rule.
    treatment: what to replace, and by what, and the order of the frames.
    stream: 'rgb' or 'flow'.
    seeds: int [B], for fills 'noise', 'stripes' and 'carried' and time 'shuffled': a number of its
      own for each video; None for 0.
    partner: videos of other classes, of the same shapes, where `treatment.needs_partner`.
    twin: other videos of the same classes, of the same shapes, where `treatment.needs_twin`.
    motion: float32 [B, T, H, W, 2], `carried.motion`, where `treatment.needs_flow`.

  Returns:
    Clips of the same shape and dtype.

  Raises:
    UserError: `stream` is unknown or does not have this treatment, or it needs another video or
      flow and has none.
  """
  validation.check_choice('stream', stream, fills.BLACK)
  treatments.check_stream(treatment, stream)
  clips = tf.convert_to_tensor(clips)
  if treatment.time != 'forward':
    clips, masks, partner, twin = _in_order(clips, masks, partner, twin, treatment.time, seeds)
  if treatment.region == 'none':
    return clips
  others = None if partner is None else partner.person
  person = shapes.SHAPES[treatment.shape](tf.cast(masks, tf.bool), others)
  person = shapes.PLACES[treatment.place](person)
  replaced = person if treatment.region == 'activity' else ~person
  replaced = replaced[..., tf.newaxis]
  if treatment.region == 'both':
    outside, replaced = replaced, tf.ones_like(replaced)
  if treatment.region == 'both' and treatment.fill == 'black':
    black, white = (tf.cast(level, clips.dtype) for level in (fills.BLACK[stream], _WHITE))
    filled = tf.where(outside, black, white)
  else:
    scene = fills.Scene(clips, ~replaced, stream, seeds, partner, twin, motion)
    filled = fills.FILLS[treatment.fill](scene)
  replaced &= tf.cast(has_person, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.ensure_shape(tf.where(replaced, filled, clips), clips.shape)


def _in_order(
  clips: tf.Tensor,
  masks: tf.Tensor | None,
  partner: fills.Partner | None,
  twin: fills.Partner | None,
  time: str,
  seeds: tf.Tensor | None,
) -> tuple[tf.Tensor, tf.Tensor | None, fills.Partner | None, fills.Partner | None]:
  """Clips, their masks, partners and twins, all in the same order of frames."""
  if seeds is None:
    seeds = tf.zeros_like(clips[:, 0, 0, 0, 0], tf.int64)
  order = times.TIMES[time](tf.shape(clips)[1], tf.cast(seeds, tf.int64))
  if masks is not None:
    masks = times.reorder(tf.convert_to_tensor(masks), order)
  partner, twin = (
    other
    if other is None
    else other._replace(
      clips=times.reorder(other.clips, order), masks=times.reorder(other.masks, order)
    )
    for other in (partner, twin)
  )
  return times.reorder(clips, order), masks, partner, twin
