"""The section "Where it looks" of the report: its tables, figures and the rows they follow from."""

from collections.abc import Iterator, Sequence
import dataclasses
import os
from typing import Any

from matplotlib import figure as figure_lib

from i3d_tf.attribution import row_files
from i3d_tf.common import files
from i3d_tf.reporting.explanations import figures
from i3d_tf.reporting.explanations import load
from i3d_tf.reporting.explanations import tables as tables_lib
from i3d_tf.statistics import stats

ROWS, CHECKS = 'explanations.csv', 'explanation_checks.csv'


@dataclasses.dataclass(frozen=True)
class Drawn:
  """A figure that is drawn, but not written.

  Attributes:
    name: the name of its files.
    figure: the figure.
    caption: its caption.
    of_checks: whether it shows checks; it then has the width of a column, else that of a page.
  """

  name: str
  figure: figure_lib.Figure
  caption: str
  of_checks: bool


@dataclasses.dataclass(frozen=True)
class Section:
  """The content of the section.

  Attributes:
    explanations: at least one.
    tables: made from them.
    drawn: the figures, explanation by explanation.
  """

  explanations: tuple[load.Explanation, ...]
  tables: tables_lib.Tables
  drawn: tuple[Drawn, ...]

  @property
  def endpoints(self) -> tuple[str, ...]:
    """The layers of Grad-CAM, each once; () without Grad-CAM."""
    return tuple(dict.fromkeys(e.endpoint for e in self.explanations if e.endpoint))


def make(explanations: Sequence[load.Explanation], statistic: stats.Statistic) -> Section | None:
  """Makes the section; None without explanations.

  Args:
    explanations: as `load.find` reads them.
    statistic: how intervals are drawn.
  """
  if not explanations:
    return None
  tables = tables_lib.make(explanations, statistic)
  return Section(tuple(explanations), tables, tuple(_draw(explanations, tables)))


def write_rows(output: str, section: Section) -> None:
  """Writes what the section follows from into the folder of the report: all rows of all files."""
  files.write_csv(
    os.path.join(output, ROWS),
    ('of', *row_files.COLUMNS),
    ((e.name, *row.cells()) for e in section.explanations for row in e.rows),
  )
  checks: list[tuple[Any, ...]] = [
    (e.name, *(row[key] for key in row_files.CHECK_COLUMNS))
    for e in section.explanations
    for row in e.checks
  ]
  if checks:
    files.write_csv(
      os.path.join(output, CHECKS),
      ('of', *row_files.CHECK_COLUMNS),
      ([None if cell != cell else cell for cell in row] for row in checks),  # NaN
    )


def _draw(explanations: Sequence[load.Explanation], tables: tables_lib.Tables) -> Iterator[Drawn]:
  """The figures of each explanation that has something to draw."""
  for number, e in enumerate(explanations, 1):
    figure = figures.shares(e, tables)
    if figure is not None:
      yield Drawn(
        f'explained{number}',
        figure,
        f'{e.name}, class explained: {figures.target_of(e)}. Pale: one point per video; joined: '
        'means of bins of equal numbers of videos, with 95% intervals. Dotted: a map that knows '
        'nothing. c) the probability that the class loses when the person is replaced.',
        False,
      )
    figure = figures.randomised(e.name, tables.randomised)
    if figure is not None:
      yield Drawn(
        f'explained_checks{number}',
        figure,
        f'{e.name}: the share as trained, and with weights randomised from the logits down to a '
        'layer, mean of the videos that were checked. It must fall to the area of the person.',
        True,
      )
