"""Gives each video a partner of another class, whose place or mask treatments use."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import decode_clip
from i3d_tf.inputs import read_records
from i3d_tf.records import folders
from i3d_tf.records import shards

# Added to the seed, so that the draw of a partner is independent of those of crop and flip.
_SEED_OFFSET = 1_000_003


def add_partners(
  clips: tf.data.Dataset,
  positions: tf.data.Dataset,
  source: folders.Records,
  *,
  entries: Sequence[shards.Entry],
  candidates: Sequence[shards.Entry],
  settings: clip_settings.ClipSettings,
) -> tf.data.Dataset:
  """Adds to each clip a video of another class, drawn from (seed, position).

  The partner is shown from its first frame, looped to as many frames as the clip, in a center
  crop. It is a video in which a person was found, where two classes have such videos: without its
  person's mask, its place would show the person, and it would have no mask to lend.

  Args:
    clips: dataset of what `decode_clip.decode_clip` returns, in the order of `positions`.
    positions: dataset of (position of the example, index in `entries`), int64 scalars.
    source: the records that all entries belong to.
    entries: those of the clips.
    candidates: those from which partners are drawn.
    settings: how clips are made.

  Returns:
    The clips with 'partner_frames', 'partner_masks' and 'partner_has_person' added, of the
    shapes of 'frames', 'masks' and 'has_person'.

  Raises:
    UserError: all candidates have the same class.
  """
  with_person = [entry for entry in candidates if entry.has_person]
  if len({entry.label for entry in with_person}) > 1:
    candidates = with_person
  num_classes = len({entry.label for entry in candidates})
  if num_classes < 2:
    raise errors.UserError(
      f'{source.folder}: expected videos of two classes or more, since the treatment takes from '
      f'another one; found {num_classes}'
    )
  candidates = sorted(candidates, key=lambda entry: entry.label)
  draw = _draw_of_another_class(entries, candidates, settings.seed)

  def join(
    clip: dict[str, tf.Tensor], position_and_partner: tuple[tf.Tensor, dict[str, tf.Tensor]]
  ) -> dict[str, tf.Tensor]:
    _, partner = position_and_partner
    frame_indices = decode_clip.loop_window(
      decode_clip.num_frames(partner, settings.stream), tf.shape(clip['frames'])[0], 0.0
    )
    decoded = decode_clip.decode_clip(partner, frame_indices, settings)
    return {**clip, **{f'partner_{key}': decoded[key] for key in ('frames', 'masks', 'has_person')}}

  partners = read_records.read(positions.map(draw), source, candidates)
  return tf.data.Dataset.zip(clips, partners).map(join, num_parallel_calls=tf.data.AUTOTUNE)


def _draw_of_another_class(
  entries: Sequence[shards.Entry], candidates: Sequence[shards.Entry], seed: int
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
  """Returns a function that draws a candidate whose class is not that of an entry.

  Args:
    entries: see `add_partners`.
    candidates: sorted by class. Those of an entry's own class are contiguous, so a uniform draw
      from the others skips over them.
    seed: of the draws.

  Returns:
    A function from (position of the example, index in `entries`) to (position, index in
    `candidates`), int64 scalars.
  """
  labels = np.array([entry.label for entry in candidates])
  own_labels = [entry.label for entry in entries]
  starts = tf.constant(np.searchsorted(labels, own_labels, 'left'), tf.int64)
  ends = tf.constant(np.searchsorted(labels, own_labels, 'right'), tf.int64)

  def draw(position: tf.Tensor, entry: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    start, end = starts[entry], ends[entry]
    drawn = tf.random.stateless_uniform(
      [],
      tf.stack([tf.constant(seed, tf.int64) + _SEED_OFFSET, position]),
      minval=0,
      maxval=len(candidates) - (end - start),
      dtype=tf.int64,
    )
    return position, drawn if drawn < start else drawn + end - start

  return draw
