"""The tables of what answers rest on: shares, by class and by person coverage, and the checks.

Every number follows from the rows that `explain` wrote. Shares and areas are in per cent.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
from typing import Any

import numpy as np

from i3d_tf.attribution import row_files
from i3d_tf.attribution import summaries
from i3d_tf.common import text
from i3d_tf.reporting import table
from i3d_tf.reporting.explanations import load
from i3d_tf.statistics import stats

Column = table.Column

# Keys that summaries give as fractions.
_PERCENT = ('share', 'area', 'from', 'to')


@dataclasses.dataclass(frozen=True)
class Tables:
  """The tables of explanations; the key 'of' of each row is the name of an explanation.

  Attributes:
    shares: over all videos.
    classes: by class.
    coverage: by how much the person covers.
    correlations: what goes with the share.
    randomised: the share as weights are randomised from the top.
    curves: deletion and insertion.
    agreement: how much two methods agree.
  """

  shares: table.Table
  classes: table.Table
  coverage: table.Table
  correlations: table.Table
  randomised: table.Table
  curves: table.Table
  agreement: table.Table

  @property
  def all(self) -> tuple[table.Table, ...]:
    """All tables, in the order of the page."""
    return tuple(getattr(self, field.name) for field in dataclasses.fields(self))


def make(explanations: Sequence[load.Explanation], statistic: stats.Statistic) -> Tables:
  """Makes all tables.

  Args:
    explanations: at least one.
    statistic: how intervals are drawn.
  """
  means = _rows(explanations, lambda e: summaries.of_rows(e.rows, statistic))
  several = len(explanations) > 1
  return Tables(
    _shares([row for row in means if row['class'] == summaries.EVERY_CLASS], explanations),
    _classes([row for row in means if row['class'] != summaries.EVERY_CLASS], several),
    _coverage(_rows(explanations, lambda e: summaries.by_coverage(e.rows, statistic)), several),
    _correlations(_rows(explanations, lambda e: _correlated(e, statistic)), explanations),
    _randomised(explanations),
    _curves(explanations),
    _agreement(explanations),
  )


def _rows(
  explanations: Iterable[load.Explanation],
  summary: Callable[[load.Explanation], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
  """The rows of a summary of each explanation, fractions in per cent."""
  return [
    {'of': e.name, **{key: _in_percent(key, value) for key, value in row.items()}}
    for e in explanations
    for row in summary(e)
  ]


def _in_percent(key: str, value: Any) -> Any:
  return 100 * value if key.removesuffix('_low').removesuffix('_high') in _PERCENT else value


def _name(several: bool) -> Column:
  """The column of the explanation, which is shown if there are several."""
  return Column('of', 'Network, list', 'name', in_csv_only=not several)


def _of(several: bool) -> tuple[Column, ...]:
  """The columns that say of what a row is."""
  return (
    _name(several),
    Column('target', 'Class explained', 'name'),
    Column('method', 'Method', 'name'),
  )


_MEANS = (
  Column('videos', 'Videos', 'count'),
  Column('share', 'Share on the person, %', 'percent'),
  Column('share', '95% interval', 'percent_range'),
  Column('area', 'Area, %', 'percent'),
  Column('area', '95% interval', 'percent_range', in_csv_only=True),
  Column('ratio', 'Ratio', 'ratio'),
  Column('ratio', '95% interval', 'ratio_range'),
)


def _shares(
  rows: Sequence[dict[str, Any]], explanations: Sequence[load.Explanation]
) -> table.Table:
  return table.Table(
    'explained_shares',
    'Share of the maps on the person, next to the area that the person covers',
    (*_of(len(explanations) > 1), *_MEANS),
    tuple(rows),
    _left_out(explanations),
  )


def _left_out(explanations: Iterable[load.Explanation]) -> str:
  """How many videos are left out, in sentences; '' if none."""
  found = []
  words = {'no_person': 'no person was found', 'empty_map': 'a map is 0 everywhere'}
  for e in explanations:
    for why, videos in summaries.left_out(e.rows).items():
      if videos:
        count = text.count(len(videos), 'video')
        found.append(f'{count} of {e.name} in which {words[why]}, such as {videos[0]}')
  return f'Left out: {"; ".join(found)}.' if found else ''


def _classes(rows: Sequence[dict[str, Any]], several: bool) -> table.Table:
  return table.Table(
    'explained_classes',
    'Share of the maps on the person by class of the videos',
    (*_of(several), Column('class', 'Class'), *_MEANS),
    tuple(rows),
  )


def _coverage(rows: Sequence[dict[str, Any]], several: bool) -> table.Table:
  bounds = (Column('from', 'Person covers from, %', 'percent'), Column('to', 'to, %', 'percent'))
  return table.Table(
    'explained_coverage',
    'Share of the maps on the person by how much the person covers',
    (*_of(several), *bounds, *_MEANS),
    tuple(rows),
  )


def _correlated(e: load.Explanation, statistic: stats.Statistic) -> list[dict[str, Any]]:
  """The correlations of an explanation; the key 'what' has what correlates, in words."""
  found = []
  for row in summaries.correlations(e.rows, statistic):
    name = row.pop('of')
    found.append({**row, 'what': summaries.WORDS[name]})
  return found


def _correlations(
  rows: Sequence[dict[str, Any]], explanations: Sequence[load.Explanation]
) -> table.Table:
  fills = sorted({e.fill for e in explanations} - {''})
  shown = f' (replaced by: {", ".join(fills)})' if fills else ''
  columns = (
    *_of(len(explanations) > 1),
    Column('what', 'Rank correlation of'),
    Column('videos', 'Videos', 'count'),
    Column('rho', 'Spearman’s ρ', 'correlation'),
    Column('rho', '95% interval', 'correlation_range'),
    Column('p', 'p', 'p'),
  )
  return table.Table(
    'explained_correlations',
    'What goes with the share: the area of the person, and what masking takes away',
    columns,
    tuple(rows),
    f'Lost is the probability of the class with the person, minus that without{shown}.',
  )


# === Checks ===


def _check_rows(
  explanations: Sequence[load.Explanation], *names: str
) -> Iterator[tuple[load.Explanation, row_files.CheckRow]]:
  """The means over videos of some checks of each explanation."""
  for e in explanations:
    for row in summaries.of_checks(e.checks):
      if row['check'] in names:
        yield e, row


def _checked_area(e: load.Explanation, method: str) -> float:
  """The mean area of the person in the videos that were checked, in per cent."""
  checked = {row['video'] for row in e.checks}
  areas = {row.video: row.area for row in e.rows if row.video in checked and row.method == method}
  return 100 * float(np.mean(list(areas.values()))) if areas else float('nan')


_CHECKED = Column('videos', 'Videos', 'count')


def _randomised(explanations: Sequence[load.Explanation]) -> table.Table:
  rows = [
    {
      'of': e.name,
      'method': row['method'],
      'stage': row['what'],
      'share': 100 * row['value'],
      'area': _checked_area(e, row['method']),
      'videos': row['videos'],
    }
    for e, row in _check_rows(explanations, 'randomised')
  ]
  columns = (
    _name(len(explanations) > 1),
    Column('method', 'Method', 'name'),
    Column('stage', 'Randomised down to', 'name'),
    Column('share', 'Share on the person, %', 'percent'),
    Column('area', 'Area, %', 'percent'),
    _CHECKED,
  )
  return table.Table(
    'explained_randomised',
    'Weights randomised from the top: the share must fall to the area',
    columns,
    tuple(sorted(rows, key=_by_explanation_and_method(explanations, rows))),
  )


def _by_explanation_and_method(
  explanations: Sequence[load.Explanation], rows: Sequence[dict[str, Any]]
) -> Callable[[dict[str, Any]], tuple[int, int]]:
  """Sorts rows by explanation and method, each in the order in which it appears."""
  names = [e.name for e in explanations]
  methods = list(dict.fromkeys(row['method'] for row in rows))
  return lambda row: (names.index(row['of']), methods.index(row['method']))


def _curves(explanations: Sequence[load.Explanation]) -> table.Table:
  found: dict[tuple[str, str], dict[str, Any]] = {}
  for e, row in _check_rows(explanations, 'deletion', 'insertion'):
    of_method = found.setdefault((e.name, row['method']), {'of': e.name, 'method': row['method']})
    of_method[row['check']] = 100 * row['value']
    of_method['videos'] = row['videos']
  columns = (
    _name(len(explanations) > 1),
    Column('method', 'Order of', 'name'),
    Column('deletion', 'Deletion, % (lower is better)', 'percent'),
    Column('insertion', 'Insertion, % (higher is better)', 'percent'),
    _CHECKED,
  )
  return table.Table(
    'explained_curves',
    'Mean probability as what the map calls important is deleted, or inserted, first',
    columns,
    tuple(found.values()),
  )


def _agreement(explanations: Sequence[load.Explanation]) -> table.Table:
  rows = tuple(
    {
      'of': e.name,
      'method': row['method'],
      'other': row['what'],
      'rho': row['value'],
      'videos': row['videos'],
    }
    for e, row in _check_rows(explanations, 'agreement')
  )
  columns = (
    _name(len(explanations) > 1),
    Column('method', 'Method', 'name'),
    Column('other', 'and', 'name'),
    Column('rho', 'Spearman’s ρ', 'correlation'),
    _CHECKED,
  )
  return table.Table(
    'explained_agreement', 'Agreement of two methods’ maps of a video, mean', columns, rows
  )
