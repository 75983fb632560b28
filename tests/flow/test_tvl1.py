"""TV-L1 as array code: OpenCV's result for each pair of a batch, on both backends."""

import importlib.util
import os
import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest

from i3d_tf.flow import tvl1
from tests import fakes

_HEIGHT, _WIDTH = 24, 30  # two scales only: each takes seconds to compile


def _opencv(first, second):
  return np.stack(
    [cv2.optflow.DualTVL1OpticalFlow_create().calc(a, b, None) for a, b in zip(first, second)]
  )


def _translations(*moves, height=_HEIGHT, width=_WIDTH, margin=5):
  """Pairs of grey frames, the second moved by whole pixels to the right and down."""
  first, second = [], []
  for seed, (right, down) in enumerate(moves):
    image = fakes.texture(height + 2 * margin, width + 2 * margin, seed)[..., 0]
    for frames, x, y in ((first, margin, margin), (second, margin - right, margin - down)):
      frames.append(image[y : y + height, x : x + width])
  return np.stack(first), np.stack(second)


def _errors(flow, expected):
  """The mean endpoint error of each pair, in pixels."""
  return np.linalg.norm(flow - expected, axis=-1).mean(axis=(1, 2))


_MOVES = ((2, 0), (-1, 1), (0, -2))


def test_flow_of_translations_is_the_translation_and_opencvs_flow():
  first, second = _translations(*_MOVES)
  flow = tvl1.compute(first, second)
  assert flow.shape == (3, _HEIGHT, _WIDTH, 2) and flow.dtype == np.float32
  np.testing.assert_allclose(np.median(flow, axis=(1, 2)), _MOVES, atol=0.15)
  assert _errors(flow, _opencv(first, second)).max() < 0.02


def test_a_moving_square_leaves_its_surroundings_at_rest():
  first = fakes.texture(_HEIGHT, _WIDTH, 1)[..., 0] // 2
  second = first.copy()
  square = 128 + fakes.texture(10, 10, 2)[..., 0] // 2
  first[7:17, 8:18] = square
  second[7:17, 10:20] = square
  flow = tvl1.compute(first[None], second[None])
  assert _errors(flow, _opencv(first[None], second[None])) < 0.03
  np.testing.assert_allclose(np.median(flow[0, 9:15, 10:16], axis=(0, 1)), [2, 0], atol=0.3)
  assert np.abs(flow[0, :, 26:]).max() < 0.3


def test_identical_frames_have_zero_flow():
  first, _ = _translations((0, 0), (0, 0))
  np.testing.assert_array_equal(tvl1.compute(first, first), 0)


def test_each_pair_of_a_batch_stops_by_itself():
  first, second = _translations(*_MOVES)
  calculate = tvl1.compiled()
  array = keras.ops.convert_to_numpy
  together = array(calculate(first, second))
  # At another place in another batch, the same program gives the same result to the bit.
  still = first[:1]
  for i in range(3):
    pairs = [np.concatenate([still, still, frames[i : i + 1]]) for frames in (first, second)]
    np.testing.assert_array_equal(array(calculate(*pairs))[2], together[i])
  # The program for single pairs agrees except for rounding.
  assert _errors(together, tvl1.compute(first, second)).max() < 0.02


def test_an_incomplete_batch_is_filled_up(monkeypatch):
  first, second = _translations(*_MOVES, (1, 1))
  expected = tvl1.compute(first, second)
  monkeypatch.setattr(tvl1, 'batch_size', lambda: 3)
  found = tvl1.compute(first, second)
  assert found.shape == expected.shape and _errors(found, expected).max() < 0.02


def test_odd_sizes_and_float_frames_give_opencvs_flow():
  first, second = _translations((1, 0), height=17, width=35)
  flow = tvl1.compute(first, second)
  assert _errors(flow, _opencv(first, second)) < 0.02
  scaled = [(frames / 255).astype(np.float32) for frames in (first, second)]
  expected = _opencv(*scaled)
  assert _errors(tvl1.compute(*scaled), expected) < 0.02
  assert _errors(flow, expected) < 0.05


def test_no_pairs_give_no_flow():
  none = np.zeros((0, 20, 20), np.uint8)
  assert tvl1.compute(none, none).shape == (0, 20, 20, 2)


@pytest.mark.parametrize(
  'size, expected',
  [
    ((256, 341), [(256, 341), (205, 273), (164, 218), (131, 174), (105, 139)]),
    ((73, 97), [(73, 97), (58, 78), (46, 62), (37, 50), (30, 40)]),
    ((24, 30), [(24, 30), (19, 24)]),
    ((19, 400), [(19, 400)]),
    ((3, 3), [(3, 3)]),
  ],
)
def test_scales_end_above_16_pixels(size, expected):
  assert tvl1.sizes(*size) == expected


@pytest.mark.parametrize(
  'first, second, message',
  [
    (
      np.zeros((2, 8, 8), np.uint8),
      np.zeros((3, 8, 8), np.uint8),
      r'two stacks \[B, H, W\] of one shape, .* received \[2, 8, 8\] and \[3, 8, 8\]',
    ),
    (np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8), r'received \[8, 8\] and \[8, 8\]'),
    (np.zeros((1, 2, 8), np.uint8), np.zeros((1, 2, 8), np.uint8), '3 pixels high and wide'),
    (np.zeros((1, 8, 8), int), np.zeros((1, 8, 8), int), 'uint8, or both float; received int64'),
    (np.zeros((1, 8, 8), np.uint8), np.zeros((1, 8, 8), np.float32), 'received uint8 and float32'),
  ],
)
def test_compute_rejects_other_shapes_and_types(first, second, message):
  with pytest.raises(ValueError, match=message):
    tvl1.compute(first, second)


_OTHER_BACKEND = """
import sys
import numpy as np
from i3d_tf.flow import tvl1
frames = np.load(sys.argv[1])
np.save(sys.argv[2], tvl1.compute(frames['first'], frames['second']))
assert 'tensorflow' not in sys.modules
"""


def test_jax_computes_the_same(tmp_path):
  if importlib.util.find_spec('jax') is None:
    pytest.skip('needs JAX')
  first, second = _translations((2, 0))
  np.savez(tmp_path / 'frames.npz', first=first, second=second)
  subprocess.run(
    [sys.executable, '-c', _OTHER_BACKEND, tmp_path / 'frames.npz', tmp_path / 'flow.npy'],
    env={**os.environ, 'KERAS_BACKEND': 'jax'},
    check=True,
  )
  assert _errors(np.load(tmp_path / 'flow.npy'), tvl1.compute(first, second)) < 0.02
