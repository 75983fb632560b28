"""Records to batches, in one straight line:

  which videos, in which order -> read -> parse -> sample -> decode -> crop -> batch

Frames stay uint8 and unmasked: `preprocess.network_input` masks and scales a
whole batch, so that an evaluation can ask for several masks of the same frames.
Everything random is drawn from (seed, position of the example), so that
training goes on exactly where it stopped, given nothing but its step.
"""

import contextlib

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import preprocess
from i3d_tf.masks import png
from i3d_tf.model import architecture
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards

_PARALLEL_READS = 4
_PARTNERS = 1_000_003  # added to the seed where partners are drawn


def training(source, entries, settings, start_step=0, rows=None, pieces=1):
  """Endless batches of randomly cut clips.

  Every pass over the videos has an order of its own; the batch of a given step
  is always the same.

  Args:
    source: the `folders.Records` that `entries` are of.
    entries: the `shards.Entry`s to train on.
    settings: a `clip_settings.ClipSettings`.
    start_step: number of batches to leave out.
    rows: (first, behind the last) row of every batch that is wanted; None for all.
    pieces: number of equal batches that these rows come in, for as many replicas.

  Returns:
    A `tf.data.Dataset` of dicts: 'frames' uint8 [B, T, S, S, C], 'masks' uint8
    [B, T, S, S] of 0 and 1, 'has_person' bool [B], 'label' int64 [B], 'entry' int64
    [B] (place in `entries`); with partners also their 'partner_frames',
    'partner_masks' and 'partner_has_person', of the same shapes.
  """
  count = len(entries)

  seed = tf.constant(settings.seed, tf.int64)

  def epoch(number):
    # Not index_shuffle, which would need no list: some of its orders are almost
    # sorted (seed 0, epoch 12), so that batches hold one class.
    order = tf.random.experimental.stateless_shuffle(
      tf.range(count, dtype=tf.int64), tf.stack([seed, number])
    )
    positions = number * count + tf.range(count, dtype=tf.int64)
    return tf.data.Dataset.from_tensor_slices((positions, order))

  def clip(position, video):
    drawn = tf.random.stateless_uniform([4], tf.stack([seed, position]))
    sampled = loop_window(_length(video, settings.stream), settings.clip_frames, drawn[0])
    return _decode(
      video,
      sampled,
      settings,
      drawn[1:3] if settings.augment else None,
      drawn[3] < 0.5 if settings.augment else None,
    )

  first = start_step * settings.batch_size
  epochs = tf.data.Dataset.range(first // count, np.iinfo(np.int64).max)
  positions = epochs.flat_map(epoch).skip(first % count)
  start, end = (0, settings.batch_size) if rows is None else rows
  if (start, end) != (0, settings.batch_size):
    row = lambda position: position % settings.batch_size
    positions = positions.filter(
      lambda position, _: tf.logical_and(row(position) >= start, row(position) < end)
    )
  videos = _read(positions, source, entries).map(clip, num_parallel_calls=tf.data.AUTOTUNE)
  if settings.with_partners:
    videos = _with_partners(videos, positions, source, entries, entries, settings)
  return videos.batch((end - start) // pieces, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def evaluation(source, entries, settings, candidates=None):
  """Batches of whole videos, centre-cropped, each video once.

  Videos of one length share batches, so that the order is not that of `entries`.

  Args:
    source, entries, settings: as for `training`.
    candidates: the `shards.Entry`s that partners are drawn from; None for
      `entries`. The partner of a video depends on the seed, its path and these alone.

  Returns:
    A `tf.data.Dataset` of dicts as `training` gives them, T being the number of
    frames of the batch's videos, up to `settings.max_frames`.
  """

  def clip(_, video):
    length = tf.minimum(_length(video, settings.stream), settings.max_frames)
    # The network needs 9 frames: only videos that are shorter are looped.
    sampled = loop_window(length, tf.maximum(length, architecture.MIN_FRAMES), 0.0)
    return _decode(video, sampled, settings, position=None, flipped=None)

  positions = tf.data.Dataset.range(len(entries)).map(lambda i: (i, i))
  videos = _read(positions, source, entries).map(clip, num_parallel_calls=tf.data.AUTOTUNE)
  if settings.with_partners:
    numbers = tf.constant([folders.path_number(entry.path) for entry in entries], tf.int64)
    positions = positions.map(lambda _, entry: (numbers[entry], entry))
    videos = _with_partners(
      videos, positions, source, entries, entries if candidates is None else candidates, settings
    )
  return videos.group_by_window(
    key_func=lambda video: tf.shape(video['frames'], tf.int64)[0],
    reduce_func=lambda _, videos: videos.batch(settings.batch_size),
    window_size=settings.batch_size,
  ).prefetch(tf.data.AUTOTUNE)


@contextlib.contextmanager
def naming_bad_records(source, entries):
  """Turns TensorFlow's error about a record that cannot be read into one that names the video.

  Args:
    source: the `folders.Records` that `entries` are of.
    entries: the `shards.Entry`s that are read in the body of the `with`.

  Raises:
    RecordError: a record is damaged.
  """
  try:
    yield
  except (tf.errors.DataLossError, tf.errors.InvalidArgumentError):
    for shard, offset, entry in zip(*folders.columns(entries, source.folder), entries):
      try:
        # In a flat_map, as records.read_at asks for.
        dataset = tf.data.Dataset.from_tensors(0).flat_map(
          lambda _, shard=shard, offset=offset: shards.read_at(shard, offset)
        )
        for serialized in dataset:
          video = schema.parse(serialized)
          for image in tf.concat([video['frames'], video['masks'], video['flow']], axis=0):
            tf.io.decode_image(image)
      except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as e:
        reason = (
          'its checksum is wrong'
          if isinstance(e, tf.errors.DataLossError)
          else ('an image in it cannot be decoded')
        )
        raise schema.RecordError(
          f'{shard}: expected a whole record of {entry.path} at byte {entry.offset}; {reason}. '
          'Make this file of records again'
        ) from e
    raise


def loop_window(length, wanted, position):
  """Which frames make a clip: a window of a video, or the whole of it looped.

  Args:
    length: frames of the video, int32 scalar.
    wanted: frames of the clip, int32 scalar.
    position: float32 scalar in [0, 1); uniform for every start to be equally likely.

  Returns:
    int32 [wanted], indexes into the video.
  """
  starts = tf.maximum(length - wanted, 0) + 1
  start = tf.cast(tf.floor(position * tf.cast(starts, tf.float32)), tf.int32)
  return (start + tf.range(wanted)) % length


def _read(positions, source, entries):
  """(position, entry) pairs to (position, parsed record) pairs, in the same order."""
  paths, offsets = map(tf.constant, folders.columns(entries, source.folder))
  found = tf.constant([entry.has_person for entry in entries])

  def read(position, entry):
    def parse(serialized):
      video = schema.parse(serialized)
      return position, {**video, 'entry': entry, 'has_person': found[entry]}

    return shards.read_at(paths[entry], offsets[entry]).map(parse)

  return positions.interleave(
    read,
    cycle_length=_PARALLEL_READS,
    block_length=1,
    num_parallel_calls=_PARALLEL_READS,
    deterministic=True,
  )


def _with_partners(videos, positions, source, entries, candidates, settings):
  """Adds to every video one of another class, drawn from (seed, position).

  The partner is seen from its first frame, looped to as many frames, cut in the centre.

  Args:
    videos: dataset of what `_decode` gives, in the order of `positions`.
    positions: dataset of (position, place in `entries`).
    source: the `folders.Records` of all.
    entries, candidates: `shards.Entry`s: of the videos, and to draw from.
    settings: a `clip_settings.ClipSettings`.

  Raises:
    UserError: the candidates are all of one class.
  """
  candidates = sorted(candidates, key=lambda entry: entry.label)
  labels = np.array([entry.label for entry in candidates])
  own = [entry.label for entry in entries]
  starts = tf.constant(np.searchsorted(labels, own, 'left'), tf.int64)
  ends = tf.constant(np.searchsorted(labels, own, 'right'), tf.int64)
  if len(set(labels)) < 2:
    raise errors.UserError(
      f'{source.folder}: expected videos of two classes or more for fill other; found one'
    )

  def partner(position, entry):
    start, end = starts[entry], ends[entry]
    # A seed apart from that of crop and flip.
    drawn = tf.random.stateless_uniform(
      [],
      tf.stack([tf.constant(settings.seed, tf.int64) + _PARTNERS, position]),
      minval=0,
      maxval=len(candidates) - (end - start),
      dtype=tf.int64,
    )
    return position, drawn if drawn < start else drawn + end - start

  def join(video, position_and_partner):
    _, partner = position_and_partner
    sampled = loop_window(_length(partner, settings.stream), tf.shape(video['frames'])[0], 0.0)
    decoded = _decode(partner, sampled, settings, position=None, flipped=None)
    return {
      **video,
      **{f'partner_{key}': decoded[key] for key in ('frames', 'masks', 'has_person')},
    }

  partners = _read(positions.map(partner), source, candidates)
  return tf.data.Dataset.zip(videos, partners).map(join, num_parallel_calls=tf.data.AUTOTUNE)


def _length(video, stream):
  return tf.shape(video['frames' if stream == 'rgb' else 'flow'])[0]


def _decode(video, sampled, settings, position, flipped):
  """Decodes the sampled frames of a parsed record, and only those.

  Args:
    video: what `schema.parse` gives, with 'entry' and 'has_person'.
    sampled: int32 [T], which frames.
    settings: a `clip_settings.ClipSettings`.
    position: of the crop, see `preprocess.window`.
    flipped: bool scalar, or None for never.

  Returns:
    The dict of one video, see `training`.
  """
  encoded = tf.gather(video['frames' if settings.stream == 'rgb' else 'flow'], sampled)
  shape = tf.io.extract_jpeg_shape(video['frames'][sampled[0]])
  window = preprocess.window(shape[0], shape[1], settings.frame_size, settings.resize, position)
  if settings.stream == 'rgb':
    decode = lambda image: tf.io.decode_and_crop_jpeg(
      image, window, channels=3, dct_method='INTEGER_ACCURATE'
    )
  else:
    # decode_image, since flow may be stored as PNG or as JPEG.
    decode = lambda image: _crop(
      tf.io.decode_image(image, channels=3, expand_animations=False)[..., :2], window
    )
  frames = tf.map_fn(decode, encoded, fn_output_signature=tf.uint8)
  frames = preprocess.to_frame_size(
    tf.ensure_shape(frames, [None, None, None, clip_settings.CHANNELS[settings.stream]]),
    settings.frame_size,
  )

  blank = lambda: tf.zeros(tf.shape(frames)[:-1], tf.uint8)
  if settings.with_masks:
    masks = tf.cond(
      tf.size(video['masks']) > 0,
      lambda: _decode_masks(tf.gather(video['masks'], sampled), window, settings),
      blank,
    )
  else:
    masks = blank()
  if flipped is not None:
    frames, masks = tf.cond(
      flipped, lambda: preprocess.flip(frames, masks, settings.stream), lambda: (frames, masks)
    )
  return {
    'frames': frames,
    'masks': masks,
    'has_person': video['has_person'],
    'label': video['label'],
    'entry': video['entry'],
  }


def _decode_masks(encoded, window, settings):
  # Grown before they are cropped: a person just outside of the window reaches in.
  masks = tf.numpy_function(
    lambda images, part: png.decode(images, part, settings.mask_dilation),
    [encoded, window],
    tf.uint8,
  )
  masks = tf.ensure_shape(masks, [None, None, None])[..., tf.newaxis]
  return preprocess.to_frame_size(masks, settings.frame_size, 'nearest')[..., 0]


def _crop(images, window):
  """Cuts [..., H, W, C] by a window of top, left, height, width."""
  top, left, height, width = tf.unstack(window)
  return images[..., top : top + height, left : left + width, :]
