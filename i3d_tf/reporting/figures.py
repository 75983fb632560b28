"""The figures of the report, drawn from its tables at the column widths of a paper.

Each is a `matplotlib.figure.Figure`, which `save` writes as SVG and PNG. Except for the paper's
cyan and magenta, the colors are those of Okabe and Ito, which color-blind readers can
distinguish.
"""

from collections.abc import Iterator, Sequence
import contextlib
import io
import os
from typing import Any

import matplotlib
from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.common import files
from i3d_tf.inputs import treatments
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib

COLUMN, PAGE = 3.35, 6.9  # inches
TESTED, MISCLASSIFIED = '#4fd6e0', '#c2107f'  # the paper's cyan and magenta
INK, SOFT = '#1b1b1f', '#6a6a72'
_RULE = '#d4d4da'
_BLUE, _ORANGE = '#0072b2', '#d55e00'
# {row: (color, marker)}, the same in all figures
_STYLES = {
  '1b-rgb': ('#000000', 'o'),
  '2a': (_ORANGE, 'v'),
  '2b': (_BLUE, '^'),
  '3a': ('#e69f00', 'v'),
  '3b': ('#56b4e9', '^'),
}
FEW_CLASSES = 20  # figures have room for the names of at most so many classes
_LOOK = {
  'font.family': 'sans-serif',
  'font.sans-serif': ['DejaVu Sans'],
  'font.size': 7,
  'axes.titlesize': 7,
  'axes.labelsize': 7,
  'xtick.labelsize': 6,
  'ytick.labelsize': 6,
  'legend.fontsize': 6,
  'axes.linewidth': 0.6,
  'axes.edgecolor': SOFT,
  'axes.labelcolor': INK,
  'text.color': INK,
  'xtick.color': SOFT,
  'ytick.color': SOFT,
  'xtick.labelcolor': INK,
  'ytick.labelcolor': INK,
  'xtick.major.width': 0.6,
  'ytick.major.width': 0.6,
  'xtick.major.size': 2.5,
  'ytick.major.size': 2.5,
  'axes.spines.top': False,
  'axes.spines.right': False,
  'axes.axisbelow': True,
  'grid.color': _RULE,
  'grid.linewidth': 0.4,
  'legend.frameon': False,
  'lines.linewidth': 1.2,
  'savefig.bbox': 'tight',
  'savefig.pad_inches': 0.03,
  'svg.hashsalt': 'i3d_tf',
}


def save(figure: figure_lib.Figure, folder: str, name: str, dpi: int = 200) -> None:
  """Writes {name}.svg and {name}.png, each atomically; equal figures give equal bytes."""
  for suffix, metadata in (('svg', {'Date': None, 'Creator': None}), ('png', {'Software': None})):
    content = io.BytesIO()
    with look():
      figure.savefig(content, format=suffix, dpi=dpi, metadata=metadata)
    with files.replacing(os.path.join(folder, f'{name}.{suffix}')) as temporary:
      with open(temporary, 'wb') as f:
        f.write(content.getvalue())


@contextlib.contextmanager
def look() -> Iterator[None]:
  """A context in which figures have the typography of the report."""
  with matplotlib.rc_context(_LOOK):
    yield


# === Accuracies, differences ===


def accuracies(tables: tables_lib.Tables, with_published: bool) -> figure_lib.Figure:
  """Draws the accuracies of all rows with their 95% intervals.

  Args:
    tables: the tables of the report.
    with_published: whether to draw the published accuracies, too.
  """
  rows = [row for row in tables.rows.rows if row.get('accuracy') is not None]
  with look():
    figure = figure_lib.Figure((COLUMN, 0.55 + 0.19 * len(rows)), layout='constrained')
    axis = figure.subplots()
    positions = np.arange(len(rows))[::-1]
    middle = np.array([row['accuracy'] for row in rows])
    axis.errorbar(
      middle,
      positions,
      xerr=error_bars(rows, 'accuracy'),
      fmt='o',
      color=_BLUE,
      markersize=3.5,
      elinewidth=1,
      label='ours',
    )
    if with_published:
      published = [
        (row['published'], position)
        for row, position in zip(rows, positions)
        if row.get('published') is not None
      ]
      axis.plot(
        *zip(*published),
        linestyle='',
        marker='D',
        markersize=4,
        color=_ORANGE,
        fillstyle='none',
        label='published (UCF101)',
      )
    _name_rows(axis, positions, [row['row'] for row in rows])
    axis.set_xlim(-2, 102)
    axis.set_xlabel('Accuracy, mean of splits, %; 95% interval')
    if with_published:
      figure.legend(*axis.get_legend_handles_labels(), loc='outside upper center', ncols=2)
  return figure


def differences(table: table_lib.Table) -> figure_lib.Figure:
  """Draws a forest plot of the differences, the paper's orderings first.

  Args:
    table: `Tables.differences`, with at least one row.
  """
  rows = table.rows
  with look():
    figure = figure_lib.Figure((PAGE, 0.5 + 0.21 * len(rows)), layout='constrained')
    axis = figure.subplots()
    # A gap between the families.
    positions = -np.arange(len(rows)) - 0.5 * np.array([row['family'] != 'paper' for row in rows])
    axis.axvline(0, color=SOFT, linewidth=0.8)
    errors = error_bars(rows, 'difference')
    for index, (row, position) in enumerate(zip(rows, positions)):
      clear = row['clear_of_zero'] == 'yes'
      axis.errorbar(
        row['difference'],
        position,
        xerr=errors[:, index : index + 1],
        fmt='o',
        color=_BLUE if clear else SOFT,
        markersize=4,
        elinewidth=1.2,
        markerfacecolor=_BLUE if clear else 'white',
      )
      difference = table_lib.text(table_lib.tidy(row['difference']), 'points')
      axis.text(
        1.02,
        position,
        f'{difference}   {row["what"]}',
        transform=axis.get_yaxis_transform(),
        va='center',
        fontsize=6,
        color=SOFT,
      )
    _name_rows(axis, positions, [f'{row["first"]} − {row["second"]}' for row in rows])
    axis.set_xlabel(
      'Difference of accuracy, percentage points; hollow if it is not clear of zero', loc='left'
    )
  return figure


def growth(tables: tables_lib.Tables) -> figure_lib.Figure | None:
  """Draws accuracy against the pixels by which masks are grown, with 95% intervals.

  Args:
    tables: the tables of the report.

  Returns:
    The figure, one line for each row that was tested under several growths; None without such rows.
  """
  found: dict[str, dict[int, Any]] = {}
  rows = [row for row in tables.rows.rows if row.get('accuracy') is not None]
  for row in rows:
    treatment = treatments.Treatment.parse(row['tested_on'])
    if treatment.dilation is not None:
      name = row['row'].removesuffix(f'-{treatment.growth}')
      found.setdefault(name, {})[treatment.dilation] = row
  found = {name: of_sizes for name, of_sizes in found.items() if len(of_sizes) > 1}
  if not found:
    return None
  with look():
    figure = figure_lib.Figure((COLUMN, 2.2), layout='constrained')
    axis = figure.subplots()
    for name, of_sizes in found.items():
      sizes = sorted(of_sizes)
      of_row = [of_sizes[size] for size in sizes]
      color, marker = _STYLES.get(name, (SOFT, 'o'))
      axis.errorbar(
        sizes,
        [row['accuracy'] for row in of_row],
        yerr=error_bars(of_row, 'accuracy'),
        color=color,
        marker=marker,
        markersize=3.5,
        elinewidth=0.8,
        label=name,
      )
      axis.set_xticks(sizes)
    for row in rows:
      if row['row'] == '1b-rgb':
        axis.axhline(row['accuracy'], color=SOFT, linestyle=':', linewidth=0.9, label='1b-rgb')
    axis.set_ylim(-2, 102)
    axis.set_xlabel('Masks are grown by, pixels of the stored frames')
    axis.set_ylabel('Accuracy, %')
    axis.grid(axis='y')
    axis.legend()
  return figure


def error_bars(rows: Sequence[Any], key: str) -> np.ndarray:
  """Distances from estimates to bounds: float [2, N]; 0 without an interval."""
  middle, low, high = ([row[name] for row in rows] for name in (key, f'{key}_low', f'{key}_high'))
  return np.maximum(0, np.nan_to_num([np.subtract(middle, low), np.subtract(high, middle)]))


def _name_rows(axis: Any, positions: np.ndarray, names: Sequence[str]) -> None:
  """Labels the y axis with the names of rows."""
  axis.set_yticks(positions, names)
  axis.set_ylim(min(positions) - 0.7, max(positions) + 0.7)
  axis.grid(axis='x')
  axis.tick_params(axis='y', length=0)
  axis.spines['left'].set_visible(False)


# === Coverage ===


def coverage(tables: tables_lib.Tables) -> figure_lib.Figure | None:
  """Draws accuracy against the fraction of the image that the person covers.

  On the left by bins of videos with 95% intervals, on the right with one point per class.

  Args:
    tables: the tables of the report.

  Returns:
    The figure, or None if none of the rows 1b-rgb, 2a, 2b, 3a and 3b has masks.
  """
  found: dict[str, list[Any]] = {}
  for row in tables.coverage_bins.rows:
    if row['row'] in _STYLES:
      found.setdefault(row['row'], []).append(row)
  if not found:
    return None
  by_class: dict[str, list[tuple[float, float, int]]] = {}
  for row in tables.coverage_classes.rows:
    by_class.setdefault(row['row'], []).append((row['coverage'], row['accuracy'], row['number']))
  rho = {row['row']: row['rho'] for row in tables.correlations.rows if row['level'] == 'classes'}
  with look():
    figure = figure_lib.Figure((PAGE, 2.7), layout='constrained')
    left, right = figure.subplots(1, 2, sharey=True)
    for name, rows in found.items():
      color, marker = _STYLES[name]
      left.errorbar(
        [row['coverage'] for row in rows],
        [row['accuracy'] for row in rows],
        yerr=error_bars(rows, 'accuracy'),
        color=color,
        marker=marker,
        markersize=3.5,
        elinewidth=0.6,
        label=name,
      )
    for name in ('2a', '2b'):
      _draw_classes(right, name, by_class.get(name, []), rho.get(name))
    _finish_coverage(left, 'a) videos, in bins of equal numbers')
    _finish_coverage(right, 'b) classes')
    left.set_ylabel('Accuracy, %')
  return figure


def _draw_classes(
  axis: Any, name: str, points: Sequence[tuple[float, float, int]], rho: float | None
) -> None:
  """Draws one point per class, given as (coverage, accuracy, number of the class)."""
  if not points:
    return
  x, y, _ = zip(*points, strict=True)
  color, marker = _STYLES[name]
  label = f'{name}, ρ = {table_lib.text(rho, "correlation")}'
  axis.plot(x, y, linestyle='', color=color, marker=marker, markersize=3.5, alpha=0.8, label=label)
  if len(points) <= FEW_CLASSES:
    for coverage_, accuracy, number in points:
      axis.annotate(
        str(number),
        (coverage_, accuracy),
        xytext=(3, 2),
        textcoords='offset points',
        fontsize=5,
        color=SOFT,
      )


def _finish_coverage(axis: Any, title: str) -> None:
  """Adds title, axes and legend to a panel."""
  axis.set_title(title, loc='left')
  axis.set_xlabel('Person covers, % of the image')
  axis.grid()
  axis.set_ylim(-2, 102)
  axis.set_xlim(-1)
  if axis.get_legend_handles_labels()[0]:
    axis.legend(
      loc='upper center', bbox_to_anchor=(0.5, -0.17), ncols=5, handlelength=1.4, columnspacing=1
    )
