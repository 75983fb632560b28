"""The tracker by itself: what it gives out when, and for whom."""

import numpy as np
import pytest

from i3d_tf.masks import coco_files
from segmentation.people import tracking


def _box(x, width=10):
  mask = np.zeros((20, 100), bool)
  mask[5:15, x : x + width] = True
  return coco_files.encode(mask)


def _run(looks, max_gap=2, min_detections=2):
  """Shows a still scene: each look is a list of boxes' x. Gives lists of (track, carried)."""
  tracker = tracking.Tracker(max_gap, min_detections)
  out = tracker.start([(_box(x), 1.0) for x in looks[0]])
  for look in looks[1:]:
    out += tracker.look([list(tracker.followed)], [], [(_box(x), 1.0) for x in look])
  out += tracker.finish()
  assert len(out) == len(looks)
  return [sorted((person.track, person.carried) for person in frame) for frame in out]


def test_one_person_has_one_number():
  assert _run([[10], [12], [11]]) == [[(0, False)]] * 3


def test_two_people_who_touch_keep_their_numbers():
  out = _run([[10, 40], [15, 35], [20, 30], [25, 25]])
  assert [[track for track, _ in frame] for frame in out] == [[0, 1]] * 4


def test_gaps_are_filled_up_to_the_longest_allowed():
  for gap in range(4):
    out = _run([[10], [10]] + [[]] * gap + [[10], [10]], max_gap=2)
    if gap <= 2:
      assert out == [[(0, False)]] * 2 + [[(0, True)]] * gap + [[(0, False)]] * 2
    else:
      assert out == [[(0, False)]] * 2 + [[]] * gap + [[(1, False)]] * 2


@pytest.mark.parametrize('min_detections', [1, 2, 3])
def test_people_seen_less_often_are_flickers(min_detections):
  for times in (1, 2, 3):
    out = _run([[], []] + [[10]] * times + [[]] * 5, max_gap=0, min_detections=min_detections)
    assert [bool(frame) for frame in out] == (
      [False] * 2 + [times >= min_detections] * times + [False] * 5
    )


def test_a_carried_mask_that_has_left_the_frame_is_no_miss_to_fill():
  tracker = tracking.Tracker(2, 1)
  out = tracker.start([(_box(80), 1.0)])
  empty = coco_files.encode(np.zeros((20, 100), bool))
  out += tracker.look([[empty]], [], [])
  assert not tracker.followed
  assert [len(frame) for frame in out + tracker.finish()] == [1, 0]


def test_a_part_of_somebody_known_is_no_flicker():
  tracker = tracking.Tracker(2, 2)
  out = tracker.start([(_box(10, 40), 1.0)])
  out += tracker.look([list(tracker.followed)], [], [(_box(10, 40), 1.0)])
  out += tracker.look([list(tracker.followed)], [], [(_box(10, 25), 1.0), (_box(40), 1.0)])
  out += tracker.look([list(tracker.followed)], [], [(_box(10, 40), 1.0)])
  out += tracker.finish()
  assert [len(frame) for frame in out] == [1, 1, 2, 1]


def test_a_segmenter_that_changes_its_mind_about_the_outline_finds_the_same_person():
  wide, narrow = _box(10, 60), _box(55, 35)  # IoU 0.19
  tracker = tracking.Tracker(2, 2)
  out = tracker.start([(wide, 1.0)])
  out += tracker.look([list(tracker.followed)], [], [(narrow, 1.0)])
  assert [[person.track for person in frame] for frame in out] == [[0], [0]]


def test_frames_are_given_out_as_soon_as_nothing_can_change_them():
  tracker = tracking.Tracker(1, 2)
  assert not tracker.start([(_box(10), 1.0)])  # perhaps a flicker
  assert len(tracker.look([list(tracker.followed)], [], [(_box(10), 1.0)])) == 2
  assert not tracker.look([list(tracker.followed)], [], [])  # perhaps a gap
  assert len(tracker.look([list(tracker.followed)], [], [])) == 2  # too long for one
  assert not tracker.finish()
