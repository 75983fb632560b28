"""Figures of what answers rest on: the share against the person's area, and randomised weights."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.reporting import figures
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting.explanations import load
from i3d_tf.reporting.explanations import tables as tables_lib

# {method: (color, marker)}, the same in all figures; colors of Okabe and Ito.
_STYLES = {
  'gradcam': ('#0072b2', 'o'),
  'smoothgrad': ('#d55e00', 's'),
  'ig': ('#009e73', '^'),
  'occlusion': ('#cc79a7', 'D'),
}


def target_of(explanation: load.Explanation) -> str:
  """The class whose maps figures show, as it was asked for: the first of the file."""
  return explanation.rows[0].target


def shares(explanation: load.Explanation, tables: tables_lib.Tables) -> figure_lib.Figure | None:
  """Draws the shares of an explanation, one point per video, means of bins with 95% intervals.

  a) against the area that the person covers; b) their ratio against it; c) against the probability
  that the class loses without the person.

  Args:
    explanation: what is drawn, of the class `target_of`.
    tables: made from it, among others.

  Returns:
    The figure; None if no video has a person and a map.
  """
  target = target_of(explanation)
  by_method: dict[str, list[Any]] = {}
  for row in explanation.rows:
    if row.target == target and row.counts:
      by_method.setdefault(row.method, []).append(row)
  if not by_method:
    return None
  bins: dict[str, list[Any]] = {}
  for of_bin in tables.coverage.rows:
    if (of_bin['of'], of_bin['target']) == (explanation.name, target):
      bins.setdefault(of_bin['method'], []).append(of_bin)
  with figures.look():
    figure = figure_lib.Figure((figures.PAGE, 2.6), layout='constrained')
    left, middle, right = figure.subplots(1, 3)
    for method, rows in by_method.items():
      areas = 100 * np.array([row.area for row in rows])
      on_person = 100 * np.array([row.share for row in rows])
      lost = 100 * np.array([row.probability - row.without_person for row in rows])
      _points(left, method, areas, on_person)
      _points(middle, method, areas, on_person / areas)
      _points(right, method, on_person, lost)
      for axis, key in ((left, 'share'), (middle, 'ratio')):
        _means(axis, method, bins.get(method, ()), key)
    most = max(row.area for rows in by_method.values() for row in rows)
    _finish_shares(left, middle, right, 100 * most)
    figure.legend(
      *left.get_legend_handles_labels(), loc='outside lower center', ncols=5, handlelength=2
    )
  return figure


def _points(axis: Any, method: str, x: np.ndarray, y: np.ndarray) -> None:
  """Draws one pale point per video."""
  color, marker = _STYLES.get(method, (figures.SOFT, 'o'))
  axis.plot(x, y, linestyle='', color=color, marker=marker, markersize=2.5, alpha=0.45, mew=0)


def _means(axis: Any, method: str, rows: Sequence[Mapping[str, Any]], key: str) -> None:
  """Draws the means of bins with their intervals."""
  color, marker = _STYLES.get(method, (figures.SOFT, 'o'))
  axis.errorbar(
    [row['area'] for row in rows],
    [row[key] for row in rows],
    yerr=figures.error_bars(rows, key),
    color=color,
    marker=marker,
    markersize=4,
    elinewidth=0.8,
    label=method,
  )


def _finish_shares(left: Any, middle: Any, right: Any, most: float) -> None:
  """Adds titles, axes and what a map that knows nothing has."""
  nothing = {'color': figures.SOFT, 'linestyle': ':', 'linewidth': 1}
  left.plot([0, 100], [0, 100], **nothing, label='a map that knows nothing')
  middle.axhline(1, **nothing)
  right.axhline(0, color=figures.SOFT, linewidth=0.6)
  left.set_title('a) share and area', loc='left')
  middle.set_title('b) ratio and area', loc='left')
  right.set_title('c) masking and share', loc='left')
  for axis in (left, middle):
    axis.set_xlabel('Person covers, % of the area')
    axis.set_xlim(0, min(100, 1.08 * most))
  left.set_ylabel('Share of the map on the person, %')
  left.set_ylim(0, 100)
  middle.set_ylabel('Share over area')
  middle.set_ylim(bottom=0)
  right.set_xlabel('Share of the map on the person, %')
  right.set_ylabel('Lost without the person, points')
  right.set_xlim(0, 100)
  right.set_ylim(min(-5, right.get_ylim()[0]), 105)  # some gain
  for axis in (left, middle, right):
    axis.grid()


def randomised(name: str, table: table_lib.Table) -> figure_lib.Figure | None:
  """Draws the share of each method as weights are randomised from the top.

  Args:
    name: of the explanation.
    table: `Tables.randomised`.

  Returns:
    The figure; None if the check was not made.
  """
  by_method: dict[str, list[Any]] = {}
  for row in table.rows:
    if row['of'] == name:
      by_method.setdefault(row['method'], []).append(row)
  if not by_method:
    return None
  stages = list(dict.fromkeys(row['stage'] for rows in by_method.values() for row in rows))
  with figures.look():
    figure = figure_lib.Figure((figures.COLUMN, 2.3), layout='constrained')
    axis = figure.subplots()
    for method, rows in by_method.items():
      color, marker = _STYLES.get(method, (figures.SOFT, 'o'))
      x = [stages.index(row['stage']) for row in rows]
      axis.plot(
        x, [row['share'] for row in rows], color=color, marker=marker, markersize=3.5, label=method
      )
    area = next(iter(by_method.values()))[0]['area']
    axis.axhline(area, color=figures.SOFT, linestyle=':', linewidth=1, label='area of the person')
    axis.set_xticks(range(len(stages)), stages, rotation=30, ha='right')
    axis.set_ylim(bottom=0)
    axis.set_ylabel('Share on the person, %')
    axis.grid(axis='y')
    figure.legend(*axis.get_legend_handles_labels(), loc='outside upper center', ncols=3)
  return figure
