"""Masks held against boxes that people drew: what lies outside, and what is not reached.

Data sets for detection (UCF101-24, AVA) have boxes where masks are missing. A good mask lies within
its person's box and touches all four of its sides.
"""

from collections.abc import Collection, Mapping, Sequence
import csv
import dataclasses
import gzip
import math
import os
import zlib

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import text_files
from i3d_tf.masks import coco_files
from i3d_tf.masks import mask_folders
from i3d_tf.video import video_files

COLUMNS = ('video', 'frame0', 'x', 'y', 'w', 'h')
Box = tuple[float, float, float, float]  # x, y, w, h in pixels
Boxes = Mapping[int, Sequence[Box]]  # of each frame, counted from 0


@dataclasses.dataclass(frozen=True)
class BoxComparison:
  """How the masks of a video fit its boxes; frames without a box do not count.

  Attributes:
    video: name of the mask file, without suffix.
    inside: share of the mask's pixels in a box; 1 where there is no mask. Too low where somebody
      who is masked has no box.
    height, width: share of a box's rows and columns that the mask within it reaches, the mean
      of all boxes.
    missed: share of the boxes without any mask within.
    covered: share of a box's pixels that the mask within it covers, the mean of all boxes.
    boxes: number of boxes.
    frames: number of frames with boxes.
  """

  video: str
  inside: float
  height: float
  width: float
  missed: float
  covered: float
  boxes: int
  frames: int


def read(path: str, stems: Collection[str]) -> dict[str, dict[int, list[Box]]]:
  """Reads the boxes of videos.

  Args:
    path: a CSV file, or a .gz of one, with `COLUMNS`: a video's name, with or without folders and
      suffix; the frame, counted from 0; the upper left corner and the size in pixels. Others are
      ignored.
    stems: names without folders and suffix of the videos that are wanted.

  Returns:
    Video, as the file names it, without suffix -> frame -> boxes.

  Raises:
    UserError: the file is missing, or is not such a file.
  """
  found: dict[str, dict[int, list[Box]]] = {}
  opened = gzip.open if path.endswith('.gz') else open
  try:
    with opened(path, 'rt', newline='', encoding=text_files.ENCODING) as f:
      rows = csv.DictReader(f)
      missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
      if missing:
        raise errors.UserError(
          f'{path}: expected a CSV file with the columns {", ".join(COLUMNS)}; '
          f'it lacks {", ".join(missing)}'
        )
      for row in rows:
        video = row['video'] or ''
        if video_files.is_video(os.path.basename(video)):
          video = os.path.splitext(video)[0]
        if os.path.basename(video) in stems:
          frame, box = _box(f'{path}:{rows.line_num}', row)
          found.setdefault(video, {}).setdefault(frame, []).append(box)
  except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as e:
    raise errors.UserError(f'{path}: expected a CSV file of boxes; {e}') from e
  return found


def _box(where: str, row: Mapping[str, str | None]) -> tuple[int, Box]:
  """(frame, box) of a row; `where` names it in messages."""
  try:
    frame = int(row['frame0'] or '')
    x, y, w, h = (float(row[name] or '') for name in COLUMNS[2:])
  except ValueError as e:
    raise errors.UserError(f'{where}: expected a whole frame0 and numbers x, y, w, h; {e}') from e
  if frame < 0 or not all(map(math.isfinite, (x, y, w, h))) or min(w, h) <= 0:
    raise errors.UserError(
      f'{where}: expected a frame from 0 on, and a width and height above 0; '
      f'found frame {frame} and {w:g}x{h:g}'
    )
  return frame, (x, y, w, h)


def compare_video(video: str, masks: coco_files.Masks, boxes: Boxes) -> BoxComparison:
  """Holds the masks of a video against its boxes.

  Raises:
    MaskError: a box is of a frame that the video does not have, or lies outside its frames.
  """
  num_mask = num_inside = 0
  found: list[tuple[float, float, float]] = []  # of each box: rows, columns, pixels
  for frame, of_frame in sorted(boxes.items()):
    if frame >= len(masks):
      raise coco_files.MaskError(
        f'{video}: expected boxes of its {len(masks)} frames, counted from 0; found one of {frame}'
      )
    mask = masks.decode(frame)
    in_boxes = np.zeros(mask.shape, bool)
    for box in of_frame:
      place = _pixels(video, box, mask.shape)
      in_boxes[place] = True
      within = mask[place]
      found.append((within.any(1).mean(), within.any(0).mean(), within.mean()))
    num_mask += int(np.count_nonzero(mask))
    num_inside += int(np.count_nonzero(mask & in_boxes))
  height, width, covered = np.mean(found, axis=0)
  return BoxComparison(
    video,
    inside=num_inside / num_mask if num_mask else 1.0,
    height=float(height),
    width=float(width),
    missed=float(np.mean([rows == 0 for rows, _, _ in found])),
    covered=float(covered),
    boxes=len(found),
    frames=len(boxes),
  )


def _pixels(video: str, box: Box, size: tuple[int, ...]) -> tuple[slice, slice]:
  """The pixels of a box within a frame of `size`, at least one in each direction."""
  slices = []
  for start, length, side in ((box[1], box[3], size[0]), (box[0], box[2], size[1])):
    first, end = max(0, math.floor(start)), min(side, math.ceil(start + length))
    if first >= end:
      raise coco_files.MaskError(
        f'{video}: expected boxes within frames of {size[0]}x{size[1]}; found '
        f'x={box[0]:g}, y={box[1]:g}, w={box[2]:g}, h={box[3]:g}'
      )
    slices.append(slice(first, end))
  return slices[0], slices[1]


def compare_folder(folder: str, path: str) -> tuple[list[BoxComparison], list[str], list[str]]:
  """Holds the masks of a folder against a file of boxes.

  Args:
    folder: of mask files.
    path: as in `read`.

  Returns:
    (`BoxComparison`s, the height that is reached least first; reasons why videos were left out;
    mask files without boxes).

  Raises:
    UserError: no video has masks and boxes, or the file of boxes cannot be used.
  """
  names = mask_folders.list_files(folder)
  of_video = read(path, {os.path.splitext(os.path.basename(name))[0] for name in names})
  stems = [os.path.basename(video) for video in of_video]
  compared, failures, used = [], [], set()
  for video, boxes in of_video.items():
    is_only = stems.count(os.path.basename(video)) == 1
    masks = mask_folders.find(folder, f'{video}.avi', is_only)
    if masks is None:
      continue
    used.add(os.path.relpath(masks, folder).replace(os.sep, '/'))
    try:
      compared.append(compare_video(video, coco_files.read(masks), boxes))
    except coco_files.MaskError as e:
      failures.append(str(e))
  if not used:
    raise errors.UserError(
      f'{folder}: expected masks (.json) of videos that {path} has boxes of; found '
      f'{len(names)} files, none of them of such a video'
    )
  compared.sort(key=lambda row: row.height)
  return compared, failures, [name for name in names if name not in used]
