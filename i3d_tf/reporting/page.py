"""The report as one HTML file that needs nothing beside it: tables, figures, what they mean.

The figures are inside. The links below them lead to the files that lie beside the
page. Every number is one of the tables', rounded.
"""

import base64
import dataclasses
import html
import inspect
import os
import re

from i3d_tf import demo
from i3d_tf.reporting import differences
from i3d_tf.reporting import load_results
from i3d_tf.reporting import stats
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib

PAGE, TABLES, FIGURES = 'index.html', 'tables', 'figures'


@dataclasses.dataclass(frozen=True)
class Figure:
  """A figure whose files are written: `name` of them, and its words.

  `wide` figures take a page's width, others a column's.
  """

  name: str
  caption: str
  wide: bool = True


@dataclasses.dataclass(frozen=True)
class Report:
  """What the page shows.

  Attributes:
    paper: the results.
    tables: made of them.
    figures: a dict from name to `Figure`: figure1, figure2, figure3, accuracies,
      differences, coverage, and confusion_{condition}.
    examples: the table of Figure 3's videos, or None.
    sentences: on what of Figure 3 was left out, and why.
    draws, seed: of the statistics.
  """

  paper: load_results.Paper
  tables: tables_lib.Tables
  figures: dict
  examples: table_lib.Table | None
  sentences: tuple
  draws: int
  seed: int


def write(folder, report):
  """Writes the page into the folder whose figures are written already; returns its path."""
  path = os.path.join(folder, PAGE)
  table_lib.write_text(path, _page(folder, report))
  return path


def _page(folder, report):
  kind = tables_lib.data_set(report.paper.label_names)
  sections = [
    ('findings', 'What was found', _findings(folder, report, kind)),
    ('tables', 'The paper’s tables', _paper_tables(report, kind)),
    ('figures', 'The paper’s figures', _paper_figures(folder, report)),
    ('rows', 'All rows', _rows(folder, report)),
    ('differences', 'Differences on the same videos', _differences(folder, report)),
    ('coverage', 'Accuracy and the size of the person', _coverage(folder, report)),
    ('kept', 'Videos that kept their original frames', _kept(report)),
    ('seeds', 'Seeds', _seeds(report)),
    ('confusion', 'Confusion matrices', _confusion(folder, report)),
    ('classes', 'Classes', _classes(report)),
    ('methods', 'How the numbers are made', _methods(report, kind)),
  ]
  if kind == 'demo set':
    sections.append(('demo', 'The demo set', _docstring(demo.__doc__)))
  splits = report.paper.splits
  parts = {
    'title': 'Person or place: what the network learned',
    'lead': html.escape(
      f'Results of I3D on {"the demo set" if kind == "demo set" else kind}, '
      f'{_count(len(report.paper.label_names), "class", "classes")}, '
      f'split{"s" if len(splits) > 1 else ""} {", ".join(map(str, splits))}.'
    ),
    'problems': _problems(report.paper.problems),
    'navigation': ' '.join(f'<a href="#{name}">{title}</a>' for name, title, _ in sections),
    'sections': '\n'.join(
      f'<section id="{name}"><h2>{title}</h2>\n{body}\n</section>' for name, title, body in sections
    ),
    'style': _source('page.css'),
  }
  return re.sub(r'\{\{(\w+)\}\}', lambda match: parts[match[1]], _source('page.html'))


def _source(name):
  with open(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), 'templates', name), encoding='utf-8'
  ) as f:
    return f.read()


def _count(number, one, many):
  return f'{number} {one if number == 1 else many}'


def _problems(problems):
  if not problems:
    return ''
  return (
    '<div class="problems" role="alert">Files that could not be used and are left out:<ul>'
    + ''.join(f'<li>{html.escape(problem)}</li>' for problem in problems)
    + '</ul></div>'
  )


def _table(table):
  """A table with links to its files."""
  return (
    f'<div class="scroll">{table_lib.to_html(table)}</div><p class="links">'
    f'<a href="{TABLES}/{table.name}.csv">CSV</a> '
    f'<a href="{TABLES}/{table.name}.tex">LaTeX</a></p>'
  )


def _figure(folder, figure):
  if figure is None:
    return ''
  with open(os.path.join(folder, FIGURES, f'{figure.name}.svg'), 'rb') as f:
    data = base64.b64encode(f.read()).decode()
  caption = html.escape(figure.caption)
  return (
    f'<figure id="figure-{figure.name}" class="{"wide" if figure.wide else "column"}">'
    f'<img src="data:image/svg+xml;base64,{data}" alt="{caption}">'
    f'<figcaption>{caption} <a href="{FIGURES}/{figure.name}.svg">SVG</a> '
    f'<a href="{FIGURES}/{figure.name}.png">PNG</a></figcaption></figure>'
  )


def _paragraphs(*texts):
  return ''.join(f'<p>{html.escape(text)}</p>' for text in texts)


# === Sections ===


def _findings(folder, report, kind):
  gaps = {(row['first'], row['second']): row for row in report.tables.differences.rows}
  items = []
  for ordering in differences.ORDERINGS:
    words = html.escape(' > '.join(ordering))
    pairs = list(zip(ordering, ordering[1:]))
    missing = [pair for pair in pairs if pair not in gaps]
    if missing:
      items.append(f'<b>{words}</b>: not all of these rows were run.')
      continue
    verdict = all(
      gaps[pair]['clear_of_zero'] == 'yes' and gaps[pair]['difference'] > 0 for pair in pairs
    )
    items.append(
      f'<b>{words}</b>: <span class="{"yes" if verdict else "no"}">'
      f'{"holds, each gap clear of zero" if verdict else "not shown"}</span>. '
      + '; '.join(_gap(gaps[pair]) for pair in pairs)
      + '.'
    )
  out = [
    _paragraphs(
      *(
        f'Split {split}: {_count(len(videos), "video", "videos")} of the test list '
        f'{"is" if len(videos) == 1 else "are"} not in the records, such as {videos[0]}. All '
        'accuracies are of the others.'
        for split, videos in report.paper.missing.items()
      )
    )
  ]
  out += [
    '<p>The paper’s two orderings, on the same videos (row names are explained under '
    '<a href="#rows">all rows</a>):</p>',
    f'<ul class="findings">{"".join(f"<li>{item}</li>" for item in items)}</ul>',
  ]
  if kind != 'UCF101':
    of_demo = (
      ''
      if kind != 'demo set'
      else (
        ' How it is drawn, and why the orderings are to be expected of it, is told under '
        '<a href="#demo">the demo set</a>.'
      )
    )
    out.append(
      f'<p>These results are of {"the demo set" if kind == "demo set" else kind}, not of UCF101: '
      'the published figures in the tables are of other videos and of networks that had learned '
      'from Kinetics and ImageNet before. What can be compared is the order of the rows, not '
      f'their values.{of_demo}</p>'
    )
  return ''.join(out) + _figure(folder, report.figures.get('accuracies'))


def _gap(row):
  clear = 'clear of zero' if row['clear_of_zero'] == 'yes' else 'not clear of zero'
  bounds = (row['difference_low'], row['difference_high'])
  return (
    f'{html.escape(row["first"])} − {html.escape(row["second"])}: '
    f'{table_lib.text(table_lib.tidy(row["difference"]), "points")} points '
    f'({table_lib.text(tuple(map(table_lib.tidy, bounds)), "points_range")}, {clear})'
  )


def _paper_tables(report, kind):
  words = (
    'Ours: accuracy of whole videos, in per cent; the mean weighs the splits alike. '
    'Intervals: 95%, bootstrap over groups.'
  )
  if kind != 'UCF101':
    words += ' The published figures, in italics, are of UCF101 and not of these videos.'
  tables = []
  for table in report.tables.paper:
    wide = ' class="wide"' if len(table.columns) > 4 else ''
    tables.append(f'<div{wide}>{_table(table)}</div>')
  return f'{_paragraphs(words)}<div class="pair">{"".join(tables)}</div>'


def _paper_figures(folder, report):
  out = [_figure(folder, report.figures.get(name)) for name in ('figure1', 'figure2', 'figure3')]
  out.append(_paragraphs(*report.sentences))
  if report.examples is not None:
    out.append(_table(report.examples))
  out.append(f'<p class="links">Data of Figures 1 and 2: <a href="{TABLES}/bars.csv">CSV</a></p>')
  return ''.join(out)


def _rows(folder, report):
  return _paragraphs(
    'The rows of the paper and the controls that it lacks, on the same code path. “Replaced” '
    'names the region that is taken away: background leaves the person, activity leaves the '
    'place, both leaves a white silhouette on black; by black unless another fill is named.'
  ) + _table(report.tables.rows)


def _differences(folder, report):
  if not report.tables.differences.rows:
    return _paragraphs('No two rows that are compared were run.')
  return _figure(folder, report.figures.get('differences')) + _table(report.tables.differences)


def _coverage(folder, report):
  if not report.tables.correlations.rows:
    return _paragraphs('No masks show a person, so that nothing can be said.')
  return (
    _paragraphs(
      'The paper’s claim that the larger region wins: the more of the picture the person covers, '
      'the better without background (2a) and the worse without person (2b). Videos in which no '
      'person was found are left out.'
    )
    + _figure(folder, report.figures.get('coverage'))
    + _table(report.tables.correlations)
    + '<details><summary>The figure as tables</summary>'
    + f'{_table(report.tables.coverage_bins)}{_table(report.tables.coverage_classes)}</details>'
  )


def _kept(report):
  return _table(report.tables.kept_original)


def _seeds(report):
  if not report.tables.seeds.rows:
    return _paragraphs(
      'Every row was trained with one seed; what another one would change is not '
      'known. The intervals hold for the networks as trained.'
    )
  return _paragraphs(
    'The same training with other seeds. Accuracies elsewhere are averages over the seeds.'
  ) + _table(report.tables.seeds)


def _confusion(folder, report):
  own = {c.name for c in report.paper.tested if c.table is not None}
  groups = {True: [], False: []}
  for condition in report.paper.tested:
    figure = report.figures.get(f'confusion_{condition.name}')
    groups[condition.name in own].append(_figure(folder, figure))
  out = [
    _paragraphs('Over all splits and seeds, each row in per cent of its class.'),
    f'<div class="matrices">{"".join(groups[True])}</div>',
  ]
  if groups[False]:
    out.append(
      '<details><summary>Controls</summary><div class="matrices">'
      f'{"".join(groups[False])}</div></details>'
    )
  return ''.join(out)


def _classes(report):
  return f'<details open><summary>Class by class</summary>{_table(report.tables.classes)}</details>'


def _methods(report, kind):
  terms = [
    ('Intervals', stats.mean_interval),
    ('All or none correct', stats.accuracy),
    ('Differences', stats.difference),
    ('p, Holm', stats.holm),
    ('Correlations', stats.rank_correlation),
  ]
  return (
    '<p>Everything on this page follows from <a href="videos.csv">videos.csv</a>, a row a video '
    'and condition, which the results of <code>reproduce</code> were copied to. '
    f'{report.draws:,} draws, seed {report.seed}.</p><dl>'
    + ''.join(f'<dt>{term}</dt><dd>{_explanation(function)}</dd>' for term, function in terms)
    + '</dl>'
  )


def _explanation(function):
  """A docstring up to its arguments, as HTML."""
  words = inspect.getdoc(function).split('\n\nArgs')[0]
  return _code(words)


def _docstring(text):
  """A docstring of paragraphs and lists with dashes, as HTML."""
  out = []
  for block in inspect.cleandoc(text).split('\n\n'):
    if block.startswith('- '):
      items = re.split(r'\n?^- ', block, flags=re.MULTILINE)[1:]
      out.append('<ul>' + ''.join(f'<li>{_code(item)}</li>' for item in items) + '</ul>')
    else:
      out.append(f'<p>{_code(block)}</p>')
  return ''.join(out)


def _code(text):
  return re.sub(r'`([^`]+)`', r'<code>\1</code>', html.escape(' '.join(text.split())))
