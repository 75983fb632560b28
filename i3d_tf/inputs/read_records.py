"""Reads records in any order, and names the damaged ones."""

from collections.abc import Iterator, Sequence
import contextlib

import tensorflow as tf

from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards

_PARALLEL_READS = 4


def read(
  positions: tf.data.Dataset, source: folders.Records, entries: Sequence[shards.Entry]
) -> tf.data.Dataset:
  """Reads and parses the records of entries, in the order of `positions`.

  Args:
    positions: dataset of (position of the example, index in `entries`), int64 scalars.
    source: the records that `entries` belong to.
    entries: what to read.

  Returns:
    A dataset of (position, record): a record is what `schema.parse` returns, with
    'entry' (int64 scalar, index in `entries`) and 'has_person' (bool scalar) added.
  """
  shard_paths, offsets = map(tf.constant, folders.columns(entries, source.folder))
  has_person = tf.constant([entry.has_person for entry in entries])

  def read_one(position: tf.Tensor, entry: tf.Tensor) -> tf.data.Dataset:
    def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
      record = schema.parse(serialized)
      return position, {**record, 'entry': entry, 'has_person': has_person[entry]}

    return shards.read_at(shard_paths[entry], offsets[entry]).map(parse)

  return positions.interleave(
    read_one,
    cycle_length=_PARALLEL_READS,
    block_length=1,
    num_parallel_calls=_PARALLEL_READS,
    deterministic=True,
  )


@contextlib.contextmanager
def naming_bad_records(source: folders.Records, entries: Sequence[shards.Entry]) -> Iterator[None]:
  """Turns TensorFlow's error about an unreadable record into one that names the video.

  Args:
    source: the records that `entries` belong to.
    entries: what the body of the `with` statement reads.

  Raises:
    RecordError: a record is damaged.
  """
  try:
    yield
  except (tf.errors.DataLossError, tf.errors.InvalidArgumentError):
    for shard, offset, entry in zip(*folders.columns(entries, source.folder), entries):
      try:
        _decode_all_images(shard, offset)
      except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as e:
        reason = (
          'its checksum is wrong'
          if isinstance(e, tf.errors.DataLossError)
          else 'an image in it cannot be decoded'
        )
        raise schema.RecordError(
          f'{shard}: expected an intact record of {entry.path} at byte {entry.offset}; {reason}. '
          'Make this file of records again'
        ) from e
    raise


def _decode_all_images(shard: str, offset: int) -> None:
  """Reads a record and decodes its images; raises TensorFlow's error if that fails."""
  # `shards.read_at` must not be the start of a dataset.
  dataset = tf.data.Dataset.from_tensors(0).flat_map(lambda _: shards.read_at(shard, offset))
  for serialized in dataset:
    record = schema.parse(serialized)
    for image in tf.concat([record['frames'], record['masks'], record['flow']], axis=0):
      tf.io.decode_image(image)
