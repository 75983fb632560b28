"""The Fréchet distance: closed forms, an oracle, and what its interval covers."""

import numpy as np
import pytest
from scipy import linalg

from i3d_tf.statistics import frechet


def of(features):
  return frechet.moments(np.asarray(features, float))


def with_moments(mean, covariance, divisor, count=12):
  """Rows whose mean and covariance are exactly these."""
  rng = np.random.default_rng(0)
  rows = rng.normal(size=(count, len(mean)))
  rows -= rows.mean(axis=0)
  by = count - frechet.DIVISORS[divisor]
  rows = rows @ np.linalg.inv(linalg.sqrtm(rows.T @ rows / by))
  return rows @ linalg.sqrtm(np.asarray(covariance, float)) + mean


@pytest.mark.parametrize('divisor', frechet.DIVISORS)
def test_normal_distributions_with_diagonal_covariances_have_a_closed_form(divisor):
  first = with_moments([0, 0, 1], np.diag([1, 4, 9]), divisor)
  second = with_moments([3, 4, 1], np.diag([4, 4, 1]), divisor)
  # |m1 - m2|^2 + the sum of (s1 - s2)^2 over standard deviations.
  assert frechet.distance(of(first), of(second), divisor) == pytest.approx(25 + 1 + 0 + 4)
  assert frechet.distance(of(second), of(first), divisor) == pytest.approx(30)


def test_a_turned_distribution_has_a_closed_form():
  # In two dimensions, Tr (AB)^(1/2) = (Tr AB + 2 (det A det B)^(1/2))^(1/2).
  a, b = np.array([[4.0, 1.0], [1.0, 2.0]]), np.array([[1.0, -0.5], [-0.5, 3.0]])
  root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a) * np.linalg.det(b)))
  expected = 2 + np.trace(a + b) - 2 * root
  first, second = with_moments([0, 0], a, 'n-1'), with_moments([1, -1], b, 'n-1')
  assert frechet.distance(of(first), of(second)) == pytest.approx(expected)


def test_the_distance_is_that_of_scipys_matrix_root():
  rng = np.random.default_rng(1)
  first, second = rng.normal(size=(90, 20)), 1.3 * rng.normal(size=(70, 20)) + 0.2
  a, b = np.cov(first.T), np.cov(second.T)
  shift = first.mean(axis=0) - second.mean(axis=0)
  expected = shift @ shift + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
  assert frechet.distance(of(first), of(second)) == pytest.approx(expected, rel=1e-9)


def test_the_divisor_scales_the_covariance_alone():
  rng = np.random.default_rng(2)
  rows = rng.normal(size=(10, 3))
  np.testing.assert_allclose(of(rows).covariance('n-1'), np.cov(rows.T))
  np.testing.assert_allclose(of(rows).covariance('n'), np.cov(rows.T, ddof=0))


def test_fewer_rows_than_features_are_no_obstacle():
  rng = np.random.default_rng(3)
  rows = rng.normal(size=(5, 40))
  assert frechet.distance(of(rows), of(rows)) == pytest.approx(0, abs=1e-6)
  assert frechet.distance(of(rows), of(rows + 1)) == pytest.approx(40, rel=1e-6)


def test_sums_of_parts_are_those_of_the_whole_far_from_zero(monkeypatch):
  rng = np.random.default_rng(4)
  rows = rng.normal(size=(50, 4)) + 1e7
  whole = of(rows)
  monkeypatch.setattr(frechet, '_ROWS', 7)
  parts = of(rows)
  np.testing.assert_allclose(parts.covariance(), np.cov(rows.T), rtol=1e-6)
  np.testing.assert_allclose(parts.covariance(), whole.covariance(), rtol=1e-6)
  weights = rng.integers(0, 3, 50)
  weighted = frechet.moments(rows, weights)
  np.testing.assert_allclose(
    weighted.covariance(), np.cov(np.repeat(rows, weights, axis=0).T), rtol=1e-6
  )


def test_the_interval_covers_the_mean_distance_of_samples_of_the_size():
  rng = np.random.default_rng(5)

  def sample():
    return rng.normal(size=(60, 4)), 1.4 * rng.normal(size=(60, 4)) + 0.5

  expected = np.mean([frechet.distance(*map(of, sample())) for _ in range(2000)])
  intervals = [frechet.interval(*sample(), resamples=100) for _ in range(100)]
  covered = np.mean([found.low <= expected <= found.high for found in intervals])
  assert 0.85 <= covered <= 1
  # The bias is that of being finite: what a distance of samples is above that of distributions.
  actual = 4 * 0.5**2 + 4 * 0.4**2
  assert np.mean([found.bias for found in intervals]) == pytest.approx(expected - actual, rel=0.25)


def test_clips_of_one_video_are_drawn_together():
  rng = np.random.default_rng(6)
  videos = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
  clips = [np.repeat(rows, 10, axis=0) for rows in videos]
  groups = np.repeat(np.arange(20), 10)
  alone = frechet.interval(*clips)
  together = frechet.interval(*clips, (groups, groups))
  assert together.estimate == alone.estimate
  assert together.high - together.low > 2 * (alone.high - alone.low)
  # So many copies of each row change nothing, except for n - 1.
  once = frechet.interval(*videos, divisor='n')
  again = frechet.interval(*clips, (groups, groups), divisor='n')
  np.testing.assert_allclose([once.low, once.high], [again.low, again.high])


def test_few_rows_of_many_features_give_the_same_interval_in_their_span(monkeypatch):
  rng = np.random.default_rng(8)
  sets = rng.normal(size=(2, 8, 50)) + 3
  found = frechet.interval(*sets, resamples=20)
  monkeypatch.setattr(frechet, '_in_their_span', lambda *given: given)
  expected = frechet.interval(*sets, resamples=20)
  np.testing.assert_allclose(
    [found.low, found.high, found.bias], [expected.low, expected.high, expected.bias], rtol=1e-5
  )


def test_draws_follow_from_the_seed():
  rng = np.random.default_rng(7)
  sets = rng.normal(size=(2, 30, 3))
  assert frechet.interval(*sets, resamples=20) == frechet.interval(*sets, resamples=20)
  assert frechet.interval(*sets, resamples=20) != frechet.interval(*sets, resamples=20, seed=1)
  assert np.isnan(frechet.interval(*sets, resamples=0).low)


def test_too_few_rows_and_unknown_divisors_are_refused():
  with pytest.raises(ValueError, match='expected at least 2 rows with divisor n-1; received 1'):
    of([[1.0, 2.0]]).covariance()
  with pytest.raises(ValueError, match="`divisor` must be one of n-1, n; received '2n'"):
    of([[1.0], [2.0]]).covariance('2n')
