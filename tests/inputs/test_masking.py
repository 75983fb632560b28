"""Treatments in clips: which pixels are replaced."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments
from tests import walking

# Masks of two clips of one frame of 2x2 pixels: the person is at the top left in the first clip,
# and at the right in the second.
_MASKS = np.array([[[[1, 0], [0, 0]]], [[[0, 1], [0, 1]]]], np.uint8)
_FILLED = {'rgb': -1.0, 'flow': 0.0}
_CHANNELS = {'rgb': 3, 'flow': 2}


def _clips(stream, dtype=np.float32):
  shape = (2, 1, 2, 2, _CHANNELS[stream])
  return np.linspace(-0.75, 0.75, np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize('has_person', [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize('stream', ['rgb', 'flow'])
@pytest.mark.parametrize(
  'region, replaced',
  [('none', np.zeros_like(_MASKS, bool)), ('background', _MASKS == 0), ('activity', _MASKS == 1)],
)
def test_apply_fills_exactly_the_region_of_clips_with_a_person(
  region, replaced, stream, has_person
):
  clips = _clips(stream)
  expected = clips.copy()
  for index in range(2):
    if has_person[index]:
      expected[index][replaced[index]] = _FILLED[stream]
  actual = masking.apply(clips, _MASKS, np.array(has_person), treatments.Treatment(region), stream)
  np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize('region', ['background', 'activity'])
@pytest.mark.parametrize('person', [1, 255, True])
def test_apply_treats_nonzero_mask_pixels_as_person(region, person):
  masks = (_MASKS * person).astype(np.asarray(person).dtype if person is True else np.uint8)
  clips, has_person = _clips('rgb'), np.array([True, True])
  np.testing.assert_array_equal(
    masking.apply(clips, masks, has_person, treatments.Treatment(region)),
    masking.apply(clips, _MASKS, has_person, treatments.Treatment(region)),
  )


@pytest.mark.parametrize('region', treatments.REGIONS)
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_apply_keeps_dtype_and_shape_eagerly_and_in_a_dataset(region, dtype):
  clips, has_person = _clips('rgb', dtype), np.array([True, False])
  eager = masking.apply(tf.constant(clips), _MASKS, has_person, treatments.Treatment(region))
  assert eager.dtype == dtype and eager.shape == clips.shape
  dataset = tf.data.Dataset.from_tensors((clips, _MASKS, has_person)).map(
    lambda c, m, p: masking.apply(c, m, p, treatments.Treatment(region))
  )
  assert dataset.element_spec == tf.TensorSpec(clips.shape, dtype)
  np.testing.assert_array_equal(next(iter(dataset)), eager)


def test_apply_needs_no_masks_for_region_none():
  clips = _clips('rgb')
  np.testing.assert_array_equal(
    masking.apply(clips, None, None, treatments.Treatment('none')), clips
  )


def test_apply_rejects_unknown_streams():
  with pytest.raises(ValueError, match="`stream` must be one of rgb, flow; received 'depth'"):
    masking.apply(
      _clips('rgb'), _MASKS, np.array([True, True]), treatments.Treatment('activity'), 'depth'
    )


_NAMES = [
  'background',
  'activity-mean',
  'activity-blur',
  'background-noise',
  'both',
  'activity-elsewhere',
  'background-earlier',
  'background-other',
]


@pytest.mark.parametrize('name', _NAMES)
def test_apply_keeps_clips_without_person(name):
  clips, masks = walking.scene()
  partner = walking.partner()
  treated = walking.treat(name, clips, masks, (True, False), partner=partner)
  np.testing.assert_array_equal(treated[1], clips[1])
  assert not np.array_equal(treated[0], clips[0])


@pytest.mark.parametrize('name', [n for n in _NAMES if n != 'both'])
def test_apply_keeps_pixels_outside_of_region_bit_for_bit(name):
  clips, masks = walking.scene()
  treatment = treatments.Treatment.parse(name)
  if treatment.place == 'earlier':
    masks_there = np.roll(masks, 2, axis=1)
  elif treatment.place == 'elsewhere':
    masks_there = np.roll(masks, 16, axis=3)
  else:
    masks_there = masks
  stays = (masks_there == 1) == (treatment.region == 'background')
  treated = walking.treat(name, clips, masks, partner=walking.partner())
  np.testing.assert_array_equal(treated[stays], clips[stays])
  assert not np.any(treated[~stays] == clips[~stays])


def test_apply_shows_silhouette_white_on_black():
  clips, masks = walking.scene()
  treated = walking.treat('both', clips, masks)
  np.testing.assert_array_equal(treated, np.where(masks[..., None] == 1, 1.0, -1.0).repeat(3, -1))


def test_elsewhere_keeps_area_and_avoids_person():
  clips, masks = walking.scene()
  treated = walking.treat('activity-elsewhere', clips, masks)
  black = (treated == -1).all(-1)
  np.testing.assert_array_equal(black.sum((2, 3)), masks.sum((2, 3)))
  assert not np.any(black & (masks == 1))


def test_elsewhere_has_least_overlap_of_all_shifts():
  rng = np.random.default_rng(3)
  masks = (rng.uniform(size=(2, 3, 8, 16)) < 0.5).astype(np.uint8)
  moved = masking._elsewhere(tf.cast(masks, tf.bool)).numpy()
  for clip in range(2):
    overlaps = [(masks[clip] * np.roll(masks[clip], shift, axis=2)).sum() for shift in range(16)]
    assert (masks[clip] * moved[clip]).sum() == min(overlaps)
    assert any(np.array_equal(moved[clip], np.roll(masks[clip], s, axis=2)) for s in range(16))


def test_apply_supports_flow_except_for_silhouette():
  clips, masks = walking.scene()
  for name in ('activity-mean', 'activity-blur', 'background-noise', 'activity-elsewhere'):
    treated = walking.treat(name, clips[..., :2], masks, stream='flow')
    assert treated.shape == clips[..., :2].shape
  with pytest.raises(errors.UserError, match='flow has no silhouette'):
    walking.treat('both', clips[..., :2], masks, stream='flow')


def test_every_place_of_the_grammar_has_a_function():
  assert tuple(masking._PLACES) == treatments.PLACES


def test_earlier_is_half_a_clip_away():
  _, masks = walking.scene(frames=5)
  moved = masking._earlier(tf.cast(masks, tf.bool)).numpy()
  np.testing.assert_array_equal(moved, np.roll(masks == 1, 2, axis=1))
