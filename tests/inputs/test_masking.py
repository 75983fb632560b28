"""Treatments in clips: which pixels are replaced."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import masking
from i3d_tf.inputs import shapes
from i3d_tf.inputs import times
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


def test_apply_supports_flow_except_for_silhouette():
  clips, masks = walking.scene()
  for name in ('activity-mean', 'activity-blur', 'background-noise', 'activity-elsewhere'):
    treated = walking.treat(name, clips[..., :2], masks, stream='flow')
    assert treated.shape == clips[..., :2].shape
  with pytest.raises(errors.UserError, match='flow has no silhouette'):
    walking.treat('both', clips[..., :2], masks, stream='flow')


@pytest.mark.parametrize(
  'name', ['background-box', 'activity-tube', 'activity-inpaint-box', 'both-box']
)
def test_shape_is_that_of_the_region(name):
  clips, masks = walking.scene()
  masks[:, :, 12, 3] = 0  # no rectangle
  treatment = treatments.Treatment.parse(name)
  there = shapes.SHAPES[treatment.shape](tf.cast(masks, tf.bool)).numpy()
  stays = there == (treatment.region == 'background')
  treated = walking.treat(name, clips, masks)
  if treatment.region == 'both':
    np.testing.assert_array_equal(treated, np.where(there[..., None], 1.0, -1.0).repeat(3, -1))
  else:
    np.testing.assert_array_equal(treated[stays], clips[stays])
    assert not np.any((treated == clips).all(-1)[~stays])


@pytest.mark.parametrize('time', treatments.TIMES)
def test_time_moves_frames_masks_and_partner_together(time):
  clips, masks = walking.scene(frames=6)
  partner, seeds = walking.partner_of(frames=6), np.array([5, 6])
  order = times.TIMES[time](6, tf.constant(seeds, tf.int64)).numpy()
  at = np.arange(2)[:, np.newaxis], order
  np.testing.assert_array_equal(
    walking.treat('none' if time == 'forward' else f'none-{time}', clips, masks, seeds=seeds),
    clips[at],
  )
  others = {'partner': partner, 'twin': walking.partner_of(frames=6)}
  for name in ('activity', 'background-box', 'background-other', 'background-same'):
    treated = walking.treat(
      name if time == 'forward' else f'{name}-{time}', clips, masks, seeds=seeds, **others
    )
    expected = walking.treat(name, clips, masks, seeds=seeds, **others)[at]
    np.testing.assert_array_equal(treated, expected)


def test_time_is_that_of_clips_without_people_too():
  clips, masks = walking.scene()
  treated = walking.treat('activity-reversed', clips, masks, (False, True))
  np.testing.assert_array_equal(treated[0], clips[0, ::-1])


def test_a_place_behind_a_moving_person_is_painted_as_it_is():
  clips, masks = walking.scene(frames=9)
  place = clips[:, :1].repeat(9, axis=1)
  seen = (masks == 0).any(1)  # the person walks on: nearly all of the place is seen once
  treated = walking.treat('activity-inpaint', np.where(masks[..., None], 7, place), masks)
  at = np.broadcast_to(seen[:, np.newaxis], masks.shape)
  assert at.mean() > 0.99
  np.testing.assert_array_equal(treated[at], place[at])


def test_flow_has_no_other_time():
  clips, masks = walking.scene()
  with pytest.raises(
    errors.UserError, match=r"'activity-still' must be of stream rgb: the flow of"
  ):
    walking.treat('activity-still', clips[..., :2], masks, stream='flow')
