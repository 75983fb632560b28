"""Gives each video another one, drawn by seed, whose place or mask treatments use.

partner   a video of another class
twin      another video of the same class, of another group where the class has several
"""

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import decode_clip
from i3d_tf.inputs import read_records
from i3d_tf.inputs import treatments
from i3d_tf.records import clip_sources
from i3d_tf.records import folders
from i3d_tf.records import shards
from i3d_tf.records import ucf101

# Added to the seed, so that the draws are independent of each other and of those of crop and flip.
_SEED_OFFSETS = {treatments.PARTNER: 1_000_003, treatments.TWIN: 2_000_003}


def add(
  clips: tf.data.Dataset,
  positions: tf.data.Dataset,
  source: folders.Records,
  *,
  entries: Sequence[shards.Entry],
  candidates: Sequence[shards.Entry],
  settings: clip_settings.ClipSettings,
) -> tf.data.Dataset:
  """Adds to each clip what `settings` ask for: a partner, a twin, both or none.

  They are shown from their first frame, looped to as many frames as the clip, in a center crop.
  They are videos in which a person was found, where there are enough of these: without its
  person's mask, its place would show the person, and it would have no mask to lend.

  Args:
    clips: dataset of what `decode_clip.decode_clip` returns, in the order of `positions`.
    positions: dataset of (position of the example, index in `entries`), int64 scalars; the draws
      are from (seed, position).
    source: the records that all entries belong to.
    entries: those of the clips.
    candidates: those that are drawn from.
    settings: how clips are made.

  Returns:
    The clips with 'partner_frames', 'partner_masks' and 'partner_has_person' added, of the
    shapes of 'frames', 'masks' and 'has_person', and 'partner_entry', int64, an index in
    `candidates`; the same for 'twin'.

  Raises:
    UserError: all candidates have the same class, or a class has one candidate and twins are
      asked for.
  """
  asked = {treatments.PARTNER: settings.with_partners, treatments.TWIN: settings.with_twins}
  for kind, wanted in asked.items():
    if wanted:
      clips = _add_one(clips, positions, source, entries, candidates, settings, kind)
  return clips


def check(
  source: folders.Records, entries: Sequence[shards.Entry], treatment: treatments.Treatment
) -> None:
  """Makes sure that videos have among them what a treatment takes from other videos.

  Args:
    source: the records that all entries belong to.
    entries: the videos, which are drawn from, too.
    treatment: what is done to them.

  Raises:
    UserError: as `add`.
  """
  asked = {treatments.PARTNER: treatment.needs_partner, treatments.TWIN: treatment.needs_twin}
  for kind, wanted in asked.items():
    if wanted:
      _drawing(source, entries, entries, 0, kind)


def _add_one(
  clips: tf.data.Dataset,
  positions: tf.data.Dataset,
  source: folders.Records,
  entries: Sequence[shards.Entry],
  candidates: Sequence[shards.Entry],
  settings: clip_settings.ClipSettings,
  kind: str,
) -> tf.data.Dataset:
  """Adds partners or twins."""
  draw, drawn_from = _drawing(source, entries, candidates, settings.seed, kind)
  without_flow = dataclasses.replace(settings, with_flow=False)  # nothing carries a partner
  numbers = {entry.path: number for number, entry in enumerate(candidates)}
  number_of = tf.constant([numbers[entry.path] for entry in drawn_from], tf.int64)

  def join(
    clip: dict[str, tf.Tensor], position_and_other: tuple[tf.Tensor, dict[str, tf.Tensor]]
  ) -> dict[str, tf.Tensor]:
    _, other = position_and_other
    frame_indices = decode_clip.loop_window(
      decode_clip.num_frames(other, settings.stream), tf.shape(clip['frames'])[0], 0.0
    )
    decoded = decode_clip.decode_clip(other, frame_indices, without_flow)
    decoded['entry'] = number_of[decoded['entry']]
    shown = ('frames', 'masks', 'has_person', 'entry')
    return {**clip, **{f'{kind}_{key}': decoded[key] for key in shown}}

  others = read_records.read(positions.map(draw), source, drawn_from)
  return tf.data.Dataset.zip(clips, others).map(join, num_parallel_calls=tf.data.AUTOTUNE)


Draw = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def _drawing(
  source: folders.Records,
  entries: Sequence[shards.Entry],
  candidates: Sequence[shards.Entry],
  seed: int,
  kind: str,
) -> tuple[Draw, list[shards.Entry]]:
  """(a function that draws, what it draws from).

  The function is from (position of the example, index in `entries`) to (position, index in what it
  draws from), int64 scalars.

  Raises:
    UserError: as `add`.
  """
  find = _of_another_class if kind == treatments.PARTNER else _of_the_same_class
  groups = _groups(source, [*entries, *candidates]) if kind == treatments.TWIN else {}
  for pool in ([entry for entry in candidates if entry.has_person], list(candidates)):
    # What may be drawn is contiguous, but for what is skipped.
    pool.sort(key=lambda entry: (entry.label, groups.get(entry.path, '')))
    ranges = find(entries, pool, groups)
    lacking = np.flatnonzero(_counts(ranges) < 1)
    if not len(lacking):
      return _draw(ranges, seed + _SEED_OFFSETS[kind]), pool
  if kind == treatments.PARTNER:
    count = len({entry.label for entry in candidates})
    raise errors.UserError(
      f'{source.folder}: expected videos of two classes or more, since the treatment takes from '
      f'another one; found {count}'
    )
  name = source.label_names[entries[lacking[0]].label]
  raise errors.UserError(
    f'{source.folder}: expected two videos of every class or more, since the treatment takes from '
    f'another video of the same class; found one of {name}'
  )


def _counts(ranges: np.ndarray) -> np.ndarray:
  """How many may be drawn for each entry."""
  low, high, skip_low, skip_high = ranges
  return high - low - (skip_high - skip_low)


def _draw(ranges: np.ndarray, seed: int) -> Draw:
  """A uniform draw from low to high (excluded) without those from skip_low to skip_high."""
  low, _, skip_low, skip_high = map(tf.constant, ranges)
  counts = tf.constant(_counts(ranges))

  def draw(position: tf.Tensor, entry: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    drawn = low[entry] + tf.random.stateless_uniform(
      [],
      tf.stack([tf.constant(seed, tf.int64), position]),
      minval=0,
      maxval=counts[entry],
      dtype=tf.int64,
    )
    return position, drawn if drawn < skip_low[entry] else drawn + skip_high[entry] - skip_low[
      entry
    ]

  return draw


def _of_another_class(
  entries: Sequence[shards.Entry], pool: Sequence[shards.Entry], groups: dict[str, str]
) -> np.ndarray:
  """The ranges of `_draw`, int64 [4, entries]: all of the pool but an entry's own class."""
  del groups
  starts, ends = _span([entry.label for entry in pool], [entry.label for entry in entries])
  return np.array([np.zeros_like(starts), np.full_like(ends, len(pool)), starts, ends], np.int64)


def _of_the_same_class(
  entries: Sequence[shards.Entry], pool: Sequence[shards.Entry], groups: dict[str, str]
) -> np.ndarray:
  """The ranges of `_draw`: an entry's own class without its group; if that is all, without it."""
  key = lambda entry: (entry.label, groups[entry.path])
  low, high = _span([entry.label for entry in pool], [entry.label for entry in entries])
  keys = {found: number for number, found in enumerate(sorted({*map(key, [*entries, *pool])}))}
  own = _span([keys[key(entry)] for entry in pool], [keys[key(entry)] for entry in entries])
  places = {entry.path: number for number, entry in enumerate(pool)}
  ranges = np.array([low, high, *own], np.int64)
  for number in np.flatnonzero(_counts(ranges) < 1).tolist():
    place = places.get(entries[number].path)
    ranges[2:, number] = (low[number],) * 2 if place is None else (place, place + 1)
  return ranges


def _span(ordered: Sequence[int], wanted: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
  """Where each wanted number begins and ends in ascending numbers."""
  return np.searchsorted(ordered, wanted, 'left'), np.searchsorted(ordered, wanted, 'right')


def _groups(source: folders.Records, entries: Sequence[shards.Entry]) -> dict[str, str]:
  """What each video shares performer and place with, by path."""
  beyond = clip_sources.beyond_names(source)

  def group(path: str) -> str:
    named = ucf101.group(path)
    return beyond.get(path, named if named else ucf101.source(path))

  return {entry.path: group(entry.path) for entry in entries}
