"""Intervals and paired tests, against hand-worked numbers, SciPy and simulations."""

import itertools
import math
import statistics

import numpy as np
import pytest
from scipy import stats

from i3d_tf.statistics import stats as stats_lib


def clustered(rng, classes=6, groups=8, clips=5, agreement=0.85):
  """Videos of fixed classes whose groups are random: (correct, groups, true accuracy)."""
  levels = np.linspace(0.5, 0.9, classes)
  correct, names = [], []
  for label, level in enumerate(levels):
    for group in range(groups):
      of_group = rng.random() < level
      for _ in range(clips):
        # A clip does as its group does, mostly: near-duplicates.
        correct.append(of_group if rng.random() < agreement else rng.random() < level)
        names.append(label * groups + group)
  return np.array(correct, float), np.array(names), levels.mean()


# === Means ===


def test_two_groups_worked_by_hand():
  # Draws of two groups: both 0 (1/4), mixed (1/2), both 1 (1/4).
  interval = stats_lib.mean_interval([0, 0, 1, 1], [0, 0, 1, 1])
  assert (interval.estimate, interval.low, interval.high) == (0.5, 0, 1)


def test_the_interval_is_that_of_all_draws():
  # Five groups of unequal size: all 3,125 draws, one by one.
  values, groups = [1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0], list('aabbbcddeee')
  by_group = {name: [v for v, g in zip(values, groups) if g == name] for name in 'abcde'}
  means = []
  for drawn in itertools.product('abcde', repeat=5):
    taken = [value for name in drawn for value in by_group[name]]
    means.append(sum(taken) / len(taken))
  interval = stats_lib.mean_interval(values, groups, draws=100_000, seed=3)
  assert interval.estimate == 5 / 11
  low, high = np.quantile(means, [0.025, 0.975], method='inverted_cdf')
  assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-9)


def test_many_groups_agree_with_scipy_and_the_normal_formula():
  rng = np.random.default_rng(0)
  values = rng.random(300)
  interval = stats_lib.mean_interval(values, np.arange(300))
  reference = stats.bootstrap(
    (values,), np.mean, method='percentile', batch=100, rng=np.random.default_rng(1)
  ).confidence_interval
  assert (interval.low, interval.high) == pytest.approx(tuple(reference), abs=0.003)
  half = 1.96 * values.std() / math.sqrt(300)
  assert interval.high - interval.low == pytest.approx(2 * half, rel=0.03)


def test_splits_weigh_alike_and_are_drawn_apart():
  # Split 1 has 40 videos, split 2 has 10; the mean is of the two accuracies.
  values = np.array([1, 1, 1, 0] * 10 + [0, 1] * 5, float)
  groups = np.arange(50)
  splits = [1] * 40 + [2] * 10
  interval = stats_lib.mean_interval(values, groups, splits)
  assert interval.estimate == (0.75 + 0.5) / 2
  deviation = math.sqrt(0.75 * 0.25 / 40 + 0.5 * 0.5 / 10) / 2  # of a mean of two independent ones
  assert interval.high - interval.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_a_group_of_two_splits_is_drawn_for_both():
  # The same videos in both splits: the mean over splits varies as one split does.
  values = np.array([1, 0, 1, 1, 0, 1, 0, 1, 1, 1] * 4, float)
  one = stats_lib.mean_interval(values, np.arange(40))
  two = stats_lib.mean_interval(
    np.tile(values, 2), np.tile(np.arange(40), 2), np.repeat([1, 2], 40)
  )
  assert two == one


def test_order_and_names_do_not_matter_and_the_seed_does():
  correct, groups, _ = clustered(np.random.default_rng(5))
  interval = stats_lib.mean_interval(correct, groups, seed=1)
  order = np.random.default_rng(6).permutation(len(correct))
  names = np.array([f'g{group:03d}' for group in groups])
  assert stats_lib.mean_interval(correct[order], names[order], seed=1) == interval
  values = correct + np.random.default_rng(0).random(len(correct))
  interval = stats_lib.mean_interval(values, groups, seed=1)
  other = stats_lib.mean_interval(values, groups, seed=2)
  assert other != interval
  assert (other.low, other.high) == pytest.approx((interval.low, interval.high), abs=0.01)


def test_copies_of_clips_do_not_narrow_the_interval():
  correct, groups, _ = clustered(np.random.default_rng(7))
  interval = stats_lib.accuracy(correct, groups)
  assert stats_lib.accuracy(np.tile(correct, 3), np.tile(groups, 3)) == interval


def test_the_interval_holds_the_truth_as_often_as_it_says():
  rng = np.random.default_rng(11)
  held = {'groups': 0, 'clips': 0}
  for trial in range(300):
    correct, groups, truth = clustered(rng)
    for name, unit in (('groups', groups), ('clips', np.arange(len(correct)))):
      interval = stats_lib.accuracy(correct, unit, draws=400, seed=trial)
      held[name] += interval.low <= truth <= interval.high
  assert 0.92 <= held['groups'] / 300 <= 0.99
  assert held['clips'] / 300 < 0.8  # what counting near-duplicates as independent does


@pytest.mark.parametrize(
  'value, low, high', [(1, 0.025 ** (1 / 12), 1), (0, 0, 1 - 0.025 ** (1 / 12))]
)
def test_all_alike_has_the_exact_binomial_interval_of_groups(value, low, high):
  interval = stats_lib.accuracy(np.full(48, value), np.arange(48) // 4)
  assert (interval.estimate, interval.low, interval.high) == pytest.approx((value, low, high))


def test_three_people_who_are_alike_are_no_certainty():
  correct = np.array([1] * 9 + [0] + [1] * 9 + [0] + [1] * 9 + [0])
  people = np.repeat(['a', 'b', 'c'], 10)
  assert stats_lib.mean_interval(correct, people).low == pytest.approx(0.9)
  few = stats_lib.accuracy(correct, people)
  alone = stats_lib.mean_interval(correct, np.arange(30))
  assert (few.low, few.high) == (alone.low, alone.high) and few.low < 0.82
  differing = stats_lib.difference(correct, 0 * correct, people)
  assert (differing.low, differing.high) == (few.low, few.high)


def test_three_people_who_differ_keep_the_wider_interval_of_people():
  correct, people = np.repeat([1, 0, 1], 10), np.repeat(['a', 'b', 'c'], 10)
  found = stats_lib.accuracy(correct, people)
  assert found == stats_lib.mean_interval(correct, people) and (found.low, found.high) == (0, 1)


def test_many_groups_are_taken_as_they_are():
  correct, groups = np.tile([1, 0], 40), np.repeat(np.arange(8), 10)
  assert stats_lib.accuracy(correct, groups) == stats_lib.mean_interval(correct, groups)


def test_one_group_has_no_interval():
  interval = stats_lib.accuracy([1, 0, 1], ['g', 'g', 'g'])
  assert interval.estimate == pytest.approx(2 / 3)
  assert math.isnan(interval.low) and math.isnan(interval.high) and not interval.clear_of_zero
  # As has a split with one group, whatever the others have.
  interval = stats_lib.mean_interval([1, 0, 1, 1], list('abcc'), [1, 1, 2, 2])
  assert interval.estimate == 0.75 and math.isnan(interval.low)


def test_nothing_is_refused():
  with pytest.raises(ValueError, match='received none'):
    stats_lib.accuracy([], [])


def test_a_group_of_other_splits_than_all_others_has_no_group_to_be_drawn_instead():
  # x is tested in both splits. It joins the larger part; nothing else changes.
  groups, splits = [*'abcx', *'defghx'], [1] * 4 + [2] * 6
  interval = stats_lib.mean_interval([1, 0, 1, 1, 0, 1, 1, 0, 1, 1], groups, splits)
  assert interval.estimate == pytest.approx((3 / 4 + 4 / 6) / 2)
  assert 0 < interval.low < interval.estimate < interval.high <= 1


# === Paired differences ===


def test_the_sign_flip_test_counts_all_flips():
  # Group differences 1, 1, 1, -1 (one video each): |sum| is 2 or more in 10 of 16 flips.
  difference = stats_lib.difference([1, 1, 1, 0], [0, 0, 0, 1], list('abcd'))
  assert difference.estimate == 0.5
  assert difference.p == pytest.approx(10 / 16)
  assert (difference.videos, difference.groups) == (4, 4)


def test_a_flip_covers_an_entire_group():
  # Six groups of five clips, all better: p is that of 6 flips, not of 30.
  groups = np.repeat(np.arange(6), 5)
  difference = stats_lib.difference(np.ones(30), np.zeros(30), groups)
  assert difference.p == pytest.approx(2 / 2**6)
  assert (difference.low, difference.high) == (1, 1)


def test_random_flips_never_give_zero():
  difference = stats_lib.difference(np.ones(40), np.zeros(40), np.arange(40), draws=999)
  assert difference.p == pytest.approx(2 / 1000)  # both sides have the observed one


def test_few_groups_that_differ_are_not_clear_of_zero():
  # Five of 200 groups, all one way: hardly a draw misses them all, yet coins do it 1 time in 16.
  first = np.zeros(200)
  first[:5] = 1
  difference = stats_lib.difference(first, np.zeros(200), np.arange(200))
  assert difference.low > 0 and difference.p == pytest.approx(2 / 2**5, abs=0.01)
  assert not difference.clear_of_zero
  first[:20] = 1
  assert stats_lib.difference(first, np.zeros(200), np.arange(200)).clear_of_zero


def test_conditions_that_are_alike_differ_by_nothing():
  correct, groups, _ = clustered(np.random.default_rng(1))
  difference = stats_lib.difference(correct, correct, groups)
  assert (difference.estimate, difference.low, difference.high, difference.p) == (0, 0, 0, 1)
  assert not difference.clear_of_zero


def test_flips_that_equal_the_observed_but_for_rounding_are_counted():
  gaps = np.array([3, 2, -3, -2]) / 3  # of three seeds; in floating point they do not sum to 0
  assert stats_lib.difference(gaps, np.zeros(4), np.arange(4)).p == 1


def test_the_sign_turns_with_the_order():
  rng = np.random.default_rng(2)
  first, groups, _ = clustered(rng)
  second = (first + (rng.random(len(first)) < 0.3)) % 2
  one = stats_lib.difference(first, second, groups)
  other = stats_lib.difference(second, first, groups)
  assert other.estimate == -one.estimate
  assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-12)
  assert other.p == pytest.approx(one.p, abs=1e-12)


def test_the_test_gives_false_alarms_as_often_as_it_says():
  rng = np.random.default_rng(3)
  alarms = 0
  for trial in range(200):
    first, groups, _ = clustered(rng, classes=3)
    second, _, _ = clustered(rng, classes=3)
    alarms += stats_lib.difference(first, second, groups, draws=199, seed=trial).p <= 0.05
  assert alarms / 200 <= 0.1


def test_holm_by_hand():
  # Sorted 0.01, 0.02, 0.03, 0.5: times 4, 3, 2, 1, never falling.
  assert stats_lib.holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
  assert stats_lib.holm([0.9, 0.8]) == [1, 1]
  assert stats_lib.holm([]) == []


def test_spread_of_seeds():
  assert stats_lib.spread([0.5, 0.6, 0.7]) == pytest.approx(
    (0.6, statistics.stdev([0.5, 0.6, 0.7]), 0.5, 0.7)
  )
  mean, deviation, low, high = stats_lib.spread([0.5])
  assert (mean, low, high) == (0.5, 0.5, 0.5) and math.isnan(deviation)


# === Coverage ===


def test_bins_hold_each_video_once():
  coverage = np.array([0.0, 0.1, 0.1, 0.2, 0.3, 0.4])
  found = stats_lib.bins(coverage, [0, 0, 1, 1, 1, 1], np.arange(6), [0, 0.1, 0.3, 0.4])
  assert [b.videos for b in found] == [1, 3, 2]
  assert [b.accuracy.estimate for b in found] == pytest.approx([0, 2 / 3, 1])
  assert [b.coverage for b in found] == pytest.approx([0, 0.4 / 3, 0.35])
  assert math.isnan(found[0].accuracy.low)  # one group


def test_an_empty_bin_is_left_out():
  found = stats_lib.bins([0.1, 0.9], [0, 1], [0, 1], [0, 0.5, 0.6, 1])
  assert [(b.low, b.high) for b in found] == [(0, 0.5), (0.6, 1)]


def test_edges_hold_equally_many():
  edges = stats_lib.quantile_edges(np.arange(101) / 100, 4)
  np.testing.assert_allclose(edges, [0, 0.25, 0.5, 0.75, 1])
  assert len(stats_lib.quantile_edges([0.2, 0.2, 0.2, 0.2, 0.9], 4)) < 5
