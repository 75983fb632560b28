"""The order of the frames of a clip. `treatments` describes it to users.

A time is a function from (number of frames, seeds int64 [B]) to the frames to show, int32 [B, T].
A new one, say 'looped', needs that function, `_looped`, and a line in `treatments.TIME_HELP`.
"""

from collections.abc import Callable

import tensorflow as tf

from i3d_tf.inputs import treatments


def reorder(clips: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
  """Shows the frames of clips in another order.

  Args:
    clips: [B, T, ...], of any type.
    order: int32 [B, T], the index of each frame to show.

  Returns:
    The same shape and type.
  """
  return tf.ensure_shape(tf.gather(clips, order, axis=1, batch_dims=1), clips.shape)


def _forward(count: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
  """All frames as they are."""
  return tf.tile(tf.range(count)[tf.newaxis], [tf.shape(seeds)[0], 1])


def _still(count: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
  """The middle frame, of an even number the later one, in place of all."""
  return tf.fill([tf.shape(seeds)[0], count], count // 2)


def _shuffled(count: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
  """A random order for each seed: all orders are equally likely."""
  return tf.map_fn(
    lambda seed: tf.argsort(tf.random.stateless_uniform([count], tf.stack([seed, 1]))),
    seeds,
    fn_output_signature=tf.int32,
  )


def _reversed(count: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
  """The last frame first."""
  return tf.reverse(_forward(count, seeds), [1])


# The function of time 'still' is `_still`, and so on.
TIMES: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
  name: globals()[f'_{name}'] for name in treatments.TIMES
}
