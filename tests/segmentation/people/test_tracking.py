"""The tracker alone: whom it returns, and when."""

import numpy as np
import pytest

from i3d_tf.masks import coco_files
from segmentation.people import tracking


def _box(x, width=10):
  mask = np.zeros((20, 100), bool)
  mask[5:15, x : x + width] = True
  return coco_files.encode(mask)


def _run(keyframes, max_gap=2, min_detections=2):
  """Tracks boxes in a still scene, given by their x per keyframe: lists of (track, carried)."""
  tracker = tracking.Tracker(max_gap, min_detections)
  out = tracker.start([(_box(x), 1.0) for x in keyframes[0]])
  for keyframe in keyframes[1:]:
    out += tracker.update([list(tracker.tracked)], [], [(_box(x), 1.0) for x in keyframe])
  out += tracker.finish()
  assert len(out) == len(keyframes)
  return [sorted((person.track, person.carried) for person in frame) for frame in out]


def test_one_person_has_one_number():
  assert _run([[10], [12], [11]]) == [[(0, False)]] * 3


def test_two_people_who_touch_keep_their_numbers():
  out = _run([[10, 40], [15, 35], [20, 30], [25, 25]])
  assert [[track for track, _ in frame] for frame in out] == [[0, 1]] * 4


def test_gaps_are_filled_up_to_max_gap():
  for gap in range(4):
    out = _run([[10], [10]] + [[]] * gap + [[10], [10]], max_gap=2)
    if gap <= 2:
      assert out == [[(0, False)]] * 2 + [[(0, True)]] * gap + [[(0, False)]] * 2
    else:
      assert out == [[(0, False)]] * 2 + [[]] * gap + [[(1, False)]] * 2


@pytest.mark.parametrize('min_detections', [1, 2, 3])
def test_people_found_less_often_are_flickers(min_detections):
  for times in (1, 2, 3):
    out = _run([[], []] + [[10]] * times + [[]] * 5, max_gap=0, min_detections=min_detections)
    assert [bool(frame) for frame in out] == (
      [False] * 2 + [times >= min_detections] * times + [False] * 5
    )


def test_a_propagated_mask_that_leaves_the_frame_ends_the_track():
  tracker = tracking.Tracker(2, 1)
  out = tracker.start([(_box(80), 1.0)])
  empty = coco_files.encode(np.zeros((20, 100), bool))
  out += tracker.update([[empty]], [], [])
  assert not tracker.tracked
  assert [len(frame) for frame in out + tracker.finish()] == [1, 0]


def test_a_part_of_a_known_person_is_not_a_flicker():
  tracker = tracking.Tracker(2, 2)
  out = tracker.start([(_box(10, 40), 1.0)])
  out += tracker.update([list(tracker.tracked)], [], [(_box(10, 40), 1.0)])
  out += tracker.update([list(tracker.tracked)], [], [(_box(10, 25), 1.0), (_box(40), 1.0)])
  out += tracker.update([list(tracker.tracked)], [], [(_box(10, 40), 1.0)])
  out += tracker.finish()
  assert [len(frame) for frame in out] == [1, 1, 2, 1]


def test_a_person_whose_outline_changes_stays_the_same_person():
  wide, narrow = _box(10, 60), _box(55, 35)  # IoU 0.19
  tracker = tracking.Tracker(2, 2)
  out = tracker.start([(wide, 1.0)])
  out += tracker.update([list(tracker.tracked)], [], [(narrow, 1.0)])
  assert [[person.track for person in frame] for frame in out] == [[0], [0]]


def test_frames_are_returned_as_soon_as_they_can_no_longer_change():
  tracker = tracking.Tracker(1, 2)
  assert not tracker.start([(_box(10), 1.0)])  # perhaps a flicker
  assert len(tracker.update([list(tracker.tracked)], [], [(_box(10), 1.0)])) == 2
  assert not tracker.update([list(tracker.tracked)], [], [])  # perhaps a gap
  assert len(tracker.update([list(tracker.tracked)], [], [])) == 2  # too long for one
  assert not tracker.finish()
