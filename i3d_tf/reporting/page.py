"""The report as one self-contained HTML file: tables, figures and their explanation.

The figures are embedded, and links lead to their files next to the page. Every number is one
of the tables', rounded.
"""

import base64
from collections.abc import Mapping
import dataclasses
import itertools
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.common import templates
from i3d_tf.reporting import differences
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib
from i3d_tf.reporting.explanations import section as section_lib
from i3d_tf.statistics import stats

# Rows of networks that were trained on the hole alone.
_HOLES = ('3-silhouette', '3-box', '3-tube', '3-united')
# The same of a network that never saw one, and without a network, by the nearest box: being right
# tells something, being wrong nothing.
_UNTRAINED_HOLES = ('2-silhouette', '2-box', '0-tube', '0-box')

PAGE, TABLES, FIGURES = 'index.html', 'tables', 'figures'


@dataclasses.dataclass(frozen=True)
class Figure:
  """A figure whose files are written.

  Attributes:
    name: the name of its files.
    caption: its caption.
    wide: whether it has the width of a page instead of a column.
  """

  name: str
  caption: str
  wide: bool = True


@dataclasses.dataclass(frozen=True)
class Report:
  """The content of the page.

  Attributes:
    paper: the results.
    tables: the tables made from them.
    figures: a dict from name to figure: figure1, figure2, figure3, accuracies, differences,
      growth, coverage, parts, those of `where`, and confusion_{condition}.
    examples: the table of the videos of Figure 3, or None.
    sentences: what was left out of Figure 3, and why.
    parts: the accuracy taken apart, `decomposition.table`.
    where: the section "Where it looks", whose figures are among `figures`; None if nobody asked.
    draws, seed: of the statistics.
  """

  paper: load_results.Paper
  tables: tables_lib.Tables
  figures: dict[str, Figure]
  examples: table_lib.Table | None
  sentences: tuple[str, ...]
  parts: table_lib.Table
  where: section_lib.Section | None
  draws: int
  seed: int


def write(folder: str, report: Report) -> str:
  """Writes the page into a folder that already has the figures, and returns its path."""
  path = os.path.join(folder, PAGE)
  environment = templates.html_environment('i3d_tf.reporting')
  text = environment.get_template('page.html').render(_data(folder, report))
  left_out = [name for name in report.figures if f'id="figure-{name}"' not in text]
  if left_out:
    raise ValueError(f'page.html must show every figure; it lacks {", ".join(left_out)}')
  files.write_text(path, text + '\n')
  return path


def _data(folder: str, report: Report) -> dict[str, Any]:
  """The values of the template of the page."""
  paper, made = report.paper, report.tables
  confusion: dict[str, list[str]] = {'paper': [], 'controls': []}
  for condition in paper.tested:
    of = 'controls' if condition.table is None else 'paper'
    confusion[of].append(f'confusion_{condition.name}')
  shown = {
    field.name: table_lib.view(getattr(made, field.name))
    for field in dataclasses.fields(made)
    if field.name not in ('paper', 'bars')
  }
  return {
    **shown,
    'style': templates.source('i3d_tf.reporting', 'page.css'),
    'tables_folder': TABLES,
    'figures_folder': FIGURES,
    'data_set': tables_lib.data_set(paper.label_names),
    'network': paper.network,
    'hold_out': paper.hold_out,
    'num_classes': len(paper.label_names),
    'splits': paper.splits,
    'problems': paper.problems,
    'missing': paper.missing,
    'orderings': _orderings(made.differences),
    'holes': _holes(made.rows, len(paper.label_names)),
    'caveat': hole_caveat(paper, made.rows),
    'parts': table_lib.view(report.parts),
    'where': None if report.where is None else _where(report.where),
    'few_groups': _few_groups(paper),
    'asks_place': _asks_place(paper),
    'paper_tables': [table_lib.view(table) for table in made.paper],
    'examples': None if report.examples is None else table_lib.view(report.examples),
    'figures': {name: _figure(folder, figure) for name, figure in report.figures.items()},
    'sentences': report.sentences,
    'confusion': confusion,
    'draws': report.draws,
    'seed': report.seed,
  }


def _where(where: section_lib.Section) -> dict[str, Any]:
  """The values of the section "Where it looks": tables by the names of their fields, and more."""
  return {
    **{
      field.name: table_lib.view(getattr(where.tables, field.name))
      for field in dataclasses.fields(where.tables)
    },
    'names': [e.name for e in where.explanations],
    'figures': [drawn.name for drawn in where.drawn if not drawn.of_checks],
    'check_figures': [drawn.name for drawn in where.drawn if drawn.of_checks],
    'endpoints': where.endpoints,
    'rows_file': section_lib.ROWS,
    'checks_file': section_lib.CHECKS if any(e.checks for e in where.explanations) else None,
  }


def _figure(folder: str, figure: Figure) -> dict[str, Any]:
  """A figure with the content of its SVG file."""
  with open(os.path.join(folder, FIGURES, f'{figure.name}.svg'), 'rb') as f:
    data = base64.b64encode(f.read()).decode()
  return {**dataclasses.asdict(figure), 'data': data}


def _orderings(table: table_lib.Table) -> list[dict[str, Any]]:
  """Whether the paper's orderings hold, gap by gap."""
  rows = {(row['first'], row['second']): row for row in table.rows}
  found = []
  for ordering in differences.ORDERINGS:
    pairs = list(itertools.pairwise(ordering))
    gaps = [_gap(rows[pair]) for pair in pairs if pair in rows]
    found.append(
      {
        'name': ' > '.join(ordering),
        'missing': len(gaps) < len(pairs),
        'gaps': gaps,
        'holds': all(gap['is_clear'] and gap['positive'] for gap in gaps),
      }
    )
  return found


def _asks_place(paper: load_results.Paper) -> bool:
  return any(paper.splits_of(name) for name in ('2b', '3b'))


def hole_caveat(paper: load_results.Paper, rows: table_lib.Table) -> str:
  """What must be said wherever 2b or 3b are read as the place: a sentence, or ''.

  It is needed unless a network that was trained on the hole alone is not above chance.

  Args:
    paper: the results.
    rows: `Tables.rows`.
  """
  if not _asks_place(paper):
    return ''
  holes = _holes(rows, len(paper.label_names))
  telling = [hole for hole in holes if hole['tells']]
  if telling:
    best = max(telling, key=lambda hole: float(hole['accuracy']))
    return (
      f'2b and 3b show the person’s hole, too, which alone tells the action: {best["name"]} is '
      f'right in {best["accuracy"]}%, where chance is {best["chance"]}%. So this need not be the '
      'place.'
    )
  if not holes:
    return (
      '2b and 3b show the person’s hole, too. What it tells alone was not asked, so this need not '
      'be the place.'
    )
  return ''


def _holes(rows: table_lib.Table, num_classes: int) -> list[dict[str, Any]]:
  """What a hole alone tells, without person and place: the rows that show nothing else."""
  chance = 100 / num_classes
  return [
    {
      'name': row['row'],
      'title': row['title'],
      'accuracy': table_lib.text(table_lib.tidy(row['accuracy']), 'percent'),
      'interval': table_lib.text(
        (table_lib.tidy(row['accuracy_low']), table_lib.tidy(row['accuracy_high'])), 'percent_range'
      ),
      'chance': table_lib.text(chance, 'percent'),
      'tells': row['accuracy_low'] > chance,
    }
    for row in rows.rows
    if 'accuracy' in row
    and (row['row'] in _HOLES or (row['row'] in _UNTRAINED_HOLES and row['accuracy_low'] > chance))
  ]


def _few_groups(paper: load_results.Paper) -> int | None:
  """The least number of groups that a result has; None if all have enough."""
  least = min(len(set(result.groups)) for result in paper.results.values())
  return least if least < stats.FEW_GROUPS else None


def _gap(row: Mapping[str, Any]) -> dict[str, Any]:
  """A difference as the page words it."""
  bounds = table_lib.tidy(row['difference_low']), table_lib.tidy(row['difference_high'])
  excludes_zero = row['difference_low'] > 0 or row['difference_high'] < 0
  is_clear = row['clear_of_zero'] == 'yes'
  return {
    'first': row['first'],
    'second': row['second'],
    'points': table_lib.text(table_lib.tidy(row['difference']), 'points'),
    'interval': table_lib.text(bounds, 'points_range'),
    'is_clear': is_clear,
    # Few groups: the interval alone would look like evidence.
    'p': table_lib.text(row['p'], 'p') if excludes_zero and not is_clear else None,
    'positive': row['difference'] > 0,
  }
