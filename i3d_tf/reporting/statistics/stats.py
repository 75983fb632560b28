"""Statistics of accuracies: intervals, paired tests, correlation with the person's size.

Clips of a group (class, gNN) show one performer in one place and are near-duplicates:
counting them as independent makes intervals too narrow. Everything here therefore
treats the group as the unit that is drawn.

  values   float [N], what is averaged: 1 where a video was classified correctly, else
           0; with several seeds, the share of them that were correct.
  groups   [N], which group a video belongs to; anything that numpy can sort.
  splits   [N], which split it was tested in; None if there is one. An average over
           splits weighs each split alike, as the published ones do.

Every random draw follows from `seed`; the same call gives the same result.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np
from scipy import stats

from i3d_tf.reporting import options
from i3d_tf.reporting.statistics import resampling

_MIN_GROUPS = 30  # below, the normal test of a correlation of groups does not hold


@dataclasses.dataclass(frozen=True)
class Interval:
  """An estimate and the bounds of its interval; the bounds are NaN where there is none."""

  estimate: float
  low: float
  high: float

  @property
  def clear_of_zero(self) -> bool:
    """Whether zero lies outside; False without an interval."""
    return self.low > 0 or self.high < 0


@dataclasses.dataclass(frozen=True)
class Difference(Interval):
  """A mean difference over `videos` and `groups`; `p` is that of the paired test."""

  p: float
  videos: int
  groups: int

  @property
  def clear_of_zero(self) -> bool:
    """Whether zero lies outside, and the test agrees.

    Where few groups differ, and all in one direction, no draw reaches zero, and that is all that
    the interval says.
    """
    return super().clear_of_zero and self.p < 1 - resampling.LEVEL


@dataclasses.dataclass(frozen=True)
class Bin:
  """Videos whose person covers `low` to `high` of the picture: how many, and their accuracy."""

  low: float
  high: float
  videos: int
  coverage: float
  accuracy: Interval


# === Means ===


def mean_interval(
  values: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = options.DRAWS,
  seed: int = 0,
) -> Interval:
  """The mean over splits of the mean over videos, with its 95% interval.

  Percentile bootstrap over groups (Efron and Tibshirani, "An Introduction to the
  Bootstrap", 1993, chapter 13; groups as the unit: Davison and Hinkley, "Bootstrap
  Methods and their Application", 1997, section 3.8). Each draw takes as many groups
  as there are, with replacement, and all videos of each. Splits that share no group
  are drawn independently; a group that is tested in several splits is drawn for all
  of them at once. Classes are not held fixed, which makes the interval wider rather
  than narrower.

  Args:
    values, groups, splits: see the module.
    draws: number of bootstrap draws.
    seed: of the draws.

  Returns:
    An `Interval`. Where a split has one group alone there is nothing to draw, and the
    bounds are NaN. Groups that alone are tested in their combination of splits are
    drawn together.

  Raises:
    ValueError: there are no values.
  """
  sums, counts = resampling.by_group(values, groups, splits)
  estimate = float(np.mean(sums.sum(axis=0) / counts.sum(axis=0)))
  if np.count_nonzero(counts, axis=0).min() < 2:
    return Interval(estimate, np.nan, np.nan)
  weights = resampling.weights(resampling.strata(counts), draws, seed)
  drawn = weights @ counts
  # A draw that leaves a split without a video has no mean: possible only for groups drawn together.
  usable = (drawn > 0).all(axis=1)
  means = np.mean((weights[usable] @ sums) / drawn[usable], axis=1)
  return Interval(estimate, *resampling.percentiles(means))


def accuracy(
  correct: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = options.DRAWS,
  seed: int = 0,
) -> Interval:
  """`mean_interval` of an accuracy, also where all videos are correct or none is.

  There every draw is alike and the bootstrap has no width. The interval is then that
  of Clopper and Pearson (Biometrika 26, 1934), with a group as one trial.

  Args, returns and raises: as `mean_interval`.
  """
  interval = mean_interval(correct, groups, splits, draws=draws, seed=seed)
  if interval.estimate not in (0, 1) or np.isnan(interval.low):
    return interval
  trials = len(np.unique(groups))
  exact = stats.binomtest(trials if interval.estimate else 0, trials).proportion_ci(
    resampling.LEVEL, 'exact'
  )
  return Interval(interval.estimate, float(exact.low), float(exact.high))


def difference(
  first: np.ndarray,
  second: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = options.DRAWS,
  seed: int = 0,
) -> Difference:
  """The difference of two accuracies on the same videos, its interval and a paired test.

  The test flips the signs of whole groups (Fisher's randomisation test; Good,
  "Permutation, Parametric and Bootstrap Tests of Hypotheses", 2005, section 3.2): if
  the two conditions were alike, each group's difference might as well have the other
  sign. All 2^G flips where they are no more than `draws`, else `draws` random ones with
  the observed one counted among them, so that p is never 0 (Phipson and Smyth, 2010).

  Args:
    first, second: float [N], `values` of the two conditions, video by video.
    groups, splits, draws, seed: as `mean_interval`.

  Returns:
    A `Difference`, of first minus second.
  """
  values = np.asarray(first, float) - np.asarray(second, float)
  interval = mean_interval(values, groups, splits, draws=draws, seed=seed)
  sums, counts = resampling.by_group(values, groups, splits)
  # What each group adds to the mean over splits.
  parts = np.mean(sums / counts.sum(axis=0), axis=1)
  p = 1.0
  if np.any(parts):
    p = float(
      stats.permutation_test(
        (parts,),
        lambda x, axis: np.sum(x, axis=axis),
        permutation_type='samples',
        vectorized=True,
        n_resamples=draws,
        batch=resampling.CHUNK,
        rng=np.random.default_rng(seed),
      ).pvalue
    )
  return Difference(interval.estimate, interval.low, interval.high, p, len(values), len(parts))


def holm(p_values: Sequence[float]) -> list[float]:
  """p values of one family, corrected so that one false alarm among them stays below the level.

  Holm, "A simple sequentially rejective multiple test procedure", 1979.

  Args:
    p_values: a list of floats.

  Returns:
    A list of floats in the same order.
  """
  count, corrected, largest = len(p_values), [0.0] * len(p_values), 0.0
  for rank, index in enumerate(np.argsort(p_values, kind='stable')):
    largest = max(largest, min(1.0, (count - rank) * p_values[index]))
    corrected[index] = largest
  return corrected


def spread(accuracies: Sequence[float]) -> tuple[float, float, float, float]:
  """What seeds do: (mean, standard deviation with n - 1, lowest, highest).

  Args:
    accuracies: floats, one a seed; at least one.

  Returns:
    Four floats; the deviation is NaN for one seed.
  """
  values = np.asarray(accuracies, float)
  deviation = float(values.std(ddof=1)) if len(values) > 1 else np.nan
  return float(values.mean()), deviation, float(values.min()), float(values.max())


# === Accuracy against the size of the person ===


def bins(
  coverage: np.ndarray,
  values: np.ndarray,
  groups: np.ndarray,
  edges: np.ndarray,
  *,
  draws: int = options.DRAWS,
  seed: int = 0,
) -> list[Bin]:
  """The accuracy of videos by how much of the picture the person covers.

  Args:
    coverage: float [N], shares in [0, 1].
    values, groups: see the module.
    edges: float [B + 1], ascending; see `quantile_edges`.
    draws, seed: as `mean_interval`.

  Returns:
    A list of `Bin`, without those that are empty. A bin holds its lower edge, and the
    last one its upper edge too.
  """
  coverage, values, groups = map(np.asarray, (coverage, values, groups))
  place = np.clip(np.searchsorted(edges, coverage, side='right') - 1, 0, len(edges) - 2)
  found = []
  for index in range(len(edges) - 1):
    inside = place == index
    if inside.any():
      found.append(
        Bin(
          float(edges[index]),
          float(edges[index + 1]),
          int(inside.sum()),
          float(coverage[inside].mean()),
          accuracy(values[inside], groups[inside], draws=draws, seed=seed),
        )
      )
  return found


def quantile_edges(coverage: np.ndarray, count: int) -> np.ndarray:
  """Edges of `count` bins of equally many videos; fewer where coverages are alike."""
  return np.unique(np.quantile(np.asarray(coverage, float), np.linspace(0, 1, count + 1)))


# === Draws ===


def named(name: str, values: Sequence[float]) -> dict[str, float]:
  """An estimate and its bounds as a row of a `paper_table.Table` holds them: a dict."""
  return dict(zip((name, f'{name}_low', f'{name}_high'), values))


@dataclasses.dataclass(frozen=True)
class Statistic:
  """How the intervals of a report are drawn: `draws` and `seed` as in `mean_interval`."""

  draws: int
  seed: int

  def accuracy(
    self, correct: np.ndarray, groups: np.ndarray, splits: np.ndarray
  ) -> tuple[float, float, float]:
    """(mean of splits, low, high) of an accuracy, in per cent; arguments as `mean_interval`."""
    interval = accuracy(correct, groups, splits, draws=self.draws, seed=self.seed)
    return 100 * interval.estimate, 100 * interval.low, 100 * interval.high
