"""What the shape of an input says of a network, and what must be said."""

import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.common import errors


def _form(shape, dtype=None, **said):
  return discovery.clip_form(discovery.ClassifierOptions('theirs', **said), shape, dtype)


@pytest.mark.parametrize(
  'shape, layout, frames, channels',
  [
    ((None, 16, 112, 112, 3), 'BTHWC', 16, 3),
    ((None, 3, None, 112, 112), 'BCTHW', None, 3),
    ((1, 16, 3, 112, 112), 'BTCHW', 16, 3),
    ((None, None, 112, 112, 2), 'BTHWC', None, 2),
  ],
)
def test_shape_says_layout_frames_size_channels_and_batch(shape, layout, frames, channels):
  form = _form(shape, value_range=(0, 1))
  assert (form.layout, form.frames, form.size) == (layout, frames, 112)
  assert (form.channels, form.batch, form.low, form.high) == (channels, shape[0], 0, 1)


def test_bytes_are_from_0_to_255():
  form = _form((None, None, 112, 112, 3), np.uint8)
  assert (form.low, form.high, form.rate) == (0, 255, 25)


def test_what_is_said_fills_the_gaps():
  form = _form((None,) * 5, layout='BCTHW', size=64, frames=8, rate=5.0, value_range=(-2.0, 2.0))
  assert (form.layout, form.size, form.frames, form.rate) == ('BCTHW', 64, 8, 5)
  assert (form.low, form.high, form.channels) == (-2, 2, 3)


@pytest.mark.parametrize(
  'shape, said, message',
  [
    ((None, 224, 224, 3), {}, r'expected an input of 5 axes, .* found \[\?, 224, 224, 3\]'),
    ((None,) * 5, {}, 'does not say which of its axes are the channels; expected --classifier_la'),
    ((None, 3, 3, 9, 9), {}, 'does not say which of its axes are the channels'),
    ((None, 8, None, None, 3), {}, 'height and width of its frames; expected --classifier_size'),
    ((None, 8, 9, 9, 3), {}, 'values of black and of white; expected --classifier_range=-1,1'),
    ((None, 8, 9, 9, 3), {'frames': 4}, r'theirs: takes 8; received --classifier_frames=4'),
    ((None, 8, 9, 12, 3), {}, 'expected square frames'),
  ],
)
def test_what_is_missing_names_its_flag(shape, said, message):
  with pytest.raises(errors.UserError, match=message):
    _form(shape, **said)


def test_class_names(tmp_path):
  (tmp_path / 'labels.txt').write_text('a\nb\n')
  options = discovery.ClassifierOptions('theirs', labels=str(tmp_path / 'labels.txt'))
  assert discovery.class_names(options, 2) == ('a', 'b')
  assert discovery.class_names(options, None) == ('a', 'b')
  with pytest.raises(errors.UserError, match='expected 3 class names; found 2'):
    discovery.class_names(options, 3)
  options = discovery.ClassifierOptions('theirs')
  assert discovery.class_names(options, 2) == ('class 0', 'class 1')
  with pytest.raises(errors.UserError, match=r'does not say how many classes .* expected --labels'):
    discovery.class_names(options, None)
