"""A table as data, and the same table as CSV, HTML and LaTeX.

The CSV holds the numbers in full; HTML and LaTeX hold them as `text` rounds them.
"""

from collections.abc import Sequence
import csv
import dataclasses
import io
import itertools
import math
from typing import Any

import markupsafe

from i3d_tf.common import templates

MISSING = '–'  # where there is no number
_TEXTS = {
  'count': '{:d}',
  'percent': '{:.2f}',  # of 100
  'published': '{:.2f}',  # the same, by others and of other data than ours
  'points': '{:+.2f}',  # a difference of per cents
  'correlation': '{:+.2f}',
}
_RANGES = {'percent_range': '{:.1f}', 'points_range': '{:+.1f}', 'correlation_range': '{:+.2f}'}


@dataclasses.dataclass(frozen=True)
class Column:
  """A column.

  Attributes:
    key: of the values in the rows and of the CSV; a range has `key`_low and `key`_high.
    heading: what stands above it.
    kind: 'text', 'name', 'count', 'percent', 'published', 'points', 'correlation', 'p', or
      'percent_range', 'points_range' and 'correlation_range' for the bounds of an interval.
    group: a heading above this column and its neighbours of the same group, or ''.
    in_csv_only: whether page and LaTeX leave it out.
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
  """A table: `rows` are dicts by the columns' keys, None or NaN where there is no number.

  Attributes:
    name: of its files.
    title: its caption.
    columns: `Column`s.
    rows: dicts.
    note: what a reader has to know, or ''.
    last_apart: whether a rule sets the last row apart, such as a mean.
  """

  name: str
  title: str
  columns: tuple
  rows: tuple
  note: str = ''
  last_apart: bool = False


def text(value: Any, kind: str) -> str:
  """A number as the page shows it.

  Args:
    value: a number, a string, a pair of numbers for a range, or None or NaN.
    kind: of its `Column`.
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
  """A float without the noise of its last digits, as the CSV has it; others as they are."""
  return float(f'{value:.12g}') if isinstance(value, float) else value


def _is_missing(value: Any) -> bool:
  return value is None or (isinstance(value, float) and math.isnan(value))


def _minus(number: str) -> str:
  number = number.replace('-', '−')
  # +0.00 and −0.00 are no difference.
  return number[1:] if number[0] in '+−' and not number.strip('+−0.') else number


def _cell(row: dict[str, Any], column: Column) -> str:
  values = [tidy(row.get(key)) for key in column.keys]
  return text(values if column.kind in _RANGES else values[0], column.kind)


def to_csv(table: Table) -> str:
  """The table as CSV: one line per row, floats with twelve digits."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  keys = [key for column in table.columns for key in column.keys]
  writer.writerow(keys)
  for row in table.rows:
    values = [tidy(row.get(key)) for key in keys]
    writer.writerow(['' if _is_missing(value) else value for value in values])
  return out.getvalue()


# === As pages and LaTeX show it ===


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
  """The cells of a row as text, and whether a rule sets it apart from those before it."""

  cells: tuple[str, ...]
  apart: bool


@dataclasses.dataclass(frozen=True)
class TableView:
  """A table as its templates take it: every cell is text.

  Attributes:
    name, title, note: as in `Table`.
    columns: the columns that are shown.
    groups: headings above them; empty if no column has one.
    rows: the rows.
    alignment: of the columns, LaTeX's letters.
  """

  name: str
  title: str
  note: str
  columns: tuple[ColumnView, ...]
  groups: tuple[GroupView, ...]
  rows: tuple[RowView, ...]
  alignment: str


def view(table: Table) -> TableView:
  """A table as templates take it."""
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
  """Neighbouring columns of one group."""
  found, first = [], 1
  for heading, members in itertools.groupby(column.group for column in columns):
    count = len(list(members))
    found.append(GroupView(heading, count, first))
    first += count
  return tuple(found)


def _css(column: Column) -> str:
  return {'text': '', 'name': 'name', 'published': 'number published'}.get(column.kind, 'number')


def to_html(table: Table) -> str:
  """The table as a <table> element and, if it has one, its note."""
  template = templates.html_environment('i3d_tf.reporting').get_template('table.html')
  return str(template.module.table(view(table)))  # type: ignore[attr-defined]  # a macro


def to_latex(table: Table) -> str:
  """The table as a LaTeX float that needs the booktabs package."""
  template = templates.latex_environment('i3d_tf.reporting').get_template('table.tex')
  return template.render(view=view(table), latex=markupsafe.Markup) + '\n'
