"""A table as data, and the same table as CSV, HTML and LaTeX.

The CSV holds the numbers in full; HTML and LaTeX hold them as `text` rounds them.
"""

import csv
import dataclasses
import html
import io
import math

from i3d_tf.common import files

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
  def keys(self):
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


def text(value, kind):
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


def tidy(value):
  """A float without the noise of its last digits, as the CSV has it; others as they are."""
  return float(f'{value:.12g}') if isinstance(value, float) else value


def _is_missing(value):
  return value is None or isinstance(value, float) and math.isnan(value)


def _minus(number):
  number = number.replace('-', '−')
  # +0.00 and −0.00 are no difference.
  return number[1:] if number[0] in '+−' and not number.strip('+−0.') else number


def _cell(row, column):
  values = [tidy(row.get(key)) for key in column.keys]
  return text(values if column.kind in _RANGES else values[0], column.kind)


def to_csv(table):
  """The table as CSV: a str, a line a row, floats with twelve digits."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  keys = [key for column in table.columns for key in column.keys]
  writer.writerow(keys)
  for row in table.rows:
    values = [tidy(row.get(key)) for key in keys]
    writer.writerow(['' if _is_missing(value) else value for value in values])
  return out.getvalue()


def _shown(table):
  return [column for column in table.columns if not column.in_csv_only]


def _groups(columns):
  """(heading, number of columns) of neighbours of one group."""
  found = []
  for column in columns:
    if found and found[-1][0] == column.group:
      found[-1][1] += 1
    else:
      found.append([column.group, 1])
  return found


def to_html(table):
  """The table as a <table> element: a str."""
  out = [
    f'<table data-name="{html.escape(table.name)}">',
    f'<caption>{html.escape(table.title)}</caption><thead>',
  ]
  columns = _shown(table)
  if any(column.group for column in columns):
    out.append(
      '<tr class="groups">'
      + ''.join(
        f'<th colspan="{count}" scope="colgroup">{html.escape(heading)}</th>'
        for heading, count in _groups(columns)
      )
      + '</tr>'
    )
  out.append(
    '<tr>'
    + ''.join(
      f'<th scope="col"{_class(column)}>{html.escape(column.heading)}</th>' for column in columns
    )
    + '</tr></thead><tbody>'
  )
  for index, row in enumerate(table.rows):
    apart = table.last_apart and index == len(table.rows) - 1
    out.append(
      ('<tr class="apart">' if apart else '<tr>')
      + ''.join(f'<td{_class(column)}>{html.escape(_cell(row, column))}</td>' for column in columns)
      + '</tr>'
    )
  out.append('</tbody></table>')
  if table.note:
    out.append(f'<p class="note">{html.escape(table.note)}</p>')
  return '\n'.join(out)


def _class(column):
  names = {'text': '', 'name': 'name', 'published': 'number published'}.get(column.kind, 'number')
  return f' class="{names}"' if names else ''


def to_latex(table):
  """The table as a LaTeX float that needs the booktabs package: a str."""
  columns = _shown(table)
  alignment = ''.join('l' if column.kind in ('text', 'name') else 'r' for column in columns)
  lines = [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    f'  \\caption{{{_latex(" ".join(filter(None, [table.title + ".", table.note])))}}}',
    f'  \\label{{tab:{table.name}}}',
    f'  \\begin{{tabular}}{{{alignment}}}',
    '    \\toprule',
  ]
  if any(column.group for column in columns):
    cells, rules, first = [], [], 1
    for heading, count in _groups(columns):
      cells.append(
        f'\\multicolumn{{{count}}}{{c}}{{{_latex(heading)}}}' if heading else ' & ' * (count - 1)
      )
      if heading:
        rules.append(f'\\cmidrule(lr){{{first}-{first + count - 1}}}')
      first += count
    lines += [f'    {" & ".join(cells)} \\\\', f'    {"".join(rules)}']
  lines += [f'    {" & ".join(_latex(column.heading) for column in columns)} \\\\', '    \\midrule']
  for index, row in enumerate(table.rows):
    if table.last_apart and index == len(table.rows) - 1:
      lines.append('    \\midrule')
    lines.append(f'    {" & ".join(_latex(_cell(row, column)) for column in columns)} \\\\')
  lines += ['    \\bottomrule', '  \\end{tabular}', '\\end{table}', '']
  return '\n'.join(lines)


_LATEX = {
  '\\': r'\textbackslash{}',
  '&': r'\&',
  '%': r'\%',
  '$': r'\$',
  '#': r'\#',
  '_': r'\_',
  '{': r'\{',
  '}': r'\}',
  '~': r'\textasciitilde{}',
  '^': r'\textasciicircum{}',
  '−': '$-$',
  '–': '--',
  '<': '$<$',
  '>': '$>$',
  'ρ': r'$\rho$',
}


def _latex(words):
  return ''.join(_LATEX.get(letter, letter) for letter in words)


def write_text(path, content):
  """Writes a text file, atomically."""
  with files.replacing(path) as temporary, open(temporary, 'w', newline='', encoding='utf-8') as f:
    f.write(content)
