"""What follows from the rows of many videos: shares with intervals, by class, and by coverage.

Needs no TensorFlow: the report makes its tables of it, too.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import itertools
from typing import Any

import numpy as np

from i3d_tf.attribution import row_files
from i3d_tf.common import text
from i3d_tf.statistics import correlation
from i3d_tf.statistics import ratios
from i3d_tf.statistics import resampling
from i3d_tf.statistics import stats

_NUM_BINS = 4
EVERY_CLASS = 'all'  # in place of the name of a class
_STATISTIC = stats.Statistic(resampling.DRAWS, 0)


def of_rows(
  rows: Sequence[row_files.Row], statistic: stats.Statistic = _STATISTIC
) -> list[dict[str, Any]]:
  """Shares, areas and ratios of each target and method: over all videos, then by class.

  Videos without a person or a map are left out. Intervals are bootstrapped over groups.

  Args:
    rows: of one network and list.
    statistic: how intervals are drawn.

  Returns:
    Dicts of 'target', 'method', 'class' ('all' for every class), 'videos', 'share', 'area' and
    'ratio' with their bounds ('share_low', ...); NaN where there is no interval.
  """
  found = []
  for (target, method), chosen in _by_question(rows):
    of_class: dict[str, list[row_files.Row]] = {}
    for row in chosen:
      of_class.setdefault(row.class_name, []).append(row)
    parts = {EVERY_CLASS: chosen}
    parts |= dict(sorted(of_class.items())) if set(of_class) != {''} else {}
    found += [
      {'target': target, 'method': method, 'class': name, **_means(part, statistic)}
      for name, part in parts.items()
    ]
  return found


def _by_question(
  rows: Sequence[row_files.Row],
) -> list[tuple[tuple[str, str], list[row_files.Row]]]:
  """The rows that count, by (target, method) in the order in which they appear."""
  found: dict[tuple[str, str], list[row_files.Row]] = {}
  for row in rows:
    if row.counts:
      found.setdefault((row.target, row.method), []).append(row)
  return list(found.items())


def _arrays(rows: Sequence[row_files.Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Shares, areas and groups."""
  return (
    np.array([row.share for row in rows]),
    np.array([row.area for row in rows]),
    np.array([row.group for row in rows]),
  )


def _named(name: str, interval: stats.Interval) -> dict[str, float]:
  return stats.named(name, (interval.estimate, interval.low, interval.high))


def _means(rows: Sequence[row_files.Row], statistic: stats.Statistic) -> dict[str, Any]:
  shares, areas, groups = _arrays(rows)
  drawn = dataclasses.asdict(statistic)
  return {
    'videos': len(rows),
    **_named('share', stats.mean_interval(shares, groups, **drawn)),
    **_named('area', stats.mean_interval(areas, groups, **drawn)),
    **_named('ratio', ratios.ratio_interval(shares, areas, groups, **drawn)),
  }


def correlations(
  rows: Sequence[row_files.Row], statistic: stats.Statistic = _STATISTIC
) -> list[dict[str, Any]]:
  """What goes with the share: rank correlations over videos, with intervals over groups.

  'coverage, share' and 'coverage, ratio' are with the area that the person covers (the paper's
  claim about the distance of the camera); 'share, lost' is of the share with the probability that
  the class loses when the person is replaced; 'ratio, lost' of the ratio.

  Args:
    rows, statistic: as in `of_rows`.

  Returns:
    Dicts of 'target', 'method', 'of', 'videos', 'rho', 'rho_low', 'rho_high' and 'p'.
  """
  found = []
  for (target, method), chosen in _by_question(rows):
    shares, areas, groups = _arrays(chosen)
    lost = np.array([row.probability - row.without_person for row in chosen])
    pairs = {
      'coverage, share': (areas, shares),
      'coverage, ratio': (areas, shares / areas),
      'share, lost': (shares, lost),
      'ratio, lost': (shares / areas, lost),
    }
    for name, (x, y) in pairs.items():
      c = correlation.rank_correlation(x, y, groups, **dataclasses.asdict(statistic))
      found.append(
        {
          'target': target,
          'method': method,
          'of': name,
          'videos': c.points,
          **_named('rho', c),
          'p': c.p,
        }
      )
  return found


def by_coverage(
  rows: Sequence[row_files.Row], statistic: stats.Statistic = _STATISTIC
) -> list[dict[str, Any]]:
  """Shares and ratios in bins of how much the person covers, of equal numbers of videos.

  Args:
    rows, statistic: as in `of_rows`.

  Returns:
    Dicts of 'target', 'method', 'from', 'to' (shares of the area), and the means as in `of_rows`.
  """
  found = []
  for (target, method), chosen in _by_question(rows):
    areas = np.array([row.area for row in chosen])
    edges = stats.quantile_edges(areas, _NUM_BINS)
    for low, high in itertools.pairwise(edges):
      inside = [row for row in chosen if low <= row.area < high or (high == edges[-1] == row.area)]
      if inside:
        bounds = {'from': float(low), 'to': float(high)}
        found.append({'target': target, 'method': method, **bounds, **_means(inside, statistic)})
  return found


def left_out(rows: Sequence[row_files.Row]) -> dict[str, list[str]]:
  """The videos without a person, and those of which some map is 0 everywhere."""
  without = dict.fromkeys(row.video for row in rows if not row.area)
  empty = dict.fromkeys(row.video for row in rows if row.area and np.isnan(row.share))
  return {'no_person': list(without), 'empty_map': list(empty)}


def of_checks(rows: Sequence[row_files.CheckRow]) -> list[row_files.CheckRow]:
  """The mean over videos of each check, in the order in which they appear.

  Returns:
    Dicts of 'check', 'method', 'what', 'value' and 'videos', the number of values that are not
    NaN.
  """
  found: dict[tuple[str, str, str], list[float]] = {}
  for row in rows:
    values = found.setdefault((row['check'], row['method'], row['what']), [])
    if not np.isnan(row['value']):
      values.append(row['value'])
  return [
    {
      **dict(zip(('check', 'method', 'what'), key)),
      'value': float(np.mean(values)) if values else float('nan'),
      'videos': len(values),
    }
    for key, values in found.items()
  ]


# === Text ===


def describe(rows: Sequence[row_files.Row]) -> str:
  """The shares over all videos and by class as text."""
  tables = of_rows(rows)
  width = max([22, *(len(t['class']) + 2 for t in tables)])
  lines = []
  for key, of_question in itertools.groupby(tables, lambda t: (t['target'], t['method'])):
    lines.append(f'\n{key[1]}, class: {key[0]}')
    lines.append(f'  {"":<{width}}{"videos":>7}{"share on the person":>28}{"area":>8}{"ratio":>24}')
    for t in of_question:
      lines.append(
        f'  {t["class"]:<{width}}{t["videos"]:>7}{_range(t, "share"):>28}{t["area"]:>8.3f}'
        f'{_range(t, "ratio", 2):>24}'
      )
  for c in correlations(rows):
    if not np.isnan(c['rho']):
      lines.append(
        f'{c["method"]}, class {c["target"]}: rank correlation of {WORDS[c["of"]]} '
        f'{_range(c, "rho", 2)} over {text.count(c["videos"], "video")}'
      )
  for name, videos in left_out(rows).items():
    if videos:
      why = {'no_person': 'no person', 'empty_map': 'a map that is 0 everywhere'}[name]
      lines.append(f'left out: {text.count(len(videos), "video")} with {why}, such as {videos[0]}')
  return '\n'.join(lines).strip()


# What correlates with what, in words that follow "rank correlation of".
WORDS = {
  'coverage, share': "the person's area with the share",
  'coverage, ratio': "the person's area with the ratio",
  'share, lost': 'the share with the probability that is lost without the person',
  'ratio, lost': 'the ratio with the probability that is lost without the person',
}


def _range(values: Mapping[str, Any], name: str, digits: int = 3) -> str:
  estimate, low, high = (values[key] for key in (name, f'{name}_low', f'{name}_high'))
  shown = f'{estimate:.{digits}f}'
  return shown if np.isnan(low) else f'{shown} ({low:.{digits}f} to {high:.{digits}f})'


def describe_checks(found: Sequence[row_files.CheckRow], area: float) -> str:
  """The means of the checks as text.

  Args:
    found: as `of_checks` returns them.
    area: the mean area of the person in the same videos.
  """
  lines = []
  for method in dict.fromkeys(row['method'] for row in found if row['check'] == 'randomised'):
    shares = [r for r in found if (r['check'], r['method']) == ('randomised', method)]
    lines.append(
      f'check, {method}: the share as weights are randomised from the top '
      f'({text.count(shares[0]["videos"], "video")}; it must fall to the area, {area:.3f}): '
      + ', '.join(f'{r["what"]} {r["value"]:.3f}' for r in shares)
    )
  for name, better in (('deletion', 'lower'), ('insertion', 'higher')):
    scores = [r for r in found if r['check'] == name]
    if scores:
      lines.append(
        f'check: {name} score ({better} is better): '
        + ', '.join(f'{r["method"]} {r["value"]:.3f}' for r in scores)
      )
  for r in found:
    if r['check'] == 'agreement':
      lines.append(
        f'check: rank agreement of {r["method"]} with {r["what"]}: {r["value"]:.2f} '
        f'({text.count(r["videos"], "video")})'
      )
  return '\n'.join(lines)
