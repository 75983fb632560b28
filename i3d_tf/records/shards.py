"""Shards: TFRecord files of videos, and the index of each.

The index is a CSV file of the same name with one row (`Entry`) per record. With it a reader
fetches any video directly: in any order, for any list.
"""

from collections.abc import Callable, Iterable
import csv
import dataclasses
import hashlib
import io
import os
from typing import TYPE_CHECKING

from i3d_tf.common import files
from i3d_tf.records import schema
from i3d_tf.records import tfrecord
from i3d_tf.storage import objects
from i3d_tf.storage import stores

if TYPE_CHECKING:
  import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Entry:
  """Where a record is, and what a reader wants to know before reading it.

  Attributes:
    path: name of the video in the data set.
    label: 0-based class index.
    shard: file name of the shard.
    offset: where in the shard the record begins, in bytes.
    length: bytes of the record in the shard.
    frames: number of frames.
    height: height of the frames in pixels.
    width: width of the frames in pixels.
    coverage: share of all pixels that the masks cover; None if the video has no mask file.
    flow: number of flow fields.
    keep_original, seen_again: as in `schema.StoredVideo`.
  """

  path: str
  label: int
  shard: str
  offset: int
  length: int
  frames: int
  height: int
  width: int
  coverage: float | None
  flow: int
  keep_original: bool = False
  seen_again: float | None = None

  @property
  def has_person(self) -> bool:
    """Whether the masks are used (`schema.has_person`); else the video keeps its original RGB."""
    return schema.has_person(self.coverage, self.keep_original)


_SEEN_AGAIN = 'seen_again'  # a column only where it is known, unlike the others
_COLUMNS = tuple(field.name for field in dataclasses.fields(Entry) if field.name != _SEEN_AGAIN)


def shard_name(number: int, count: int) -> str:
  """File name of one of `count` shards, numbered from 0."""
  return f'videos-{number:05d}-of-{count:05d}.tfrecord'


def index_path(shard: files.Path) -> str:
  """Path of the index of a shard."""
  return os.path.splitext(shard)[0] + '.csv'


def write_shard(
  path: files.Path,
  videos: Iterable[schema.StoredVideo],
  before_index: Callable[[str], None] | None = None,
) -> list[Entry]:
  """Writes a shard and then its index, both atomically.

  The index of an older shard of the same name is removed before the new one is written, so
  a shard that has an index is complete.

  Args:
    path: the TFRecord file.
    videos: what to store, in order.
    before_index: called with the hexadecimal SHA-256 of the shard before the index
      is written, or None.

  Returns:
    The entries of the index.

  Raises:
    ValueError: a video cannot be encoded; nothing is written then.
  """
  entries: list[Entry] = []
  offset, digest = 0, hashlib.sha256()
  with objects.replacing(path) as temporary:
    with open(temporary, 'wb') as f:
      for video in videos:
        record = tfrecord.frame(schema.encode(video))
        f.write(record)
        digest.update(record)
        entries.append(_entry(video, os.path.basename(path), offset, len(record)))
        offset += len(record)
    objects.remove(index_path(path))
  if before_index is not None:
    before_index(digest.hexdigest())
  is_known = any(entry.seen_again is not None for entry in entries)
  columns = (*_COLUMNS, _SEEN_AGAIN) if is_known else _COLUMNS
  cells = ([getattr(entry, name) for name in columns] for entry in entries)
  objects.write_csv(index_path(path), columns, cells)
  return entries


def _entry(video: schema.StoredVideo, shard: str, offset: int, length: int) -> Entry:
  return Entry(
    path=video.path,
    label=video.label,
    shard=shard,
    offset=offset,
    length=length,
    frames=len(video.frames),
    height=video.height,
    width=video.width,
    coverage=video.coverage,
    flow=0 if video.flow is None else len(video.flow),
    keep_original=video.keep_original,
    seen_again=video.seen_again,
  )


def read_index(path: files.Path) -> list[Entry]:
  """Reads the index of a shard.

  Args:
    path: the TFRecord file.

  Raises:
    RecordError: the index is missing or damaged, or the shard does not have the
      size that the index states.
    StoreError: the store of the shard cannot be used.
  """
  index = index_path(path)
  try:
    rows = csv.DictReader(io.StringIO(objects.read_text(index), newline=''))
    missing = set(_COLUMNS) - set(rows.fieldnames or ())
    if missing:
      raise ValueError(f'no column {", ".join(sorted(missing))}')
    entries = [_parse_row(row) for row in rows]
    for entry in entries:
      _check_entry(entry, os.path.basename(path))
  except stores.StoreError:
    raise
  except (OSError, KeyError, ValueError, TypeError, csv.Error) as e:
    raise schema.RecordError(
      f'{index}: expected the index of a shard; {type(e).__name__}: {e}'
    ) from e
  expected = sum(entry.length for entry in entries)
  size = objects.size(path)
  if size != expected:
    found = 'no such file' if size is None else f'it has {size}'
    raise schema.RecordError(f'{path}: expected a file of {expected} bytes; {found}')
  return entries


def _parse_row(row: dict[str, str]) -> Entry:
  return Entry(
    row['path'],
    int(row['label']),
    row['shard'],
    int(row['offset']),
    int(row['length']),
    int(row['frames']),
    int(row['height']),
    int(row['width']),
    float(row['coverage']) if row['coverage'] else None,
    int(row['flow']),
    bool(int(row['keep_original'])),
    float(row[_SEEN_AGAIN]) if row.get(_SEEN_AGAIN) else None,
  )


def _check_entry(entry: Entry, shard: str) -> None:
  """Raises a ValueError if a row of an index holds an impossible value."""
  checks = {
    'shard': entry.shard == shard,
    'offset': entry.offset >= 0,
    'length': entry.length > tfrecord.OVERHEAD,
    'frames': entry.frames >= 1,
    'height': entry.height >= 1,
    'width': entry.width >= 1,
    'coverage': entry.coverage is None or 0 <= entry.coverage <= 1,
    _SEEN_AGAIN: entry.seen_again is None or 0 <= entry.seen_again <= 1,
    'flow': entry.flow in (0, entry.frames - 1),
  }
  for name, ok in checks.items():
    if not ok:
      raise ValueError(f'{name} of {entry.path} is {getattr(entry, name)}')


def read_at(shard: 'tf.Tensor', offset: 'tf.Tensor') -> 'tf.data.Dataset':
  """A dataset of the one record at `offset`; reading it verifies the checksum.

  Use it inside `flat_map` and `interleave` only: TensorFlow loses the offset when it
  serializes a dataset that begins with this one (seen in 2.20).

  Args:
    shard: path of a TFRecord file, string scalar.
    offset: byte offset of a record, int64 scalar.

  Returns:
    A dataset of one string scalar.
  """
  import tensorflow as tf

  variant = tf.raw_ops.TFRecordDatasetV2(
    filenames=[shard],
    compression_type='',
    buffer_size=tf.constant(0, tf.int64),
    byte_offsets=[offset],
  )
  return tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.string)).take(1)
