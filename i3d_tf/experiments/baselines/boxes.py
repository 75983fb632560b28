"""The boxes of the people in records: four numbers a box, and nothing else of a video.

A box is x, y, w, h: the left and the upper edge, the width and the height of the bounding box of a
grown mask, as parts of the frame's width and height, from 0 to 1.

  tube   one box: that of all masks together, as shape 'tube' draws it. 4 numbers
  box    the boxes of the frames that show somebody, as shape 'box' draws them, averaged over the
         first, the second and the third third of these frames. 12 numbers

Of the first frames, as many as a test shows, and of the whole frame, as squashing shows it. The
boxes of a video in which nobody is used (`Entry.has_person`) are 0, which are those of no person.
"""

from collections.abc import Sequence
import os

import numpy as np

from i3d_tf.common import journal as journal_lib
from i3d_tf.common import progress
from i3d_tf.masks import png
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import tfrecord

KINDS = ('tube', 'box')
_PARTS = 3  # of the time of a video
_SIZES = {'tube': 4, 'box': 4 * _PARTS}  # numbers a video

Boxes = dict[str, list[float]]


def of_masks(masks: np.ndarray, growth: int) -> Boxes | None:
  """The boxes of a video.

  Args:
    masks: uint8 or bool [T, H, W], not 0 for people.
    growth: the diameter in pixels of the ellipse that grows the masks, odd, or 0. The box of a
      grown mask is the box of the mask, grown by half of that at every side.

  Returns:
    The numbers of each of `KINDS`; None if no frame shows anybody.
  """
  masks = np.asarray(masks) != 0
  _, height, width = masks.shape
  margin = growth // 2
  found = []
  for rows, columns in zip(np.any(masks, axis=2), np.any(masks, axis=1)):
    if rows.any():
      top, bottom = _ends(rows, margin)
      left, right = _ends(columns, margin)
      found.append((left / width, top / height, right / width, bottom / height))
  if not found:
    return None
  edges = np.array(found)
  whole = np.concatenate([edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)])
  thirds = [edges[_third(len(edges), number)].mean(axis=0) for number in range(_PARTS)]
  return {'tube': _sized(whole), 'box': [value for part in thirds for value in _sized(part)]}


def _ends(touched: np.ndarray, margin: int) -> tuple[int, int]:
  """Where the grown mask begins and ends (excluded) on an axis, within the frame."""
  (where,) = np.nonzero(touched)
  return max(int(where[0]) - margin, 0), min(int(where[-1]) + 1 + margin, len(touched))


def _third(count: int, number: int) -> slice:
  """The frames of a part of the time; of fewer frames than parts, some are in two of them."""
  start = min(number * count // _PARTS, count - 1)
  return slice(start, max((number + 1) * count // _PARTS, start + 1))


def _sized(edges: np.ndarray) -> list[float]:
  """x, y, w, h of a box with these edges: left, top, right, bottom."""
  left, top, right, bottom = map(float, edges)
  return [left, top, right - left, bottom - top]


def read(
  source: folders.Records,
  entries: Sequence[shards.Entry],
  path: str,
  *,
  max_frames: int,
  growth: int,
) -> dict[str, np.ndarray]:
  """Reads the boxes of videos, which takes a pass over their masks, once.

  If it is stopped and called again, it resumes with the next video.

  Args:
    source: the records that all entries belong to.
    entries: the videos.
    path: the journal of the boxes found so far; those of other records or settings are dropped.
    max_frames: how many frames of a video a test shows, from the first on.
    growth: as in `of_masks`.

  Returns:
    {kind: float64 [len(entries), 4 or 12]} for each of `KINDS`, in the order of `entries`.

  Raises:
    RecordError: a record is damaged.
  """
  header = {
    'content': fingerprints.content_hash(source),
    'max_frames': max_frames,
    'growth': growth,
  }
  known: dict[str, Boxes | None] = {}

  def accept(entry: list) -> bool:
    video, boxes = entry
    if boxes is not None and {kind: len(boxes[kind]) for kind in KINDS} != _SIZES:
      return False
    known[video] = boxes
    return True

  journal = journal_lib.Journal(path, header, accept)
  used = [entry for entry in entries if entry.has_person]
  waiting = [entry for entry in used if entry.path not in known]
  if waiting:
    with progress.progress_bar(
      total=len(used), initial=len(used) - len(waiting), desc='boxes of people', unit='video'
    ) as bar:
      for entry in waiting:
        known[entry.path] = of_masks(_masks(source, entry, max_frames), growth)
        journal.add([(entry.path, known[entry.path])])
        bar.update()
  journal.close()
  shown = [known[entry.path] if entry.has_person else None for entry in entries]
  return {
    kind: np.array([[0.0] * _SIZES[kind] if boxes is None else boxes[kind] for boxes in shown])
    for kind in KINDS
  }


def _masks(source: folders.Records, entry: shards.Entry, max_frames: int) -> np.ndarray:
  """The masks of the first frames of a video, as stored: uint8 [T, H, W].

  Raises:
    RecordError: they cannot be read.
  """
  shard = os.path.join(source.folder, entry.shard)
  try:
    video = schema.decode(tfrecord.read(shard, entry.offset))
    if video.masks is None:
      raise ValueError('it has no masks')
    return png.decode(video.masks[:max_frames])
  except (OSError, ValueError) as e:
    raise schema.RecordError(
      f'{shard}: expected an intact record of {entry.path} at byte {entry.offset}; {e}. '
      'Make this file of records again'
    ) from e
