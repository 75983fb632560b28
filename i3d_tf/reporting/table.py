"""A table as data, and as CSV, HTML and LaTeX.

CSV has the numbers in full; HTML and LaTeX have them as `text` rounds them.
"""

from collections.abc import Sequence
import dataclasses
import itertools
import math
from typing import Any

import markupsafe

from i3d_tf.common import files
from i3d_tf.common import templates

MISSING = '–'  # shown for a missing number
_TEXTS = {
  'count': '{:d}',
  'percent': '{:.2f}',
  'published': '{:.2f}',  # a percentage, published by others for other data
  'points': '{:+.2f}',  # a difference of percentages
  'correlation': '{:+.2f}',
  'ratio': '{:.2f}',
}
_RANGES = {
  'percent_range': '{:.1f}',
  'points_range': '{:+.1f}',
  'correlation_range': '{:+.2f}',
  'ratio_range': '{:.2f}',
}


@dataclasses.dataclass(frozen=True)
class Column:
  """A column.

  Attributes:
    key: the key of its values in the rows, and its name in the CSV; a range has the keys
      `key`_low and `key`_high.
    heading: its heading.
    kind: 'text', 'name', 'count', 'percent', 'published', 'points', 'correlation', 'ratio', 'p', or
      'percent_range', 'points_range', 'correlation_range' and 'ratio_range' for the bounds of an
      interval.
    group: a heading above this column and its neighbors of the same group, or ''.
    in_csv_only: whether HTML and LaTeX leave it out.
  """

  key: str
  heading: str
  kind: str = 'text'
  group: str = ''
  in_csv_only: bool = False

  @property
  def keys(self) -> tuple[str, ...]:
    """The keys of its values in a row: two for a range."""
    return (f'{self.key}_low', f'{self.key}_high') if self.kind in _RANGES else (self.key,)


@dataclasses.dataclass(frozen=True)
class Table:
  """A table.

  Attributes:
    name: the name of its files.
    title: its caption.
    columns: its columns.
    rows: dicts with the keys of the columns; None, NaN or no entry for a missing number.
    note: a remark for the reader, or ''.
    last_apart: whether a rule separates the last row, such as a mean.
  """

  name: str
  title: str
  columns: tuple[Column, ...]
  rows: tuple[dict[str, Any], ...]
  note: str = ''
  last_apart: bool = False


def text(value: Any, kind: str) -> str:
  """A value as the page shows it.

  Args:
    value: a number, a string, a pair of numbers for a range, or None or NaN.
    kind: the kind of its column.
  """
  if kind in _RANGES:
    if any(_is_missing(bound) for bound in value):
      return MISSING
    return ' to '.join(_minus(_RANGES[kind].format(bound)) for bound in value)
  if _is_missing(value):
    return MISSING
  if kind == 'p':
    return '< 0.001' if value < 0.001 else f'{value:.3f}'
  return _minus(_TEXTS[kind].format(value)) if kind in _TEXTS else str(value)


def tidy(value: Any) -> Any:
  """A float rounded to twelve digits, as in the CSV; other values unchanged."""
  return float(f'{value:.12g}') if isinstance(value, float) else value


def _is_missing(value: Any) -> bool:
  return value is None or (isinstance(value, float) and math.isnan(value))


def _minus(number: str) -> str:
  """A formatted number with a minus sign instead of a hyphen, and zero without a sign."""
  number = number.replace('-', '−')
  return number[1:] if number[0] in '+−' and not number.strip('+−0.') else number


def _cell(row: dict[str, Any], column: Column) -> str:
  """The text of a cell."""
  values = [tidy(row.get(key)) for key in column.keys]
  return text(values if column.kind in _RANGES else values[0], column.kind)


def to_csv(table: Table) -> str:
  """The table as CSV: one line per row, floats with twelve digits."""
  keys = [key for column in table.columns for key in column.keys]
  rows = [[tidy(row.get(key)) for key in keys] for row in table.rows]
  return files.csv_text(
    keys, ([None if _is_missing(value) else value for value in row] for row in rows)
  )


# === HTML and LaTeX ===


@dataclasses.dataclass(frozen=True)
class ColumnView:
  """A heading, and the CSS classes of the column's cells ('' for none)."""

  heading: str
  css: str


@dataclasses.dataclass(frozen=True)
class GroupView:
  """A heading over `count` columns, the first of which has the number `first`, from 1."""

  heading: str
  count: int
  first: int


@dataclasses.dataclass(frozen=True)
class RowView:
  """The cells of a row as text, and whether a rule separates it from those above."""

  cells: tuple[str, ...]
  apart: bool


@dataclasses.dataclass(frozen=True)
class TableView:
  """A table for templates, with all cells as text.

  Attributes:
    name, title, note: as in `Table`.
    columns: the columns that are shown.
    groups: the headings above them; empty if no column has one.
    rows: the rows.
    alignment: the alignment of the columns, as LaTeX's letters.
  """

  name: str
  title: str
  note: str
  columns: tuple[ColumnView, ...]
  groups: tuple[GroupView, ...]
  rows: tuple[RowView, ...]
  alignment: str


def view(table: Table) -> TableView:
  """Makes the view of a table for templates."""
  columns = [column for column in table.columns if not column.in_csv_only]
  last = len(table.rows) - 1
  return TableView(
    table.name,
    table.title,
    table.note,
    tuple(ColumnView(column.heading, _css(column)) for column in columns),
    _groups(columns) if any(column.group for column in columns) else (),
    tuple(
      RowView(tuple(_cell(row, column) for column in columns), table.last_apart and index == last)
      for index, row in enumerate(table.rows)
    ),
    ''.join('l' if column.kind in ('text', 'name') else 'r' for column in columns),
  )


def _groups(columns: Sequence[Column]) -> tuple[GroupView, ...]:
  """The headings above neighboring columns of the same group."""
  found, first = [], 1
  for heading, members in itertools.groupby(column.group for column in columns):
    count = len(list(members))
    found.append(GroupView(heading, count, first))
    first += count
  return tuple(found)


def _css(column: Column) -> str:
  """The CSS classes of the cells of a column."""
  return {'text': '', 'name': 'name', 'published': 'number published'}.get(column.kind, 'number')


def to_html(table: Table) -> str:
  """The table as a <table> element, with its note if there is one."""
  template = templates.html_environment('i3d_tf.reporting').get_template('table.html')
  return str(template.module.table(view(table)))  # type: ignore[attr-defined]  # a macro


def to_latex(table: Table) -> str:
  """The table as a LaTeX float, which needs the package booktabs."""
  template = templates.latex_environment('i3d_tf.reporting').get_template('table.tex')
  return template.render(view=view(table), latex=markupsafe.Markup) + '\n'
