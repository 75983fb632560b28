"""Deletion and insertion, of a network whose probability is known."""

import numpy as np
import pytest

from i3d_tf.attribution import curves
from i3d_tf.attribution import maps
from tests.attribution import networks

SHAPE = (6, 16, 16)


def ask(clips):
  """Probability of class 0: the share of the patch that is white, from 0 to 1, nearly."""
  white = (clips[:, 2:4, 4:8, 8:12] > 0.8).mean(axis=(1, 2, 3, 4))
  probability = np.clip(white, 1e-9, 1 - 1e-9)
  return np.log(np.stack([probability, 1 - probability], axis=1))


def clip():
  """White in the patch alone; what is blurred is nowhere white."""
  values = np.full((*SHAPE, 3), -0.9, np.float32)
  values[2:4, 4:8, 8:12] = 0.9
  return values


def test_a_map_of_the_patch_deletes_it_first_and_inserts_it_first():
  good = maps.on_grid(networks.patch_mask(SHAPE), SHAPE)
  bad = maps.on_grid(1.0 - networks.patch_mask(SHAPE), SHAPE)
  best, worst = (curves.measure(ask, clip(), of_map, 0, steps=4) for of_map in (good, bad))
  np.testing.assert_allclose(best.shares, [0, 0.25, 0.5, 0.75, 1])
  # The patch, 32 of 1536 pixels, is in the first quarter of one order and the last of the other.
  np.testing.assert_allclose(best.deletion, [1, 0, 0, 0, 0], atol=1e-6)
  np.testing.assert_allclose(best.insertion, [0, 1, 1, 1, 1], atol=1e-6)
  np.testing.assert_allclose(worst.deletion, [1, 1, 1, 1, 0], atol=1e-6)
  np.testing.assert_allclose(worst.insertion, [0, 0, 0, 0, 1], atol=1e-6)
  assert best.deletion_score == pytest.approx(1 / 8) and best.insertion_score == pytest.approx(
    7 / 8
  )
  assert worst.deletion_score == pytest.approx(7 / 8)


def test_the_order_that_knows_nothing_is_seeded():
  one, same, other = (curves.know_nothing((3, 16, 16), seed).values for seed in (1, 1, 2))
  np.testing.assert_array_equal(one, same)
  assert one.shape == (3, 7, 7) and (one != other).any()
