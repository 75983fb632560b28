"""Decoded frames, flow and mask to network input: one way for training, test and export.

Frames stay uint8 until they are a batch. RGB pixels and flow codes (0..255 for
-20..20 pixels of motion) are scaled by the same line.
"""

import cv2
import numpy as np
import tensorflow as tf

from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments
from i3d_tf.masks import dilation


def resize_side(frame_size):
  """The shorter side from which frames of `frame_size` are cropped: 256 for 224."""
  return round(frame_size * 256 / 224)


def crop_size(height, width, frame_size, resize):
  """The window of a stored frame that becomes the network's frame.

  Args:
    height, width: size of the stored frames, int32 scalars.
    frame_size: height and width of the network's frames.
    resize: 'crop' keeps the aspect ratio and cuts a square whose side is
      frame_size / resize_side of the shorter side; 'squash' takes the whole
      frame, whatever its aspect ratio.

  Returns:
    (height, width) of the window, int32 scalars.
  """
  if resize == 'squash':
    return height, width
  if resize != 'crop':
    raise ValueError(
      f'`resize` must be one of {", ".join(clip_settings.RESIZES)}; received {resize!r}'
    )
  short = tf.minimum(height, width)
  side = tf.cast(
    tf.round(tf.cast(short, tf.float32) * frame_size / resize_side(frame_size)), tf.int32
  )
  return side, side


def window(height, width, frame_size, resize, position=None):
  """Places the window of `crop_size` in the frame.

  Args:
    height, width, frame_size, resize: as in `crop_size`.
    position: float32 [2], vertical and horizontal, uniform in [0, 1) for every
      place to be equally likely; None for the centre.

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


def to_frame_size(images, frame_size, method='bilinear'):
  """Resizes uint8 [T, h, w, C] to [T, frame_size, frame_size, C], where that changes anything."""
  size = [frame_size, frame_size]

  def resized():
    return tf.cast(tf.round(tf.image.resize(images, size, method=method)), tf.uint8)

  shape = tf.shape(images)
  images = tf.cond(tf.reduce_all(tf.equal(shape[1:3], size)), lambda: images, resized)
  return tf.ensure_shape(images, [None, frame_size, frame_size, images.shape[-1]])


def flip(frames, masks, stream):
  """Mirrors a clip left to right; horizontal motion changes its sign.

  Args:
    frames: uint8 [T, H, W, C].
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


def _mirror(images):
  """Mirrors uint8 [T, H, W, C] left to right, as one image of T * H rows: OpenCV does it fastest."""

  def mirror(array):
    rows = array.reshape(-1, *array.shape[2:])
    return cv2.flip(rows, 1).reshape(array.shape)

  return tf.ensure_shape(tf.numpy_function(mirror, [images], tf.uint8), images.shape)


def network_input(batch, treatment=treatments.Treatment(), stream='rgb', seeds=None):
  """uint8 clips to what the network sees of them under a treatment.

  Args:
    batch: a dict with 'frames', uint8 [B, T, H, W, C]; unless the treatment replaces nothing
      also with 'masks' (uint8 [B, T, H, W]) and 'has_person' (bool [B]), and for fill 'other'
      with 'partner_frames', 'partner_masks' and 'partner_has_person'; see
      `from_records.training`.
    treatment: a `treatments.Treatment`.
    stream, seeds: as in `masking.apply`.

  Returns:
    float32 [B, T, H, W, C] in [-1, 1].

  Raises:
    UserError: the stream has no such treatment, or fill 'other' no partner.
  """
  partner = None
  if 'partner_frames' in batch:
    partner = (
      _scaled(batch['partner_frames']),
      batch['partner_masks'],
      batch['partner_has_person'],
    )
  return masking.apply(
    _scaled(batch['frames']),
    batch.get('masks'),
    batch.get('has_person'),
    treatment,
    stream,
    seeds,
    partner,
  )


def _scaled(frames):
  return tf.cast(frames, tf.float32) * (2 / 255) - 1


# === Whole videos: evaluation, prediction, export ===


def to_short_side(images, short_side, method='bilinear'):
  """Resizes images as records store them: the shorter side fixed, the aspect ratio kept.

  What `video.resize` does with OpenCV, in TensorFlow, to a grey level.

  Args:
    images: uint8 [N, H, W, C].
    short_side: pixels of the shorter side.
    method: 'bilinear', or 'nearest' for masks.

  Returns:
    uint8 [N, h, w, C].
  """
  height, width = tf.shape(images)[1], tf.shape(images)[2]

  def scaled(side):
    exact = tf.cast(side, tf.float64) * short_side / tf.cast(tf.minimum(height, width), tf.float64)
    return tf.cast(tf.round(exact), tf.int32)  # halves to even, as Python's round

  size = tf.stack([scaled(height), scaled(width)])
  if method == 'bilinear':
    return tf.cast(tf.round(tf.image.resize(images, size)), tf.uint8)
  rows, columns = _nearest(height, size[0]), _nearest(width, size[1])
  return tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)


def _nearest(length, resized):
  """Which pixels a resize takes, those under the new pixels' centres: int32 [resized].

  In whole numbers: tf.image.resize goes wrong where a centre falls on an edge. There
  either neighbour is right, and OpenCV's INTER_NEAREST_EXACT takes now this, now that.
  """
  return (2 * tf.range(resized) + 1) * length // (2 * resized)


def dilate(masks, size):
  """Grows masks by the ellipse of `i3d_tf.masks.coco_files.dilate`, in TensorFlow.

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


def center(images, frame_size, resize, method='bilinear'):
  """What the network sees of stored images: the centre crop, or the squashed whole.

  Args:
    images: uint8 [N, H, W, C].
    frame_size, resize: as in `crop_size`.
    method: 'bilinear', or 'nearest' for masks.

  Returns:
    uint8 [N, frame_size, frame_size, C].
  """
  shape = tf.shape(images)
  top, left, height, width = tf.unstack(window(shape[1], shape[2], frame_size, resize))
  return to_frame_size(images[:, top : top + height, left : left + width], frame_size, method)
