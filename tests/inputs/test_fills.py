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


def test_stripes_are_sines_of_one_direction_between_two_colors():
  clips, masks = walking.scene(clips=4, frames=2)
  scene = fills.Scene(
    tf.constant(clips), tf.constant(masks[..., np.newaxis] == 0), 'rgb', tf.constant([1, 2, 3, 4])
  )
  pictures = fills.FILLS['stripes'](scene).numpy()
  assert pictures.shape == (4, 1, 32, 32, 3) and np.abs(pictures).max() <= 1
  for picture in pictures[:, 0].astype(np.float64):
    # Where a wave is sampled evenly, f[-d] + f[d] - 2 m = 2 cos(w) (f[0] - m) in every direction d.
    for down, right in ((1, 0), (0, 1), (1, 1)):
      inner = picture[1:-1, 1:-1]
      rows, columns = np.mgrid[1:31, 1:31]
      around = picture[rows - down, columns - right] + picture[rows + down, columns + right]
      design = np.column_stack([inner[..., 0].ravel(), np.ones(900)])
      (_, residual, _, _) = np.linalg.lstsq(design, around[..., 0].ravel(), rcond=None)
      assert residual[0] < 1e-6
    # One wave for all channels, around the middle of two colors that are half the range apart.
    values = picture.reshape(-1, 3)
    assert np.linalg.matrix_rank(values - values.mean(axis=0), tol=1e-3) == 1
    assert (values.max(axis=0) - values.min(axis=0)).max() <= 1 + 1e-6
    assert (values.max(axis=0) - values.min(axis=0)).min() > 0.5


def test_stripes_depend_only_on_the_seed_of_the_video_and_stand_still():
  clips, masks = walking.scene(frames=5)
  both = walking.treat('background-stripes', clips, masks, seeds=[5, 9])
  alone = walking.treat('background-stripes', clips[1:], masks[1:], (True,), seeds=[9])
  np.testing.assert_array_equal(both[1], alone[0])
  assert np.abs(both[0] - both[1])[masks[0] == 0].max() > 0.1
  still = walking.treat('background-stripes-still', clips, masks, seeds=[5, 9])
  for frame in range(5):
    outside = (masks[0, frame] == 0) & (masks[0, 0] == 0)
    np.testing.assert_array_equal(both[0, frame][outside], both[0, 0][outside])
    np.testing.assert_array_equal(
      both[0, frame][masks[0, frame] == 1], clips[0, frame][masks[0, frame] == 1]
    )
    np.testing.assert_array_equal(still[0, frame], both[0, 2])


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
