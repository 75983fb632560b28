"""Tracks people over a video: fills gaps in their detection and drops false detections.

The segmenter runs on keyframes. People are matched from one keyframe to the next if their
masks, propagated by optical flow, overlap. A person who is missed at a few keyframes in a row
and then found again gets the propagated mask in between. A person found at one keyframe but
not at the keyframes before and after is a flicker and is dropped, as is one found at the end
of a video and never confirmed. If one mask splits or several merge, as when an arm appears
detached, they confirm each other.
"""

import collections
from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.masks import coco_files

_SAME = 0.1  # least IoU of a propagated and a detected mask of one person; best pairs first
_PART = 0.5  # least fraction of a mask within others that makes it a part of them

_RLE = dict[str, Any]  # a mask in COCO's run-length encoding
_Detection = tuple[_RLE, float]  # mask and score


class _Track:
  """A person who is tracked.

  Attributes:
    number: the number of the person.
    start: the first frame.
    known: whether it certainly is not a flicker.
    detections: the number of keyframes at which the person was found.
    misses: the number of keyframes in a row at which the person was missed.
    rle: the mask at the last keyframe, detected or propagated.
    score: the score of the last detection.
    held: (frame, mask) since the last detection; used if the person is found again.
  """

  def __init__(self, number: int, start: int, known: bool) -> None:
    self.number = number
    self.start = start
    self.known = known
    self.detections = 0
    self.misses = 0
    self.rle: _RLE = {}
    self.score = 0.0
    self.held: list[tuple[int, coco_files.PersonMask]] = []

  def person(self, rle: _RLE, carried: bool) -> coco_files.PersonMask:
    """A mask of this person."""
    return coco_files.PersonMask(rle, self.score, self.number, carried)


class Tracker:
  """Takes the detections of a video's keyframes in order, returns the people of each frame.

  Args:
    max_gap: the most keyframes in a row at which a missed person is filled in.
    min_detections: a person found at fewer keyframes is a flicker; 1 keeps everybody.
  """

  def __init__(self, max_gap: int, min_detections: int) -> None:
    self._max_gap = max_gap
    self._min_detections = min_detections
    self._tracks: list[_Track] = []
    self._num_tracks = 0
    self._num_keyframes = 0
    self._frame = 0  # the last keyframe
    # The people of each frame from `_first` on, which later keyframes may still change.
    self._pending: collections.deque[list[coco_files.PersonMask]] = collections.deque()
    self._first = 0

  @property
  def tracked(self) -> list[_RLE]:
    """The masks of the people at the last keyframe, for the caller to propagate to the next."""
    return [track.rle for track in self._tracks]

  def update(
    self,
    forward: Sequence[Sequence[_RLE]],
    backward: Sequence[Sequence[_RLE] | None],
    found: Sequence[_Detection],
  ) -> list[list[coco_files.PersonMask]]:
    """Takes the detections of the next keyframe.

    Args:
      forward: for each frame after the last keyframe up to this one, the masks `tracked`
        propagated to it.
      backward: for each of these frames except the last, the masks of `found` propagated to
        it, or None if the last keyframe is nearer, so that `forward` is used.
      found: the mask and score of each person detected at this keyframe.

    Returns:
      The people of the next frames that can no longer change; each call continues after the
      last frame that was returned.
    """
    self._num_keyframes += 1
    self._pending.extend([] for _ in forward)
    matches, parts = _match(forward[-1], [rle for rle, _ in found])
    here = self._frame + len(forward)
    tracks = self._tracks
    self._tracks = []
    for index, track in enumerate(tracks):
      propagated = [frame[index] for frame in forward]
      nearer = propagated[: _num_nearer(backward)]
      if index in matches:
        self._release(track)
        self._add_propagated(track, nearer)
        self._found(track, here, matches[index], backward, found)
      elif index in parts.absorbed:  # the track ends; others continue it
        track.known = True
        self._release(track)
        self._add_propagated(track, nearer)
      else:
        self._missed(track, propagated, nearer)
    taken = set(matches.values())
    for index in range(len(found)):
      if index not in taken:
        start = here - sum(rles is not None for rles in backward)
        track = _Track(self._num_tracks, start, index in parts.supported)
        self._num_tracks += 1
        self._found(track, here, index, backward, found)
    self._frame = here
    return self._decided()

  def start(self, found: Sequence[_Detection]) -> list[list[coco_files.PersonMask]]:
    """Takes the detections of the first frame; returns as `update` does."""
    self._frame = -1
    return self.update([[]], [], found)

  def finish(self) -> list[list[coco_files.PersonMask]]:
    """The people of the remaining frames, after the last keyframe."""
    for track in self._tracks:
      self._end(track)
    self._tracks = []
    decided = list(self._pending)
    self._pending.clear()
    return decided

  def _put(self, frame: int, person: coco_files.PersonMask) -> None:
    """Adds a person to a frame, unless the mask has left the frame."""
    if not _is_empty(person.rle):
      self._pending[frame - self._first].append(person)

  def _add_propagated(self, track: _Track, rles: Sequence[_RLE]) -> None:
    """Adds propagated masks to the frames after the last keyframe."""
    for offset, rle in enumerate(rles, 1):
      self._put(self._frame + offset, track.person(rle, True))

  def _release(self, track: _Track) -> None:
    """Adds the masks held back since the last detection: the person was found again."""
    for frame, person in track.held:
      self._put(frame, person)
    track.held = []

  def _found(
    self,
    track: _Track,
    here: int,
    index: int,
    backward: Sequence[Sequence[_RLE] | None],
    found: Sequence[_Detection],
  ) -> None:
    """Continues a track with the detection `index` at keyframe `here`."""
    rle, score = found[index]
    track.rle, track.score = rle, score
    track.detections += 1
    track.misses = 0
    for offset, rles in enumerate(backward, 1):
      if rles is not None:
        self._put(self._frame + offset, track.person(rles[index], True))
    self._put(here, track.person(rle, False))
    self._tracks.append(track)

  def _missed(self, track: _Track, propagated: Sequence[_RLE], nearer: Sequence[_RLE]) -> None:
    """Holds back the masks of a person who was missed, or ends the track."""
    track.misses += 1
    if track.misses == 1:  # frames nearer to the last detection have the person in any case
      self._add_propagated(track, nearer)
      propagated = propagated[len(nearer) :]
    if track.misses > self._max_gap or _is_empty(propagated[-1]):
      self._end(track)
      return
    start = self._frame + 1 + (len(nearer) if track.misses == 1 else 0)
    track.held.extend(
      (start + offset, track.person(rle, True)) for offset, rle in enumerate(propagated)
    )
    track.rle = propagated[-1]
    self._tracks.append(track)

  def _end(self, track: _Track) -> None:
    """Drops the masks of a track that ends as a flicker."""
    if self._is_flicker(track):
      for people in self._pending:
        people[:] = [person for person in people if person.track != track.number]

  def _is_flicker(self, track: _Track) -> bool:
    # With a single keyframe, there is nothing to confirm a detection.
    return not track.known and track.detections < min(self._min_detections, self._num_keyframes)

  def _decided(self) -> list[list[coco_files.PersonMask]]:
    """Removes and returns the pending frames that can no longer change."""
    end = self._frame + 1
    for track in self._tracks:
      if not track.known and track.detections < self._min_detections:
        end = min(end, track.start)
      elif track.held:
        end = min(end, track.held[0][0])
    decided = [self._pending.popleft() for _ in range(max(0, end - self._first))]
    self._first += len(decided)
    return decided


@dataclasses.dataclass(frozen=True)
class _Parts:
  """Unmatched masks that are parts of others: indices of propagated and of detected ones."""

  absorbed: frozenset[int]
  supported: frozenset[int]


def _match(propagated: Sequence[_RLE], found: Sequence[_RLE]) -> tuple[dict[int, int], _Parts]:
  """Matches propagated to detected masks, the pairs of highest IoU first.

  Returns:
    ({index of propagated: index of found}, the `_Parts` among the others).
  """
  matches: dict[int, int] = {}
  if not propagated or not found:
    return matches, _Parts(frozenset(), frozenset())
  iou = np.array(coco_mask.iou(propagated, found, [0] * len(found)))
  iou = iou.reshape(len(propagated), len(found))
  for flat in np.argsort(-iou, axis=None, kind='stable'):
    i, j = np.unravel_index(flat, iou.shape)
    if iou[i, j] < _SAME:
      break
    if i not in matches and j not in matches.values():
      matches[int(i)] = int(j)
  absorbed = _within(propagated, found)
  supported = _within(found, propagated)
  return matches, _Parts(
    frozenset(i for i in absorbed if i not in matches),
    frozenset(j for j in supported if j not in matches.values()),
  )


def _within(rles: Sequence[_RLE], others: Sequence[_RLE]) -> list[int]:
  """The indices of the masks that are mostly within the union of others."""
  union = coco_mask.merge(others)
  # With iscrowd, pycocotools divides the intersection by the area of the first mask.
  share = np.array(coco_mask.iou(rles, [union], [1])).reshape(len(rles))
  return [index for index, value in enumerate(share) if value >= _PART]


def _num_nearer(backward: Sequence[Sequence[_RLE] | None]) -> int:
  """The number of frames between two keyframes that are nearer to the first."""
  return sum(rles is None for rles in backward)


def _is_empty(rle: _RLE) -> bool:
  return not coco_mask.area(rle)
