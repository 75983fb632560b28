"""A contact sheet of records: frames with the person outlined, and flow."""

from collections.abc import Iterable, Sequence
import os

import cv2
import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.inspection import record_checks
from i3d_tf.records import schema
from i3d_tf.records import tfrecord
from i3d_tf.video import drawing

_SPEED_PERCENTILE = 98  # of a video's motion, which is drawn in full color


def choose(
  videos: Sequence[record_checks.CheckedVideo], count: int, seed: int = 0
) -> list[record_checks.CheckedVideo]:
  """Chooses videos at random, from as many classes as possible.

  Args:
    videos: what to choose from.
    count: how many to choose; fewer if there are fewer.
    seed: seed of the choice.
  """
  rng = np.random.default_rng(seed)
  by_class: dict[int, list[record_checks.CheckedVideo]] = {}
  for index in rng.permutation(len(videos)):
    by_class.setdefault(videos[index].label, []).append(videos[index])
  chosen: list[record_checks.CheckedVideo] = []
  classes = list(by_class.values())
  while classes and len(chosen) < count:
    chosen.extend(members.pop() for members in classes[: count - len(chosen)])
    classes = [members for members in classes if members]
  return chosen


def named(
  videos: Sequence[record_checks.CheckedVideo], names: Iterable[str]
) -> list[record_checks.CheckedVideo]:
  """The videos of the given names, in the order of the names.

  Args:
    videos: what to choose from.
    names: paths, or their ends, such as 'v_Archery_g01_c01.avi' or 'v_Archery_g01_c01'.

  Raises:
    UserError: no video has a name.
  """
  chosen: list[record_checks.CheckedVideo] = []
  for name in names:
    matches = [video for video in videos if _is_called(video.path, name)]
    if not matches:
      raise errors.UserError(f'expected the name of a video of the records; found none for {name}')
    chosen.extend(matches)
  return chosen


def _is_called(path: str, name: str) -> bool:
  return path == name or path.endswith(f'/{name}') or path.rsplit('.', 1)[0].endswith(f'/{name}')


def draw(
  folder: str | os.PathLike,
  videos: Sequence[record_checks.CheckedVideo],
  label_names: Sequence[str],
  columns: int = 6,
  height: int = 160,
) -> tuple[np.ndarray | None, list[tuple[str, str]]]:
  """Draws videos: for each a row of frames with the person outlined, and below it one of flow.

  Args:
    folder: the folder of records.
    videos: what to draw, in order.
    label_names: class names, in the order of their labels.
    columns: frames of each video, spread evenly over it.
    height: of a frame, in pixels.

  Returns:
    (sheet, skipped): uint8 [H, W, 3], and (path, reason) of the videos that could not be
    read. The sheet is None if none could.
  """
  rows, captions, skipped = [], [], []
  for video in videos:
    try:
      frames, flow, speed = _rows(folder, video, columns, height)
    except (tfrecord.DamageError, OSError, tf.errors.InvalidArgumentError) as e:
      damaged = isinstance(e, tfrecord.DamageError)
      skipped.append(
        (video.path, str(e).splitlines()[0] if damaged else 'an image in it cannot be decoded')
      )
      continue
    rows.append(frames)
    captions.append(_caption(video, label_names))
    if flow:
      rows.append(flow)
      captions.append(f'flow, in full color at {speed:.1f} pixels per frame')
  return (drawing.sheet(rows, captions) if rows else None), skipped


def _caption(video: record_checks.CheckedVideo, label_names: Sequence[str]) -> str:
  if video.coverage is None:
    person = 'no masks'
  else:
    person = f'person {video.coverage:.1%}' if video.coverage else 'no person found'
  verdict = ', keeps its original frames' if video.keep_original else ''
  return (
    f'{video.path}   {label_names[video.label]}, {video.frames} frames of '
    f'{video.height}x{video.width}, {person}{verdict}'
  )


def _rows(
  folder: str | os.PathLike, video: record_checks.CheckedVideo, columns: int, height: int
) -> tuple[list[np.ndarray], list[np.ndarray], float]:
  """Images, uint8 [height, W, 3], of frames and of flow, and the speed drawn in full color.

  Without flow, the second list is empty and the speed 0.
  """
  record = schema.parse(tfrecord.read(os.path.join(folder, video.shard), video.offset))
  count = len(record['frames'])
  frame_indices = np.unique(np.linspace(0, count - 1, columns).round().astype(int))
  frames = []
  for index in frame_indices:
    frame = drawing.fit_height(
      tf.io.decode_jpeg(record['frames'][index], channels=3).numpy(), height
    )
    if len(record['masks']):
      mask = tf.io.decode_png(record['masks'][index], channels=1).numpy()[..., 0]
      frame = drawing.outline(
        frame, cv2.resize(mask, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
      )
    frames.append(frame)
  if not len(record['flow']):
    return frames, [], 0.0
  # The last frame has no flow.
  fields = [
    optical_flow.dequantize(
      tf.io.decode_image(record['flow'][min(index, count - 2)]).numpy()[..., :2]
    )
    for index in frame_indices
  ]
  speed = max(1.0, float(np.percentile(np.linalg.norm(fields, axis=-1), _SPEED_PERCENTILE)))
  flow = [drawing.fit_height(drawing.flow_colors(field, speed), height) for field in fields]
  return frames, flow, speed
