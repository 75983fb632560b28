"""Decoded frames, flow and masks to network input: one way for training, evaluation and export.

Frames stay uint8 until they are a batch. RGB pixels and quantized flow (0..255 for
-20..20 pixels of motion) are scaled in the same way.
"""

from collections.abc import Mapping

import cv2
import numpy as np
import tensorflow as tf

from i3d_tf.common import validation
from i3d_tf.inputs import carried
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import fills
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments
from i3d_tf.masks import dilation


def resize_side(frame_size: int) -> int:
  """Returns the shorter side from which frames of `frame_size` are cropped: 256 for 224."""
  return round(frame_size * 256 / 224)


def crop_size(
  height: tf.Tensor, width: tf.Tensor, frame_size: int, resize: str
) -> tuple[tf.Tensor, tf.Tensor]:
  """Computes the size of the window of a stored frame that becomes the network's frame.

  Args:
    height: of the stored frames in pixels, int32 scalar.
    width: of the stored frames in pixels, int32 scalar.
    frame_size: height and width of the network's frames in pixels.
    resize: 'crop' keeps the aspect ratio: the window is a square whose side is
      frame_size / resize_side of the shorter side. With 'squash', the window is the
      entire frame, whatever its aspect ratio.

  Returns:
    (height, width) of the window, int32 scalars.

  Raises:
    UserError: `resize` is unknown.
  """
  validation.check_choice('resize', resize, clip_settings.RESIZES)
  if resize == 'squash':
    return height, width
  short = tf.minimum(height, width)
  side = tf.cast(
    tf.round(tf.cast(short, tf.float32) * frame_size / resize_side(frame_size)), tf.int32
  )
  return side, side


def window(
  height: tf.Tensor,
  width: tf.Tensor,
  frame_size: int,
  resize: str,
  position: tf.Tensor | None = None,
) -> tf.Tensor:
  """Places the window of `crop_size` in the frame.

  Args:
    height: as in `crop_size`.
    width: as in `crop_size`.
    frame_size: as in `crop_size`.
    resize: as in `crop_size`.
    position: float32 [2], vertical and horizontal, in [0, 1). If it is uniform, all
      places are equally likely. None for the center.

  Returns:
    int32 [4]: top, left, height, width.
  """
  size = tf.stack(crop_size(height, width, frame_size, resize))
  spare = tf.stack([height, width]) - size
  if position is None:
    corner = spare // 2
  else:
    corner = tf.cast(tf.floor(position * tf.cast(spare + 1, tf.float32)), tf.int32)
  return tf.concat([corner, size], axis=0)


def to_frame_size(images: tf.Tensor, frame_size: int, method: str = 'bilinear') -> tf.Tensor:
  """Resizes images to the network's size; leaves images of that size unchanged.

  Args:
    images: uint8 [T, h, w, C].
    frame_size: height and width of the network's frames in pixels.
    method: 'bilinear', or 'nearest' for masks.

  Returns:
    uint8 [T, frame_size, frame_size, C].
  """
  size = [frame_size, frame_size]

  def resized() -> tf.Tensor:
    return tf.cast(tf.round(tf.image.resize(images, size, method=method)), tf.uint8)

  shape = tf.shape(images)
  images = tf.cond(tf.reduce_all(tf.equal(shape[1:3], size)), lambda: images, resized)
  return tf.ensure_shape(images, [None, frame_size, frame_size, images.shape[-1]])


def flip(frames: tf.Tensor, masks: tf.Tensor, stream: str) -> tuple[tf.Tensor, tf.Tensor]:
  """Mirrors a clip left to right; horizontal motion changes its sign.

  Args:
    frames: uint8 [T, H, W, C], RGB or quantized flow.
    masks: uint8 [T, H, W].
    stream: 'rgb' or 'flow'.

  Returns:
    (frames, masks), mirrored.
  """
  frames, masks = _mirror(frames), _mirror(masks[..., tf.newaxis])[..., 0]
  if stream == 'flow':
    horizontal, vertical = tf.unstack(frames, axis=-1)
    frames = tf.stack([255 - horizontal, vertical], axis=-1)
  return frames, masks


def _mirror(images: tf.Tensor) -> tf.Tensor:
  """Mirrors uint8 [T, H, W, C] left to right.

  OpenCV is fastest, with all images as one of T * H rows.
  """

  def mirror(array: np.ndarray) -> np.ndarray:
    rows = array.reshape(-1, *array.shape[2:])
    return cv2.flip(rows, 1).reshape(array.shape)

  return tf.ensure_shape(tf.numpy_function(mirror, [images], tf.uint8), images.shape)


def network_input(
  batch: Mapping[str, tf.Tensor],
  treatment: treatments.Treatment = treatments.Treatment(),
  stream: str = 'rgb',
  seeds: tf.Tensor | None = None,
) -> tf.Tensor:
  """Computes what the network sees of uint8 clips under a treatment.

  Args:
    batch: has 'frames', uint8 [B, T, H, W, C]; unless the treatment replaces nothing,
      also 'masks' (uint8 [B, T, H, W]) and 'has_person' (bool [B]), and if it needs a
      partner 'partner_frames', 'partner_masks' and 'partner_has_person', if a twin 'twin_frames'
      and so on; see `partners.add`. A growth needs its masks, such as 'masks_grown5', and what
      needs flow 'flow' and 'flow_scale', as `carried.motion` takes them.
    treatment: what is done to the clips.
    stream: 'rgb' or 'flow'.
    seeds: as in `masking.apply`.

  Returns:
    float32 [B, T, H, W, C] in [-1, 1].

  Raises:
    UserError: the stream does not have this treatment, or it needs another video or flow and
      has none.
  """
  motion = None
  if treatment.needs_flow and 'flow' in batch:
    motion = carried.motion(batch['flow'], batch['flow_scale'])
  others = {
    kind: fills.Partner(
      _scaled(batch[f'{kind}_frames']), batch[f'{kind}_masks'], batch[f'{kind}_has_person']
    )
    for kind in (treatments.PARTNER, treatments.TWIN)
    if f'{kind}_frames' in batch
  }
  return masking.apply(
    _scaled(batch['frames']),
    batch.get('masks' if treatment.dilation is None else f'masks_{treatment.growth}'),
    batch.get('has_person'),
    treatment,
    stream,
    seeds=seeds,
    motion=motion,
    **others,
  )


def _scaled(frames: tf.Tensor) -> tf.Tensor:
  """Scales uint8 0..255 to float32 in [-1, 1]."""
  return tf.cast(frames, tf.float32) * (2 / 255) - 1


# === Videos without records: prediction, features, export ===


def to_short_side(images: tf.Tensor, short_side: int, method: str = 'bilinear') -> tf.Tensor:
  """Resizes images to the size that records store: fixed shorter side, same aspect ratio.

  Does what `decoding.resize` does with OpenCV, within one gray level.

  Args:
    images: uint8 [N, H, W, C].
    short_side: pixels of the shorter side.
    method: 'bilinear', or 'nearest' for masks.

  Returns:
    uint8 [N, h, w, C].
  """
  height, width = tf.shape(images)[1], tf.shape(images)[2]

  def scaled(side: tf.Tensor) -> tf.Tensor:
    exact = tf.cast(side, tf.float64) * short_side / tf.cast(tf.minimum(height, width), tf.float64)
    return tf.cast(tf.round(exact), tf.int32)  # Rounds halves to even, like Python's round.

  size = tf.stack([scaled(height), scaled(width)])
  if method == 'bilinear':
    return tf.cast(tf.round(tf.image.resize(images, size)), tf.uint8)
  rows, columns = _nearest(height, size[0]), _nearest(width, size[1])
  return tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)


def _nearest(length: tf.Tensor, resized: tf.Tensor) -> tf.Tensor:
  """Returns the pixels under the centers of the new pixels of a resize: int32 [resized].

  Integer arithmetic, because tf.image.resize is wrong if a center is on the edge between two
  pixels. Either of them is correct there, and OpenCV's INTER_NEAREST_EXACT takes one or the other.
  """
  return (2 * tf.range(resized) + 1) * length // (2 * resized)


def dilate(masks: tf.Tensor, size: int) -> tf.Tensor:
  """Dilates masks by the ellipse of `coco_files.dilate`, in TensorFlow.

  Args:
    masks: uint8 [N, H, W, 1] of 0 and 1.
    size: extent of the ellipse in pixels, odd; 0 or 1 changes nothing.

  Returns:
    uint8 [N, H, W, 1] of 0 and 1.
  """
  if size < 2:
    return masks
  element = dilation.element(size).astype(np.float32)[:, :, np.newaxis, np.newaxis]
  touched = tf.nn.conv2d(tf.cast(masks, tf.float32), element, strides=1, padding='SAME')
  return tf.cast(touched > 0.5, tf.uint8)


def center(images: tf.Tensor, frame_size: int, resize: str, method: str = 'bilinear') -> tf.Tensor:
  """Computes what the network sees of stored images: the center crop, or all, squashed.

  Args:
    images: uint8 [N, H, W, C].
    frame_size: as in `crop_size`.
    resize: as in `crop_size`.
    method: 'bilinear', or 'nearest' for masks.

  Returns:
    uint8 [N, frame_size, frame_size, C].
  """
  shape = tf.shape(images)
  top, left, height, width = tf.unstack(window(shape[1], shape[2], frame_size, resize))
  return to_frame_size(images[:, top : top + height, left : left + width], frame_size, method)
