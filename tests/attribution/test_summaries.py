"""What follows from the rows of many videos."""

import numpy as np
import pytest

from i3d_tf.attribution import row_files
from i3d_tf.attribution import summaries
from i3d_tf.statistics import ratios
from i3d_tf.statistics import stats


def row(number, share, area, lost=0.0, class_name='A', method='gradcam'):
  group = f'{class_name}/g{number // 2:02d}'
  values = ('predicted', 'Run', method, share, area, 0.9, 0.9 - lost, 0.4, True, 65)
  return row_files.Row(f'{class_name}/{number}.avi', class_name, group, *values)


def rows(count=8):
  """Shares that rise with the area, and losses that rise with the share."""
  return [row(n, 0.2 + 0.05 * n, 0.1 + 0.02 * n, 0.1 * n, 'AB'[n % 4 == 3]) for n in range(count)]


def test_shares_areas_and_ratios_with_their_intervals():
  given = rows()
  overall, first, second = summaries.of_rows(given)
  shares, areas = (np.array([getattr(r, name) for r in given]) for name in ('share', 'area'))
  groups = np.array([r.group for r in given])
  interval = stats.mean_interval(shares, groups)
  assert (overall['class'], overall['videos']) == ('all', 8)
  assert overall['share'] == pytest.approx(shares.mean())
  assert (overall['share_low'], overall['share_high']) == (interval.low, interval.high)
  ratio = ratios.ratio_interval(shares, areas, groups)
  assert overall['ratio'] == pytest.approx(shares.sum() / areas.sum())
  assert overall['ratio_low'] == ratio.low and ratio.low < overall['ratio'] < ratio.high
  assert [(t['class'], t['videos']) for t in (first, second)] == [('A', 6), ('B', 2)]


def test_videos_without_a_person_or_a_map_are_left_out_and_listed():
  more = [row(8, 0.0, 0.0), row(9, float('nan'), 0.2)]
  assert summaries.of_rows(rows() + more) == summaries.of_rows(rows())
  assert summaries.left_out(rows() + more) == {'no_person': ['A/8.avi'], 'empty_map': ['A/9.avi']}
  text = summaries.describe(rows() + more)
  assert 'left out: 1 video with no person, such as A/8.avi' in text
  assert summaries.of_rows(more) == [] and summaries.correlations(more) == []


def test_rank_correlations_with_coverage_and_with_what_is_lost():
  found = {c['of']: c for c in summaries.correlations(rows())}
  assert found['coverage, share']['rho'] == pytest.approx(1)
  assert found['share, lost']['rho'] == pytest.approx(1)
  assert found['coverage, share']['videos'] == 8
  assert found['coverage, share']['rho_low'] <= 1 <= found['coverage, share']['rho_high'] + 1e-9
  falling = [row(n, 0.2, 0.1 + 0.1 * n, 0.8 - 0.1 * n) for n in range(6)]
  found = {c['of']: c for c in summaries.correlations(falling)}
  assert np.isnan(found['coverage, share']['rho'])
  assert found['coverage, ratio']['rho'] == pytest.approx(-1)
  assert found['ratio, lost']['rho'] == pytest.approx(1)


def test_bins_of_coverage_have_each_video_once():
  found = summaries.by_coverage(rows())
  assert [b['videos'] for b in found] == [2, 2, 2, 2]
  assert found[0]['share'] == pytest.approx(0.225) and found[-1]['to'] == pytest.approx(0.24)


def test_methods_are_told_apart():
  both = rows() + [row(n, 0.5, 0.25, method='occlusion') for n in range(4)]
  found = summaries.of_rows(both)
  assert [(t['method'], t['class']) for t in found] == [
    *(('gradcam', name) for name in ('all', 'A', 'B')),
    *(('occlusion', name) for name in ('all', 'A')),
  ]
  text = summaries.describe(both)
  assert 'gradcam, class: predicted' in text and 'occlusion, class: predicted' in text
  assert '0.375 (0.' in text and ' 2.00 (2.00 to 2.00)' in text


def test_the_text_of_the_checks():
  made = [
    {'check': 'randomised', 'method': 'gradcam', 'what': what, 'value': value}
    for what, value in ((row_files.TRAINED, 0.6), ('Logits', 0.3))
  ]
  made += [
    {'check': 'deletion', 'method': 'gradcam', 'what': '', 'value': 0.1},
    {'check': 'deletion', 'method': row_files.NOTHING, 'what': '', 'value': 0.4},
    {'check': 'agreement', 'method': 'gradcam', 'what': 'ig', 'value': 0.5},
  ]
  text = summaries.describe_checks(summaries.of_checks(made), 0.2)
  assert 'it must fall to the area, 0.200): as trained 0.600, Logits 0.300' in text
  assert 'deletion score (lower is better): gradcam 0.100, random order 0.400' in text
  assert 'rank agreement of gradcam with ig: 0.50 (1 video)' in text


def test_means_leave_out_what_there_is_not():
  row = lambda value, what='x': {'check': 'c', 'method': 'm', 'what': what, 'value': value}
  found = summaries.of_checks([row(1.0), row(float('nan')), row(3.0), row(float('nan'), 'y')])
  assert found[0] == {**row(2.0), 'videos': 2}
  assert found[1]['videos'] == 0 and np.isnan(found[1]['value'])
