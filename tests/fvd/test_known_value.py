"""The check of weights by FVD's known number: asked once, refused with the number found."""

import json

import numpy as np
import pytest

from i3d_tf.fvd import known_value


class Embedder:
  """Gives two numbers for a clip: whether it is white, times `scale`, and zero."""

  frame_size = 8

  def __init__(self, squared, fingerprint='a'):
    self.fingerprint, self.calls, self._scale = fingerprint, 0, squared**0.5

  def __call__(self, clips):
    assert clips.shape == (1, 30, 8, 8, 3) and clips.dtype == np.uint8
    assert clips.min() == clips.max() and clips.max() in (0, 255)
    self.calls += 1
    return np.array([[clips.max() / 255 * self._scale, 0.0]])


def test_the_number_is_measured_once_for_weights(tmp_path):
  cache = str(tmp_path / 'folder' / 'checks.json')
  first = Embedder(151.3925)
  assert known_value.check(first, 'w', cache) == pytest.approx(151.3925)
  again = Embedder(0.0)
  assert known_value.check(again, 'w', cache) == pytest.approx(151.3925)
  assert (first.calls, again.calls) == (2, 0)
  other = Embedder(151.38, 'b')
  assert known_value.check(other, 'w', cache) == pytest.approx(151.38) and other.calls == 2
  with open(cache) as f:
    assert len(json.load(f)) == 2


@pytest.mark.parametrize('squared', [151.30, 151.45, 20.0, float('nan')])
def test_other_weights_are_refused_also_from_the_cache(tmp_path, squared):
  cache = str(tmp_path / 'checks.json')
  for _ in range(2):
    with pytest.raises(known_value.NotFvdError) as caught:
      known_value.check(Embedder(squared), 'their.pt', cache)
    assert str(caught.value) == (
      "their.pt: expected FVD's weights, which are those of rgb_scratch: 30 black frames against "
      f'30 white ones must give 151.39; these give {squared:.2f}'
    )


@pytest.mark.parametrize('content', ['{', '[1]', '{"a": 1}'])
def test_a_damaged_cache_is_no_obstacle(tmp_path, content):
  (tmp_path / 'checks.json').write_text(content)
  embedder = Embedder(151.39)
  known_value.check(embedder, 'w', str(tmp_path / 'checks.json'))
  assert embedder.calls == 2


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path):
  (tmp_path / 'file').write_text('')
  assert known_value.check(Embedder(151.39), 'w', str(tmp_path / 'file' / 'x.json'))
