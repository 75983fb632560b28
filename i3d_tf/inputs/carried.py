"""Noise that moves as a video does: motion without appearance.

The idea is that of AFD101 (Ilic, Pock, Wildes, "Is Appearance Free Action Recognition Possible?",
ECCV 2022): a video of noise whose single frames hold nothing. There, noise is warped, which smears
it where the motion spreads. Here grains of noise are moved, so that every frame is noise:

  * A clip starts with one grain in every pixel, each of a color of its own.
  * From a frame to the next, every grain moves by the stored forward flow of the pixel in which it
    is seen. It is seen in the pixel nearest to where it is then, and keeps what is left of the way,
    so that slow motion adds up.
  * Where grains meet, the fastest is seen, of equally fast ones the last in the order of rows; the
    others are gone.
  * Where none is, in what was uncovered and at the edges of the frame, there is a new grain.

Whatever the motion, the colors of a frame are so many independent draws. What does not move stays,
bit by bit. Flow is stored as bytes, of which 127 and 128 are nearest to no motion: they are none.
"""

import numpy as np
import tensorflow as tf

from i3d_tf.flow import optical_flow

_STILL = (127, 128)  # the bytes of less than 0.08 pixels
STILL = 128  # that of no motion, as `optical_flow.quantize` gives it


def motion(flow: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
  """The motion of clips in their own pixels.

  Args:
    flow: uint8 [B, T, H, W, 2], horizontal and vertical, as `optical_flow.quantize` gives it for
      frames of the stored size; T fields, each from a frame to the next.
    scale: float32 [B, 2], the height and the width of the clip's pixels per stored pixel.

  Returns:
    float32 [B, T, H, W, 2]: vertical and horizontal motion.
  """
  bound = optical_flow.FLOW_BOUND
  pixels = tf.cast(flow, tf.float32) * (2 * bound / 255) - bound
  still = tf.reduce_any([tf.equal(flow, byte) for byte in _STILL], axis=0)
  moved = tf.where(still, 0.0, pixels)[..., ::-1]
  return moved * scale[:, tf.newaxis, tf.newaxis, tf.newaxis]


def carry(grains: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
  """Carries grains through clips.

  Args:
    grains: [B, T, H, W, C], the colors of new grains in every pixel of every frame.
    moved: float32 [B, T, H, W, 2], as `motion` returns it; the last field is not used.

  Returns:
    The clips, of the shape and type of `grains`. Equal arguments give equal bits.
  """
  time_first = lambda images: tf.transpose(images, [1, 0, 2, 3, 4])
  grains_of, moved_of = time_first(grains), time_first(moved)
  start = (grains_of[0], tf.zeros_like(moved_of[0]))
  later, _ = tf.scan(_step, (grains_of[1:], moved_of[:-1]), start)
  clips = tf.concat([grains_of[:1], later], axis=0)
  return tf.ensure_shape(time_first(clips), grains.shape)


def _step(
  state: tuple[tf.Tensor, tf.Tensor], of_frame: tuple[tf.Tensor, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
  """From a frame to the next: (colors [B, H, W, C], the rest of the way float32 [B, H, W, 2])."""
  (colors, rest), (new, field) = state, of_frame
  height, width = colors.shape[1:3]
  count = tf.shape(colors)[0] * height * width
  way = rest + field
  pixels = tf.floor(way + 0.5)  # not tf.round: a half must go the same way everywhere
  rows, columns = tf.unstack(tf.cast(pixels, tf.int32), axis=-1)
  rows, columns = rows + np.arange(height)[:, np.newaxis], columns + np.arange(width)
  inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
  clip = tf.range(tf.shape(colors)[0])[:, tf.newaxis, tf.newaxis]
  # The place that each grain moves to, counted over the batch; one more for all that leave.
  place = tf.where(inside, (clip * height + rows) * width + columns, count)
  place = tf.reshape(place, [-1])
  speed = tf.reshape(tf.reduce_sum(field**2, axis=-1), [-1])
  fastest = tf.math.unsorted_segment_max(speed, place, count + 1)
  is_seen = tf.equal(speed, tf.gather(fastest, place))
  seen = tf.math.unsorted_segment_max(tf.where(is_seen, tf.range(count), -1), place, count + 1)[:-1]
  there = seen[:, tf.newaxis] >= 0

  def arrived(values: tf.Tensor, otherwise: tf.Tensor) -> tf.Tensor:
    flat = [count, values.shape[-1]]
    found = tf.gather(tf.reshape(values, flat), tf.maximum(seen, 0))
    shown = tf.reshape(tf.where(there, found, tf.reshape(otherwise, flat)), tf.shape(values))
    return tf.ensure_shape(shown, values.shape)

  return arrived(colors, new), arrived(way - pixels, tf.zeros_like(rest))
