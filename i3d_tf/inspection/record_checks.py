"""Checks one record: its keys, counts, labels and images, against each other and its index."""

import dataclasses

import numpy as np
import tensorflow as tf

from i3d_tf.records import schema
from i3d_tf.records import tfrecord
from i3d_tf.video import letterbox

_BAR_FRAMES = 16  # frames of a video that are searched for black bars


@dataclasses.dataclass(frozen=True)
class CheckedVideo:
  """What a record holds.

  Attributes:
    path, label, height, width, coverage, keep_original, shard, offset: as in
      `schema.Entry`.
    frames, flow: number of frames and of flow fields.
    frame_bytes, flow_bytes, mask_bytes: sizes of the images in bytes.
    bars: the black bars found, a `letterbox.Bars`; None if not looked for.
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
  def has_person(self):
    return schema.has_person(self.coverage, self.keep_original)


def look(data, shard, offset, entry, label_names, labels, quick):
  """Reads what a record holds and checks it.

  Args:
    data: the serialised record, bytes.
    shard, offset: where it lies.
    entry: what the index says of it, a `schema.Entry`; None if there is no index.
    label_names: class names, in the order of their labels.
    labels: for each path that lists name, (name of the list, label).
    quick: whether to leave out decoding.

  Returns:
    (`CheckedVideo` or None if it is no record, reasons why it is not as it should be).
  """
  example = tf.train.SequenceExample()
  try:
    example.ParseFromString(data)
  except Exception as e:  # protobuf's DecodeError, of whichever implementation
    return None, [f'expected a SequenceExample; {e}']
  context = lambda key: _first(example.context.feature, key)
  images = {
    key: [
      value
      for feature in example.feature_lists.feature_list[key].feature
      for value in feature.bytes_list.value
    ]
    if key in example.feature_lists.feature_list
    else []
    for key in (schema.FRAMES, schema.MASKS, schema.FLOW)
  }
  path, label = context('clip/data_path'), context('clip/label/index')
  if path is None or label is None:
    return None, ['expected the keys clip/data_path and clip/label/index; they are missing']
  path = path.decode(errors='replace')
  has_masks = 'CLASS_SEGMENTATION/coverage' in example.context.feature
  coverage = context('CLASS_SEGMENTATION/coverage')
  height, width = context('image/height'), context('image/width')
  video = CheckedVideo(
    path,
    label,
    shard,
    offset,
    0 if height is None else height,
    0 if width is None else width,
    len(images[schema.FRAMES]),
    len(images[schema.FLOW]),
    coverage if entry is None else entry.coverage,
    bool(context('CLASS_SEGMENTATION/keep_original')),
    *(sum(map(len, images[key])) for key in (schema.FRAMES, schema.FLOW, schema.MASKS)),
  )

  reasons = []

  def expect(right, message):
    if not right:
      reasons.append(message)

  n = video.frames
  expect(n, 'expected frames; it has none')
  expect(
    len(images[schema.MASKS]) in ((n,) if has_masks else (0,)),
    f'expected {n if has_masks else 0} masks with {n} frames; it has {len(images[schema.MASKS])}',
  )
  expect(
    video.flow in (0, n - 1), f'expected {n - 1} flow fields with {n} frames; it has {video.flow}'
  )
  _check_label(video, context('clip/label/text'), label_names, labels, expect)
  if entry is not None:
    _check_entry(video, entry, len(data), coverage, expect)
  if not quick and n:
    bars = _check_images(images, video, coverage, expect)
    video = dataclasses.replace(video, bars=bars)
  return video, reasons


def _first(features, key):
  """The first value of a context feature; None if there is none."""
  if key not in features:
    return None
  feature = features[key]
  kind = feature.WhichOneof('kind')
  values = getattr(feature, kind).value if kind else ()
  return values[0] if values else None


def _check_label(video, text, label_names, labels, expect):
  if not 0 <= video.label < len(label_names):
    expect(False, f'expected a label from 0 to {len(label_names) - 1}; it has {video.label}')
    return
  text = '' if text is None else text.decode(errors='replace')
  expect(
    text == label_names[video.label],
    f'expected the class {label_names[video.label]} with label {video.label}; it has {text!r}',
  )
  if video.path in labels:
    name, label = labels[video.path]
    expect(label == video.label, f'expected label {label}, as {name} has it; it has {video.label}')


def _check_entry(video, entry, length, coverage, expect):
  for what, indexed, found in (
    ('path', entry.path, video.path),
    ('label', entry.label, video.label),
    ('length', entry.length, length + tfrecord.OVERHEAD),
    ('frames', entry.frames, video.frames),
    ('height', entry.height, video.height),
    ('width', entry.width, video.width),
    ('flow', entry.flow, video.flow),
    ('keep_original', entry.keep_original, video.keep_original),
  ):
    expect(indexed == found, f'expected {what} {indexed}, as the index has it; it has {found}')
  same = (coverage is None) == (entry.coverage is None) and (
    coverage is None or abs(coverage - entry.coverage) < 1e-6
  )
  expect(same, f'expected coverage {entry.coverage}, as the index has it; it has {coverage}')


# === Images ===


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _jpeg_shapes(images):
  return tf.map_fn(
    lambda image: tf.shape(tf.io.decode_jpeg(image)),
    images,
    fn_output_signature=tf.TensorSpec([3], tf.int32),
  )


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _shapes(images):
  return tf.map_fn(
    lambda image: tf.shape(tf.io.decode_image(image, expand_animations=False)),
    images,
    fn_output_signature=tf.TensorSpec([3], tf.int32),
  )


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
def _mask_shapes(images):
  """Height, width, channels and number of pixels that are not 0, of PNG files: int32 [T, 4]."""

  def look(image):
    mask = tf.io.decode_png(image, channels=1)
    covered = tf.math.count_nonzero(mask, dtype=tf.int32)
    return tf.concat([tf.shape(mask), [covered]], axis=0)

  return tf.map_fn(look, images, fn_output_signature=tf.TensorSpec([4], tf.int32))


def _check_images(images, video, coverage, expect):
  """Decodes all images; returns the black bars of the frames, None where they do not decode."""
  bars = None
  for key, what, function, channels in (
    (schema.FRAMES, 'frame', _jpeg_shapes, 3),
    (schema.MASKS, 'mask', _mask_shapes, 1),
    (schema.FLOW, 'flow field', _shapes, 3),
  ):
    if not images[key]:
      continue
    shapes = _decoded(function, images[key], what, expect)
    if shapes is None:
      continue
    expected = [video.height, video.width, channels]
    wrong = np.flatnonzero((shapes[:, :3] != expected).any(axis=1))
    if wrong.size:
      as_text = lambda shape: 'x'.join(map(str, shape))
      expect(
        False,
        f'expected every {what} to be {as_text(expected)}; {len(wrong)} are not, such '
        f'as number {wrong[0]} of {as_text(shapes[wrong[0], :3])}',
      )
    elif what == 'mask' and coverage is not None:
      covered = float(shapes[:, 3].sum() / (len(shapes) * video.height * video.width))
      expect(
        abs(covered - coverage) < 1e-6,
        f'expected masks that cover {coverage:.6f}; they cover {covered:.6f}',
      )
    elif what == 'frame':
      chosen = np.unique(np.linspace(0, len(shapes) - 1, _BAR_FRAMES).round().astype(int))
      bars = letterbox.detect_black_bars(
        np.stack([tf.io.decode_jpeg(images[key][i], channels=3) for i in chosen])
      )
  return bars


def _decoded(function, images, what, expect):
  """What `function` says about images, or None where one of them cannot be decoded."""
  try:
    return function(tf.constant(images)).numpy()
  except tf.errors.InvalidArgumentError:
    bad = [index for index, image in enumerate(images) if not _decodes(function, image)]
    expect(
      False,
      f'{what} number {bad[0] if bad else "?"} cannot be decoded'
      + (f', and {len(bad) - 1} more' if len(bad) > 1 else ''),
    )
    return None


def _decodes(function, image):
  try:
    function(tf.constant([image]))
  except tf.errors.InvalidArgumentError:
    return False
  return True
