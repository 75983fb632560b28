"""The ratio of two means, with its interval over groups."""

import numpy as np
import pytest

from i3d_tf.statistics import ratios
from i3d_tf.statistics import stats


def test_the_ratio_is_that_of_the_means():
  found = ratios.ratio_interval([0.2, 0.4, 0.9], [0.1, 0.3, 0.1], ['a', 'a', 'b'])
  assert found.estimate == pytest.approx(1.5 / 0.5)
  # Draws of two groups: aa gives 1.5, bb gives 9, ab the estimate.
  assert (found.low, found.high) == (pytest.approx(1.5), pytest.approx(9))


def test_equal_denominators_give_the_interval_of_the_mean():
  rng = np.random.default_rng(0)
  values, groups = rng.random(40), rng.integers(12, size=40)
  expected = stats.mean_interval(values, groups)
  found = ratios.ratio_interval(values, np.full(40, 0.5), groups)
  assert found.estimate == pytest.approx(2 * expected.estimate)
  # Draws of groups of different sizes: in both, sums of values over counts.
  assert (found.low, found.high) == (
    pytest.approx(2 * expected.low),
    pytest.approx(2 * expected.high),
  )


def test_nothing_to_divide_by_or_one_group_has_no_interval():
  assert np.isnan(ratios.ratio_interval([0.1, 0.2], [0, 0], [1, 2]).estimate)
  alone = ratios.ratio_interval([0.1, 0.2], [0.1, 0.1], [1, 1])
  assert alone.estimate == pytest.approx(1.5) and np.isnan(alone.low)
  with pytest.raises(ValueError, match='at least one'):
    ratios.ratio_interval([], [], [])
