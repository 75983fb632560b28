"""What a segmenter finds in frames without their people: shares as computed by hand."""

import tracemalloc

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from i3d_tf.masks import second_looks
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import second_look
from segmentation.people import segment_video
from segmentation.people import video_masks
from tests import fakes

_HEIGHT, _WIDTH = 64, 80
_TRUTH = np.s_[20:50, 10:50]  # the person: 30 x 40 pixels


class _Bright(segmenter_lib.Segmenter):
  """Takes bright pixels for a person."""

  name = 'bright'

  def __init__(self, score=0.9):
    self.score = score

  def people(self, frames):
    masks = frames[..., 0] > 200
    return [
      [segmenter_lib.DetectedPerson(mask, self.score)] if mask.any() else [] for mask in masks
    ]


def _frames(num_frames, somebody=True):
  frames = np.full((num_frames, _HEIGHT, _WIDTH, 3), 60, np.uint8)
  if somebody:
    frames[:, *_TRUTH] = 255
  return frames


def _covered(people):
  covered = second_look.Covered()
  for found in people:
    covered.add(found)
  return covered


def _people(part, num_frames):
  mask = np.zeros((_HEIGHT, _WIDTH), bool)
  mask[part] = True
  return _covered([[coco_files.PersonMask(coco_files.encode(mask))]] * num_frames)


@pytest.mark.parametrize('num_frames', [1, 4, 6])
def test_a_perfect_mask_leaves_nobody(num_frames):
  look = second_look.look_again(_frames(num_frames), _people(_TRUTH, num_frames), _Bright())
  assert look == second_looks.SecondLook(30 * 40 / (_HEIGHT * _WIDTH), 0)
  assert look.seen_again == 0


@pytest.mark.parametrize('num_frames', [1, 4, 6])
def test_half_of_a_person_is_seen_again(num_frames):
  left = np.s_[20:50, 10:30]
  look = second_look.look_again(_frames(num_frames), _people(left, num_frames), _Bright())
  # The dilation at 64 pixels is 9 x 64 / 256, made odd: 3. It takes 1 column of the other 20.
  assert look.mask == 30 * 20 / (_HEIGHT * _WIDTH)
  assert look.again == 30 * 19 / (_HEIGHT * _WIDTH)
  assert look.seen_again == pytest.approx(19 / 39)


def test_people_below_the_score_threshold_do_not_count():
  look = second_look.look_again(_frames(2), _covered([[], []]), _Bright(0.4))
  assert look.again == 0
  assert second_look.look_again(_frames(2), _covered([[], []]), _Bright(0.5)).again > 0


def test_nobody_in_either_look_is_as_bad_as_can_be():
  look = second_look.look_again(_frames(2, somebody=False), _covered([[], []]), _Bright())
  assert (look, look.seen_again) == (second_looks.SecondLook(0, 0), 1)


@pytest.mark.parametrize('num_frames, num_people', [(2, 3), (3, 2), (0, 0)])
def test_another_number_of_frames_is_an_error(num_frames, num_people):
  with pytest.raises(errors.UserError, match=f'as in the first, {num_people}; '):
    second_look.look_again(_frames(num_frames), _people(_TRUTH, num_people), _Bright())


def test_the_fill_is_of_the_surroundings():
  frame = _frames(1)[0]
  mask = frame[..., 0] > 200
  filled = second_look.without(frame, mask)
  np.testing.assert_allclose(filled.astype(int), 60, atol=1)
  np.testing.assert_array_equal(second_look.without(frame, ~mask & mask), frame)
  assert (second_look.without(frame, mask | ~mask) == 128).all()


@pytest.mark.parametrize('looks', [False, True])
def test_segment_stores_the_second_look_in_the_mask_file(tmp_path, looks):
  video, output = tmp_path / 'a.avi', tmp_path / 'a.json'
  fakes.write_video(video, _frames(6))
  segment_video.segment_video(
    str(video),
    str(output),
    _Bright(),
    video_masks.MaskSettings(),
    video='a.avi',
    recorded={},
    second_look=looks,
  )
  look = coco_files.read(output).second_look
  if looks:
    assert look.mask == pytest.approx(30 * 40 / (_HEIGHT * _WIDTH), rel=0.05) and look.again == 0
  else:
    assert look is None


def test_frames_of_another_size_in_the_second_look_are_an_error():
  with pytest.raises(errors.UserError, match='in both looks; found 60x80 after 64x80'):
    second_look.look_again(_frames(2)[:, :60], _people(_TRUTH, 2), _Bright())


def test_what_people_cover_is_packed_and_comes_back_to_the_pixel():
  rng = np.random.default_rng(0)
  frames = [
    [
      coco_files.PersonMask(coco_files.encode(rng.random((_HEIGHT, _WIDTH)) < 0.1))
      for _ in range(count)
    ]
    for count in (2, 0, 1, 3, 0)
  ]
  covered = _covered(frames)
  assert len(covered) == 5
  for index, people in enumerate(frames):
    expected = coco_files.Masks(_HEIGHT, _WIDTH, (tuple(p.rle for p in people),)).decode(0)
    np.testing.assert_array_equal(covered.mask(index, _HEIGHT, _WIDTH), expected)


def test_a_frame_keeps_no_more_than_its_run_lengths_in_memory():
  num_frames = 20000
  people = [coco_files.PersonMask(coco_files.encode(_frames(1)[0, ..., 0] > 200))]
  covered = second_look.Covered()
  tracemalloc.start()
  try:
    for _ in range(num_frames):
      covered.add(people)
    kept, _ = tracemalloc.get_traced_memory()
  finally:
    tracemalloc.stop()
  # Growing arrays reserve some bytes ahead: an eighth of their length.
  assert kept < 1.2 * num_frames * (len(people[0].rle['counts']) + 8)
