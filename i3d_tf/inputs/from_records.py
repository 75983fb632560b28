"""Records to batches, in one straight line.

  which videos, in which order -> read -> parse -> sample -> decode -> crop -> batch

Frames stay uint8 and unmasked: `preprocess.network_input` treats and scales an entire batch, so
that an evaluation can apply several treatments to the same frames. Everything random is drawn
from (seed, position of the example), so training resumes with exactly the same batches, given
only its step.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import decode_clip
from i3d_tf.inputs import partners
from i3d_tf.inputs import read_records
from i3d_tf.inputs import treatments
from i3d_tf.model import architecture
from i3d_tf.records import folders
from i3d_tf.records import shards


def training(
  source: folders.Records,
  entries: Sequence[shards.Entry],
  settings: clip_settings.ClipSettings,
  start_step: int = 0,
  *,
  row_slice: tuple[int, int] | None = None,
  num_replicas: int = 1,
) -> tf.data.Dataset:
  """Endless batches of clips with random start, crop and flip.

  Each pass over the videos has an order of its own; the batch of a given step is always the same.

  Args:
    source: the records that `entries` belong to.
    entries: the videos to train on.
    settings: how clips are made.
    start_step: number of batches to skip.
    row_slice: (start, end) of the rows of each batch to return; None for all.
    num_replicas: number of replicas that share these rows: each batch becomes so many
      equal, successive ones.

  Returns:
    A `tf.data.Dataset` of dicts: 'frames' uint8 [B, T, S, S, C], 'masks' uint8
    [B, T, S, S] of 0 and 1, 'has_person' bool [B], 'label' int64 [B], 'entry' int64
    [B] (index in `entries`); with partners and twins also theirs, see `partners.add`; with flow
    also 'flow' and 'flow_scale', see `decode_clip.decode_clip`.

  Raises:
    UserError: as `partners.add`.
  """

  def decode(position: tf.Tensor, record: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    drawn = tf.random.stateless_uniform([4], tf.stack([seed, position]))
    length = decode_clip.num_frames(record, settings.stream)
    return decode_clip.decode_clip(
      record,
      decode_clip.loop_window(length, settings.clip_frames, drawn[0]),
      settings,
      drawn[1:3] if settings.augment else None,
      drawn[3] < 0.5 if settings.augment else None,
    )

  seed = tf.constant(settings.seed, tf.int64)
  start, end = (0, settings.batch_size) if row_slice is None else row_slice
  positions = _training_positions(len(entries), settings, start_step)
  if (start, end) != (0, settings.batch_size):
    row = lambda position: position % settings.batch_size
    positions = positions.filter(
      lambda position, _: tf.logical_and(row(position) >= start, row(position) < end)
    )
  records = read_records.read(positions, source, entries)
  clips = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
  clips = partners.add(
    clips, positions, source, entries=entries, candidates=entries, settings=settings
  )
  batch_size = (end - start) // num_replicas
  return clips.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def _training_positions(
  num_entries: int, settings: clip_settings.ClipSettings, start_step: int
) -> tf.data.Dataset:
  """Endless dataset of (position of the example, index of the entry), from a step on."""
  seed = tf.constant(settings.seed, tf.int64)

  def epoch(number: tf.Tensor) -> tf.data.Dataset:
    # Not index_shuffle, which needs no list: some of its orders are almost sorted (seed 0,
    # epoch 12), so that batches hold a single class.
    order = tf.random.experimental.stateless_shuffle(
      tf.range(num_entries, dtype=tf.int64), tf.stack([seed, number])
    )
    positions = number * num_entries + tf.range(num_entries, dtype=tf.int64)
    return tf.data.Dataset.from_tensor_slices((positions, order))

  first = start_step * settings.batch_size
  epochs = tf.data.Dataset.range(first // num_entries, np.iinfo(np.int64).max)
  return epochs.flat_map(epoch).skip(first % num_entries)


def spec(settings: clip_settings.ClipSettings) -> dict[str, tf.TensorSpec]:
  """What `preprocess.network_input` reads of the batches of `evaluation`, as types and shapes."""
  size = settings.frame_size
  images = lambda *channels: tf.TensorSpec([None, None, size, size, *channels], tf.uint8)
  one = {
    'frames': images(clip_settings.CHANNELS[settings.stream]),
    'masks': images(),
    'has_person': tf.TensorSpec([None], tf.bool),
  }
  kinds = [treatments.PARTNER] * settings.with_partners + [treatments.TWIN] * settings.with_twins
  others = {f'{kind}_{key}': one[key] for kind in kinds for key in one}
  others.update({f'masks_grown{growth}': one['masks'] for growth in settings.growths})
  if settings.with_flow:
    others.update(flow=images(2), flow_scale=tf.TensorSpec([None, 2], tf.float32))
  return {**one, **others}


def evaluation(
  source: folders.Records,
  entries: Sequence[shards.Entry],
  settings: clip_settings.ClipSettings,
  candidates: Sequence[shards.Entry] | None = None,
) -> tf.data.Dataset:
  """Batches of entire videos in a center crop, each video once.

  Batches hold videos of equal length, so their order is not that of `entries`.

  Args:
    source: the records that all entries belong to.
    entries: the videos to evaluate.
    settings: how clips are made.
    candidates: those from which partners and twins are drawn; None for `entries`. Those of a
      video depend only on the seed, its path and these.

  Returns:
    A `tf.data.Dataset` of dicts like those of `training`, T being the number of
    frames of the batch's videos, up to `settings.max_frames`.

  Raises:
    UserError: as `partners.add`.
  """

  def decode(_: tf.Tensor, record: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    length = tf.minimum(decode_clip.num_frames(record, settings.stream), settings.max_frames)
    # Videos are looped only up to the 9 frames that the network needs.
    num_frames = tf.maximum(length, architecture.MIN_FRAMES)
    frame_indices = decode_clip.loop_window(length, num_frames, 0.0)
    return decode_clip.decode_clip(record, frame_indices, settings)

  positions = tf.data.Dataset.range(len(entries)).map(lambda i: (i, i))
  records = read_records.read(positions, source, entries)
  clips = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
  if settings.with_partners or settings.with_twins:
    numbers = tf.constant([folders.path_number(entry.path) for entry in entries], tf.int64)
    positions = positions.map(lambda _, entry: (numbers[entry], entry))
    candidates = entries if candidates is None else candidates
    clips = partners.add(
      clips, positions, source, entries=entries, candidates=candidates, settings=settings
    )
  return clips.group_by_window(
    key_func=lambda clip: tf.shape(clip['frames'], tf.int64)[0],
    reduce_func=lambda _, clips: clips.batch(settings.batch_size),
    window_size=settings.batch_size,
  ).prefetch(tf.data.AUTOTUNE)
