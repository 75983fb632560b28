"""Statistics of accuracies: confidence intervals, paired tests, bins by the person's size.

Clips of a group (class, gNN) show one performer in one place and are near-duplicates:
counting them as independent makes intervals too narrow. So the unit that is drawn is always
the group.

  values   float [N], the averaged numbers: 1 for a correct video, else 0; with several seeds,
           the fraction of them that were correct.
  groups   [N], the group of each video; of any type that numpy can sort.
  splits   [N], the split in which it was tested; None if there is only one. Averages over
           splits give each split the same weight, like the published ones.

All random draws follow from `seed`: the same call gives the same result.
"""

from collections.abc import Sequence
import dataclasses

import numpy as np

from i3d_tf.statistics import resampling

MIN_GROUPS = 30  # with fewer groups, the normal test of a correlation is not valid
# With fewer groups in a split, their spread is hardly known: three people with 9 of 10 clips right
# each would have an interval of no width.
FEW_GROUPS = 8


@dataclasses.dataclass(frozen=True)
class Interval:
  """An estimate and the bounds of its interval; the bounds are NaN without an interval."""

  estimate: float
  low: float
  high: float

  @property
  def clear_of_zero(self) -> bool:
    """Whether zero is outside the interval; False without an interval."""
    return self.low > 0 or self.high < 0


@dataclasses.dataclass(frozen=True)
class Difference(Interval):
  """A mean difference over `videos` and `groups`; `p` is that of the paired test."""

  p: float
  videos: int
  groups: int

  @property
  def clear_of_zero(self) -> bool:
    """Whether zero is outside the interval and the test agrees.

    If only a few groups differ, all in one direction, the interval alone may exclude zero
    although the evidence is weak.
    """
    return super().clear_of_zero and self.p < 1 - resampling.LEVEL


@dataclasses.dataclass(frozen=True)
class Bin:
  """The number and accuracy of videos whose person covers `low` to `high` of the image."""

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
  draws: int = resampling.DRAWS,
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
    values, groups, splits: see the module's docstring.
    draws: the number of bootstrap draws.
    seed: seeds the draws.

  Returns:
    The interval. If a split has only one group, nothing can be drawn, and the bounds are
    NaN. Groups that are the only one in their combination of splits are drawn together.

  Raises:
    ValueError: there are no values.
  """
  sums, counts = resampling.by_group(values, groups, splits)
  estimate = float(np.mean(sums.sum(axis=0) / counts.sum(axis=0)))
  if np.count_nonzero(counts, axis=0).min() < 2:
    return Interval(estimate, np.nan, np.nan)
  weights = resampling.weights(resampling.strata(counts), draws, seed)
  drawn = weights @ counts
  # A draw may leave a split without videos if it has groups of several combinations of splits.
  usable = (drawn > 0).all(axis=1)
  means = np.mean((weights[usable] @ sums) / drawn[usable], axis=1)
  return Interval(estimate, *resampling.percentiles(means))


def _no_narrower_than_over_videos(
  interval: Interval,
  values: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None,
  draws: int,
  seed: int,
) -> Interval:
  """Widens the interval of few groups to what it would be if their videos were independent."""
  _, counts = resampling.by_group(values, groups, splits)
  if np.isnan(interval.low) or np.count_nonzero(counts, axis=0).min() >= FEW_GROUPS:
    return interval
  alone = mean_interval(values, np.arange(len(values)), splits, draws=draws, seed=seed)
  low, high = min(interval.low, alone.low), max(interval.high, alone.high)
  return Interval(interval.estimate, low, high)


def accuracy(
  correct: np.ndarray,
  groups: np.ndarray,
  splits: np.ndarray | None = None,
  *,
  draws: int = resampling.DRAWS,
  seed: int = 0,
) -> Interval:
  """`mean_interval` of an accuracy, also if all videos are correct or none is.

  Then all draws are equal and the bootstrap has no width. The interval is instead that of
  Clopper and Pearson (Biometrika 26, 1934), with each group as one trial. With fewer than
  `FEW_GROUPS` groups in a split, it is at least as wide as that of independent videos.

  Args, returns and raises: as `mean_interval`.
  """
  interval = mean_interval(correct, groups, splits, draws=draws, seed=seed)
  if interval.estimate not in (0, 1) or np.isnan(interval.low):
    return _no_narrower_than_over_videos(interval, correct, groups, splits, draws, seed)
  from scipy import stats  # Here, since it takes as long to import as a tenth of TensorFlow.

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
  draws: int = resampling.DRAWS,
  seed: int = 0,
) -> Difference:
  """The difference of two accuracies on the same videos, its interval and a paired test.

  The test flips the signs of entire groups (Fisher's randomization test; Good,
  "Permutation, Parametric and Bootstrap Tests of Hypotheses", 2005, section 3.2): if the two
  conditions were equal, each group's difference might as well have the other sign. All 2^G
  flips are computed if they are at most `draws`; otherwise `draws` random ones, with the
  observed one counted among them, so that p is never 0 (Phipson and Smyth, 2010).

  Args:
    first, second: float [N], the `values` of the two conditions, video by video.
    groups, splits, draws, seed: as in `mean_interval`.

  Returns:
    The difference, first minus second; the interval of few groups is widened as in `accuracy`.
  """
  values = np.asarray(first, float) - np.asarray(second, float)
  interval = mean_interval(values, groups, splits, draws=draws, seed=seed)
  interval = _no_narrower_than_over_videos(interval, values, groups, splits, draws, seed)
  sums, counts = resampling.by_group(values, groups, splits)
  # The contribution of each group to the mean over splits.
  parts = np.mean(sums / counts.sum(axis=0), axis=1)
  p = 1.0
  if np.any(parts):
    from scipy import stats  # Here, as above.

    p = float(
      stats.permutation_test(
        (parts,),
        # Sums that are equal but for rounding count as equal.
        lambda x, axis: np.round(np.sum(x, axis=axis), 12),
        permutation_type='samples',
        vectorized=True,
        n_resamples=draws,
        batch=resampling.CHUNK,
        rng=np.random.default_rng(seed),
      ).pvalue
    )
  return Difference(interval.estimate, interval.low, interval.high, p, len(values), len(parts))


def holm(p_values: Sequence[float]) -> list[float]:
  """Corrects the p values of a family, so that any false alarm stays below the level.

  Holm, "A simple sequentially rejective multiple test procedure", 1979.

  Args:
    p_values: the p values.

  Returns:
    The corrected p values in the same order.
  """
  count, corrected, largest = len(p_values), [0.0] * len(p_values), 0.0
  for rank, index in enumerate(np.argsort(p_values, kind='stable')):
    largest = max(largest, min(1.0, (count - rank) * p_values[index]))
    corrected[index] = largest
  return corrected


def spread(accuracies: Sequence[float]) -> tuple[float, float, float, float]:
  """The spread over seeds.

  Args:
    accuracies: one per seed, at least one.

  Returns:
    (mean, standard deviation with n - 1, lowest, highest); the deviation is NaN for one seed.
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
  draws: int = resampling.DRAWS,
  seed: int = 0,
) -> list[Bin]:
  """The accuracy of videos by how much of the image the person covers.

  Args:
    coverage: float [N], fractions in [0, 1].
    values, groups: see the module's docstring.
    edges: float [B + 1], ascending; see `quantile_edges`.
    draws, seed: as in `mean_interval`.

  Returns:
    The bins that are not empty. A bin includes its lower edge; the last includes its upper
    edge, too.
  """
  coverage, values, groups = map(np.asarray, (coverage, values, groups))
  bin_of = np.clip(np.searchsorted(edges, coverage, side='right') - 1, 0, len(edges) - 2)
  found = []
  for index in range(len(edges) - 1):
    inside = bin_of == index
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
  """The edges of `count` bins with equal numbers of videos; fewer if coverages are equal."""
  return np.unique(np.quantile(np.asarray(coverage, float), np.linspace(0, 1, count + 1)))


# === Draws ===


def named(name: str, values: Sequence[float]) -> dict[str, float]:
  """An estimate and its bounds under the keys of a `table.Table`: name, name_low, name_high."""
  return dict(zip((name, f'{name}_low', f'{name}_high'), values))


@dataclasses.dataclass(frozen=True)
class Statistic:
  """The settings of all intervals of a report: `draws` and `seed` as in `mean_interval`."""

  draws: int
  seed: int

  def accuracy(
    self, correct: np.ndarray, groups: np.ndarray, splits: np.ndarray
  ) -> tuple[float, float, float]:
    """(mean over splits, low, high) of an accuracy, in per cent; arguments: `mean_interval`."""
    interval = accuracy(correct, groups, splits, draws=self.draws, seed=self.seed)
    return 100 * interval.estimate, 100 * interval.low, 100 * interval.high
