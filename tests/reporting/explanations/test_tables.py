"""The tables follow from the rows, as explain itself summarises them."""

import dataclasses

import numpy as np
import pytest
from scipy import stats as scipy_stats

from i3d_tf.attribution import summaries
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting.explanations import load
from i3d_tf.reporting.explanations import tables
from i3d_tf.statistics import stats
from tests.reporting.explanations import written

STATISTIC = stats.Statistic(200, 3)


def explanation(folder, name='N, test1', **kwargs):
  ((found,), problems) = load.find('', [written.write(folder, **kwargs)])
  assert not problems
  return dataclasses.replace(found, name=name)


@pytest.fixture(scope='module', name='one')
def _one(tmp_path_factory):
  return explanation(tmp_path_factory.mktemp('explained'))


@pytest.fixture(scope='module', name='made')
def _made(one):
  return tables.make([one], STATISTIC)


def test_shares_are_those_of_explain_in_per_cent(made):
  expected = summaries.of_rows(written.rows(), STATISTIC)
  found = (*made.shares.rows, *made.classes.rows)
  assert len(made.shares.rows) == len(written.METHODS) * len(written.TARGETS)
  assert len(found) == len(expected)
  for row in found:
    (of,) = [
      e for e in expected if all(e[key] == row[key] for key in ('target', 'method', 'class'))
    ]
    assert row['of'] == 'N, test1' and row['videos'] == of['videos']
    for key in ('share', 'share_low', 'area_high'):
      assert row[key] == pytest.approx(100 * of[key])
    assert (row['ratio'], row['ratio_low']) == (of['ratio'], of['ratio_low'])
  first = made.shares.rows[0]
  shares = [written.share(n, 'gradcam') for n in range(written.VIDEOS)]
  assert first['share'] == pytest.approx(100 * np.mean(shares))
  assert first['share_low'] < first['share'] < first['share_high']


def test_draws_and_seed_decide_the_intervals(one, made):
  other = tables.make([one], stats.Statistic(200, 4))
  assert other.shares.rows[0]['share'] == made.shares.rows[0]['share']
  assert other.shares.rows[0]['share_low'] != made.shares.rows[0]['share_low']
  assert other.correlations.rows[2]['rho_low'] != made.correlations.rows[2]['rho_low']


def test_bins_of_coverage_are_in_per_cent(made):
  rows = [r for r in made.coverage.rows if (r['target'], r['method']) == ('true', 'gradcam')]
  assert sum(row['videos'] for row in rows) == written.VIDEOS
  expected = summaries.by_coverage(written.rows(), STATISTIC)
  assert [row['share_high'] for row in made.coverage.rows] == pytest.approx(
    [100 * of['share_high'] for of in expected], nan_ok=True
  )
  assert rows[0]['from'] == pytest.approx(100 * written.area(0))
  assert rows[-1]['to'] == pytest.approx(100 * written.area(written.VIDEOS - 1))
  for row in rows:
    assert row['from'] <= row['area'] <= row['to'] and row['ratio'] == pytest.approx(2)


def test_correlations_say_of_what(made):
  rows = {r['what']: r for r in made.correlations.rows if r['method'] == 'gradcam'}
  assert rows["the person's area with the share"]['rho'] == pytest.approx(1)
  lost = rows['the share with the probability that is lost without the person']
  expected = scipy_stats.spearmanr(
    *zip(*((written.share(n, 'gradcam'), written.lost(n)) for n in range(written.VIDEOS)))
  )
  assert lost['rho'] == pytest.approx(expected.statistic) and lost['of'] == 'N, test1'
  assert 'minus that without (replaced by: blur).' in made.correlations.note


def test_checks_are_means_over_the_videos_that_were_checked(made):
  area = 100 * np.mean([written.area(0), written.area(1)])
  rows = made.randomised.rows
  assert [(r['method'], r['stage']) for r in rows] == [
    (method, stage) for method in written.METHODS for stage in written.STAGES
  ]
  assert [r['share'] for r in rows[:3]] == pytest.approx([60, 30, 10])
  assert all(r['area'] == pytest.approx(area) and r['videos'] == 2 for r in rows)
  curves = {row['method']: row for row in made.curves.rows}
  assert list(curves) == [*written.METHODS, 'random order']
  assert curves['gradcam']['deletion'] == pytest.approx(10)
  assert curves['random order']['insertion'] == pytest.approx(30)
  (agreement,) = made.agreement.rows
  assert (agreement['method'], agreement['other']) == written.METHODS
  assert (agreement['rho'], agreement['videos']) == (0.5, 1)


def test_what_is_left_out_is_said(tmp_path):
  found = explanation(tmp_path, given=written.rows(without_person=(0, 3)))
  made = tables.make([found], STATISTIC)
  assert made.shares.rows[0]['videos'] == written.VIDEOS - 2
  assert made.shares.note == (
    'Left out: 2 videos of N, test1 in which no person was found, such as A/0.avi.'
  )


def test_several_are_told_apart(one, tmp_path):
  rows = [row for row in written.rows() if row.target == 'true']
  other = explanation(tmp_path, 'M, test1', given=rows, with_checks=False)
  made = tables.make([one, other], STATISTIC)
  assert [row['of'] for row in made.shares.rows] == ['N, test1'] * 4 + ['M, test1'] * 2
  assert {row['of'] for row in made.randomised.rows} == {'N, test1'}
  alone = tables.make([other], STATISTIC)
  heading = 'Network, list'
  assert heading in [c.heading for c in table_lib.view(made.shares).columns]
  assert heading not in [c.heading for c in table_lib.view(alone.shares).columns]
  assert table_lib.to_csv(alone.shares).startswith('of,target,method,videos,share,share_low,')
  assert not alone.randomised.rows and not alone.curves.rows and not alone.agreement.rows
