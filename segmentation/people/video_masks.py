"""The people of a video: found, followed over time, united to one mask a frame.

A few frames are in memory at a time, however long the video is.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import itertools
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import mask_propagation
from segmentation.people import tracking


@dataclasses.dataclass(frozen=True)
class MaskSettings:
  """How the people of a video are found.

  Attributes:
    score_threshold: people below are left out.
    detect_every: the segmenter sees every so many-th frame, and the last; to the frames
      between, the optical flow carries the masks of the nearer one. 1 is exact.
    track: whether people whom the segmenter missed for a moment are filled in, and those
      whom it found but once are dropped.
    max_gap: looks of the segmenter in a row that are filled in.
    min_detections: a person found at fewer looks is a flicker.
    batch_size: frames that the segmenter gets at a time.
  """

  score_threshold: float = 0.5
  detect_every: int = 1
  track: bool = True
  max_gap: int = 2
  min_detections: int = 2
  batch_size: int = 4

  def __post_init__(self) -> None:
    if not 0 <= self.score_threshold <= 1:
      raise errors.UserError(
        f'`score_threshold` must be between 0 and 1; received {self.score_threshold}'
      )
    for name, least in (
      ('detect_every', 1),
      ('max_gap', 0),
      ('min_detections', 1),
      ('batch_size', 1),
    ):
      if getattr(self, name) < least:
        raise errors.UserError(f'`{name}` must be at least {least}; received {getattr(self, name)}')


def masks_of(
  frames: Iterable[np.ndarray],
  segmenter: segmenter_lib.Segmenter,
  settings: MaskSettings = MaskSettings(),
) -> Iterator[tuple[np.ndarray, float]]:
  """One mask a frame: everybody in it.

  Args:
    frames: an iterable of uint8 RGB [H, W, 3], of one size.
    segmenter: a `Segmenter`; for that of a file, `segmenter.for_video(path)`.
    settings: a `MaskSettings`.

  Yields:
    (bool [H, W], the highest score in the frame, or 0.0 where nobody is), one for each
    frame, in order.
  """
  frames = iter(frames)
  first = next(frames, None)
  if first is None:
    return
  shape = first.shape[:2]
  for people in people_of(itertools.chain([first], frames), segmenter, settings):
    if people:
      union = coco_mask.merge([person.rle for person in people])
      yield (
        np.ascontiguousarray(coco_mask.decode(union), bool),
        max(person.score for person in people if person.score is not None),
      )
    else:
      yield np.zeros(shape, bool), 0.0


def of_frames(
  frames: Iterable[np.ndarray],
  segmenter: segmenter_lib.Segmenter,
  settings: MaskSettings = MaskSettings(),
) -> coco_files.Masks:
  """The masks of a whole video, run-length encoded: a `masks.Masks`.

  Args:
    frames, segmenter, settings: as in `masks_of`; at least one frame.

  Raises:
    ValueError: there is no frame.
  """
  frames = iter(frames)
  first = next(frames, None)
  if first is None:
    raise ValueError('`frames` must hold at least one frame; received none')
  people = people_of(itertools.chain([first], frames), segmenter, settings)
  height, width = first.shape[:2]
  return coco_files.Masks(
    height, width, tuple(tuple(person.rle for person in frame) for frame in people)
  )


def people_of(
  frames: Iterable[np.ndarray],
  segmenter: segmenter_lib.Segmenter,
  settings: MaskSettings = MaskSettings(),
) -> Iterator[list[coco_files.PersonMask]]:
  """The people of each frame, followed over time.

  Args:
    frames, segmenter, settings: as in `masks_of`.

  Yields:
    A list of `masks.Person` for each frame, in order; perhaps empty.
  """
  if settings.track:
    tracker = tracking.Tracker(settings.max_gap, settings.min_detections)
  else:
    tracker = tracking.Tracker(0, 1)
  carrier = mask_propagation.Carrier()
  before = None  # the grey of the last frame that was looked at
  for interval, found in _looks(frames, segmenter, settings):
    greys = [carrier.grey(frame) for frame in interval]
    if before is None:
      yield from tracker.start(found)
    else:
      size = interval[-1].shape[:2]
      forward = _carried(carrier, [before] + greys, tracker.followed, size)
      # A frame in the middle takes what was found before it.
      half = len(interval) // 2
      backward = _carried(carrier, greys[half:][::-1], [rle for rle, _ in found], size)[::-1]
      yield from tracker.look(forward, [None] * half + backward, found)
    before = greys[-1]
  yield from tracker.finish()


def _looks(
  frames: Iterable[np.ndarray], segmenter: segmenter_lib.Segmenter, settings: MaskSettings
) -> Iterator[tuple[list[np.ndarray], list[tuple[Any, float]]]]:
  """Shows the segmenter every so many-th frame.

  Yields:
    (the frames after the last look up to and with this one, [(RLE, score)] of those found).
  """
  every = settings.detect_every
  frames = iter(frames)
  intervals = itertools.chain(
    ([frame] for frame in itertools.islice(frames, 1)),
    iter(lambda: list(itertools.islice(frames, every)), []),
  )
  while batch := list(itertools.islice(intervals, settings.batch_size)):
    people = segmenter.people(np.stack([interval[-1] for interval in batch]))
    for interval, in_frame in zip(batch, people):
      yield (
        interval,
        [
          (coco_files.encode(person.mask), float(person.score))
          for person in in_frame
          if person.score >= settings.score_threshold and person.mask.any()
        ],
      )


def _carried(
  carrier: mask_propagation.Carrier,
  greys: Sequence[np.ndarray],
  rles: Sequence[Any],
  size: tuple[int, int],
) -> list[list[Any]]:
  """Masks of the first frame in each later one: a list of lists of RLEs."""
  if not rles:
    return [[] for _ in greys[1:]]
  masks = [np.ascontiguousarray(coco_mask.decode(rle)) for rle in rles]
  return [
    [coco_files.encode(mask_propagation.carry(mask, positions)) for mask in masks]
    for positions in carrier.follow(greys, *size)
  ]
