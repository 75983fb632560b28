"""The people of a video: masks propagated, gaps filled, flickers dropped, in constant memory."""

import itertools

import numpy as np
import pytest

from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import mask_propagation
from segmentation.people import video_masks
from tests import fakes

_HEIGHT, _WIDTH = 60, 90
_SIDE = 20


def _frame(index, speed=1):
  """A bright textured square that moves to the right by `speed` pixels per frame.

  Its first pixel encodes the index.
  """
  frame = fakes.texture(_HEIGHT, _WIDTH, seed=1) // 3
  square = 150 + fakes.texture(_SIDE, _SIDE, seed=2) // 3
  frame[20 : 20 + _SIDE, 10 + speed * index : 10 + speed * index + _SIDE] = square
  frame[0, 0] = index
  return frame


def _truth(index, speed=1):
  mask = np.zeros((_HEIGHT, _WIDTH), bool)
  mask[20 : 20 + _SIDE, 10 + speed * index : 10 + speed * index + _SIDE] = True
  return mask


class _Squares(segmenter_lib.Segmenter):
  """Finds the bright square except in the frames `missed`; `extra` adds people."""

  name = 'squares'

  def __init__(self, missed=(), extra=None, score=0.9):
    self.missed, self.extra, self.score = missed, {} if extra is None else extra, score
    self.batches = []

  def people(self, frames):
    self.batches.append([int(frame[0, 0, 0]) for frame in frames])
    return [list(self._people(frame)) for frame in frames]

  def _people(self, frame):
    index = int(frame[0, 0, 0])
    if index not in self.missed:
      mask = frame[..., 0] >= 150
      mask[0, 0] = False
      yield segmenter_lib.DetectedPerson(mask, self.score)
    for mask, score in self.extra.get(index, ()):
      yield segmenter_lib.DetectedPerson(mask, score)


def _box(y0, x0, y1, x1):
  mask = np.zeros((_HEIGHT, _WIDTH), bool)
  mask[y0:y1, x0:x1] = True
  return mask


def _masks(segmenter, num_frames=12, speed=1, **settings):
  frames = (_frame(index, speed) for index in range(num_frames))
  masks = video_masks.of_frames(frames, segmenter, video_masks.MaskSettings(**settings))
  assert (masks.height, masks.width) == (_HEIGHT, _WIDTH)
  return [masks.decode(index) for index in range(len(masks))]


def _iou(a, b):
  return (a & b).sum() / (a | b).sum()


# === One mask per frame ===


@pytest.mark.parametrize('track', [False, True])
@pytest.mark.parametrize('num_frames', [1, 2, 12])
def test_without_keyframe_intervals_the_masks_are_those_of_the_segmenter(num_frames, track):
  for index, mask in enumerate(_masks(_Squares(), num_frames, track=track)):
    np.testing.assert_array_equal(mask, _truth(index))


def test_the_masks_of_a_frame_are_united_and_each_person_keeps_the_score():
  second = _box(50, 60, 60, 90)
  extra = {index: [(second, 0.7)] for index in range(3)}
  for index, mask in enumerate(_masks(_Squares(extra=extra), 3)):
    np.testing.assert_array_equal(mask, _truth(index) | second)
  for people in video_masks.people_of(map(_frame, range(3)), _Squares(extra=extra)):
    assert sorted(person.score for person in people) == pytest.approx([0.7, 0.9])


def test_people_below_the_score_threshold_are_left_out():
  assert not any(mask.any() for mask in _masks(_Squares(score=0.49), 3, score_threshold=0.5))
  assert all(mask.any() for mask in _masks(_Squares(score=0.5), 3, score_threshold=0.5))


def test_no_frames_are_an_error():
  with pytest.raises(ValueError, match='must hold at least one frame'):
    video_masks.of_frames([], _Squares())


# === Keyframes ===


@pytest.mark.parametrize('every', [2, 3, 5, 40])
@pytest.mark.parametrize('num_frames', [1, 2, 11, 12])
def test_between_keyframes_masks_are_propagated(every, num_frames):
  masks = _masks(_Squares(), num_frames, detect_every=every)
  assert len(masks) == num_frames
  for index, mask in enumerate(masks):
    assert _iou(mask, _truth(index)) > 0.85, index


@pytest.mark.parametrize(
  'every, keyframes', [(1, list(range(12))), (4, [0, 4, 8, 11]), (11, [0, 11]), (100, [0, 11])]
)
def test_the_segmenter_runs_on_every_nth_frame_and_the_last(every, keyframes):
  segmenter = _Squares()
  _masks(segmenter, 12, detect_every=every, batch_size=3)
  assert list(itertools.chain(*segmenter.batches)) == keyframes
  assert max(map(len, segmenter.batches)) <= 3


def test_a_person_who_enters_or_leaves_between_keyframes_is_there_for_half_the_interval():
  segmenter = _Squares(missed=range(4, 100))
  found = [mask.any() for mask in _masks(segmenter, 9, detect_every=4, min_detections=1)]
  assert found == [True] * 3 + [False] * 6
  segmenter = _Squares(missed=range(8))
  found = [mask.any() for mask in _masks(segmenter, 9, detect_every=4, min_detections=1)]
  assert found == [False] * 7 + [True] * 2


def test_propagation_works_on_larger_frames():
  frames = [np.kron(_frame(index), np.ones((6, 6, 1), np.uint8)) for index in range(5)]

  class Bright(segmenter_lib.Segmenter):
    name = 'bright'

    def people(self, frames):
      return [[segmenter_lib.DetectedPerson(frame[..., 0] >= 150, 1.0)] for frame in frames]

  settings = video_masks.MaskSettings(detect_every=4)
  masks = video_masks.of_frames(frames, Bright(), settings)
  for index in range(len(masks)):
    truth = np.kron(_truth(index), np.ones((6, 6), bool))
    assert _iou(masks.decode(index), truth) > 0.9


# === Tracking ===


@pytest.mark.parametrize('missed', [{5}, {5, 6}, {3, 8}])
def test_a_person_missed_for_a_moment_is_filled_in(missed):
  masks = _masks(_Squares(missed))
  for index, mask in enumerate(masks):
    assert _iou(mask, _truth(index)) > 0.9, index
  unfilled = _masks(_Squares(missed), track=False)
  assert {index for index, mask in enumerate(unfilled) if not mask.any()} == missed


def test_a_person_missed_longer_is_not_filled_in():
  masks = _masks(_Squares({4, 5, 6}), max_gap=2)
  assert [index for index, mask in enumerate(masks) if not mask.any()] == [4, 5, 6]


def test_one_of_two_people_is_filled_in_while_the_other_stays():
  second = _box(45, 60, 60, 85)
  segmenter = _Squares({6}, {index: [(second, 0.7)] for index in range(12)})
  masks = _masks(segmenter)
  assert _iou(masks[6], _truth(6) | second) > 0.9


@pytest.mark.parametrize('at', [0, 5, 11])
def test_a_person_found_once_is_a_flicker(at):
  extra = {at: [(_box(45, 60, 60, 85), 0.99)]}
  for index, mask in enumerate(_masks(_Squares(extra=extra))):
    np.testing.assert_array_equal(mask, _truth(index))
  assert _masks(_Squares(extra=extra), track=False)[at][50, 70]


def test_a_flicker_is_dropped_from_the_frames_it_was_propagated_to():
  extra = {8: [(_box(45, 60, 60, 85), 0.99)]}
  assert not any(mask[45:].any() for mask in _masks(_Squares(extra=extra), 20, detect_every=4))


def test_two_detections_with_a_gap_between_them_are_a_person():
  extra = {at: [(_box(45, 60, 60, 85), 0.99)] for at in (4, 7)}
  found = [bool(mask[50, 70]) for mask in _masks(_Squares(extra=extra))]
  assert found == [4 <= index <= 7 for index in range(12)]


def test_a_video_of_one_frame_keeps_its_people():
  assert _masks(_Squares(), 1)[0].any()


def test_a_mask_that_splits_for_a_moment_loses_no_part():
  whole = _box(45, 20, 60, 80)
  parts = [(_box(45, 20, 60, 60), 0.9), (_box(45, 62, 60, 80), 0.9)]
  extra = {index: [(whole, 0.9)] for index in range(12)} | {5: parts, 6: [(whole, 0.9)]}
  masks = _masks(_Squares(extra=extra))
  assert masks[5][50, 70] and masks[5][50, 30]
  assert not masks[5][50, 61]
  assert all(mask[50, 70] for mask in masks)


def test_people_have_track_numbers_and_propagated_masks_are_marked():
  frames = [_frame(index) for index in range(8)]
  second = _box(45, 60, 60, 85)
  segmenter = _Squares({3}, {index: [(second, 0.7)] for index in range(2, 8)})
  people = list(video_masks.people_of(frames, segmenter))
  assert [sorted(person.track for person in frame) for frame in people] == [[0]] * 2 + [[0, 1]] * 6
  assert [[person.track for person in frame if person.carried] for frame in people] == [
    [],
    [],
    [],
    [0],
    [],
    [],
    [],
    [],
  ]


def test_people_are_yielded_soon_after_their_frames_are_read():
  given = 0

  def frames():
    nonlocal given
    for given in range(1, 201):
      yield _frame(given % 50)

  extra = {at: [(_box(45, 60, 60, 85), 0.99)] for at in (7, 20, 40)}
  settings = video_masks.MaskSettings(detect_every=2, batch_size=3, max_gap=2)
  for out, _ in enumerate(video_masks.people_of(frames(), _Squares({9, 10}, extra), settings), 1):
    assert given - out <= 2 * 3 + 2 * 4


@pytest.mark.parametrize(
  'name, value',
  [
    ('score_threshold', 1.5),
    ('detect_every', 0),
    ('max_gap', -1),
    ('min_detections', 0),
    ('batch_size', 0),
  ],
)
def test_settings_reject_values_out_of_range(name, value):
  with pytest.raises(ValueError, match=f'`{name}` must be .*; received {value}'):
    video_masks.MaskSettings(**{name: value})


def test_without_tracking_every_frame_is_as_detected_and_no_flow_is_computed(monkeypatch):
  def flow(*arguments):
    raise AssertionError('optical flow was computed')

  monkeypatch.setattr(mask_propagation.Propagator, 'follow', flow)
  settings = video_masks.MaskSettings(track=False, batch_size=3)
  segmenter = _Squares(missed={4})
  frames = [np.full((60, 80, 3), index, np.uint8) for index in range(8)]
  for frame in frames:
    frame[20:40, 20:40] = 200
  found = list(video_masks.people_of(frames, segmenter, settings))
  assert [len(people) for people in found] == [1, 1, 1, 1, 0, 1, 1, 1]
  assert all(person.track is None and not person.carried for people in found for person in people)


@pytest.mark.parametrize('settings', [{'track': False}, {'track': False, 'score_threshold': 0}])
def test_without_tracking_and_keyframe_intervals_no_flow_is_computed(monkeypatch, settings):
  def refuse(*args):
    raise AssertionError('the flow must not be computed')

  monkeypatch.setattr(mask_propagation, 'Propagator', refuse)
  assert all(mask.any() for mask in _masks(_Squares(), 3, **settings))
  with pytest.raises(AssertionError, match='must not be computed'):
    _masks(_Squares(), 3, track=True)
