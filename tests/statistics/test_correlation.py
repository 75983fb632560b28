"""Rank correlations, against SciPy and simulations."""

import math

import numpy as np
import pytest
from scipy import stats

from i3d_tf.statistics import correlation


def test_correlation_is_scipys_with_ties():
  rng = np.random.default_rng(4)
  x = rng.integers(0, 6, 60)
  y = x + rng.integers(0, 8, 60)
  found = correlation.rank_correlation(x, y)
  reference = stats.spearmanr(x, y)
  assert found.estimate == pytest.approx(reference.statistic)
  assert found.low < found.estimate < found.high and found.points == 60
  few = correlation.rank_correlation(x[:9], y[::-1][:9], draws=20_000)
  exact = stats.permutation_test(
    (x[:9],),
    lambda a: stats.spearmanr(a, y[::-1][:9]).statistic,
    permutation_type='pairings',
    n_resamples=2000,
    rng=np.random.default_rng(0),
  ).pvalue
  assert few.p == pytest.approx(exact, abs=0.04)


def test_drawn_correlations_are_scipys():
  rng = np.random.default_rng(8)
  x, y = rng.integers(0, 5, 20), rng.integers(0, 2, 20)
  weights = rng.integers(0, 4, (10, 20)).astype(np.float32)
  found = correlation._weighted_correlation(x, y, weights)
  for row, value in zip(weights.astype(int), found):
    assert value == pytest.approx(stats.spearmanr(x.repeat(row), y.repeat(row)).statistic, abs=1e-5)


def test_clips_of_a_group_count_once():
  rng = np.random.default_rng(9)
  x, y = rng.random(30), rng.random(30)
  y = y + 0.4 * x
  once = correlation.rank_correlation(x, y, np.arange(30))
  copied = correlation.rank_correlation(
    np.repeat(x, 6), np.repeat(y, 6), np.repeat(np.arange(30), 6)
  )
  assert (copied.estimate, copied.low, copied.high, copied.p) == pytest.approx(
    (once.estimate, once.low, once.high, once.p), abs=1e-4
  )
  # Counted as independent they would seem six times as sure.
  naive = correlation.rank_correlation(np.repeat(x, 6), np.repeat(y, 6), np.arange(180))
  assert naive.high - naive.low < 0.6 * (once.high - once.low) and naive.p < once.p


@pytest.mark.parametrize(
  'x, y', [([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, 3], [0, 0, 0]), ([1, 2], [1, 2])]
)
def test_what_does_not_vary_has_no_correlation(x, y):
  found = correlation.rank_correlation(x, y)
  assert math.isnan(found.estimate) and math.isnan(found.p) and found.points == len(x)


@pytest.mark.parametrize(
  'x, y, groups',
  [
    ([0.1, 0.1, 0.3, 0.3], [0, 0, 1, 1], 'abcd'),  # 1 of 3 pairings gives it
    (range(8), [0] * 4 + [1] * 4, 'abcdefgh'),
  ],
)
def test_few_groups_have_a_correlation_and_no_p(x, y, groups):
  found = correlation.rank_correlation(x, y, list(groups))
  assert found.estimate > 0.8 and math.isnan(found.p)
