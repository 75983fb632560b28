"""Every kind of bad masks is found for its own reason, and good masks are not."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from i3d_tf.masks import coco_files
from segmentation.gallery import mask_quality

H, W, T = 40, 60, 30


def square(x, y=10, size=15):
  mask = np.zeros((H, W), bool)
  mask[y : y + size, x : x + size] = True
  return mask


def measure(tmp_path, frames):
  path = tmp_path / 'm.json'
  coco_files.write(path, frames, video='A/a.avi')
  return mask_quality.measure(coco_files.read(path))


def walking():
  """A square that moves by one pixel per frame, without a jump."""
  return [square(5 + t) for t in range(T)]


def spoiled(change):
  return [change(t, mask) for t, mask in enumerate(walking())]


def test_measures_agree_with_pixel_counts(tmp_path):
  frames = spoiled(lambda t, mask: mask & (t not in (4, 5, 20)))
  measures = measure(tmp_path, frames)
  pairs = [(a, b) for a, b in itertools.pairwise(frames) if a.any() and b.any()]
  overlap = np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs])
  assert measures == mask_quality.Measures(
    frames=T,
    found=T - 3,
    coverage=pytest.approx(np.mean(frames)),
    coverage_found=pytest.approx(15 * 15 / (H * W)),
    overlap=pytest.approx(overlap),
    gaps=2,
    breaks=4,
    worst=4,
  )


def test_the_people_of_a_frame_count_as_one_mask(tmp_path):
  path = tmp_path / 'm.json'
  coco_files.write(path, [square(5)] * 2, video='A/a.avi')
  masks = coco_files.read(path)
  twice = dataclasses.replace(masks, frames=tuple(rles * 2 for rles in masks.frames))
  assert mask_quality.measure(twice) == mask_quality.measure(masks)


@pytest.mark.parametrize(
  'frames, codes, words',
  [
    (walking(), [], ''),
    ([square(5, size=4) for _ in range(T)], ['tiny'], 'covers 0.67% of the image'),
    ([~square(5, size=5) for _ in range(T)], ['huge'], 'covers 99% of the image'),
    (spoiled(lambda t, mask: mask & False), ['no person'], 'no person in any of 30 frames'),
    (spoiled(lambda t, mask: mask & (t < 20)), ['often no person'], 'no person in 10 of 30 frames'),
    (
      spoiled(lambda t, mask: mask & (t % 8 != 4)),
      ['flickering'],
      '8 breaks in 29 steps, 4 gaps, the worst at frame 4',
    ),
    (
      spoiled(lambda t, mask: mask if t % 10 else square(5, size=25)),
      ['flickering'],
      '5 breaks in 29 steps, the worst at frame ',
    ),
    (spoiled(lambda t, mask: np.roll(mask, 20 * (t % 2), 1)), ['flickering'], '29 breaks in 29'),
  ],
  ids=['good', 'tiny', 'huge', 'empty', 'ends early', 'gaps', 'grows', 'jumps'],
)
def test_every_kind_of_bad_masks_is_found_for_its_reason(tmp_path, frames, codes, words):
  judgement = mask_quality.judge(measure(tmp_path, frames))
  assert [reason.code for reason in judgement.reasons] == codes
  assert all(reason.severity >= 0.5 and words in reason.words for reason in judgement.reasons)
  assert (judgement.score >= 0.5) == bool(codes)


GOOD = mask_quality.Measures(
  frames=100, found=100, coverage=0.1, coverage_found=0.1, overlap=0.9, gaps=0, breaks=0, worst=None
)


@pytest.mark.parametrize(
  'field, limit, worse',
  [
    ('coverage_found', 0.01, -1e-6),
    ('coverage_found', 0.6, 1e-6),
    ('found', 80, -1),
    ('breaks', 5, 1),
    ('seen_again', 0.15, 1e-6),
  ],
)
def test_severity_is_one_half_at_the_limit_and_grows_beyond_it(field, limit, worse):
  limits = mask_quality.Limits(flicker=5 / 99)

  def at(value):
    return mask_quality.judge(dataclasses.replace(GOOD, **{field: value}), limits=limits)

  assert at(limit).score == pytest.approx(0.5)
  assert at(limit + worse).score > 0.5 and len(at(limit + worse).reasons) == 1
  assert at(limit - worse).score < 0.5 and not at(limit - worse).reasons


def test_a_person_far_smaller_or_larger_than_its_class_is_found():
  usual = mask_quality.typical([0.1, 0.11, 0.12, 0.1, 0.09, 0.5, 0])
  assert usual == (pytest.approx(0.105, abs=0.01), 1.5)
  for coverage, odd in ((0.1, False), (0.25, False), (0.4, True), (0.03, True)):
    judgement = mask_quality.judge(dataclasses.replace(GOOD, coverage_found=coverage), usual)
    assert bool(judgement.reasons) == odd, coverage
  assert judgement.reasons[0].code == 'unlike its class'
  assert judgement.reasons[0].words == 'covers 3%, its class typically 10%'


def test_a_varied_class_tolerates_more_than_a_uniform_one():
  varied = mask_quality.typical([0.02, 0.05, 0.1, 0.2, 0.5])
  assert varied[0] == pytest.approx(0.1)
  assert varied[1] == pytest.approx(math.exp(1.4826 * math.log(2)), rel=1e-6)
  far = dataclasses.replace(GOOD, coverage_found=0.4)
  assert not mask_quality.judge(far, varied).reasons
  assert mask_quality.judge(far, (0.1, 1.5)).reasons


def test_two_videos_are_too_few_for_a_typical_coverage():
  assert mask_quality.typical([0.1, 0.2, 0, 0]) is None


def test_more_reasons_give_a_higher_score():
  one = mask_quality.judge(dataclasses.replace(GOOD, breaks=20))
  two = mask_quality.judge(dataclasses.replace(GOOD, breaks=20, coverage_found=0.005))
  none = mask_quality.judge(dataclasses.replace(GOOD, found=0, coverage_found=0.0))
  assert one.score < two.score < none.score < mask_quality.unusable('no mask file', '').score == 1
  assert set(mask_quality.REASONS) >= {reason.code for reason in two.reasons}


def test_a_single_frame_is_judged(tmp_path):
  judgement = mask_quality.judge(measure(tmp_path, [square(5)]))
  assert judgement.reasons == ()
