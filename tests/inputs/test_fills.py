"""Fills: what replaces a region."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import fills
from i3d_tf.inputs import treatments
from tests import walking


def test_every_fill_of_the_grammar_has_a_function():
  assert tuple(fills.FILLS) == treatments.FILLS


@pytest.mark.parametrize('region', ['background', 'activity'])
@pytest.mark.parametrize('fill', ['mean', 'blur', 'noise'])
def test_fill_does_not_depend_on_replaced_pixels(region, fill):
  clips, masks = walking.scene()
  changed = clips.copy()
  changed[masks == (1 if region == 'activity' else 0)] = np.nan
  name = f'{region}-{fill}'
  np.testing.assert_array_equal(
    walking.treat(name, changed, masks), walking.treat(name, clips, masks)
  )


def test_mean_is_that_of_pixels_that_stay():
  clips, masks = walking.scene()
  treated = walking.treat('activity-mean', clips, masks)
  for clip in range(2):
    for frame in range(4):
      stays = masks[clip, frame] == 0
      expected = clips[clip, frame][stays].astype(np.float64).mean(axis=0)
      np.testing.assert_allclose(
        treated[clip, frame][~stays], np.tile(expected, (48, 1)), atol=1e-6
      )


def test_blur_keeps_constant_color_and_continues_ramp():
  clips, masks = walking.scene()
  flat = np.full_like(clips, 0.25)
  np.testing.assert_allclose(walking.treat('activity-blur', flat, masks), flat, atol=1e-5)
  ramp = np.broadcast_to(np.linspace(-1, 1, 32, dtype=np.float32)[:, None], clips.shape[2:])
  ramp = np.broadcast_to(ramp, clips.shape).copy()
  treated = walking.treat('activity-blur', ramp, masks)
  # Off by two pixels' step at most, for a hole of six; the frame's mean is off by 0.8.
  np.testing.assert_allclose(treated, ramp, atol=0.15)


@pytest.mark.parametrize('fill', ['mean', 'blur'])
def test_fill_is_black_if_nothing_stays(fill):
  clips, masks = walking.scene()
  masks = np.ones_like(masks)
  np.testing.assert_allclose(walking.treat(f'activity-{fill}', clips, masks), -1.0, atol=1e-6)


def test_noise_depends_only_on_seed_of_video():
  clips, masks = walking.scene()
  both = walking.treat('background-noise', clips, masks, seeds=[5, 9])
  alone = walking.treat('background-noise', clips[1:], masks[1:], (True,), seeds=[9])
  np.testing.assert_array_equal(both[1], alone[0])
  outside = masks == 0
  assert not np.any(both[0][outside[0]] == both[1][outside[1]])
  assert abs(both[outside].mean()) < 0.05 and both[outside].min() < -0.95 < 0.95 < (
    both[outside].max()
  )


def test_other_fills_with_partner_without_its_person():
  clips, masks = walking.scene()
  others, _ = walking.scene(1)
  their_masks = np.roll(masks, 12, axis=2)
  partner = fills.Partner(others, their_masks, np.array([True, True]))
  treated = walking.treat('background-other', clips, masks, partner=partner)
  plain = (masks == 0) & (their_masks == 0)
  np.testing.assert_array_equal(treated[plain], others[plain])
  without = others.copy()
  without[their_masks == 1] = np.nan
  again = walking.treat('background-other', clips, masks, partner=partner._replace(clips=without))
  np.testing.assert_array_equal(again, treated)


def test_same_takes_from_the_twin_what_other_takes_from_the_partner():
  clips, masks = walking.scene()
  both = {'partner': walking.partner(1), 'twin': walking.partner(2)}
  expected = walking.treat('background-other', clips, masks, partner=both['twin'])
  np.testing.assert_array_equal(walking.treat('background-same', clips, masks, **both), expected)


def test_a_picture_is_one_frame_of_the_place_and_the_same_under_still_people():
  """SCUBA and SCUFO differ in the motion of the person alone."""
  clips, masks = walking.scene(frames=5)
  partner = walking.partner_of(frames=5)
  other = walking.treat('background-other', clips, masks, partner=partner)
  scuba = walking.treat('background-picture', clips, masks, partner=partner)
  scufo = walking.treat('background-picture-still', clips, masks, partner=partner)
  for frame in range(5):
    outside = masks[0, frame] == 0
    seen = outside & (masks[0, 2] == 0)  # of the place, in the middle frame of `other`
    np.testing.assert_array_equal(scuba[0, frame][seen], other[0, 2][seen])
    np.testing.assert_array_equal(scuba[0, frame][~outside], clips[0, frame][~outside])
    np.testing.assert_array_equal(scufo[0, frame], scuba[0, 2])


@pytest.mark.parametrize(
  'fill, whose', [('other', 'another'), ('picture', 'another'), ('same', 'the same')]
)
def test_a_place_must_come_from_a_video(fill, whose):
  with pytest.raises(errors.UserError, match=f"fill '{fill}' must have a video of {whose} class"):
    walking.treat(f'background-{fill}', *walking.scene())


def test_inpaint_is_the_median_of_the_frames_that_stay_and_blur_where_none_does():
  clips, masks = walking.scene(frames=5)
  masks[0, :, 20:24, 20:24] = 1  # never seen
  stays = masks[..., np.newaxis] == 0
  scene = fills.Scene(tf.constant(clips), tf.constant(stays), 'rgb')
  filled = fills.FILLS['inpaint'](scene).numpy()
  assert filled.shape == (2, 1, 32, 32, 3)
  expected = np.ma.median(np.ma.masked_array(clips, ~stays.repeat(3, -1)), axis=1).filled(np.nan)
  seen = stays.any(1).repeat(3, -1)
  np.testing.assert_allclose(filled[:, 0][seen], expected[seen], atol=1e-6)
  unseen = filled[:, 0][~seen]
  assert np.isfinite(unseen).all() and np.abs(unseen).max() < 0.9  # a blur, not the extremes
  clips[~stays.repeat(3, -1)] = np.nan  # nothing of what is replaced counts
  scene = fills.Scene(tf.constant(clips), tf.constant(stays), 'rgb')
  np.testing.assert_array_equal(fills.FILLS['inpaint'](scene), filled)
