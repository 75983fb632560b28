"""Figures by class: the bars of the paper, and confusion matrices."""

from collections.abc import Sequence
from typing import Any

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from i3d_tf.reporting import figures
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib


def bars(
  tables: tables_lib.Tables, names: Sequence[str], splits: Sequence[int]
) -> figure_lib.Figure:
  """Draws tested and misclassified videos by class, one panel per condition and split.

  Args:
    tables: the tables of the report.
    names: the names of conditions; the panels of those that were not run say so.
    splits: the splits to show.
  """
  found: dict[tuple[str, int], list[Any]] = {}
  for row in tables.bars.rows:
    found.setdefault((row['row'], row['split']), []).append(row)
  accuracies = {row['row']: row for row in tables.rows.rows}
  classes = [(row['number'], row['class']) for row in tables.classes.rows]
  few = len(classes) <= figures.FEW_CLASSES
  shape = (len(names), len(splits)) if few else (len(names) * len(splits), 1)
  most = max((row['videos'] for rows in found.values() for row in rows), default=1)
  with figures.look():
    figure = figure_lib.Figure(
      (figures.PAGE, 0.55 + shape[0] * (1.35 if few else 1.1)), layout='constrained'
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
        axis.text(0.5, 0.5, 'not run', transform=axis.transAxes, ha='center', color=figures.SOFT)
        continue
      accuracy = table_lib.text(accuracies[name][f'split{split}'], 'percent')
      axis.set_title(f'{accuracy} %', loc='right', color=figures.SOFT)
      numbers = [row['number'] for row in rows]
      bars_of = (
        ('videos', figures.TESTED, 'tested'),
        ('misclassified', figures.MISCLASSIFIED, 'misclassified'),
      )
      for key, color, label in bars_of:
        axis.bar(numbers, [row[key] for row in rows], width=0.84, color=color, label=label)
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


def _number_classes(axis: Any, classes: Sequence[tuple[int, str]], few: bool) -> None:
  """Labels the x axis with the numbers of classes, and with their names if they are few."""
  axis.set_xlim(0.4, len(classes) + 0.6)
  if few:
    axis.set_xticks(
      [number for number, _ in classes],
      [f'{name} {number}' for number, name in classes],
      rotation=90,
    )
  else:
    axis.set_xticks([1, *range(10, len(classes) + 1, 10)])


def confusion(paper: load_results.Paper, name: str) -> tuple[np.ndarray, list[str]]:
  """Counts the confusions of a condition, over all its splits and seeds.

  Args:
    paper: the results.
    name: the name of a condition that has results.

  Returns:
    (counts, class names): int [C, C], true by predicted class, both in alphabetical order. Answers
    of a network on trial that are no class of the videos are not counted.
  """
  count = len(paper.label_names)
  counts = np.zeros((count, count), int)
  for (condition, _, _), result in paper.results.items():
    if condition == name:
      known = result.predictions >= 0
      np.add.at(counts, (result.labels[known], result.predictions[known]), 1)
  order = load_results.numbered_classes(paper.label_names)
  labels = [label for _, _, label in order]
  return counts[np.ix_(labels, labels)], [class_name for _, class_name, _ in order]


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> figure_lib.Figure:
  """Draws the result of `confusion`: each row in per cent of its videos."""
  count = len(class_names)
  with np.errstate(invalid='ignore'):
    percentages = 100 * counts / counts.sum(axis=1, keepdims=True)
  few = count <= figures.FEW_CLASSES
  with figures.look():
    figure = figure_lib.Figure((figures.COLUMN, figures.COLUMN), layout='constrained')
    axis = figure.subplots()
    image = axis.imshow(percentages, cmap='Blues', vmin=0, vmax=100, interpolation='nearest')
    if few:
      axis.set_xticks(range(count), class_names, rotation=90)
      axis.set_yticks(range(count), class_names)
      for row, column in zip(*np.nonzero(counts)):
        percentage = percentages[row, column]
        axis.text(
          column,
          row,
          f'{percentage:.0f}',
          ha='center',
          va='center',
          fontsize=5,
          color='white' if percentage > 55 else figures.INK,
        )
    else:
      positions = [0, *range(9, count, 10)]
      for ticks in (axis.set_xticks, axis.set_yticks):
        ticks(positions, [position + 1 for position in positions])
    axis.set_xlabel('Predicted class')
    axis.set_ylabel('True class')
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    bar = figure.colorbar(image, ax=axis, shrink=0.6, aspect=25, pad=0.02)
    bar.set_label('% of the class')
    bar.outline.set_visible(False)
  return figure
