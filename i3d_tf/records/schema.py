"""The TFRecord schema: one `tf.train.SequenceExample` a video.

Feature lists, each with timestamps in microseconds beside it (`.../timestamp`):

  image/encoded                     JPEG, RGB
  FORWARD_FLOW/image/encoded        PNG or JPEG: R = horizontal, G = vertical motion
                                    to the next frame, 0..255 for -20..20 pixels,
                                    B = 0; one fewer than frames; optional
  CLASS_SEGMENTATION/image/encoded  PNG, to be decoded to 1 channel: 1 where a person is
                                    (`mask_images`); optional

Context: see `Video`. The keys are MediaSequence's and those of DMVR and the
TensorFlow Model Garden, whose readers read these files.

Beside each file of records, a shard, lies a CSV index (`Entry`). It lets a reader
fetch any video directly: in any order, for any list.

TensorFlow is imported by the functions that read with it: the many processes that
write records start 6 s sooner without, and are 600 MB smaller.
"""

import contextlib
import csv
import dataclasses
import hashlib
import os

from tensorflow_datasets.proto import tf_example_pb2

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.records import tfrecord

FRAMES = 'image/encoded'
FLOW = 'FORWARD_FLOW/image/encoded'
MASKS = 'CLASS_SEGMENTATION/image/encoded'


class RecordError(errors.UserError):
  """Records that cannot be used; the message names the file and says why."""


@dataclasses.dataclass(frozen=True)
class Video:
  """A video as it is stored.

  Attributes:
    path: its name in the data set, such as 'Archery/v_Archery_g01_c01.avi'.
    label: 0-based class index.
    label_text: class name.
    frames: JPEG files, bytes each.
    height, width: size of the frames in pixels.
    frame_rate: frames a second.
    masks: PNG files, one a frame, or None if the video has no mask file.
    coverage: share of all pixels that the masks cover; None without masks.
    flow: PNG or JPEG files, one fewer than frames, or None.
    flow_method: what computed the flow, an `optical_flow.label`; None without flow.
    keep_original: whether somebody decided that the masks are not to be used
      (`i3d_tf.masks.verdicts`): the video then keeps its original RGB.
  """

  path: str
  label: int
  label_text: str
  frames: tuple
  height: int
  width: int
  frame_rate: float
  masks: tuple | None = None
  coverage: float | None = None
  flow: tuple | None = None
  flow_method: str | None = None
  keep_original: bool = False


@dataclasses.dataclass(frozen=True)
class Entry:
  """Where a video lies and what a reader wants to know before reading it.

  `coverage` is None where the video has no mask file; `flow` is its number of
  flow fields; `keep_original` as in `Video`. `offset` and `length` are the record's
  in its shard, in bytes.
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

  @property
  def has_person(self):
    """Whether the masks show a person and may be used; else the video keeps its original RGB."""
    return has_person(self.coverage, self.keep_original)


def has_person(coverage, keep_original):
  """Whether masks are used: they show a person, and nobody decided against them.

  Otherwise the video keeps its original RGB in every condition: the paper's rule.
  """
  return coverage is not None and coverage > 0 and not keep_original


def encode(video):
  """Serialises a `Video` as a SequenceExample: bytes.

  Raises:
    ValueError: there are no frames, or flow or masks do not go with them.
  """
  n = len(video.frames)
  if not n:
    raise ValueError(f'{video.path}: a video must have frames; received none')
  if video.masks is not None and len(video.masks) != n:
    raise ValueError(f'{video.path}: {n} frames must have {n} masks; received {len(video.masks)}')
  if video.flow is not None and len(video.flow) != n - 1:
    raise ValueError(
      f'{video.path}: {n} frames must have {n - 1} flow fields; received {len(video.flow)}'
    )
  example = tf_example_pb2.SequenceExample()
  lists, context = example.feature_lists.feature_list, example.context.feature

  def add(key, images):
    for index, image in enumerate(images):
      lists[key].feature.add().bytes_list.value.append(image)
      lists[key.replace('encoded', 'timestamp')].feature.add().int64_list.value.append(
        round(index * 1e6 / video.frame_rate)
      )

  def describe(prefix, image_format, channels):
    context[f'{prefix}image/format'].bytes_list.value.append(image_format)
    context[f'{prefix}image/channels'].int64_list.value.append(channels)
    context[f'{prefix}image/height'].int64_list.value.append(video.height)
    context[f'{prefix}image/width'].int64_list.value.append(video.width)
    context[f'{prefix}image/frame_rate'].float_list.value.append(video.frame_rate)

  context['clip/data_path'].bytes_list.value.append(video.path.encode())
  context['clip/label/index'].int64_list.value.append(video.label)
  context['clip/label/text'].bytes_list.value.append(video.label_text.encode())
  describe('', b'JPEG', 3)
  add(FRAMES, video.frames)
  if video.masks is not None:
    describe('CLASS_SEGMENTATION/', b'PNG', 1)
    context['CLASS_SEGMENTATION/class/label/index'].int64_list.value.append(1)
    context['CLASS_SEGMENTATION/class/label/string'].bytes_list.value.append(b'person')
    context['CLASS_SEGMENTATION/coverage'].float_list.value.append(video.coverage)
    context['CLASS_SEGMENTATION/keep_original'].int64_list.value.append(int(video.keep_original))
    add(MASKS, video.masks)
  if video.flow is not None:
    describe('FORWARD_FLOW/', b'PNG' if video.flow and video.flow[0][1:4] == b'PNG' else b'JPEG', 3)
    context['FORWARD_FLOW/method'].bytes_list.value.append(video.flow_method.encode())
    add(FLOW, video.flow)
  # Keys in order: otherwise the same video makes other bytes in every process.
  return example.SerializeToString(deterministic=True)


def decode(serialized):
  """The `Video` that `encode` made bytes of; its floats as float32 holds them."""
  example = tf_example_pb2.SequenceExample.FromString(serialized)
  context, lists = example.context.feature, example.feature_lists.feature_list

  def images(key):
    return tuple(feature.bytes_list.value[0] for feature in lists[key].feature)

  with_masks = 'CLASS_SEGMENTATION/coverage' in context
  with_flow = 'FORWARD_FLOW/method' in context
  return Video(
    path=context['clip/data_path'].bytes_list.value[0].decode(),
    label=context['clip/label/index'].int64_list.value[0],
    label_text=context['clip/label/text'].bytes_list.value[0].decode(),
    frames=images(FRAMES),
    height=context['image/height'].int64_list.value[0],
    width=context['image/width'].int64_list.value[0],
    frame_rate=context['image/frame_rate'].float_list.value[0],
    masks=images(MASKS) if with_masks else None,
    coverage=(context['CLASS_SEGMENTATION/coverage'].float_list.value[0] if with_masks else None),
    flow=images(FLOW) if with_flow else None,
    flow_method=(
      context['FORWARD_FLOW/method'].bytes_list.value[0].decode() if with_flow else None
    ),
    keep_original=with_masks
    and bool(context['CLASS_SEGMENTATION/keep_original'].int64_list.value[0]),
  )


def parse(serialized):
  """Parses a record in TensorFlow; images stay encoded.

  Args:
    serialized: string scalar.

  Returns:
    A dict: 'frames' string [T], 'masks' string [T] or [0], 'flow' string [T - 1]
    or [0], 'label' int64 scalar, 'path' string scalar.
  """
  import tensorflow as tf

  images = tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)
  context, lists = tf.io.parse_single_sequence_example(
    serialized,
    context_features={
      'clip/label/index': tf.io.FixedLenFeature([], tf.int64),
      'clip/data_path': tf.io.FixedLenFeature([], tf.string),
    },
    sequence_features={FRAMES: images, MASKS: images, FLOW: images},
  )
  return {
    'frames': lists[FRAMES],
    'masks': lists[MASKS],
    'flow': lists[FLOW],
    'label': context['clip/label/index'],
    'path': context['clip/data_path'],
  }


def read_at(shard, offset):
  """A dataset of the one record at `offset`, its checksum verified.

  For the functions of `flat_map` and `interleave`: TensorFlow forgets the offset
  when it serialises a dataset that begins with this one (seen in 2.20).

  Args:
    shard: path of a TFRecord file, string scalar.
    offset: byte offset of a record, int64 scalar.

  Returns:
    A `tf.data.Dataset` of one string scalar.
  """
  import tensorflow as tf

  variant = tf.raw_ops.TFRecordDatasetV2(
    filenames=[shard],
    compression_type='',
    buffer_size=tf.constant(0, tf.int64),
    byte_offsets=[offset],
  )
  return tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.string)).take(1)


# === Shards ===


def shard_name(number, count):
  return f'videos-{number:05d}-of-{count:05d}.tfrecord'


def write_shard(path, videos, before_index=None):
  """Writes a shard and its index, each under a temporary name until it is whole.

  The index goes last, and that of an older shard of the same name first: a shard
  that has one is complete.

  Args:
    path: the TFRecord file.
    videos: an iterable of `Video`.
    before_index: called with the shard's SHA-256 (hexadecimal) when the shard is
      written and before its index is.

  Returns:
    The list of `Entry`.
  """
  entries, offset, digest = [], 0, hashlib.sha256()
  with files.replacing(path) as temporary:
    with open(temporary, 'wb') as f:
      for video in videos:
        record = tfrecord.frame(encode(video))
        f.write(record)
        digest.update(record)
        entries.append(
          Entry(
            video.path,
            video.label,
            os.path.basename(path),
            offset,
            len(record),
            len(video.frames),
            video.height,
            video.width,
            video.coverage,
            0 if video.flow is None else len(video.flow),
            video.keep_original,
          )
        )
        offset += len(record)
    with contextlib.suppress(FileNotFoundError):
      os.remove(index_path(path))
  if before_index is not None:
    before_index(digest.hexdigest())
  _write_index(index_path(path), entries)
  return entries


def index_path(shard):
  return os.path.splitext(shard)[0] + '.csv'


def _write_index(path, entries):
  names = [field.name for field in dataclasses.fields(Entry)]
  with files.replacing(path) as temporary, open(temporary, 'w', newline='') as f:
    writer = csv.writer(f)
    writer.writerow(names)
    for entry in entries:
      row = dataclasses.astuple(entry)
      writer.writerow(
        ['' if value is None else int(value) if isinstance(value, bool) else value for value in row]
      )


def read_shard_index(path):
  """Reads the index beside a shard: a list of `Entry`.

  Args:
    path: the TFRecord file.

  Raises:
    RecordError: the index is missing or damaged, or the shard does not have the
      size that the index gives.
  """
  index = index_path(path)
  try:
    with open(index, newline='') as f:
      rows = csv.DictReader(f)
      missing = {field.name for field in dataclasses.fields(Entry)} - set(rows.fieldnames or ())
      if missing:
        raise ValueError(f'no column {", ".join(sorted(missing))}')
      entries = [
        Entry(
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
        )
        for row in rows
      ]
    for entry in entries:
      _check_entry(entry, os.path.basename(path))
  except (OSError, KeyError, ValueError, TypeError, csv.Error) as e:
    raise RecordError(f'{index}: expected the index of a shard; {type(e).__name__}: {e}') from e
  expected = sum(entry.length for entry in entries)
  size = os.path.getsize(path) if os.path.exists(path) else None
  if size != expected:
    found = 'no such file' if size is None else f'it has {size}'
    raise RecordError(f'{path}: expected a file of {expected} bytes; {found}')
  return entries


def _check_entry(entry, shard):
  """Raises a ValueError if a line of an index says what cannot be."""
  for what, right in (
    ('shard', entry.shard == shard),
    ('offset', entry.offset >= 0),
    ('length', entry.length > tfrecord.OVERHEAD),
    ('frames', entry.frames >= 1),
    ('height', entry.height >= 1),
    ('width', entry.width >= 1),
    ('coverage', entry.coverage is None or 0 <= entry.coverage <= 1),
    ('flow', entry.flow in (0, entry.frames - 1)),
  ):
    if not right:
      raise ValueError(f'{what} of {entry.path} is {getattr(entry, what)}')
