"""Which pixels are replaced, and by what."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import masking
from i3d_tf.inputs import treatments

# Two clips of one frame of 2 x 2 pixels, and their masks: the person is at the top left, in the
# second clip at the right.
_MASKS = np.array([[[[1, 0], [0, 0]]], [[[0, 1], [0, 1]]]], np.uint8)
_FILLED = {'rgb': -1.0, 'flow': 0.0}
_CHANNELS = {'rgb': 3, 'flow': 2}


def _clips(stream, dtype=np.float32):
  shape = (2, 1, 2, 2, _CHANNELS[stream])
  return np.linspace(-0.75, 0.75, np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize('found', [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize('stream', ['rgb', 'flow'])
@pytest.mark.parametrize(
  'region, replaced',
  [('none', np.zeros_like(_MASKS, bool)), ('background', _MASKS == 0), ('activity', _MASKS == 1)],
)
def test_exactly_the_region_is_filled_where_a_person_was_found(region, replaced, stream, found):
  clips = _clips(stream)
  expected = clips.copy()
  for index in range(2):
    if found[index]:
      expected[index][replaced[index]] = _FILLED[stream]
  actual = masking.apply(clips, _MASKS, np.array(found), treatments.Treatment(region), stream)
  np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize('region', ['background', 'activity'])
@pytest.mark.parametrize('person', [1, 255, True])
def test_everything_but_0_is_a_person(region, person):
  masks = (_MASKS * person).astype(np.asarray(person).dtype if person is True else np.uint8)
  clips, found = _clips('rgb'), np.array([True, True])
  np.testing.assert_array_equal(
    masking.apply(clips, masks, found, treatments.Treatment(region)),
    masking.apply(clips, _MASKS, found, treatments.Treatment(region)),
  )


@pytest.mark.parametrize('region', treatments.REGIONS)
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_dtype_and_shape_are_kept_inside_a_dataset_too(region, dtype):
  clips, found = _clips('rgb', dtype), np.array([True, False])
  eager = masking.apply(tf.constant(clips), _MASKS, found, treatments.Treatment(region))
  assert eager.dtype == dtype and eager.shape == clips.shape
  dataset = tf.data.Dataset.from_tensors((clips, _MASKS, found)).map(
    lambda c, m, f: masking.apply(c, m, f, treatments.Treatment(region))
  )
  assert dataset.element_spec == tf.TensorSpec(clips.shape, dtype)
  np.testing.assert_array_equal(next(iter(dataset)), eager)


def test_no_mask_is_needed_to_replace_nothing():
  clips = _clips('rgb')
  np.testing.assert_array_equal(
    masking.apply(clips, None, None, treatments.Treatment('none')), clips
  )


def test_apply_rejects_unknown_streams():
  with pytest.raises(ValueError, match="`stream` must be 'rgb' or 'flow'; received 'depth'"):
    masking.apply(
      _clips('rgb'), _MASKS, np.array([True, True]), treatments.Treatment('activity'), 'depth'
    )


# === Treatments ===


def _scene(seed=0, clips=2, frames=4, side=32):
  """Random clips with a person of 8 x 6 pixels that walks to the right."""
  rng = np.random.default_rng(seed)
  pixels = rng.uniform(-1, 1, (clips, frames, side, side, 3)).astype(np.float32)
  masks = np.zeros((clips, frames, side, side), np.uint8)
  for frame in range(frames):
    masks[:, frame, 10:18, 3 + 2 * frame : 9 + 2 * frame] = 1
  return pixels, masks


def _treated(name, clips, masks, found=(True, True), **kwargs):
  return masking.apply(
    clips, masks, np.array(found), treatments.Treatment.parse(name), **kwargs
  ).numpy()


@pytest.mark.parametrize(
  'name, parts',
  [
    ('none', ('none', 'black', 'person')),
    ('background', ('background', 'black', 'person')),
    ('activity-blur', ('activity', 'blur', 'person')),
    ('activity-elsewhere', ('activity', 'black', 'elsewhere')),
    ('activity-mean-earlier', ('activity', 'mean', 'earlier')),
    ('both', ('both', 'black', 'person')),
    ('background-other', ('background', 'other', 'person')),
  ],
)
def test_names_and_treatments_are_one_to_one(name, parts):
  treatment = treatments.Treatment.parse(name)
  assert (treatment.region, treatment.fill, treatment.place) == parts
  assert treatment.name == name


def test_black_may_be_spelled_out():
  assert treatments.Treatment.parse('activity-black-elsewhere').name == 'activity-elsewhere'


@pytest.mark.parametrize(
  'name',
  [
    '',
    'person',
    'activity-pink',
    'activity-elsewhere-blur',
    'none-blur',
    'none-elsewhere',
    'both-noise',
    'activity-',
  ],
)
def test_what_is_no_treatment_is_refused(name):
  with pytest.raises(errors.UserError):
    treatments.Treatment.parse(name)


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
def test_a_clip_without_a_person_stays_as_it_is(name):
  clips, masks = _scene()
  partner = (*_scene(1), np.array([True, True]))
  treated = _treated(name, clips, masks, (True, False), partner=partner)
  np.testing.assert_array_equal(treated[1], clips[1])
  assert not np.array_equal(treated[0], clips[0])


@pytest.mark.parametrize('name', [n for n in _NAMES if n != 'both'])
def test_pixels_outside_of_the_region_stay_bit_by_bit(name):
  clips, masks = _scene()
  treatment = treatments.Treatment.parse(name)
  if treatment.place == 'earlier':
    masks_there = np.roll(masks, 2, axis=1)
  elif treatment.place == 'elsewhere':
    masks_there = np.roll(masks, 16, axis=3)
  else:
    masks_there = masks
  stays = (masks_there == 1) == (treatment.region == 'background')
  treated = _treated(name, clips, masks, partner=(*_scene(1), np.array([True, True])))
  np.testing.assert_array_equal(treated[stays], clips[stays])
  assert not np.any(treated[~stays] == clips[~stays])


@pytest.mark.parametrize('region', ['background', 'activity'])
@pytest.mark.parametrize('fill', ['mean', 'blur', 'noise'])
def test_nothing_of_what_was_replaced_leaks_into_a_fill(region, fill):
  clips, masks = _scene()
  changed = clips.copy()
  changed[masks == (1 if region == 'activity' else 0)] = np.nan
  name = f'{region}-{fill}'
  np.testing.assert_array_equal(_treated(name, changed, masks), _treated(name, clips, masks))


def test_the_mean_is_that_of_the_pixels_that_stay():
  clips, masks = _scene()
  treated = _treated('activity-mean', clips, masks)
  for clip in range(2):
    for frame in range(4):
      stays = masks[clip, frame] == 0
      expected = clips[clip, frame][stays].astype(np.float64).mean(axis=0)
      np.testing.assert_allclose(
        treated[clip, frame][~stays], np.tile(expected, (48, 1)), atol=1e-6
      )


def test_a_blur_of_one_colour_is_that_colour_and_goes_on_where_the_surroundings_differ():
  clips, masks = _scene()
  flat = np.full_like(clips, 0.25)
  np.testing.assert_allclose(_treated('activity-blur', flat, masks), flat, atol=1e-5)
  ramp = np.broadcast_to(np.linspace(-1, 1, 32, dtype=np.float32)[:, None], clips.shape[2:])
  ramp = np.broadcast_to(ramp, clips.shape).copy()
  treated = _treated('activity-blur', ramp, masks)
  # Two pixels' step, for a hole of six; the frame's mean is off by 0.8.
  np.testing.assert_allclose(treated, ramp, atol=0.15)


@pytest.mark.parametrize('fill', ['mean', 'blur'])
def test_where_nothing_stays_the_fill_is_black(fill):
  clips, masks = _scene()
  masks = np.ones_like(masks)
  np.testing.assert_allclose(_treated(f'activity-{fill}', clips, masks), -1.0, atol=1e-6)


def test_noise_is_a_videos_own_wherever_it_stands_in_the_batch():
  clips, masks = _scene()
  both = _treated('background-noise', clips, masks, seeds=[5, 9])
  alone = _treated('background-noise', clips[1:], masks[1:], (True,), seeds=[9])
  np.testing.assert_array_equal(both[1], alone[0])
  outside = masks == 0
  assert not np.any(both[0][outside[0]] == both[1][outside[1]])
  assert abs(both[outside].mean()) < 0.05 and both[outside].min() < -0.95 < 0.95 < (
    both[outside].max()
  )


def test_a_silhouette_is_white_on_black():
  clips, masks = _scene()
  treated = _treated('both', clips, masks)
  np.testing.assert_array_equal(treated, np.where(masks[..., None] == 1, 1.0, -1.0).repeat(3, -1))


def test_elsewhere_keeps_the_area_and_avoids_the_person():
  clips, masks = _scene()
  treated = _treated('activity-elsewhere', clips, masks)
  black = (treated == -1).all(-1)
  np.testing.assert_array_equal(black.sum((2, 3)), masks.sum((2, 3)))
  assert not np.any(black & (masks == 1))


def test_elsewhere_takes_the_least_overlap_of_all_shifts():
  rng = np.random.default_rng(3)
  masks = (rng.uniform(size=(2, 3, 8, 16)) < 0.5).astype(np.uint8)
  moved = masking._elsewhere(tf.cast(masks, tf.bool)).numpy()
  for clip in range(2):
    overlaps = [(masks[clip] * np.roll(masks[clip], shift, axis=2)).sum() for shift in range(16)]
    assert (masks[clip] * moved[clip]).sum() == min(overlaps)
    assert any(np.array_equal(moved[clip], np.roll(masks[clip], s, axis=2)) for s in range(16))


def test_another_class_fills_with_its_own_person_blurred_out():
  clips, masks = _scene()
  others, _ = _scene(1)
  their_masks = np.roll(masks, 12, axis=2)
  partner = (others, their_masks, np.array([True, True]))
  treated = _treated('background-other', clips, masks, partner=partner)
  plain = (masks == 0) & (their_masks == 0)
  np.testing.assert_array_equal(treated[plain], others[plain])
  without = others.copy()
  without[their_masks == 1] = np.nan
  again = _treated(
    'background-other', clips, masks, partner=(without, their_masks, np.array([True, True]))
  )
  np.testing.assert_array_equal(again, treated)


def test_flow_has_every_treatment_but_the_silhouette():
  clips, masks = _scene()
  for name in ('activity-mean', 'activity-blur', 'background-noise', 'activity-elsewhere'):
    treated = _treated(name, clips[..., :2], masks, stream='flow')
    assert treated.shape == clips[..., :2].shape
  with pytest.raises(errors.UserError, match='flow has no silhouette'):
    _treated('both', clips[..., :2], masks, stream='flow')


def test_other_without_a_partner_is_refused():
  with pytest.raises(errors.UserError, match='a video of another class'):
    _treated('background-other', *_scene())
