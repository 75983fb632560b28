"""Fills: what replaces the pixels of a region. `treatments` describes them to users.

A fill is a function from a `Scene` to pixels that broadcast to its clips. A new one, say 'grey',
needs that function, `_grey`, and a line in `treatments.FILL_HELP`, which flags read without
TensorFlow.
"""

from collections.abc import Callable
import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import carried
from i3d_tf.inputs import treatments

BLACK = {'rgb': -1.0, 'flow': 0.0}  # By stream; for flow no motion.

_BLUR = 1 / 16  # Standard deviation of the blur as a fraction of the frame's side.
# Weight of a frame's mean color in the blur; it decides only far away from all pixels that stay.
_MEAN_WEIGHT = 1e-4
# Wavelengths of stripes, from and to, as parts of the frame's height.
_WAVELENGTHS = (1 / 16, 1 / 2)


class Partner(NamedTuple):
  """Other videos, one per clip: partners or twins, see `partners`.

  Attributes:
    clips: float [B, T, H, W, C] in [-1, 1].
    masks: uint8 or bool [B, T, H, W], nonzero on the person.
    has_person: bool [B].
  """

  clips: tf.Tensor
  masks: tf.Tensor
  has_person: tf.Tensor

  @property
  def person(self) -> tf.Tensor:
    """Where the people are, bool [B, T, H, W]; nowhere in clips without a person."""
    shown = tf.cast(self.has_person, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.cast(self.masks, tf.bool) & shown


@dataclasses.dataclass(frozen=True)
class Scene:
  """Clips of which a region is to be filled.

  Attributes:
    clips: float [B, T, H, W, C] in [-1, 1].
    stays: bool [B, T, H, W, 1], the pixels outside of the region.
    stream: 'rgb' or 'flow'.
    seeds: int [B], a number of its own for each video; None for 0.
    partner: videos of other classes, for fills 'other' and 'picture'.
    twin: other videos of the same classes, for fill 'same'.
    motion: float32 [B, T, H, W, 2], as `carried.motion` returns it, for fill 'carried'.
  """

  clips: tf.Tensor
  stays: tf.Tensor
  stream: str
  seeds: tf.Tensor | None = None
  partner: Partner | None = None
  twin: Partner | None = None
  motion: tf.Tensor | None = None


def _black(scene: Scene) -> tf.Tensor:
  """Black, or no motion: a scalar."""
  return tf.cast(BLACK[scene.stream], scene.clips.dtype)


def _mean(scene: Scene) -> tf.Tensor:
  """Mean of the pixels of each frame that stay, black if none does: [B, T, 1, 1, C]."""
  values = tf.cast(scene.clips, tf.float32)
  weights = tf.cast(scene.stays, tf.float32)
  count = tf.reduce_sum(weights, axis=(2, 3), keepdims=True)
  # tf.where, not multiplication: NaNs in masked-out pixels must not leak.
  total = tf.reduce_sum(tf.where(scene.stays, values, 0.0), axis=(2, 3), keepdims=True)
  mean = tf.where(count > 0, total / tf.maximum(count, 1.0), BLACK[scene.stream])
  return tf.cast(mean, scene.clips.dtype)


def _blur(scene: Scene) -> tf.Tensor:
  """The pixels that stay, blurred over each frame: [B, T, H, W, C].

  Normalized convolution (Knutsson and Westin 1993): the blurred pixels over their blurred weights.
  """
  values = tf.where(scene.stays, tf.cast(scene.clips, tf.float32), 0.0)
  weights = tf.cast(scene.stays, tf.float32)
  mean = tf.cast(_mean(scene), tf.float32)

  def blur(images: tf.Tensor) -> tf.Tensor:
    for axis, side in (('h', scene.clips.shape[2]), ('w', scene.clips.shape[3])):
      places = np.arange(side, dtype=np.float32)
      kernel = np.exp(-0.5 * ((places[:, np.newaxis] - places) / (side * _BLUR)) ** 2)
      kernel /= kernel.sum(axis=1).max()
      images = tf.einsum('hx,btxwc->bthwc' if axis == 'h' else 'wx,bthxc->bthwc', kernel, images)
    return images

  blurred = (blur(values) + _MEAN_WEIGHT * mean) / (blur(weights) + _MEAN_WEIGHT)
  return tf.cast(blurred, scene.clips.dtype)


def _noise(scene: Scene) -> tf.Tensor:
  """Uniform noise in [-1, 1], drawn from each video's seed: [B, T, H, W, C]."""
  noise = _drawn(scene, tf.shape(scene.clips)[1:], 0)
  return tf.cast(2 * noise - 1, scene.clips.dtype)


def _drawn(scene: Scene, shape: tf.Tensor, number: int) -> tf.Tensor:
  """Uniform draws in [0, 1) from each video's seed: float32 [B, *shape].

  Draws of another `number` are independent. 1 is that of `times`.
  """
  if scene.seeds is None:
    seeds = tf.zeros_like(scene.clips[:, 0, 0, 0, 0], tf.int64)
  else:
    seeds = tf.cast(scene.seeds, tf.int64)
  return tf.map_fn(
    lambda seed: tf.random.stateless_uniform(shape, tf.stack([seed, number])),
    seeds,
    fn_output_signature=tf.float32,
  )


def _other(scene: Scene) -> tf.Tensor:
  """The partner, its own person replaced by `_blur`: [B, T, H, W, C]."""
  return _place_of(scene.partner, scene.stream, 'other', 'another')


def _same(scene: Scene) -> tf.Tensor:
  """The twin, its own person replaced by `_blur`: [B, T, H, W, C]."""
  return _place_of(scene.twin, scene.stream, 'same', 'the same')


def _picture(scene: Scene) -> tf.Tensor:
  """The partner's middle frame, its own person replaced by `_blur`: [B, 1, H, W, C].

  The person on it is SCUBA; with time 'still' one frame of that, SCUFO (Li, Liu, Zhang, Li,
  "Mitigating and Evaluating Static Bias of Action Representations in the Background and the
  Foreground", ICCV 2023). There, too, the middle frame is the picture, so that the two differ in
  motion alone.
  """
  partner = scene.partner
  if partner is not None:
    at = tf.shape(partner.clips)[1] // 2
    middle = lambda images: images[:, at : at + 1]
    partner = partner._replace(clips=middle(partner.clips), masks=middle(partner.masks))
  return _place_of(partner, scene.stream, 'picture', 'another')


def _place_of(video: Partner | None, stream: str, fill: str, whose: str) -> tf.Tensor:
  """A video, its own person replaced by `_blur`.

  Raises:
    UserError: there is none.
  """
  if video is None:
    raise errors.UserError(
      f'fill {fill!r} must have a video of {whose} class to take from; there is none here (only '
      'train, evaluate and reproduce have one)'
    )
  person = video.person[..., tf.newaxis]
  return tf.where(person, _blur(Scene(video.clips, ~person, stream)), video.clips)


def _stripes(scene: Scene) -> tf.Tensor:
  """Sinusoidal stripes, drawn from each video's seed, the same in all frames: [B, 1, H, W, C].

    (a + b) / 2 + (a - b) / 2 * sin(2 pi (x cos t + y sin t) / l + p)

  Places x and y are parts of the frame's height. The direction t, the phase p and each channel of
  the color a are uniform, the wavelength l is so in its logarithm; b differs from a by half the
  range in every channel. Stripes are one of the pictures of SCUBA (Li, Liu, Zhang, Li, ICCV 2023,
  see `_picture`), whose own draws were not found; these are ours.
  """
  height, width, channels = scene.clips.shape[2:]
  drawn = _drawn(scene, tf.constant([3 + channels]), 2)
  angle, phase, length = (drawn[:, i, tf.newaxis, tf.newaxis] for i in range(3))
  angle, phase = np.pi * angle, 2 * np.pi * phase
  length = _WAVELENGTHS[0] * (_WAVELENGTHS[1] / _WAVELENGTHS[0]) ** length
  rows, columns = ((np.arange(side, dtype=np.float32) + 0.5) / height for side in (height, width))
  along = columns * tf.cos(angle) + rows[:, np.newaxis] * tf.sin(angle)  # [B, H, W]
  wave = tf.sin(2 * np.pi * along / length + phase)[:, tf.newaxis, :, :, tf.newaxis]
  first = 2 * drawn[:, tf.newaxis, tf.newaxis, tf.newaxis, 3:] - 1
  second = tf.where(first < 0, first + 1, first - 1)
  return tf.cast((first + second) / 2 + (first - second) / 2 * wave, scene.clips.dtype)


def _inpaint(scene: Scene) -> tf.Tensor:
  """The place where nobody is: [B, 1, H, W, C].

  At each pixel the median over the frames in which it stays, of an even number the mean of the
  middle two. Where it never stays, the blur (`_blur`) of what was found around it. A moving camera
  smears it: the frames are not aligned. Takes the memory of four copies of the clips.
  """
  values = tf.cast(scene.clips, tf.float32)
  count = tf.reduce_sum(tf.cast(scene.stays, tf.int32), axis=1)  # [B, H, W, 1]
  # Time is last, where sorting is fastest; pixels that do not stay come after all others.
  ordered = tf.sort(
    tf.transpose(tf.where(scene.stays, values, values.dtype.max), [0, 2, 3, 4, 1]), axis=-1
  )
  last = tf.maximum(count - 1, 0)
  middle = tf.stack([last // 2, (last + 1) // 2], axis=-1)  # [B, H, W, 1, 2]
  middle = tf.broadcast_to(middle, tf.concat([tf.shape(ordered)[:-1], [2]], axis=0))
  median = tf.reduce_mean(tf.gather(ordered, middle, batch_dims=4), axis=-1)[:, tf.newaxis]
  known = count[:, tf.newaxis] > 0
  median = tf.where(known, median, 0.0)
  around = _blur(Scene(median, known, scene.stream))
  return tf.cast(tf.where(known, median, around), scene.clips.dtype)


def _carried(scene: Scene) -> tf.Tensor:
  """Uniform noise in [-1, 1] that moves as the video does (`carried`): [B, T, H, W, C].

  Raises:
    UserError: the flow of the video is not there.
  """
  if scene.motion is None:
    raise errors.UserError(
      "fill 'carried' must have the stored flow of the video; there is none here (only train, "
      'evaluate and reproduce have it, from records with flow)'
    )
  grains = 2 * _drawn(scene, tf.shape(scene.clips)[1:], 3) - 1
  grains = tf.ensure_shape(tf.cast(grains, scene.clips.dtype), scene.clips.shape)
  return carried.carry(grains, scene.motion)


# The function of fill 'black' is `_black`, and so on.
FILLS: dict[str, Callable[[Scene], tf.Tensor]] = {
  name: globals()[f'_{name}'] for name in treatments.FILLS
}
