"""Treatments: which pixels of a clip are replaced, and by what.

The paper replaces the background, or the activity (the person), by black. The
controls ask what that black itself does: other fills, the same shape at another
time or place, the silhouette alone, a person pasted on another class's place. All
are a `Treatment`, region x fill x place, and all go through `apply`.

A clip in which no person was found stays as it is in every treatment: the paper's
rule.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors

# The region that is replaced; the first three are the paper's, 'both' leaves the
# silhouette alone: a white person on black.
REGIONS = ('none', 'background', 'activity')
ALL_REGIONS = REGIONS + ('both',)

# What stands in place of the region:
#   black  black; for flow no motion.
#   mean   a frame's mean colour (flow: mean motion) of the pixels that stay; black if none does.
#   blur   the pixels that stay, blurred into the region; nothing of what was replaced shows.
#   noise  every pixel and channel uniform in [-1, 1], the same for a video whenever it is seen.
#   other  the same pixels of a video of another class, its own person blurred out.
FILLS = ('black', 'mean', 'blur', 'noise', 'other')

# Where the mask lies:
#   person     on the person.
#   earlier    where the person is half a clip away in time (circular).
#   elsewhere  shifted sideways (circular, the same for all frames of a clip) to where it covers
#              the person least, and of those shifts to that nearest half the width.
PLACES = ('person', 'earlier', 'elsewhere')

_BLACK = {'rgb': -1.0, 'flow': 0.0}
_WHITE = 1.0
# Standard deviation of the blur as a share of the frame's side, and the weight of a frame's mean
# colour in it, which decides where no pixel that stays is near.
_BLUR, _MEAN_WEIGHT = 1 / 16, 1e-4


@dataclasses.dataclass(frozen=True)
class Treatment:
  """What is done to the pixels of a clip.

  Attributes:
    region: one of `ALL_REGIONS`.
    fill: one of `FILLS`; 'none' and 'both' have 'black' only.
    place: one of `PLACES`; 'none' has 'person' only.

  Raises:
    UserError: there is no such treatment.
  """

  region: str = 'none'
  fill: str = 'black'
  place: str = 'person'

  def __post_init__(self):
    for what, value, allowed in (('region', self.region, ALL_REGIONS), ('fill', self.fill, FILLS),
                                 ('place', self.place, PLACES)):
      if value not in allowed:
        raise errors.UserError(f'`{what}` must be one of {", ".join(allowed)}; received {value!r}')
    if self.region in ('none', 'both') and self.fill != 'black':
      raise errors.UserError(f"`fill` must be 'black' for region {self.region!r}, which has no "
                             f'other; received {self.fill!r}')
    if self.region == 'none' and self.place != 'person':
      raise errors.UserError(f"`place` must be 'person' for region 'none'; received {self.place!r}")

  @property
  def name(self):
    """The region, the fill unless it is black, the place unless it is the person's."""
    return '-'.join([self.region, *([self.fill] if self.fill != 'black' else []),
                     *([self.place] if self.place != 'person' else [])])

  @classmethod
  def parse(cls, name):
    """The treatment of a name such as 'none', 'activity-blur' or 'activity-black-elsewhere'.

    Raises:
      UserError: there is no such treatment.
    """
    region, *rest = name.split('-')
    fill = rest.pop(0) if rest and rest[0] in FILLS else 'black'
    place = rest.pop(0) if rest and rest[0] in PLACES else 'person'
    if region not in ALL_REGIONS or rest:
      raise errors.UserError(
          f'a treatment must be a region ({", ".join(ALL_REGIONS)}), perhaps -fill '
          f'({", ".join(FILLS)}), perhaps -place ({", ".join(PLACES)}); received {name!r}')
    return cls(region, fill, place)


def check_stream(treatment, stream):
  """Raises a `UserError` if the treatment says nothing for a stream ('rgb' or 'flow')."""
  if treatment.region == 'both' and stream == 'flow':
    raise errors.UserError("treatment 'both' must be of stream rgb: flow has no silhouette, "
                           'without its motion nothing is left; received stream flow')


def replace(clips, masks, found, region, fill='black', stream='rgb'):
  """Replaces a region of clips: `apply` without a partner, on the person.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], not 0 where the person is.
    found: bool [B], whether a person was found in the clip's video.
    region: one of `REGIONS`.
    fill: one of `FILLS`.
    stream: 'rgb' or 'flow'.

  Returns:
    Clips of the same shape and dtype.

  Raises:
    ValueError: `region`, `fill` or `stream` is unknown.
  """
  if region not in REGIONS:
    raise ValueError(f'`region` must be one of {", ".join(REGIONS)}; received {region!r}')
  if fill not in FILLS:
    raise ValueError(f'`fill` must be one of {", ".join(FILLS)}; received {fill!r}')
  if region == 'none':
    fill = 'black'
  return apply(clips, masks, found, Treatment(region, fill), stream)


def apply(clips, masks, found, treatment, stream='rgb', seeds=None, partner=None):
  """Applies a treatment to clips.

  Args:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], not 0 where the person is; may be None for
      region 'none', as may `found`.
    found: bool [B], whether a person was found in the clip's video.
    treatment: a `Treatment`.
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
  check_stream(treatment, stream)
  if treatment.region == 'none':
    return clips
  clips = tf.convert_to_tensor(clips)
  person = _placed(tf.cast(masks, tf.bool), treatment.place)
  replaced = person if treatment.region == 'activity' else ~person
  replaced = replaced[..., tf.newaxis]
  if treatment.region == 'both':
    filled = tf.where(replaced, tf.cast(_BLACK[stream], clips.dtype),
                      tf.cast(_WHITE, clips.dtype))
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
    raise errors.UserError("fill 'other' must have a video of another class to take from; there is "
                           'none here (train, evaluate and reproduce have)')
  others, masks, others_found = partner
  person = tf.cast(masks, tf.bool)[..., tf.newaxis]
  person &= tf.cast(others_found, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]
  return tf.where(person, _blurred(others, ~person, stream), others)


def _mean(clips, stays, stream):
  """(mean of the pixels that stay [B, T, 1, 1, C], whether there are any)."""
  values = tf.cast(clips, tf.float32)
  weights = tf.cast(stays, tf.float32)
  count = tf.reduce_sum(weights, axis=(2, 3), keepdims=True)
  # where, not a product: what was replaced has no say, whatever it is.
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
  seeds = tf.zeros_like(clips[:, 0, 0, 0, 0], tf.int64) if seeds is None else (
      tf.cast(seeds, tf.int64))
  shape = tf.shape(clips)[1:]
  noise = tf.map_fn(
      lambda seed: tf.random.stateless_uniform(shape, tf.stack([seed, 0]), minval=-1.0, maxval=1.0),
      seeds, fn_output_signature=tf.float32)
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
