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
import functools

import numpy as np
from scipy import stats

LEVEL = 0.95
DRAWS = 10_000
_MIN_GROUPS = 30  # below, the normal test of a correlation of groups does not hold
_CHUNK = 250  # draws that are worked on together where memory grows with the videos


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
    return super().clear_of_zero and self.p < 1 - LEVEL


@dataclasses.dataclass(frozen=True)
class Correlation(Interval):
  """A rank correlation of `points` points; `p` is two-sided."""

  p: float
  points: int


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
  draws: int = DRAWS,
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
  sums, counts = _by_group(values, groups, splits)
  estimate = float(np.mean(sums.sum(axis=0) / counts.sum(axis=0)))
  if np.count_nonzero(counts, axis=0).min() < 2:
    return Interval(estimate, np.nan, np.nan)
  weights = _weights(_strata(counts), draws, seed)
  drawn = weights @ counts
  # A draw that leaves a split without a video has no mean: possible only for groups drawn together.
  usable = (drawn > 0).all(axis=1)
  means = np.mean((weights[usable] @ sums) / drawn[usable], axis=1)
  return Interval(estimate, *_percentiles(means))


def accuracy(
  correct: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = DRAWS,
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
  exact = stats.binomtest(trials if interval.estimate else 0, trials).proportion_ci(LEVEL, 'exact')
  return Interval(interval.estimate, float(exact.low), float(exact.high))


def difference(
  first: np.ndarray,
  second: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = DRAWS,
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
  sums, counts = _by_group(values, groups, splits)
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
        batch=_CHUNK,
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
  draws: int = DRAWS,
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


def rank_correlation(
  x: np.ndarray,
  y: np.ndarray,
  groups: np.ndarray | None = None,
  *,
  draws: int = DRAWS,
  seed: int = 0,
) -> Correlation:
  """Spearman's rank correlation, its 95% interval and p value.

  Spearman, "The proof and measurement of association between two things", 1904; ties
  have mid-ranks. The interval is the percentile bootstrap over points or, with groups,
  over groups. p is that of a permutation test of the pairings; with groups, whose
  points are not exchangeable, that of a normal test of Fisher's z = artanh(rho), whose
  standard error is the bootstrap's over groups. Below 30 groups that test gives too many
  false alarms (a quarter in place of one in twenty with 12 groups and rare answers), and p
  is NaN.

  Args:
    x, y: float [N].
    groups: [N], or None if the points are independent.
    draws, seed: as `mean_interval`.

  Returns:
    A `Correlation`, with NaN throughout where x or y does not vary.
  """
  x, y = np.asarray(x, float), np.asarray(y, float)
  if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
    return Correlation(np.nan, np.nan, np.nan, np.nan, len(x))
  rho = float(stats.spearmanr(x, y).statistic)
  _, unit = np.unique(np.arange(len(x)) if groups is None else groups, return_inverse=True)
  if unit.max() < 1:
    return Correlation(rho, np.nan, np.nan, np.nan, len(x))
  weights = _draws_of(int(unit.max()) + 1, draws, seed, 0)
  drawn = np.concatenate(
    [
      _weighted_correlation(x, y, weights[start : start + _CHUNK, unit])
      for start in range(0, draws, _CHUNK)
    ]
  )
  drawn = drawn[~np.isnan(drawn)]
  if groups is None:
    ranks = stats.rankdata(y)
    p = float(
      stats.permutation_test(
        (stats.rankdata(x),),
        lambda a, axis: np.sum(a * ranks, axis=axis),
        permutation_type='pairings',
        vectorized=True,
        n_resamples=draws,
        batch=_CHUNK,
        rng=np.random.default_rng(seed),
      ).pvalue
    )
  else:
    z = np.arctanh(np.clip(np.append(drawn, rho), -1 + 1e-12, 1 - 1e-12))
    deviation = z[:-1].std(ddof=1)
    normal = unit.max() + 1 >= _MIN_GROUPS and deviation > 1e-6
    p = float(2 * stats.norm.sf(abs(z[-1]) / deviation)) if normal else np.nan
  return Correlation(rho, *_percentiles(drawn), p, len(x))


def _weighted_correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
  """Spearman's correlation of draws that hold point i weights[d, i] times: float [D]."""
  x, y = _mid_ranks(x, weights), _mid_ranks(y, weights)
  total = weights.sum(axis=1, keepdims=True)
  x -= np.sum(weights * x, axis=1, keepdims=True) / total
  y -= np.sum(weights * y, axis=1, keepdims=True) / total
  scale = np.sqrt(np.sum(weights * x * x, axis=1) * np.sum(weights * y * y, axis=1))
  with np.errstate(invalid='ignore', divide='ignore'):
    return np.where(scale > 1e-9, np.sum(weights * x * y, axis=1) / scale, np.nan)


def _mid_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
  """Ranks, ties averaged, where value i stands weights[d, i] times: float [D, N]."""
  distinct, inverse = np.unique(values, return_inverse=True)
  order = np.argsort(inverse, kind='stable')
  starts = np.searchsorted(inverse[order], np.arange(len(distinct)))
  times = np.add.reduceat(weights[:, order], starts, axis=1)
  return (np.cumsum(times, axis=1) - times / 2)[:, inverse]


# === Draws ===


def _by_group(
  values: np.ndarray, groups: np.ndarray, splits: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
  """(sums, counts) of values: float [groups, splits] each."""
  values = np.asarray(values, float)
  if not len(values):
    raise ValueError('`values` must hold a number; received none')
  _, group = np.unique(groups, return_inverse=True)
  _, split = np.unique(np.zeros(len(values)) if splits is None else splits, return_inverse=True)
  shape = (group.max() + 1, split.max() + 1)
  sums, counts = np.zeros(shape), np.zeros(shape)
  np.add.at(sums, (group, split), values)
  np.add.at(counts, (group, split), 1)
  return sums, counts


def _strata(counts: np.ndarray) -> list[np.ndarray]:
  """Groups that are tested in the same splits, as arrays of their indices.

  Those that have no other beside them are put together; one alone joins the largest.
  """
  _, stratum = np.unique(counts > 0, axis=0, return_inverse=True)
  strata = [np.flatnonzero(stratum == index) for index in range(stratum.max() + 1)]
  alone = np.concatenate([[], *(s for s in strata if len(s) == 1)]).astype(int)
  strata = [s for s in strata if len(s) > 1]
  if len(alone) > 1 or not strata:
    strata.append(alone)
  elif len(alone):
    largest = max(range(len(strata)), key=lambda index: len(strata[index]))
    strata[largest] = np.sort(np.append(strata[largest], alone))
  return strata


def _weights(strata: Sequence[np.ndarray], draws: int, seed: int) -> np.ndarray:
  """How often each draw takes each group: float [draws, groups]."""
  weights = np.empty((draws, sum(map(len, strata))))
  for number, members in enumerate(strata):
    weights[:, members] = _draws_of(len(members), draws, seed, number)
  return weights


@functools.lru_cache(maxsize=8)
def _draws_of(count: int, draws: int, seed: int, stream: int) -> np.ndarray:
  """How often each of `draws` draws of `count` out of `count` takes each: float32 [draws, count].

  The same for the same arguments, so that conditions are compared on the same draws.
  """
  rng = np.random.default_rng([seed, stream])
  taken = rng.integers(count, size=(draws, count)) + np.arange(draws)[:, np.newaxis] * count
  return (
    np.bincount(taken.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float32)
  )


def _percentiles(values: np.ndarray) -> tuple[float, float]:
  """The bounds of `LEVEL` of values: (low, high)."""
  if not len(values):
    return np.nan, np.nan
  low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
  return float(low), float(high)
