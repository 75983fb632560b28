"""The Fréchet distance of two sets of features, and its interval over resamples.

Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982: of
normal distributions with means m and covariances S,

    |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)).

With features of a video network it is FVD (Unterthiner et al., "Towards Accurate Generative Models
of Video", 2018). Features may be arrays, or anything that gives rows by slices: a few rows at a
time are in memory.
"""

from collections.abc import Callable
import dataclasses
from typing import Any, Protocol

import numpy as np

from i3d_tf.statistics import resampling
from i3d_tf.statistics import stats

# What the sums of a covariance are divided by: name -> what is taken from the number of rows.
DIVISORS = {'n-1': 1, 'n': 0}
RESAMPLES = 200
_ROWS = 1024  # that are read together


class Rows(Protocol):
  """Features [N, D] of which slices of rows can be read."""

  @property
  def shape(self) -> tuple[int, ...]:
    """(N, D)."""

  def __getitem__(self, rows: slice, /) -> Any:
    """Rows as an array, float [n, D]."""


@dataclasses.dataclass(frozen=True)
class FrechetDistance(stats.Interval):
  """A distance with its interval.

  Attributes:
    bias: by how much resamples are farther apart than the features, on average: about as much of
      the estimate comes from the number of rows being finite. NaN without resamples.
  """

  bias: float


class Moments:
  """Count, mean and covariance of rows that come in parts, each seen once: float64.

  Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
  Variances", 1979: nothing cancels, whatever the mean is.

  Args:
    dimension: D, the number of features of a row.

  Attributes:
    count: the number of rows so far.
    mean: float64 [D].
    scatter: float64 [D, D], the sum of products of deviations from the mean.
  """

  def __init__(self, dimension: int) -> None:
    self.count = 0.0
    self.mean = np.zeros(dimension)
    self.scatter = np.zeros((dimension, dimension))

  def add(self, rows: np.ndarray, weights: np.ndarray | None = None) -> None:
    """Adds rows, float [n, D]; `weights` [n] says how often each counts, None for once."""
    rows = np.asarray(rows, np.float64)
    times = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    added = times.sum()
    if not added:
      return
    mean = times @ rows / added
    deviations = (rows - mean) * np.sqrt(times)[:, np.newaxis]
    total, shift = self.count + added, mean - self.mean
    self.scatter += deviations.T @ deviations
    self.scatter += np.outer(shift, shift) * (self.count * added / total)
    self.mean = self.mean + shift * (added / total)
    self.count = total

  def covariance(self, divisor: str = 'n-1') -> np.ndarray:
    """The covariance, float64 [D, D]; `divisor` is one of `DIVISORS`.

    Raises:
      ValueError: there are too few rows for the divisor, or it is unknown.
    """
    if divisor not in DIVISORS:
      raise ValueError(f'`divisor` must be one of {", ".join(DIVISORS)}; received {divisor!r}')
    by = self.count - DIVISORS[divisor]
    if by <= 0:
      raise ValueError(
        f'expected at least {DIVISORS[divisor] + 1} rows with divisor {divisor}; '
        f'received {self.count:g}'
      )
    return self.scatter / by


def moments(features: Rows, weights: np.ndarray | None = None) -> Moments:
  """The moments of features [N, D], each row counted `weights` [N] times; None for once."""
  count, dimension = features.shape
  found = Moments(dimension)
  for start in range(0, count, _ROWS):
    part = slice(start, start + _ROWS)
    found.add(features[part], None if weights is None else weights[part])
  return found


def distance(first: Moments, second: Moments, divisor: str = 'n-1') -> float:
  """The Fréchet distance of two sets of rows, at least 0.

  The trace of (S1 S2)^(1/2) is that of (S1^(1/2) S2 S1^(1/2))^(1/2), which is symmetric: no root of
  a matrix that is nearly singular is iterated for.

  Args:
    first, second: of rows of as many features.
    divisor: as in `Moments.covariance`.

  Raises:
    ValueError: as `Moments.covariance` does.
  """
  s1, s2 = first.covariance(divisor), second.covariance(divisor)
  values, vectors = np.linalg.eigh(s1)
  root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
  product = root @ s2 @ root
  shared = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2), 0)).sum()
  shift = first.mean - second.mean
  return max(0.0, float(shift @ shift + np.trace(s1) + np.trace(s2) - 2 * shared))


def interval(
  first: Rows,
  second: Rows,
  groups: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
  *,
  divisor: str = 'n-1',
  resamples: int = RESAMPLES,
  seed: int = 0,
  progress: Callable[[], None] | None = None,
) -> FrechetDistance:
  """The Fréchet distance of two sets of features and its 95% interval.

  The bootstrap draws groups of each set with replacement. A resample has fewer different rows than
  the set, so its distance is larger on average (`bias`). The bounds are therefore the percentiles
  of the draws moved to have the estimate as their mean: they say how much the distance varies
  between samples of this size, and not what it would be of infinitely many rows.

  Args:
    first, second: float [N, D] and [M, D].
    groups: for each of the two, the group of each row ([N] and [M], such as the video that a clip
      is of), or None if each row is its own.
    divisor: as in `Moments.covariance`.
    resamples: number of draws; 0 for none.
    seed: seeds the draws.
    progress: called after each draw, or None.

  Returns:
    The distance. The bounds and the bias are NaN without resamples, or if a set has fewer than
    two groups.

  Raises:
    ValueError: as `Moments.covariance` does.
  """
  estimate = distance(moments(first), moments(second), divisor)
  units = [
    np.arange(len_of) if group is None else np.unique(group, return_inverse=True)[1]
    for group, len_of in zip(groups, (first.shape[0], second.shape[0]))
  ]
  if not resamples or min(unit.max() for unit in units) < 1:
    return FrechetDistance(estimate, np.nan, np.nan, np.nan)
  sets = _in_their_span(first, second)
  drawn = []
  for number in range(resamples):
    parts = []
    for which, (features, unit) in enumerate(zip(sets, units)):
      count = int(unit.max()) + 1
      rng = np.random.default_rng([seed, which, number])
      times = np.bincount(rng.integers(count, size=count), minlength=count)
      parts.append(moments(features, times[unit]))
    # A draw of a single row has no covariance over n - 1.
    if min(part.count for part in parts) > DIVISORS[divisor]:
      drawn.append(distance(parts[0], parts[1], divisor))
    if progress is not None:
      progress()
  bias = float(np.mean(drawn)) - estimate
  low, high = resampling.percentiles(np.asarray(drawn) - bias)
  return FrechetDistance(estimate, max(0.0, low), high, bias)


def _in_their_span(first: Rows, second: Rows) -> tuple[Rows, Rows]:
  """Features as coordinates in the space that they span, if that is smaller than theirs.

  Distances stay the same, and with a few rows of many features they are computed much faster.
  """
  counts = first.shape[0], second.shape[0]
  if sum(counts) >= first.shape[1]:
    return first, second
  rows = np.concatenate([np.asarray(part[0 : part.shape[0]], float) for part in (first, second)])
  basis = np.linalg.qr(rows.T)[0]
  return rows[: counts[0]] @ basis, rows[counts[0] :] @ basis
