"""Checks one record: its keys, counts and labels, against each other, its index and the lists."""

from collections.abc import Callable, Mapping
import dataclasses
from typing import Any

import tensorflow as tf

from i3d_tf.inspection import image_checks
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import tfrecord
from i3d_tf.video import letterbox

# Called with whether a condition holds, and what to say if it does not.
Expect = Callable[[bool, str], None]


@dataclasses.dataclass(frozen=True)
class Place:
  """Where a record is.

  Attributes:
    shard: file name of the shard.
    offset: where the record begins, in bytes.
    entry: its row of the index; None without an index.
  """

  shard: str
  offset: int
  entry: shards.Entry | None


@dataclasses.dataclass(frozen=True)
class FolderLabels:
  """The labels that the files of a folder state.

  Attributes:
    names: class names, in the order of their labels.
    listed: for each path in a list of videos, (name of the list, label).
  """

  names: tuple[str, ...]
  listed: Mapping[str, tuple[str, int]]


@dataclasses.dataclass(frozen=True)
class CheckedVideo:
  """What a record holds.

  Attributes:
    path: name of the video in the data set.
    label: 0-based class index.
    shard: file name of the shard.
    offset: where in the shard the record begins, in bytes.
    height: height of the frames in pixels, as the record states it.
    width: width of the frames in pixels, as the record states it.
    frames: number of frames.
    flow: number of flow fields.
    coverage: share of all pixels that the masks cover; None without masks.
    keep_original: as in `schema.StoredVideo`.
    frame_bytes: size of the frames in bytes.
    flow_bytes: size of the flow in bytes.
    mask_bytes: size of the masks in bytes.
    bars: the black bars of the frames; None if not looked for.
  """

  path: str
  label: int
  shard: str
  offset: int
  height: int
  width: int
  frames: int
  flow: int
  coverage: float | None
  keep_original: bool
  frame_bytes: int
  flow_bytes: int
  mask_bytes: int
  bars: letterbox.Bars | None = None

  @property
  def has_person(self) -> bool:
    """Whether the masks are used (`schema.has_person`)."""
    return schema.has_person(self.coverage, self.keep_original)


def check_record(
  data: bytes, place: Place, labels: FolderLabels, quick: bool
) -> tuple[CheckedVideo | None, list[str]]:
  """Reads what a record holds and checks it.

  Args:
    data: the serialized record.
    place: where it is.
    labels: what the record's label must agree with.
    quick: whether to skip decoding.

  Returns:
    (video, problems): None if the data are not a record, and sentences on what is wrong.
  """
  example = tf.train.SequenceExample()
  try:
    example.ParseFromString(data)
  except Exception as e:  # DecodeError, whose class depends on protobuf's implementation
    return None, [f'expected a SequenceExample; {e}']
  context = example.context.feature
  if _first(context, 'clip/data_path') is None or _first(context, 'clip/label/index') is None:
    return None, ['expected the keys clip/data_path and clip/label/index; they are missing']
  images = {key: _images(example, key) for key in (schema.FRAMES, schema.MASKS, schema.FLOW)}
  video = _video(context, images, place)
  stated_coverage = _first(context, 'CLASS_SEGMENTATION/coverage')
  problems: list[str] = []

  def expect(ok: bool, message: str) -> None:
    if not ok:
      problems.append(message)

  has_masks = 'CLASS_SEGMENTATION/coverage' in context
  _check_counts(video, len(images[schema.MASKS]), has_masks, expect)
  _check_label(video, _first(context, 'clip/label/text'), labels, expect)
  if place.entry is not None:
    _check_entry(video, place.entry, len(data), stated_coverage, expect)
  if not quick and video.frames:
    bars = image_checks.check_images(images, (video.height, video.width), stated_coverage, expect)
    video = dataclasses.replace(video, bars=bars)
  return video, problems


def _images(example: tf.train.SequenceExample, key: str) -> list[bytes]:
  """The images of a feature list; none if the record lacks it."""
  lists = example.feature_lists.feature_list
  if key not in lists:
    return []
  return [value for feature in lists[key].feature for value in feature.bytes_list.value]


def _first(features: Any, key: str) -> Any:
  """The first value of a context feature; None without one."""
  if key not in features:
    return None
  feature = features[key]
  kind = feature.WhichOneof('kind')
  values = getattr(feature, kind).value if kind else ()
  return values[0] if values else None


def _video(context: Any, images: Mapping[str, list[bytes]], place: Place) -> CheckedVideo:
  """What the keys and images of a record say."""
  height, width = _first(context, 'image/height'), _first(context, 'image/width')
  coverage = _first(context, 'CLASS_SEGMENTATION/coverage')
  return CheckedVideo(
    path=_first(context, 'clip/data_path').decode(errors='replace'),
    label=_first(context, 'clip/label/index'),
    shard=place.shard,
    offset=place.offset,
    height=0 if height is None else height,
    width=0 if width is None else width,
    frames=len(images[schema.FRAMES]),
    flow=len(images[schema.FLOW]),
    # The record has float32's precision, the index all digits.
    coverage=coverage if place.entry is None else place.entry.coverage,
    keep_original=bool(_first(context, 'CLASS_SEGMENTATION/keep_original')),
    frame_bytes=sum(map(len, images[schema.FRAMES])),
    flow_bytes=sum(map(len, images[schema.FLOW])),
    mask_bytes=sum(map(len, images[schema.MASKS])),
  )


def _check_counts(video: CheckedVideo, num_masks: int, has_masks: bool, expect: Expect) -> None:
  n = video.frames
  expect(n > 0, 'expected frames; it has none')
  expected = n if has_masks else 0
  expect(num_masks == expected, f'expected {expected} masks with {n} frames; it has {num_masks}')
  expect(
    video.flow in (0, n - 1), f'expected {n - 1} flow fields with {n} frames; it has {video.flow}'
  )


def _check_label(
  video: CheckedVideo, text: bytes | None, labels: FolderLabels, expect: Expect
) -> None:
  if not 0 <= video.label < len(labels.names):
    expect(False, f'expected a label from 0 to {len(labels.names) - 1}; it has {video.label}')
    return
  name = '' if text is None else text.decode(errors='replace')
  expect(
    name == labels.names[video.label],
    f'expected the class {labels.names[video.label]} with label {video.label}; it has {name!r}',
  )
  if video.path in labels.listed:
    list_name, label = labels.listed[video.path]
    expect(
      label == video.label, f'expected label {label}, as {list_name} has it; it has {video.label}'
    )


def _check_entry(
  video: CheckedVideo, entry: shards.Entry, length: int, coverage: float | None, expect: Expect
) -> None:
  for name, indexed, stored in (
    ('path', entry.path, video.path),
    ('label', entry.label, video.label),
    ('length', entry.length, length + tfrecord.OVERHEAD),
    ('frames', entry.frames, video.frames),
    ('height', entry.height, video.height),
    ('width', entry.width, video.width),
    ('flow', entry.flow, video.flow),
    ('keep_original', entry.keep_original, video.keep_original),
  ):
    expect(indexed == stored, f'expected {name} {indexed}, as the index has it; it has {stored}')
  if coverage is None or entry.coverage is None:
    same = coverage is None and entry.coverage is None
  else:
    same = abs(coverage - entry.coverage) < 1e-6
  expect(same, f'expected coverage {entry.coverage}, as the index has it; it has {coverage}')
