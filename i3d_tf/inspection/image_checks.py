"""Checks the images of one record: they decode, and have the stated size and coverage."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from i3d_tf.records import schema
from i3d_tf.video import letterbox

_BAR_FRAMES = 16  # frames of a video that are searched for black bars


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _frame_shapes(images: tf.Tensor) -> tf.Tensor:
  """Height, width and channels of JPEG files: int32 [T, 3]."""
  return tf.map_fn(
    lambda image: tf.shape(tf.io.decode_jpeg(image)),
    images,
    fn_output_signature=tf.TensorSpec([3], tf.int32),
  )


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _flow_shapes(images: tf.Tensor) -> tf.Tensor:
  """Height, width and channels of PNG or JPEG files: int32 [T, 3]."""
  return tf.map_fn(
    lambda image: tf.shape(tf.io.decode_image(image, expand_animations=False)),
    images,
    fn_output_signature=tf.TensorSpec([3], tf.int32),
  )


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _mask_shapes(images: tf.Tensor) -> tf.Tensor:
  """Height, width, channels and number of nonzero pixels of PNG files: int32 [T, 4]."""

  def measure(image: tf.Tensor) -> tf.Tensor:
    mask = tf.io.decode_png(image, channels=1)
    covered = tf.math.count_nonzero(mask, dtype=tf.int32)
    return tf.concat([tf.shape(mask), [covered]], axis=0)

  return tf.map_fn(measure, images, fn_output_signature=tf.TensorSpec([4], tf.int32))


def check_images(
  images: Mapping[str, Sequence[bytes]],
  size: tuple[int, int],
  coverage: float | None,
  expect: Callable[[bool, str], None],
) -> letterbox.Bars | None:
  """Decodes and checks all images of a record.

  Args:
    images: by the keys `schema.FRAMES`, `schema.MASKS` and `schema.FLOW`.
    size: height and width that they must have, in pixels.
    coverage: share of all pixels that the masks must cover; None if not stated.
    expect: called with whether a condition holds, and what to say if it does not.

  Returns:
    The black bars of the frames; None if a frame does not decode or has another size.
  """
  frame_shapes = _checked_shapes(_frame_shapes, images[schema.FRAMES], 'frame', (*size, 3), expect)
  mask_shapes = _checked_shapes(_mask_shapes, images[schema.MASKS], 'mask', (*size, 1), expect)
  _checked_shapes(_flow_shapes, images[schema.FLOW], 'flow field', (*size, 3), expect)
  if mask_shapes is not None and coverage is not None:
    covered = float(mask_shapes[:, 3].sum() / (len(mask_shapes) * size[0] * size[1]))
    expect(
      abs(covered - coverage) < 1e-6,
      f'expected masks that cover {coverage:.6f}; they cover {covered:.6f}',
    )
  return None if frame_shapes is None else _black_bars(images[schema.FRAMES])


def _checked_shapes(
  measure: Callable[[tf.Tensor], tf.Tensor],
  images: Sequence[bytes],
  kind: str,
  expected: tuple[int, int, int],
  expect: Callable[[bool, str], None],
) -> np.ndarray | None:
  """What `measure` gives for images; None without images or if one is not as expected."""
  if not images:
    return None
  try:
    shapes = measure(tf.constant(images)).numpy()
  except tf.errors.InvalidArgumentError:
    bad = [index for index, image in enumerate(images) if not _decodes(measure, image)]
    expect(
      False,
      f'{kind} number {bad[0] if bad else "?"} cannot be decoded'
      + (f', and {len(bad) - 1} more' if len(bad) > 1 else ''),
    )
    return None
  wrong = np.flatnonzero((shapes[:, :3] != expected).any(axis=1))
  if wrong.size:
    expect(
      False,
      f'expected every {kind} to be {_size_text(expected)}; {len(wrong)} are not, such '
      f'as number {wrong[0]} of {_size_text(shapes[wrong[0], :3])}',
    )
    return None
  return shapes


def _decodes(measure: Callable[[tf.Tensor], tf.Tensor], image: bytes) -> bool:
  try:
    measure(tf.constant([image]))
  except tf.errors.InvalidArgumentError:
    return False
  return True


def _size_text(shape: Sequence[int] | np.ndarray) -> str:
  return 'x'.join(map(str, shape))


def _black_bars(frames: Sequence[bytes]) -> letterbox.Bars:
  """The black bars of some frames, spread evenly over all."""
  chosen = np.unique(np.linspace(0, len(frames) - 1, _BAR_FRAMES).round().astype(int))
  return letterbox.detect_black_bars(
    np.stack([tf.io.decode_jpeg(frames[i], channels=3) for i in chosen])
  )
