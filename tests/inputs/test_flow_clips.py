"""Clips of flow: crop, flip, masks and the formats of images."""

import dataclasses

import numpy as np

from tests import fakes
from tests import visible_clips


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
