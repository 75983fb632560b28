"""Embedding: the resizes against their definitions, batches across videos."""

import re

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.fvd import embedding
from i3d_tf.fvd import options
from tests import networks


def bilinear(image, height, width, half_pixel):
  """Bilinear by its definition, pixel by pixel, with edges repeated: float64 [height, width, C]."""

  def weights(old, new):
    matrix = np.zeros((new, old))
    for i in range(new):
      at = (i + 0.5) * old / new - 0.5 if half_pixel else i * old / new
      at = min(max(at, 0), old - 1)
      low = int(at)
      high = min(low + 1, old - 1)
      matrix[i, low] += 1 - (at - low)
      matrix[i, high] += at - low
    return matrix

  rows, columns = weights(image.shape[0], height), weights(image.shape[1], width)
  return np.einsum('ih,jw,hwc->ijc', rows, columns, image.astype(float))


@pytest.mark.parametrize('shape', [(20, 31), (31, 20), (64, 64), (40, 32), (32, 97)])
@pytest.mark.parametrize('resize', options.RESIZES)
def test_resizes_are_what_they_say(resize, shape):
  frames = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), np.uint8)
  found = embedding.network_frames(frames, 32, resize).numpy()
  if resize == 'styleganv':
    height, width = (-(-side * 32 // min(shape)) for side in shape)
    top, left = (height - 32) // 2, (width - 32) // 2
    expected = [bilinear(f, height, width, True)[top : top + 32, left : left + 32] for f in frames]
  else:
    expected = [bilinear(f, 32, 32, resize == 'cdfvd') for f in frames]
  np.testing.assert_allclose(found, np.stack(expected) * 2 / 255 - 1, atol=2e-5)


def test_the_resizes_differ():
  frames = np.random.default_rng(0).integers(0, 256, (1, 48, 64, 3), np.uint8)
  found = [embedding.network_frames(frames, 32, resize).numpy() for resize in options.RESIZES]
  for first, second in ((0, 1), (1, 2), (0, 2)):
    assert np.abs(found[first] - found[second]).max() > 0.1


def test_features_are_the_logits_of_the_network():
  model = networks.network().model
  embedder = embedding.Embedder(model, 'google')
  clips = np.random.default_rng(0).integers(0, 256, (2, 10, 32, 32, 3), np.uint8)
  expected = model(clips.astype(np.float32) * 2 / 255 - 1, training=False).numpy()
  np.testing.assert_allclose(embedder(clips), expected, rtol=1e-4, atol=1e-5)
  assert embedder.dimension == len(networks.CLASSES)


def test_an_unknown_resize_is_refused():
  with pytest.raises(errors.UserError, match='`resize` must be one of google, cdfvd, styleganv'):
    embedding.Embedder(networks.network().model, 'crop')


def mean(clips):
  """In place of a network: [N, T, H, W, 3] to [N, 2], mean and height."""
  mean.batches.append(len(clips))
  return np.stack([clips.mean(axis=(1, 2, 3, 4)), np.full(len(clips), clips.shape[2])], axis=1)


def videos(counts, heights, bad=()):
  for number, (count, height) in enumerate(zip(counts, heights)):

    def clips(number=number, count=count, height=height):
      for clip in range(count):
        yield np.full((9, height, 4, 3), 10 * number + clip, np.uint8)
      if number in bad:
        raise errors.UserError(f'{number} is bad')

    yield f'v{number}', clips()


@pytest.mark.parametrize('batch_size', [1, 2, 3, 100])
def test_clips_of_several_videos_share_batches_and_keep_their_order(batch_size):
  mean.batches, failed = [], []
  counts, heights = (1, 4, 2, 1, 3), (5, 5, 5, 6, 5)
  found = list(embedding.embed(mean, videos(counts, heights), batch_size, failed.append))
  assert [name for name, _ in found] == ['v0', 'v1', 'v2', 'v3', 'v4'] and not failed
  for number, (_, rows) in enumerate(found):
    assert rows[:, 0].tolist() == [10 * number + clip for clip in range(counts[number])]
    assert set(rows[:, 1]) == {heights[number]}
  assert max(mean.batches) == min(batch_size, 7) and sum(mean.batches) == 11


@pytest.mark.parametrize('batch_size', [1, 2, 100])
def test_a_video_that_fails_is_left_out_and_the_others_are_not(batch_size):
  mean.batches, failed = [], []
  found = embedding.embed(
    mean, videos((2, 3, 1), (5, 5, 5), bad=(1,)), batch_size, lambda *what: failed.append(what)
  )
  assert {name: rows[:, 0].tolist() for name, rows in found} == {'v0': [0, 1], 'v2': [20]}
  assert [(name, str(error)) for name, error in failed] == [('v1', '1 is bad')]


def test_features_that_are_not_finite_are_an_error(monkeypatch):
  embedder = embedding.Embedder(networks.network().model, 'google')
  nan = np.float32('nan')
  monkeypatch.setattr(embedder, '_compute', lambda clips: _Tensor(np.array([[nan, 1]])))
  with pytest.raises(errors.UserError, match=re.escape('expected finite features')):
    embedder(np.zeros((1, 9, 4, 4, 3), np.uint8))


class _Tensor:
  def __init__(self, value):
    self._value = value

  def numpy(self):
    return self._value
