"""A sheet of pictures of records, to look at: frames, mask outlines, flow."""

import cv2
import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.records import schema
from i3d_tf.records import tfrecord
from i3d_tf.video import drawing

_SPEED = 98  # percentile of a video's motion that is drawn in full colour


def choose(entries, count, seed=0):
  """Some videos, of as many classes as there are: a list of `schema.Entry`.

  Args:
    entries: `schema.Entry`s.
    count: how many to choose; fewer if there are fewer.
    seed: of the choice.
  """
  rng = np.random.default_rng(seed)
  by_class = {}
  for index in rng.permutation(len(entries)):
    by_class.setdefault(entries[index].label, []).append(entries[index])
  chosen, classes = [], list(by_class.values())
  while classes and len(chosen) < count:
    chosen.extend(entries.pop() for entries in classes[: count - len(chosen)])
    classes = [entries for entries in classes if entries]
  return chosen


def named(entries, names):
  """The videos of the given names: a list of `schema.Entry`, in the order of the names.

  Args:
    entries: `schema.Entry`s.
    names: paths, or their ends, such as 'v_Archery_g01_c01.avi' or 'v_Archery_g01_c01'.

  Raises:
    UserError: a name is that of no video.
  """
  chosen = []
  for name in names:
    fits = lambda path: (
      path == name or path.endswith(f'/{name}') or (path.rsplit('.', 1)[0].endswith(f'/{name}'))
    )
    found = [entry for entry in entries if fits(entry.path)]
    if not found:
      raise errors.UserError(f'expected the name of a video of the records; found none for {name}')
    chosen.extend(found)
  return chosen


def draw(folder, entries, label_names, columns=6, height=160):
  """Draws videos: of each a row of frames with the person outlined, and one of flow below.

  Args:
    folder: the folder of records.
    entries: the `schema.Entry`s to draw, in order.
    label_names: class names, in the order of their labels.
    columns: frames of each video, spread evenly over it.
    height: of a frame, in pixels.

  Returns:
    (sheet, skipped): uint8 [H, W, 3], and (path, reason) of the videos that could not be
    read. The sheet is None if none could.
  """
  rows, captions, skipped = [], [], []
  for entry in entries:
    try:
      frames, flow, speed = _rows(folder, entry, columns, height)
    except (tfrecord.DamageError, OSError, tf.errors.InvalidArgumentError) as e:
      reason = (
        str(e).split('\n', maxsplit=1)[0]
        if isinstance(e, tfrecord.DamageError)
        else ('an image in it cannot be decoded')
      )
      skipped.append((entry.path, reason))
      continue
    person = (
      'no masks'
      if entry.coverage is None
      else 'no person found'
      if not entry.coverage
      else f'person {entry.coverage:.1%}'
    )
    aside = ', keeps its original frames' if entry.keep_original else ''
    rows.append(frames)
    captions.append(
      f'{entry.path}   {label_names[entry.label]}, {entry.frames} frames of '
      f'{entry.height}x{entry.width}, {person}{aside}'
    )
    if flow:
      rows.append(flow)
      captions.append(f'flow, in full colour at {speed:.1f} pixels a frame')
  return (drawing.sheet(rows, captions) if rows else None), skipped


def _rows(folder, entry, columns, height):
  """(frames, flow, speed) of a video, flow being an empty list if it has none."""
  video = schema.parse(tfrecord.read(f'{folder}/{entry.shard}', entry.offset))
  count = len(video['frames'])
  places = np.unique(np.linspace(0, count - 1, columns).round().astype(int))
  frames = []
  for place in places:
    frame = drawing.fit_height(
      tf.io.decode_jpeg(video['frames'][place], channels=3).numpy(), height
    )
    if len(video['masks']):
      mask = tf.io.decode_png(video['masks'][place], channels=1).numpy()[..., 0]
      frame = drawing.outline(
        frame, cv2.resize(mask, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
      )
    frames.append(frame)
  if not len(video['flow']):
    return frames, [], None
  # The last frame has no flow.
  fields = [
    optical_flow.dequantise(
      tf.io.decode_image(video['flow'][min(place, count - 2)]).numpy()[..., :2]
    )
    for place in places
  ]
  speed = max(1.0, float(np.percentile(np.linalg.norm(fields, axis=-1), _SPEED)))
  return (
    frames,
    [drawing.fit_height(drawing.flow_colors(field, speed), height) for field in fields],
    speed,
  )
