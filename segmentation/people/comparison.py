"""Masks compared with others or with boxes: overlap, coverage and misses, per video and overall."""

from collections.abc import Sequence
import dataclasses
import os
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.masks import coco_files
from i3d_tf.masks import mask_folders
from segmentation.people import boxes as boxes_lib
from segmentation.people import options as options_lib

_SHOWN = 10  # videos in the printed table


def run(options: options_lib.CompareOptions) -> int:
  """Compares, prints a table and writes the CSV file: the exit status of the command.

  Args:
    options: the folders, or a folder and boxes, and the file.

  Returns:
    0; 1 if a video could not be compared.

  Raises:
    UserError: they have no video in common, or the file of boxes cannot be used.
  """
  compared: Sequence[Comparison | boxes_lib.BoxComparison]
  if options.boxes is None:
    compared, failures, *alone = compare_folders(options.folders[0], options.folders[1])
  else:
    compared, failures, *alone = boxes_lib.compare_folder(options.folders[0], options.boxes)
  for reason in failures:
    cli.fail(reason)
  for folder, names in zip(options.folders, alone):
    if names:
      print(f'only {folder} has masks of {len(names)} videos, {names[0]} for example')
  if compared:
    print('\n'.join(table(compared)))
    if options.output is not None:
      write(options.output, compared)
  return 1 if failures else 0


@dataclasses.dataclass(frozen=True)
class Comparison:
  """How the masks A and B of a video compare.

  Attributes:
    video: stem of the video's name.
    iou: of all pixels of the video; 1 where neither has anybody.
    frame_iou: mean of the frames' IoU; 1 for a frame in which neither has anybody.
    precision, recall: share of B's person pixels that A has, too, and of A's that B has: what
      the words mean where A is the truth. 1 where there are none.
    coverage_a, coverage_b: share of the pixels.
    only_a, only_b: share of the frames in which only this one has somebody.
    frames: number of frames.
  """

  video: str
  iou: float
  frame_iou: float
  precision: float
  recall: float
  coverage_a: float
  coverage_b: float
  only_a: float
  only_b: float
  frames: int


def compare_video(video: str, a: coco_files.Masks, b: coco_files.Masks) -> Comparison:
  """Compares two `Masks` of a video.

  Raises:
    MaskError: they are of different videos: sizes or numbers of frames differ.
  """
  shapes = [(len(masks), masks.height, masks.width) for masks in (a, b)]
  if shapes[0] != shapes[1]:
    raise coco_files.MaskError(
      f'{video}: expected masks of the same frames; found '
      + ' and '.join('{} frames of {}x{}'.format(*shape) for shape in shapes)
    )
  areas = np.array([_areas(left, right) for left, right in zip(a.frames, b.frames)], float)
  first, second, both = areas.T
  union = first + second - both
  pixels = a.height * a.width
  return Comparison(
    video=video,
    iou=_ratio(both.sum(), union.sum()),
    frame_iou=float(np.mean([_ratio(*frame) for frame in zip(both, union)])),
    precision=_ratio(both.sum(), second.sum()),
    recall=_ratio(both.sum(), first.sum()),
    coverage_a=float(first.mean() / pixels),
    coverage_b=float(second.mean() / pixels),
    only_a=float(np.mean((first > 0) & (second == 0))),
    only_b=float(np.mean((second > 0) & (first == 0))),
    frames=len(areas),
  )


def _areas(a: Sequence[Any], b: Sequence[Any]) -> tuple[int, int, int]:
  """Pixels of the union of each list of RLEs, and of what the two unions share."""
  union = [coco_mask.merge(rles) if rles else None for rles in (a, b)]
  both = 0 if None in union else coco_mask.area(coco_mask.merge(union, intersect=True))
  first, second = (0 if rle is None else int(coco_mask.area(rle)) for rle in union)
  return first, second, int(both)


def _ratio(part: float, whole: float) -> float:
  return float(part / whole) if whole else 1.0


def compare_folders(a: str, b: str) -> tuple[list[Comparison], list[str], list[str], list[str]]:
  """Compares the videos that have masks in both folders.

  Args:
    a, b: folders of masks.

  Returns:
    (`Comparison`s sorted by IoU, worst first; reasons why videos were left out; names
    that only `a` has; names that only `b` has).

  Raises:
    UserError: they have no video in common.
  """
  names = [set(mask_folders.list_files(folder)) for folder in (a, b)]
  common = sorted(names[0] & names[1])
  if not common:
    raise errors.UserError(
      f'{a} and {b}: expected masks (.json) of the same videos; found '
      f'{len(names[0])} and {len(names[1])} files, none of them in both'
    )
  compared, failures = [], []
  for name in common:
    try:
      compared.append(
        compare_video(
          os.path.splitext(name)[0],
          *(coco_files.read(os.path.join(folder, name)) for folder in (a, b)),
        )
      )
    except coco_files.MaskError as e:
      failures.append(str(e))
  compared.sort(key=lambda row: row.iou)
  return compared, failures, sorted(names[0] - names[1]), sorted(names[1] - names[0])


def write(path: str, compared: Sequence[Comparison | boxes_lib.BoxComparison]) -> None:
  """Writes comparisons of one kind as CSV, atomically."""
  header = [field.name for field in dataclasses.fields(compared[0])]
  files.write_csv(path, header, map(dataclasses.astuple, compared))


def table(compared: Sequence[Comparison | boxes_lib.BoxComparison]) -> list[str]:
  """The means of all videos, and the first ones, which differ most, as lines of text."""
  columns = [field.name for field in dataclasses.fields(compared[0]) if field.type is float]
  width = max(len(row.video) for row in compared)
  width = max(width, len('mean of 12345 videos'))
  line = lambda name, values: f'{name:<{width}}' + ''.join(f'{value:>11}' for value in values)
  shown = lambda values: [f'{value:.3f}' for value in values]
  mean = np.mean([[getattr(row, name) for name in columns] for row in compared], axis=0)
  lines = [line('video', columns), line(f'mean of {len(compared)} videos', shown(mean))]
  lines += [
    line(row.video, shown(getattr(row, name) for name in columns)) for row in compared[:_SHOWN]
  ]
  if len(compared) > _SHOWN:
    lines.append(f'... {len(compared) - _SHOWN} more, which differ less')
  return lines
