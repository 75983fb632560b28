"""Draws of groups: sums by hand, strata, and weights that keep what a draw must keep."""

import numpy as np
import pytest

from i3d_tf.statistics import resampling


def test_sums_and_counts_are_by_group_and_split():
  sums, counts = resampling.by_group([1, 0, 1, 1, 1], list('abaab'), [1, 1, 1, 2, 2])
  np.testing.assert_array_equal(sums, [[2, 1], [0, 1]])
  np.testing.assert_array_equal(counts, [[2, 1], [1, 1]])


def test_no_values_are_refused():
  with pytest.raises(ValueError, match='received none'):
    resampling.by_group([], [], None)


def test_strata_are_groups_of_the_same_splits_and_one_alone_joins_the_largest():
  counts = np.array([[3, 0], [2, 0], [0, 4], [1, 1], [5, 0], [0, 2]])
  strata = [stratum.tolist() for stratum in resampling.strata(counts)]
  assert sorted(strata) == [[0, 1, 3, 4], [2, 5]]
  (both,) = resampling.strata(np.array([[1, 0], [0, 1]]))  # each alone
  assert sorted(both) == [0, 1]


def test_a_draw_takes_as_many_groups_of_each_stratum_as_there_are():
  strata = [np.array([0, 2, 3]), np.array([1, 4])]
  weights = resampling.weights(strata, draws=500, seed=0)
  assert weights.shape == (500, 5)
  assert (weights[:, [0, 2, 3]].sum(1) == 3).all() and (weights[:, [1, 4]].sum(1) == 2).all()
  np.testing.assert_allclose(weights.mean(0), 1, atol=0.15)
  np.testing.assert_array_equal(weights, resampling.weights(strata, draws=500, seed=0))
  assert (weights != resampling.weights(strata, draws=500, seed=1)).any()
