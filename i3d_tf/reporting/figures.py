"""The figures of the report, drawn from its tables, at the widths of a paper's columns.

Each is a `matplotlib.figure.Figure`; `save` writes it as SVG and PNG. The colours are
those of Okabe and Ito, which the colour-blind tell apart, but for the paper's own cyan
and magenta.
"""

from collections.abc import Iterator, Sequence
import contextlib
import io
import os
from typing import Any

import matplotlib
from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from i3d_tf.common import files
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib

COLUMN, PAGE = 3.35, 6.9  # inches
TESTED, MISCLASSIFIED = '#4fd6e0', '#c2107f'  # cyan and magenta, as the paper has them
_INK, _SOFT, _RULE = '#1b1b1f', '#6a6a72', '#d4d4da'
_BLUE, _ORANGE = '#0072b2', '#d55e00'
# row: (colour, marker), the same wherever it is drawn
_STYLES = {
  '1b-rgb': ('#000000', 'o'),
  '2a': (_ORANGE, 'v'),
  '2b': (_BLUE, '^'),
  '3a': ('#e69f00', 'v'),
  '3b': ('#56b4e9', '^'),
}
_FEW_CLASSES = 20  # so many have room for their names
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
  'axes.edgecolor': _SOFT,
  'axes.labelcolor': _INK,
  'text.color': _INK,
  'xtick.color': _SOFT,
  'ytick.color': _SOFT,
  'xtick.labelcolor': _INK,
  'ytick.labelcolor': _INK,
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
  """Writes {name}.svg and {name}.png, each atomically; the same data give the same bytes."""
  for suffix, metadata in (('svg', {'Date': None, 'Creator': None}), ('png', {'Software': None})):
    content = io.BytesIO()
    with look():
      figure.savefig(content, format=suffix, dpi=dpi, metadata=metadata)
    with files.replacing(os.path.join(folder, f'{name}.{suffix}')) as temporary:
      with open(temporary, 'wb') as f:
        f.write(content.getvalue())


@contextlib.contextmanager
def look() -> Iterator[None]:
  """Within, figures are made in the report's typography."""
  with matplotlib.rc_context(_LOOK):
    yield


# === Figures 1 and 2 ===


def bars(
  tables: tables_lib.Tables, names: Sequence[str], splits: Sequence[int]
) -> figure_lib.Figure:
  """Tested and misclassified videos by class, a panel a row of the table and split.

  Args:
    tables: a `paper_tables.Tables`.
    names: names of conditions; panels of those that were not run say so.
    splits: their splits.

  Returns:
    A figure.
  """
  found = {}
  for row in tables.bars.rows:
    found.setdefault((row['row'], row['split']), []).append(row)
  accuracies = {row['row']: row for row in tables.rows.rows}
  classes = [(row['number'], row['class']) for row in tables.classes.rows]
  few = len(classes) <= _FEW_CLASSES
  shape = (len(names), len(splits)) if few else (len(names) * len(splits), 1)
  most = max((row['videos'] for rows in found.values() for row in rows), default=1)
  with look():
    figure = figure_lib.Figure(
      (PAGE, 0.55 + shape[0] * (1.35 if few else 1.1)), layout='constrained'
    )
    axes = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    for index, (axis, (name, split)) in enumerate(
      zip(axes.flat, [(name, split) for name in names for split in splits])
    ):
      title = f'{chr(ord("a") + index)}) '
      title += f'{name}, split {split}' if len(names) > 1 else f'split {split}'
      axis.set_title(title, loc='left')
      axis.grid(axis='y')
      axis.yaxis.set_major_locator(ticker.MaxNLocator(4, integer=True))
      axis.set_ylim(0, most * 1.05)
      rows = found.get((name, split))
      if rows is None:
        axis.text(0.5, 0.5, 'not run', transform=axis.transAxes, ha='center', color=_SOFT)
        continue
      accuracy = table_lib.text(accuracies[name][f'split{split}'], 'percent')
      axis.set_title(f'{accuracy} %', loc='right', color=_SOFT)
      numbers = [row['number'] for row in rows]
      axis.bar(numbers, [row['videos'] for row in rows], width=0.84, color=TESTED, label='tested')
      axis.bar(
        numbers,
        [row['misclassified'] for row in rows],
        width=0.84,
        color=MISCLASSIFIED,
        label='misclassified',
      )
    for axis in axes[:, 0]:
      axis.set_ylabel('Videos')
    for axis in axes[-1]:
      _number_classes(axis, classes, few)
      if not few:
        axis.set_xlabel('Class, in alphabetical order')
    drawn = next((axis for axis in axes.flat if axis.containers), None)
    if drawn is not None:
      figure.legend(*drawn.get_legend_handles_labels(), loc='outside upper center', ncols=2)
  return figure


def _number_classes(axis: Any, classes: Sequence[Any], few: int) -> None:
  axis.set_xlim(0.4, len(classes) + 0.6)
  if few:
    axis.set_xticks(
      [number for number, _ in classes],
      [f'{name} {number}' for number, name in classes],
      rotation=90,
    )
  else:
    axis.set_xticks([1, *range(10, len(classes) + 1, 10)])


# === Confusion ===


def confusion(paper: load_results.Paper, name: str) -> tuple[np.ndarray, list[str]]:
  """Confusion counts of a row of the table, over all its splits and seeds.

  Args:
    paper: a `load_results.Paper`.
    name: of a condition that has results.

  Returns:
    (counts, class names): int [C, C], what it is by what it was taken for, both in
    alphabetical order.
  """
  count = len(paper.label_names)
  counts = np.zeros((count, count), int)
  for (condition, _, _), result in paper.results.items():
    if condition == name:
      np.add.at(counts, (result.labels, result.predictions), 1)
  order = load_results.numbered_classes(paper.label_names)
  labels = [label for _, _, label in order]
  return counts[np.ix_(labels, labels)], [class_name for _, class_name, _ in order]


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> figure_lib.Figure:
  """Draws what `confusion` gives: each row in per cent of its videos."""
  count = len(class_names)
  with np.errstate(invalid='ignore'):
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
  few = count <= _FEW_CLASSES
  with look():
    figure = figure_lib.Figure((COLUMN, COLUMN), layout='constrained')
    axis = figure.subplots()
    image = axis.imshow(shares, cmap='Blues', vmin=0, vmax=100, interpolation='nearest')
    if few:
      axis.set_xticks(range(count), class_names, rotation=90)
      axis.set_yticks(range(count), class_names)
      for row, column in zip(*np.nonzero(counts)):
        share = shares[row, column]
        axis.text(
          column,
          row,
          f'{share:.0f}',
          ha='center',
          va='center',
          fontsize=5,
          color='white' if share > 55 else _INK,
        )
    else:
      places = [0, *range(9, count, 10)]
      for ticks in (axis.set_xticks, axis.set_yticks):
        ticks(places, [place + 1 for place in places])
    axis.set_xlabel('Taken for')
    axis.set_ylabel('Is')
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    bar = figure.colorbar(image, ax=axis, shrink=0.6, aspect=25, pad=0.02)
    bar.set_label('% of the class')
    bar.outline.set_visible(False)
  return figure


# === Accuracies, differences ===


def accuracies(tables: tables_lib.Tables, with_published: bool) -> figure_lib.Figure:
  """All rows with their 95% intervals.

  Args:
    tables: a `paper_tables.Tables`.
    with_published: whether to draw the published figures, too.

  Returns:
    A figure.
  """
  rows = [row for row in tables.rows.rows if row.get('accuracy') is not None]
  with look():
    figure = figure_lib.Figure((COLUMN, 0.55 + 0.19 * len(rows)), layout='constrained')
    axis = figure.subplots()
    places = np.arange(len(rows))[::-1]
    middle = np.array([row['accuracy'] for row in rows])
    axis.errorbar(
      middle,
      places,
      xerr=_errors(rows, 'accuracy'),
      fmt='o',
      color=_BLUE,
      markersize=3.5,
      elinewidth=1,
      label='ours',
    )
    if with_published:
      published = [
        (row['published'], place)
        for row, place in zip(rows, places)
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
    _name_rows(axis, places, [row['row'] for row in rows])
    axis.set_xlim(-2, 102)
    axis.set_xlabel('Accuracy, mean of splits, %; 95% interval')
    if with_published:
      figure.legend(*axis.get_legend_handles_labels(), loc='outside upper center', ncols=2)
  return figure


def differences(table: table_lib.Table) -> figure_lib.Figure:
  """A forest plot of the differences, the paper's orderings first.

  Args:
    table: `paper_tables.Tables.differences`, of at least one row.

  Returns:
    A figure.
  """
  rows = table.rows
  with look():
    figure = figure_lib.Figure((PAGE, 0.5 + 0.21 * len(rows)), layout='constrained')
    axis = figure.subplots()
    # A gap between the families.
    places = -np.arange(len(rows)) - 0.5 * np.array([row['family'] != 'paper' for row in rows])
    axis.axvline(0, color=_SOFT, linewidth=0.8)
    errors = _errors(rows, 'difference')
    for index, (row, place) in enumerate(zip(rows, places)):
      clear = row['clear_of_zero'] == 'yes'
      axis.errorbar(
        row['difference'],
        place,
        xerr=errors[:, index : index + 1],
        fmt='o',
        color=_BLUE if clear else _SOFT,
        markersize=4,
        elinewidth=1.2,
        markerfacecolor=_BLUE if clear else 'white',
      )
      difference = table_lib.text(table_lib.tidy(row['difference']), 'points')
      axis.text(
        1.02,
        place,
        f'{difference}   {row["what"]}',
        transform=axis.get_yaxis_transform(),
        va='center',
        fontsize=6,
        color=_SOFT,
      )
    _name_rows(axis, places, [f'{row["first"]} − {row["second"]}' for row in rows])
    axis.set_xlabel(
      'Difference of accuracy, percentage points; hollow where it is not clear of zero', loc='left'
    )
  return figure


def _errors(rows: Sequence[Any], key: str) -> np.ndarray:
  """Distances from estimate to bounds: float [2, N], 0 where there is no interval."""
  middle, low, high = ([row[name] for row in rows] for name in (key, f'{key}_low', f'{key}_high'))
  return np.maximum(0, np.nan_to_num([np.subtract(middle, low), np.subtract(high, middle)]))


def _name_rows(axis: Any, places: np.ndarray, names: Sequence[str]) -> None:
  axis.set_yticks(places, names)
  axis.set_ylim(min(places) - 0.7, max(places) + 0.7)
  axis.grid(axis='x')
  axis.tick_params(axis='y', length=0)
  axis.spines['left'].set_visible(False)


# === Coverage ===


def coverage(tables: tables_lib.Tables) -> figure_lib.Figure | None:
  """Accuracy against the share of the picture that the person covers.

  Left by bins of videos with 95% intervals, right a point a class.

  Args:
    tables: a `paper_tables.Tables`.

  Returns:
    A figure, or None if no row of `1b-rgb, 2a, 2b, 3a, 3b` has masks.
  """
  found = {}
  for row in tables.coverage_bins.rows:
    if row['row'] in _STYLES:
      found.setdefault(row['row'], []).append(row)
  if not found:
    return None
  by_class = {}
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
        yerr=_errors(rows, 'accuracy'),
        color=color,
        marker=marker,
        markersize=3.5,
        elinewidth=0.6,
        label=name,
      )
    for name in ('2a', '2b'):
      points = by_class.get(name, [])
      if points:
        x, y, numbers = zip(*points)
        color, marker = _STYLES[name]
        right.plot(
          x,
          y,
          linestyle='',
          color=color,
          marker=marker,
          markersize=3.5,
          alpha=0.8,
          label=f'{name}, ρ = {table_lib.text(rho.get(name), "correlation")}',
        )
        if len(points) <= _FEW_CLASSES:
          for values in zip(x, y, numbers):
            right.annotate(
              str(values[2]),
              values[:2],
              xytext=(3, 2),
              textcoords='offset points',
              fontsize=5,
              color=_SOFT,
            )
    for axis, title in ((left, 'a) videos, in bins of equally many'), (right, 'b) classes')):
      axis.set_title(title, loc='left')
      axis.set_xlabel('Person covers, % of the picture')
      axis.grid()
      axis.set_ylim(-2, 102)
      axis.set_xlim(-1)
      if axis.get_legend_handles_labels()[0]:
        axis.legend(
          loc='upper center',
          bbox_to_anchor=(0.5, -0.17),
          ncols=5,
          handlelength=1.4,
          columnspacing=1,
        )
    left.set_ylabel('Accuracy, %')
  return figure
