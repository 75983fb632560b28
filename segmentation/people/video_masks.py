"""Finds the people of a video and tracks them over time: one mask per person and frame.

Only a few frames are in memory at a time, however long the video is.
"""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import itertools
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.common import validation
from i3d_tf.masks import coco_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import mask_propagation
from segmentation.people import tracking


@dataclasses.dataclass(frozen=True)
class MaskSettings:
  """How the people of a video are found.

  Attributes:
    score_threshold: people with a lower score are left out.
    detect_every: the segmenter runs on every n-th frame and on the last one (the keyframes);
      the masks of the nearest keyframe are propagated to the other frames. 1 is exact.
    track: whether people missed for a moment are filled in, and flickers are dropped.
    max_gap: the most keyframes in a row that are filled in.
    min_detections: a person found at fewer keyframes is a flicker.
    batch_size: the number of frames per call of the segmenter.
  """

  score_threshold: float = 0.5
  detect_every: int = 1
  track: bool = True
  max_gap: int = 2
  min_detections: int = 2
  batch_size: int = 4

  def __post_init__(self) -> None:
    score = self.score_threshold
    validation.check('score_threshold', score, 'between 0 and 1', 0 <= score <= 1)
    for name, least in (
      ('detect_every', 1),
      ('max_gap', 0),
      ('min_detections', 1),
      ('batch_size', 1),
    ):
      value = getattr(self, name)
      validation.check(name, value, f'at least {least}', value >= least)


def of_frames(
  frames: Iterable[np.ndarray],
  segmenter: segmenter_lib.Segmenter,
  settings: MaskSettings = MaskSettings(),
) -> coco_files.Masks:
  """Finds the masks of an entire video, run-length encoded.

  Args:
    frames: uint8 RGB [H, W, 3], of one size; at least one.
    segmenter: the segmenter; for a video file, `segmenter.for_video(path)`.
    settings: how people are found.

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
  """Finds the people of each frame and tracks them over time, if the settings say so.

  Args:
    frames, segmenter, settings: as in `of_frames`.

  Yields:
    The people of each frame, in order; may be empty.
  """
  if not settings.track and settings.detect_every == 1:
    # Nothing is to be propagated: no optical flow is computed.
    for _, found in _detections(frames, segmenter, settings):
      yield [coco_files.PersonMask(rle, score) for rle, score in found]
    return
  if settings.track:
    tracker = tracking.Tracker(settings.max_gap, settings.min_detections)
  else:
    tracker = tracking.Tracker(0, 1)
  propagator = mask_propagation.Propagator()
  before = None  # the last keyframe in grey
  for interval, found in _detections(frames, segmenter, settings):
    greys = [propagator.grey(frame) for frame in interval]
    if before is None:
      yield from tracker.start(found)
    else:
      size = interval[-1].shape[:2]
      forward = _propagated(propagator, [before] + greys, tracker.tracked, size)
      # The frame in the middle uses the keyframe before it.
      half = len(interval) // 2
      masks = [rle for rle, _ in found]
      backward = _propagated(propagator, greys[half:][::-1], masks, size)[::-1]
      yield from tracker.update(forward, [*[None] * half, *backward], found)
    before = greys[-1]
  yield from tracker.finish()


def _detections(
  frames: Iterable[np.ndarray], segmenter: segmenter_lib.Segmenter, settings: MaskSettings
) -> Iterator[tuple[list[np.ndarray], list[tuple[Any, float]]]]:
  """Runs the segmenter on the keyframes.

  Yields:
    For each keyframe: (the frames after the previous keyframe up to and including this one,
    [(RLE, score)] of the people found).
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


def _propagated(
  propagator: mask_propagation.Propagator,
  greys: Sequence[np.ndarray],
  rles: Sequence[Any],
  size: tuple[int, int],
) -> list[list[Any]]:
  """The RLEs of the first frame propagated to each later frame."""
  if not rles:
    return [[] for _ in greys[1:]]
  masks = [np.ascontiguousarray(coco_mask.decode(rle)) for rle in rles]
  return [
    [coco_files.encode(mask_propagation.propagate(mask, positions)) for mask in masks]
    for positions in propagator.follow(greys, *size)
  ]
