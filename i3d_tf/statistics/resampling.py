"""Draws groups with replacement, on which every interval is based."""

from collections.abc import Sequence
import functools

import numpy as np

LEVEL = 0.95
DRAWS = 10_000
CHUNK = 250  # draws that are worked on together where memory grows with the videos


def by_group(
  values: np.ndarray, groups: np.ndarray, splits: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
  """The sums and counts of values by group and split: float [groups, splits] each."""
  values = np.asarray(values, float)
  if not len(values):
    raise ValueError('`values` must hold at least one number; received none')
  _, group = np.unique(groups, return_inverse=True)
  _, split = np.unique(np.zeros(len(values)) if splits is None else splits, return_inverse=True)
  shape = (group.max() + 1, split.max() + 1)
  sums, counts = np.zeros(shape), np.zeros(shape)
  np.add.at(sums, (group, split), values)
  np.add.at(counts, (group, split), 1)
  return sums, counts


def strata(counts: np.ndarray) -> list[np.ndarray]:
  """Sets of groups that are tested in the same splits, as arrays of their indices.

  Groups that are alone in their set are merged into one; if only one is, it joins the largest.
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


def weights(strata: Sequence[np.ndarray], draws: int, seed: int) -> np.ndarray:
  """How often each draw takes each group, each stratum drawn separately: float [draws, groups]."""
  weights = np.empty((draws, sum(map(len, strata))))
  for number, members in enumerate(strata):
    weights[:, members] = draws_of(len(members), draws, seed, number)
  return weights


@functools.lru_cache(maxsize=8)
def draws_of(count: int, draws: int, seed: int, stream: int) -> np.ndarray:
  """How often each of `draws` draws of `count` out of `count` items takes each item.

  Equal arguments give equal draws, so that conditions are compared on the same draws.

  Returns:
    float32 [draws, count].
  """
  rng = np.random.default_rng([seed, stream])
  taken = rng.integers(count, size=(draws, count)) + np.arange(draws)[:, np.newaxis] * count
  return (
    np.bincount(taken.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float32)
  )


def percentiles(values: np.ndarray) -> tuple[float, float]:
  """The bounds of the central `LEVEL` of values: (low, high); NaN without values."""
  if not len(values):
    return np.nan, np.nan
  low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
  return float(low), float(high)
