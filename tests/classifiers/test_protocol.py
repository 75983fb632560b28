"""Clips of one form become what a network takes: range, layout, rate, frames, batch."""

import numpy as np
import pytest

from i3d_tf.classifiers import protocol
from i3d_tf.common import errors

_NAMES = ('a', 'b', 'c')


def _clips(batch, frames, seed=0):
  rng = np.random.default_rng(seed)
  return rng.uniform(-1, 1, (batch, frames, 4, 4, 3)).astype(np.float32)


def _classifier(function, **form):
  return protocol.Classifier('theirs', _NAMES, protocol.ClipForm(4, **form), function)


def _means(clips):
  return clips.mean(axis=(1, 2, 3))


def test_range_and_layout_are_those_of_the_network():
  clips, seen = _clips(2, 5), []

  def ask(values):
    seen.append(values)
    return values.mean(axis=(2, 3, 4))

  logits = _classifier(ask, low=0, high=255, layout='BCTHW').logits(clips)
  assert seen[0].shape == (2, 3, 5, 4, 4) and seen[0].dtype == np.float32
  np.testing.assert_allclose(seen[0].transpose(0, 2, 3, 4, 1), (clips + 1) * 127.5, atol=1e-3)
  np.testing.assert_allclose(logits, _means((clips + 1) * 127.5), rtol=1e-5)
  assert logits.dtype == np.float32
  _classifier(lambda v: _means(v.transpose(0, 1, 3, 4, 2)), layout='BTCHW').logits(clips)


@pytest.mark.parametrize(
  'count, form, expected',
  [
    (5, {}, [[0, 1, 2, 3, 4]]),
    (3, {'min_frames': 5}, [[0, 1, 2, 0, 1]]),
    (4, {'frames': 4}, [[0, 1, 2, 3]]),
    (3, {'frames': 4}, [[0, 1, 2, 0]]),
    (9, {'frames': 4}, [[0, 1, 2, 3], [4, 5, 6, 7], [5, 6, 7, 8]]),
    (10, {'rate': 12.5}, [[0, 2, 4, 6, 8]]),
    (3, {'rate': 50}, [[0, 0, 1, 1, 2, 2]]),
    (10, {'rate': 10}, [[0, 2, 5, 7]]),
  ],
)
def test_frames_are_looped_cut_to_windows_and_resampled(count, form, expected):
  clips = np.zeros((1, count, 4, 4, 3), np.float32)
  clips += np.arange(count).reshape(1, -1, 1, 1, 1) / 100
  seen = []

  def ask(values):
    seen.append(np.rint(values[0, :, 0, 0, 0] * 100).astype(int).tolist())
    return _means(values)

  logits = _classifier(ask, **form).logits(clips)
  assert seen == expected
  np.testing.assert_allclose(logits[0], np.mean([np.mean(s) for s in seen]) / 100, atol=1e-5)


def test_batches_of_a_fixed_size_are_filled_up():
  clips, sizes = _clips(5, 2), []

  def ask(values):
    sizes.append(len(values))
    return _means(values)

  logits = _classifier(ask, batch=2).logits(clips)
  assert sizes == [2, 2, 2]
  np.testing.assert_allclose(logits, _means(clips), atol=1e-6)


def test_probabilities_become_logits_of_the_same_probabilities():
  expected = np.array([[0.2, 0.3, 0.5], [1, 0, 0]])
  logits = _classifier(lambda clips: expected).logits(_clips(2, 2))
  exps = np.exp(logits)
  np.testing.assert_allclose(exps / exps.sum(1, keepdims=True), expected, atol=1e-6)
  positive = np.array([[2.0, 3.0, 5.0]])
  np.testing.assert_array_equal(_classifier(lambda clips: positive).logits(_clips(1, 2)), positive)


def _raise(clips):
  raise RuntimeError('no such kernel\nat line 3')


@pytest.mark.parametrize(
  'function, message',
  [
    (lambda clips: np.full((2, 3), np.nan), 'theirs: expected finite logits; received NaN'),
    (
      lambda clips: np.zeros((2, 4)),
      r'expected logits \[2, 3\], one per class name; received \[2, 4',
    ),
    (lambda clips: np.zeros(3), r'expected logits \[2, 3\], .* received \[3\]'),
    (_raise, r'theirs: fails on clips \[2, 2, 4, 4, 3\]: RuntimeError: no such kernel$'),
  ],
)
def test_unusable_answers_are_one_line(function, message):
  with pytest.raises(errors.UserError, match=message):
    _classifier(function).logits(_clips(2, 2))


def test_clips_of_another_size_are_refused():
  with pytest.raises(errors.UserError, match=r'expected clips \[B, T, 4, 4, 3\]; received'):
    _classifier(_means).logits(np.zeros((1, 2, 5, 5, 3), np.float32))


@pytest.mark.parametrize(
  'values, message',
  [
    ({'frames': 0}, 'frames'),
    ({'rate': 0}, 'rate'),
    ({'low': 1, 'high': 1}, 'high'),
    ({'layout': 'TBHWC'}, 'layout'),
  ],
)
def test_form_is_checked(values, message):
  with pytest.raises(errors.UserError, match=message):
    protocol.ClipForm(4, **values)
