"""The ratio of two means over videos, with its interval over groups."""

import numpy as np

from i3d_tf.statistics import resampling
from i3d_tf.statistics import stats


def ratio_interval(
  numerators: np.ndarray,
  denominators: np.ndarray,
  groups: np.ndarray,
  *,
  draws: int = resampling.DRAWS,
  seed: int = 0,
) -> stats.Interval:
  """The mean of one number over the mean of another, with its 95% interval.

  Percentile bootstrap over groups as in `stats.mean_interval`, both means of the same draws. A
  ratio of means, not a mean of ratios: videos of a tiny denominator do not decide it.

  Args:
    numerators, denominators: float [N], of the same videos; denominators are at least 0.
    groups: [N], the group of each video.
    draws, seed: as in `stats.mean_interval`.

  Returns:
    The ratio; NaN if the denominators add up to 0. The bounds are NaN with fewer than two groups.

  Raises:
    ValueError: there are no values.
  """
  tops, _ = resampling.by_group(numerators, groups, None)
  bottoms, _ = resampling.by_group(denominators, groups, None)
  if not bottoms.sum():
    return stats.Interval(np.nan, np.nan, np.nan)
  estimate = float(tops.sum() / bottoms.sum())
  if len(tops) < 2:
    return stats.Interval(estimate, np.nan, np.nan)
  weights = resampling.draws_of(len(tops), draws, seed, 0)
  below = weights @ bottoms[:, 0]
  usable = below > 0
  drawn = (weights[usable] @ tops[:, 0]) / below[usable]
  return stats.Interval(estimate, *resampling.percentiles(drawn))
