"""Settings of clips: their ranges, and the messages for values out of range."""

import dataclasses

import pytest

from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings


@pytest.mark.parametrize(
  'changes, message',
  [
    ({'stream': 'depth'}, "`stream` must be one of rgb, flow; received 'depth'"),
    ({'resize': 'stretch'}, "`resize` must be one of crop, squash; received 'stretch'"),
    ({'clip_frames': 8}, '`clip_frames` must be at least 9; received 8'),
    ({'max_frames': 0}, '`max_frames` must be at least 9; received 0'),
    (
      {'mask_dilation': 4},
      '`mask_dilation` must be 0 or odd and positive, at most 1023; received 4',
    ),
    (
      {'mask_dilation': -1},
      '`mask_dilation` must be 0 or odd and positive, at most 1023; received -1',
    ),
    ({'seed': -1}, '`seed` must be from 0 to 4294967295; received -1'),
    ({'batch_size': 0}, '`batch_size` must be at least 1; received 0'),
    ({'frame_size': 31}, '`frame_size` must be at least 32; received 31'),
  ],
)
def test_settings_reject_values_out_of_range(changes, message):
  with pytest.raises(errors.UserError) as error:
    clip_settings.ClipSettings(**changes)
  assert str(error.value) == message


@pytest.mark.parametrize(
  'changes',
  [
    {'clip_frames': 9},
    {'max_frames': 9},
    {'mask_dilation': 0},
    {'mask_dilation': 1},
    {'batch_size': 1},
    {'frame_size': 32},
    {'seed': 0},
  ],
)
def test_settings_accept_limits_of_their_range(changes):
  settings = clip_settings.ClipSettings(**changes)
  defaults = dataclasses.asdict(clip_settings.ClipSettings())
  assert dataclasses.asdict(settings) == {**defaults, **changes}
