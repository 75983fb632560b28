"""A record to a clip: which frames are sampled, and how they are decoded, cropped and flipped.

Frames, flow and masks share the start, the crop and the flip.
"""

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np
import tensorflow as tf

from i3d_tf.inputs import carried
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import preprocess
from i3d_tf.masks import png


def loop_window(length: tf.Tensor, num_frames: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
  """Samples the frames of a clip: a window of a video, or the entire video looped.

  Args:
    length: frames of the video, int32 scalar.
    num_frames: frames of the clip, int32 scalar.
    position: where the window starts, float32 scalar in [0, 1). If it is uniform, all
      possible starts are equally likely.

  Returns:
    int32 [num_frames], indices of frames of the video.
  """
  starts = tf.maximum(length - num_frames, 0) + 1
  start = tf.cast(tf.floor(position * tf.cast(starts, tf.float32)), tf.int32)
  return (start + tf.range(num_frames)) % length


def num_frames(record: dict[str, tf.Tensor], stream: str) -> tf.Tensor:
  """Counts the frames, or flow fields, of a record: int32 scalar."""
  return tf.shape(_images(record, stream))[0]


def decode_clip(
  record: dict[str, tf.Tensor],
  frame_indices: tf.Tensor,
  settings: clip_settings.ClipSettings,
  crop_position: tf.Tensor | None = None,
  flipped: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
  """Decodes the sampled frames of a record, and only those.

  Args:
    record: as `read_records.read` returns it.
    frame_indices: int32 [T], which frames; for flow, which fields.
    settings: how clips are made.
    crop_position: of the crop, see `preprocess.window`; None for the center.
    flipped: whether to mirror the clip, bool scalar; None for no.

  Returns:
    A dict: 'frames' uint8 [T, S, S, C], S being `settings.frame_size`; 'masks' uint8
    [T, S, S] of 0 and 1, and for each of `settings.growths`, such as 5, 'masks_grown5' of the
    same form; 'has_person' bool, 'label' int64 and 'entry' int64, scalars. With
    `settings.with_flow` 'flow' uint8 [T, S, S, 2], from each frame to the next, and 'flow_scale'
    float32 [2], as `carried.motion` takes them.
  """
  shape = tf.io.extract_jpeg_shape(record['frames'][frame_indices[0]])
  window = preprocess.window(
    shape[0], shape[1], settings.frame_size, settings.resize, crop_position
  )
  frames = _decode_frames(record, frame_indices, window, settings)

  # All masks of the clip, one after the other in time: [T * (1 + number of growths), S, S].
  sizes = (settings.mask_dilation, *settings.growths)
  blank = lambda: tf.zeros(
    tf.concat([len(sizes) * tf.shape(frames)[:1], tf.shape(frames)[1:-1]], 0), tf.uint8
  )
  if settings.with_masks:
    masks = tf.cond(
      tf.size(record['masks']) > 0,
      lambda: _decode_masks(tf.gather(record['masks'], frame_indices), window, settings, sizes),
      blank,
    )
  else:
    masks = blank()
  if flipped is not None:
    frames, masks = tf.cond(
      flipped, lambda: preprocess.flip(frames, masks, settings.stream), lambda: (frames, masks)
    )
  masks, *grown = tf.split(masks, len(sizes))
  flow = _flow(record, frame_indices, window, settings, flipped) if settings.with_flow else {}
  return {
    **flow,
    'frames': frames,
    'masks': masks,
    **{f'masks_grown{size}': of_size for size, of_size in zip(settings.growths, grown)},
    'has_person': record['has_person'],
    'label': record['label'],
    'entry': record['entry'],
  }


def _images(record: dict[str, tf.Tensor], stream: str) -> tf.Tensor:
  """The encoded images of a stream: string [T] of frames or [T - 1] of flow fields."""
  return record['frames' if stream == 'rgb' else 'flow']


def _decode_frames(
  record: dict[str, tf.Tensor],
  frame_indices: tf.Tensor,
  window: tf.Tensor,
  settings: clip_settings.ClipSettings,
) -> tf.Tensor:
  """Decodes a window (top, left, height, width) of frames or flow: uint8 [T, S, S, C]."""
  decode: Callable[[tf.Tensor], tf.Tensor]
  if settings.stream == 'rgb':
    decode = lambda image: tf.io.decode_and_crop_jpeg(
      image, window, channels=3, dct_method='INTEGER_ACCURATE'
    )
  else:
    # decode_image, because flow may be stored as PNG or JPEG.
    decode = lambda image: _crop(
      tf.io.decode_image(image, channels=3, expand_animations=False)[..., :2], window
    )
  encoded = tf.gather(_images(record, settings.stream), frame_indices)
  frames = tf.map_fn(decode, encoded, fn_output_signature=tf.uint8)
  return preprocess.to_frame_size(
    tf.ensure_shape(frames, [None, None, None, clip_settings.CHANNELS[settings.stream]]),
    settings.frame_size,
  )


def _flow(
  record: dict[str, tf.Tensor],
  frame_indices: tf.Tensor,
  window: tf.Tensor,
  settings: clip_settings.ClipSettings,
  flipped: tf.Tensor | None,
) -> dict[str, tf.Tensor]:
  """What `decode_clip` returns of the flow of a clip of frames.

  Nothing moves after the last frame, nor where a looped video starts over.
  """
  of_flow = dataclasses.replace(settings, stream='flow')
  fields = tf.minimum(frame_indices, num_frames(record, 'flow') - 1)
  flow = _decode_frames(record, fields, window, of_flow)
  goes_on = tf.concat([frame_indices[1:] == frame_indices[:-1] + 1, [False]], axis=0)
  still = tf.cast(carried.STILL, tf.uint8)
  flow = tf.where(goes_on[:, tf.newaxis, tf.newaxis, tf.newaxis], flow, still)
  if flipped is not None:
    mirrored = lambda: preprocess.flip(flow, flow[..., 0], 'flow')[0]
    flow = tf.cond(flipped, mirrored, lambda: flow)
  scale = settings.frame_size / tf.cast(window[2:], tf.float32)
  return {'flow': flow, 'flow_scale': scale}


def _decode_masks(
  encoded: tf.Tensor, window: tf.Tensor, settings: clip_settings.ClipSettings, sizes: Sequence[int]
) -> tf.Tensor:
  """Decodes a window (top, left, height, width) of masks: uint8 [T * sizes, S, S] of 0 and 1."""
  # Dilation comes before the crop: a person just outside of the window may reach into it.
  masks = tf.numpy_function(
    lambda images, part: np.concatenate([png.decode(images, part, size) for size in sizes]),
    [encoded, window],
    tf.uint8,
  )
  masks = tf.ensure_shape(masks, [None, None, None])[..., tf.newaxis]
  return preprocess.to_frame_size(masks, settings.frame_size, 'nearest')[..., 0]


def _crop(images: tf.Tensor, window: tf.Tensor) -> tf.Tensor:
  """Crops [..., H, W, C] to a window (top, left, height, width)."""
  top, left, height, width = tf.unstack(window)
  return images[..., top : top + height, left : left + width, :]
