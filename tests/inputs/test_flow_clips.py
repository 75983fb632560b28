"""Clips of flow: crop, flip, masks and the formats of images; and noise that flow carries."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import carried
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from tests import fakes
from tests import visible_clips
from tests import walking

_CARRIED = treatments.Treatment.parse('both-carried')


def test_flow_is_cropped_like_frames_and_negated_by_flip(tmp_path):
  video = fakes.video(frames=visible_clips.ramps(12), flow=visible_clips.flow_ramps(11))
  source = fakes.open_records(tmp_path, [video])
  settings = dataclasses.replace(visible_clips.FLOW_SETTINGS, batch_size=12)
  flips = []
  for flow, rgb in zip(
    visible_clips.train(source, 2, settings),
    visible_clips.train(source, 2, dataclasses.replace(settings, stream='rgb')),
  ):
    for quantized, frames in zip(flow['frames'], rgb['frames']):
      assert quantized.shape == (9, visible_clips.SIZE, visible_clips.SIZE, 2)
      flipped = frames[0, 0, 0, 1] > frames[0, 0, -1, 1]
      top, left = visible_clips.offset(frames[0], flipped)
      expected = visible_clips.flow_ramps(9)[
        :, top : top + visible_clips.SIZE, left : left + visible_clips.SIZE
      ]
      if flipped:
        expected = expected[:, :, ::-1].copy()
        expected[..., 0] = 255 - expected[..., 0]
      np.testing.assert_array_equal(quantized, expected)
      flips.append(flipped)
  assert set(flips) == {True, False}


def test_flow_fields_have_the_mask_of_their_first_frame(tmp_path):
  # Column 20 encodes t in the mask of frame t and in the flow from frame t to the next.
  masks = np.zeros((12, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8)
  flow = np.zeros((11, visible_clips.HEIGHT, visible_clips.WIDTH, 2), np.uint8)
  for t in range(12):
    masks[t, 10 + t, 20] = 1
    if t < 11:
      flow[t, 10 + t, 20] = 200
  source = fakes.open_records(
    tmp_path, [fakes.video(frames=visible_clips.levels(12), masks=masks, flow=flow)]
  )
  for batch in (
    *visible_clips.evaluate(source, visible_clips.FLOW_SETTINGS),
    *visible_clips.train(
      source, 4, dataclasses.replace(visible_clips.FLOW_SETTINGS, clip_frames=10)
    ),
  ):
    np.testing.assert_array_equal(batch['frames'][..., 1] == 200, batch['masks'])
    assert batch['masks'].any()
  (batch,) = visible_clips.evaluate(source, visible_clips.FLOW_SETTINGS)
  assert batch['frames'].shape == (1, 11, visible_clips.SIZE, visible_clips.SIZE, 2)


def test_flow_may_be_stored_as_jpeg(tmp_path):
  flow = np.full((11, visible_clips.HEIGHT, visible_clips.WIDTH, 2), (200, 100), np.uint8)
  video = fakes.video(frames=visible_clips.levels(12), flow=flow)
  images = [fakes.jpeg(np.dstack([field, np.zeros_like(field[..., 0])])) for field in flow]
  source = fakes.open_records(tmp_path, [dataclasses.replace(video, flow=tuple(images))])
  (batch,) = visible_clips.evaluate(source, visible_clips.FLOW_SETTINGS)
  np.testing.assert_allclose(
    batch['frames'].astype(int), np.broadcast_to((200, 100), batch['frames'].shape), atol=2
  )


# === Noise that flow carries ===


def _grains(clips=1, frames=5, height=16, width=20):
  """Grains of which every one has another color: float32 [B, T, H, W, 1]."""
  shape = (clips, frames, height, width, 1)
  return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def _moved(grains, down, right):
  """The same motion everywhere and always."""
  moved = np.zeros((*grains.shape[:-1], 2), np.float32)
  moved[...] = down, right
  return moved


def _carry(grains, moved):
  return carried.carry(tf.constant(grains), tf.constant(moved)).numpy()


@pytest.mark.parametrize('down, right', [(0, 3), (2, 0), (1, -4), (-2, 1), (0, 0)])
def test_a_known_translation_moves_the_noise_by_exactly_that(down, right):
  grains = _grains(clips=2)
  clips = _carry(grains, _moved(grains, down, right))
  height, width = grains.shape[2:4]
  to = np.s_[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
  source = np.s_[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
  np.testing.assert_array_equal(clips[:, 0], grains[:, 0])
  for frame in range(1, 5):
    np.testing.assert_array_equal(
      clips[:, frame][(slice(None), *to)], clips[:, frame - 1][(slice(None), *source)]
    )
    entered = np.ones((height, width), bool)
    entered[to] = False
    np.testing.assert_array_equal(clips[:, frame][:, entered], grains[:, frame][:, entered])


def test_slow_motion_adds_up():
  grains = _grains()
  clips = _carry(grains, _moved(grains, 0, 0.25))
  # After 1, 2, 3 and 4 frames a quarter, a half, three quarters and a whole pixel; a half is up.
  for frame, pixels in enumerate((0, 0, 1, 1, 1)):
    np.testing.assert_array_equal(clips[0, frame, :, pixels:], clips[0, 0, :, : 20 - pixels])


def test_what_stands_still_stays_bit_by_bit_while_a_box_moves_over_it():
  grains, frames = _grains(), 5
  moved = np.zeros((*grains.shape[:-1], 2), np.float32)
  for frame in range(frames):
    moved[:, frame, 4:8, 2 + 2 * frame : 6 + 2 * frame, 1] = 2
  clips = _carry(grains, moved)
  for frame in range(frames):
    left = 2 + 2 * frame
    np.testing.assert_array_equal(clips[0, frame, 4:8, left : left + 4], clips[0, 0, 4:8, 2:6])
    still = np.ones((16, 20), bool)
    still[4:8, 2 : left + 4] = False
    np.testing.assert_array_equal(clips[0, frame][still], clips[0, 0][still])
    if frame:  # what it uncovered is new
      new = clips[0, frame, 4:8, left - 2 : left]
      np.testing.assert_array_equal(new, grains[0, frame, 4:8, left - 2 : left])


def test_where_grains_meet_the_fastest_is_seen():
  grains = _grains(frames=2)
  moved = np.zeros((*grains.shape[:-1], 2), np.float32)
  moved[0, 0, 5, 5], moved[0, 0, 5, 12] = (0, 3), (0, -4)  # both to column 8
  clips = _carry(grains, moved)
  assert clips[0, 1, 5, 8] == grains[0, 0, 5, 12]
  assert not np.isin(grains[0, 0, 5, 5], clips[0, 1])


def test_every_frame_alone_is_independent_noise_whatever_moves():
  """Each pixel of a frame shows a grain of its own: no color is seen twice, however it spreads."""
  rng = np.random.default_rng(0)
  grains = _grains(clips=2, frames=6)
  clips = _carry(grains, rng.normal(0, 3, (*grains.shape[:-1], 2)).astype(np.float32))
  for frame in clips.reshape(12, -1):
    assert len(set(frame)) == 16 * 20
  zoom = np.stack(np.meshgrid(np.arange(16) - 8, np.arange(20) - 10, indexing='ij'), -1) * 0.3
  zoomed = _carry(grains, np.broadcast_to(zoom.astype(np.float32), (2, 6, 16, 20, 2)).copy())
  assert len(set(zoomed[1, 5].ravel())) == 16 * 20


def test_clips_do_not_depend_on_their_batch_or_on_being_compiled():
  grains = _grains(clips=3)
  moved = np.random.default_rng(1).normal(0, 2, (*grains.shape[:-1], 2)).astype(np.float32)
  whole = _carry(grains, moved)
  np.testing.assert_array_equal(_carry(grains[1:2], moved[1:2]), whole[1:2])
  signature = [tf.TensorSpec([None, None, 16, 20, last]) for last in (1, 2)]
  for jit_compile in (False, True):
    if jit_compile:
      signature = [tf.TensorSpec(array.shape) for array in (grains, moved)]
    compiled = tf.function(carried.carry, input_signature=signature, jit_compile=jit_compile)
    np.testing.assert_array_equal(compiled(grains, moved), whole)


def test_stored_flow_becomes_motion_in_the_pixels_of_the_clip():
  pixels = np.array([[0, 0], [3, -2], [-20, 20], [0.05, -0.05]], np.float32)  # right, down
  stored = optical_flow.quantize(pixels).reshape(1, 1, 2, 2, 2)
  found = carried.motion(tf.constant(stored), tf.constant([[0.5, 2.0]])).numpy().reshape(4, 2)
  step = 40 / 255
  np.testing.assert_allclose(found[1:3], [[-1, 6], [10, -40]], atol=step)
  assert not found[0].any() and not found[3].any()
  still = np.full((1, 1, 1, 1, 2), (127, 128), np.uint8)
  assert not carried.motion(tf.constant(still), tf.ones([1, 2])).numpy().any()


def test_clips_come_with_the_flow_of_their_frames_cropped_and_flipped_as_they_are(tmp_path):
  video = fakes.video(frames=visible_clips.ramps(12), flow=visible_clips.flow_ramps(11))
  source = fakes.open_records(tmp_path, [video])
  settings = dataclasses.replace(visible_clips.SETTINGS, batch_size=12, with_flow=True)
  flips = []
  for batch in visible_clips.train(source, 2, settings):
    np.testing.assert_array_equal(batch['flow_scale'], np.ones((12, 2)))
    for flow, frames in zip(batch['flow'], batch['frames']):
      flipped = frames[0, 0, 0, 1] > frames[0, 0, -1, 1]
      top, left = visible_clips.offset(frames[0], flipped)
      side = visible_clips.SIZE
      expected = visible_clips.flow_ramps(9)[:, top : top + side, left : left + side]
      if flipped:
        expected = expected[:, :, ::-1].copy()
        expected[..., 0] = 255 - expected[..., 0]
      np.testing.assert_array_equal(flow[:-1], expected[:-1])
      still = (127 if flipped else 128, 128)
      assert (flow[-1] == still).all()  # after the last frame nothing moves
      flips.append(flipped)
  assert set(flips) == {True, False}
  plain = dataclasses.replace(settings, with_flow=False)
  assert 'flow' not in visible_clips.evaluate(source, plain)[0]


def test_where_a_short_video_begins_anew_nothing_moves(tmp_path):
  flow = np.full((3, visible_clips.HEIGHT, visible_clips.WIDTH, 2), 200, np.uint8)
  source = fakes.open_records(tmp_path, [fakes.video(frames=visible_clips.levels(4), flow=flow)])
  settings = dataclasses.replace(visible_clips.SETTINGS, with_flow=True, resize='squash')
  (batch,) = visible_clips.evaluate(source, settings)
  moves = (batch['flow'][0] == 200).all(axis=(1, 2, 3))
  assert list(moves) == [True, True, True, False, True, True, True, False, False]
  expected = visible_clips.SIZE / np.array([visible_clips.HEIGHT, visible_clips.WIDTH])
  np.testing.assert_allclose(batch['flow_scale'][0], expected, rtol=1e-6)


def _batch(seed=0, flow=210):
  clips, masks = walking.scene(seed, frames=9)
  return {
    'frames': tf.constant(((clips + 1) * 127).astype(np.uint8)),
    'masks': tf.constant(masks),
    'has_person': tf.constant([True, True]),
    'flow': tf.fill([2, 9, 32, 32, 2], tf.cast(flow, tf.uint8)),
    'flow_scale': tf.ones([2, 2]),
  }


def test_a_network_sees_the_motion_and_the_seed_of_a_video_and_nothing_else():
  seeds = tf.constant([3, 4], tf.int64)
  seen = lambda batch, seeds=seeds: preprocess.network_input(batch, _CARRIED, seeds=seeds).numpy()
  clips = seen(_batch())
  np.testing.assert_array_equal(seen(_batch(seed=1)), clips)  # other frames and masks
  assert -1 <= clips.min() < -0.99 and 0.99 < clips.max() <= 1
  # 210 is 12.94 pixels down and to the right.
  np.testing.assert_array_equal(clips[:, 1, 13:, 13:], clips[:, 0, :-13, :-13])
  back = seen(_batch(flow=45))  # the same seed, the other way
  np.testing.assert_array_equal(back[:, 0], clips[:, 0])
  np.testing.assert_array_equal(back[:, 1, :-13, :-13], clips[:, 0, 13:, 13:])
  assert np.mean(seen(_batch(), seeds + 1)[0] == clips[0]) < 0.01
  np.testing.assert_array_equal(seen(_batch(), seeds[::-1]), clips[::-1])


def test_a_video_without_a_person_keeps_its_frames():
  batch = _batch() | {'has_person': tf.constant([True, False])}
  seen = preprocess.network_input(batch, _CARRIED).numpy()
  plain = preprocess.network_input(batch).numpy()
  np.testing.assert_array_equal(seen[1], plain[1])
  assert not np.any(seen[0] == plain[0], axis=-1).all()


def test_only_the_region_is_noise_where_a_region_is_named():
  batch = _batch()
  seen = preprocess.network_input(batch, treatments.Treatment('background', 'carried')).numpy()
  plain, masks = preprocess.network_input(batch).numpy(), batch['masks'].numpy()
  np.testing.assert_array_equal(seen[masks == 1], plain[masks == 1])
  np.testing.assert_array_equal(
    seen[masks == 0], preprocess.network_input(batch, _CARRIED).numpy()[masks == 0]
  )


def test_without_flow_it_is_refused_in_one_line():
  batch = {key: value for key, value in _batch().items() if 'flow' not in key}
  with pytest.raises(errors.UserError, match="^fill 'carried' must have the stored flow .*flow.$"):
    preprocess.network_input(batch, _CARRIED)
