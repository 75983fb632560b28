"""Follows people from one detection to the next: fills what was missed, drops flickers.

People are matched where their masks, carried by the flow, overlap. A person who was
missed a few times in a row and is found again is filled in with the carried mask. A
person who was found once, while the looks before and after show nobody there, is a
flicker and is dropped; so is one whom no later look confirms at a video's end. Where one
mask becomes several or several become one, as when an arm comes loose, they confirm
each other.
"""

import collections
from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from i3d_tf.masks import coco_files

_SAME = 0.1  # IoU from which a carried mask and a found one are one person, best pairs first
_PART = 0.5  # share of a mask that lies within others, from which it is a part of them


class _Track:
  """A person who is being followed."""

  def __init__(self, number: int, start: int, known: Any) -> None:
    self.number = number
    self.start = start  # first frame
    self.known = known  # whether it certainly is no flicker
    self.detections = 0
    self.misses = 0  # in a row
    self.rle = None  # at the last look: found, or carried there
    self.score = 0.0  # of the last detection
    self.seen = start  # frame of the last detection
    self.held = []  # (frame, masks.Person) since then: they count if the person is found again

  def tracked(self, rle: Any, carried: bool) -> coco_files.PersonMask:
    return coco_files.PersonMask(rle, self.score, self.number, carried)


class Tracker:
  """Takes the looks of a detector at a video in order, gives the people of each frame.

  Args:
    max_gap: looks in a row at which a person may be missed and is filled in.
    min_detections: a person found fewer times is a flicker; 1 keeps everybody.
  """

  def __init__(self, max_gap: int, min_detections: int) -> None:
    self._max_gap = max_gap
    self._min_detections = min_detections
    self._tracks = []
    self._count = 0
    self._looks = 0
    self._frame = 0  # of the last look
    self._pending = collections.deque()  # lists of masks.Person, from frame `_first` on
    self._first = 0

  @property
  def followed(self) -> list[Any]:
    """The RLEs of the people at the last look, whom the caller carries to the next."""
    return [track.rle for track in self._tracks]

  def look(
    self, forward: Sequence[Any], backward: Sequence[Any], found: Sequence[Any]
  ) -> list[list[coco_files.PersonMask]]:
    """Takes the next look of the detector.

    Args:
      forward: for each frame after the last look up to this one, the RLEs of
        `followed` carried there.
      backward: for each of these frames but the last, the RLEs of `found` carried
        there, or None where the last look is nearer: then `forward` is used.
      found: (RLE, score) of each person at this look.

    Returns:
      A list of frames that are decided, each a list of `coco_files.PersonMask`, from the last
      that were returned on.
    """
    self._looks += 1
    self._pending.extend([] for _ in forward)
    matches, parts = _match(forward[-1], [rle for rle, _ in found])
    here = self._frame + len(forward)
    tracks = self._tracks
    self._tracks = []
    for index, track in enumerate(tracks):
      carried = [frame[index] for frame in forward]
      between = carried[: _nearer(backward)]
      if index in matches:
        self._release(track)
        self._add_carried(track, between)
        self._found(track, here, matches[index], backward, found)
      elif index in parts.absorbed:  # others go on where it ended
        track.known = True
        self._release(track)
        self._add_carried(track, between)
      else:
        self._missed(track, carried, between)
    taken = set(matches.values())
    for index in range(len(found)):
      if index not in taken:
        start = here - sum(rles is not None for rles in backward)
        track = _Track(self._count, start, index in parts.supported)
        self._count += 1
        self._found(track, here, index, backward, found)
    self._frame = here
    return self._decided()

  def start(self, found: Sequence[Any]) -> list[list[coco_files.PersonMask]]:
    """Takes the first look, at the first frame; returns as `look` does."""
    self._frame = -1
    return self.look([[]], [], found)

  def finish(self) -> list[list[coco_files.PersonMask]]:
    """The frames that are left, after the last look."""
    for track in self._tracks:
      self._end(track)
    self._tracks = []
    decided = list(self._pending)
    self._pending.clear()
    return decided

  def _put(self, frame: int, person: Any) -> None:
    if not _is_empty(person.rle):
      self._pending[frame - self._first].append(person)

  def _add_carried(self, track: _Track, rles: Any) -> None:
    for offset, rle in enumerate(rles, 1):
      self._put(self._frame + offset, track.tracked(rle, True))

  def _release(self, track: _Track) -> None:
    """The person was found again: what was carried since counts."""
    for frame, person in track.held:
      self._put(frame, person)
    track.held = []

  def _found(self, track: _Track, here: Any, index: int, backward: Any, found: Any) -> None:
    rle, score = found[index]
    track.rle, track.score = rle, score
    track.detections += 1
    track.misses = 0
    track.seen = here
    for offset, rles in enumerate(backward, 1):
      if rles is not None:
        self._put(self._frame + offset, track.tracked(rles[index], True))
    self._put(here, track.tracked(rle, False))
    self._tracks.append(track)

  def _missed(self, track: _Track, carried: Any, between: Any) -> None:
    track.misses += 1
    if track.misses == 1:
      self._add_carried(track, between)
      carried = carried[len(between) :]
    if track.misses > self._max_gap or _is_empty(carried[-1]):
      self._end(track)
      return
    start = self._frame + 1 + (len(between) if track.misses == 1 else 0)
    track.held.extend(
      (start + offset, track.tracked(rle, True)) for offset, rle in enumerate(carried)
    )
    track.rle = carried[-1]
    self._tracks.append(track)

  def _end(self, track: _Track) -> None:
    if self._is_flicker(track):
      for people in self._pending:
        people[:] = [person for person in people if person.track != track.number]

  def _is_flicker(self, track: _Track) -> bool:
    # A single look at a video has nothing to compare with.
    return not track.known and track.detections < min(self._min_detections, self._looks)

  def _decided(self) -> list[list[coco_files.PersonMask]]:
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
  """Masks that are parts of others: indices of carried and of found ones."""

  absorbed: frozenset
  supported: frozenset


def _match(carried: Sequence[Any], found: Sequence[Any]) -> tuple[dict[int, int], Any]:
  """Which carried mask is which found one.

  Returns:
    ({index of carried: index of found}, the `_Parts` among the others).
  """
  matches = {}
  if not carried or not found:
    return matches, _Parts(frozenset(), frozenset())
  iou = np.array(coco_mask.iou(carried, found, [0] * len(found))).reshape(len(carried), len(found))
  for flat in np.argsort(-iou, axis=None, kind='stable'):
    i, j = np.unravel_index(flat, iou.shape)
    if iou[i, j] < _SAME:
      break
    if i not in matches and j not in matches.values():
      matches[int(i)] = int(j)
  absorbed = _within(carried, found)
  supported = _within(found, carried)
  return matches, _Parts(
    frozenset(i for i in absorbed if i not in matches),
    frozenset(j for j in supported if j not in matches.values()),
  )


def _within(rles: Sequence[Any], others: Sequence[Any]) -> Any:
  """Indices of the masks that lie within the union of others for the greater part."""
  union = coco_mask.merge(others)
  # With iscrowd, pycocotools divides the intersection by the area of the first.
  share = np.array(coco_mask.iou(rles, [union], [1])).reshape(len(rles))
  return [index for index, value in enumerate(share) if value >= _PART]


def _nearer(backward: Sequence[Any]) -> int:
  """The number of frames between two looks that are nearer to the first."""
  return sum(rles is None for rles in backward)


def _is_empty(rle: Any) -> bool:
  return not coco_mask.area(rle)
