"""Makes the report of a folder made by `reproduce`: tables, figures and the page.

report/index.html   everything, see `page`
report/tables/      CSV and LaTeX (booktabs)
report/figures/     SVG and PNG
report/videos.csv   one row per condition, split, seed and video, from which all else follows
report/explanations.csv, explanation_checks.csv   the same of "Where it looks", from `explain`
"""

from collections.abc import Iterator, Sequence
import dataclasses
import os
import sys
from typing import Any

from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.reporting import class_figures
from i3d_tf.reporting import decomposition
from i3d_tf.reporting import examples as examples_lib
from i3d_tf.reporting import figures as figures_lib
from i3d_tf.reporting import load_results
from i3d_tf.reporting import options as options_lib
from i3d_tf.reporting import page
from i3d_tf.reporting import table as table_lib
from i3d_tf.reporting import tables as tables_lib
from i3d_tf.reporting.explanations import load as load_explanations
from i3d_tf.reporting.explanations import section as section_lib
from i3d_tf.statistics import resampling
from i3d_tf.statistics import stats

VIDEOS = 'videos.csv'
_COLUMNS = (
  'row',
  'split',
  'seed',
  'video',
  'class',
  'group',
  'prediction',
  'correct',
  'probability',
  'mask_found',
  'coverage',
  'seen_again',
)


def run(options: options_lib.ReportOptions) -> int:
  """Makes a report and prints its main figures: the exit status of the command.

  Args:
    options: what to report on.

  Returns:
    0; 1 if a result file could not be used.

  Raises:
    UserError: there are no results, or an example is none of their videos.
  """
  path, made = make(
    options.run_dir,
    options.output,
    examples=options.examples,
    draws=options.draws,
    seed=options.seed,
    explanations=options.explanations,
  )
  for row in made.tables.rows.rows:
    accuracy = table_lib.text(row.get('accuracy'), 'percent')
    bounds = table_lib.text((row.get('accuracy_low'), row.get('accuracy_high')), 'percent_range')
    print(f'{row["row"]:<16}{accuracy:>7}   {bounds}')
  for sentence in made.sentences:
    print(sentence)
  print(f'open {path}')
  problems = made.paper.problems
  for problem in problems:
    print(f'cannot be used: {problem}', file=sys.stderr)
  if problems:
    return cli.fail(
      f'{len(problems)} result files cannot be used; the report is of the others', status=1
    )
  return 0


def make(
  run_dir: str,
  output: str,
  *,
  examples: Sequence[str] = (),
  draws: int = resampling.DRAWS,
  seed: int = 0,
  explanations: Sequence[str] = (),
) -> tuple[str, page.Report]:
  """Makes a report.

  Args:
    run_dir: a folder made by `reproduce`.
    output: the folder of the report.
    examples: names of videos for Figure 3; without names, they are chosen.
    draws, seed: of bootstrap and permutation tests.
    explanations: what explain wrote, see `explanations.load.find`.

  Returns:
    (path of the page, its content).

  Raises:
    UserError: there are no results, or no video of an example was tested.
  """
  paper = load_results.read(run_dir)
  explained, problems = load_explanations.find(run_dir, explanations)
  paper = dataclasses.replace(paper, problems=(*paper.problems, *problems))
  chosen, sentences = examples_lib.choose(paper, examples)
  # Two commands may make the same report at the same time.
  with files.locked(output), progress.progress_bar(total=5, desc='report', unit='part') as bar:
    write_videos(os.path.join(output, VIDEOS), paper)
    bar.update()
    tables = tables_lib.make(paper, draws=draws, seed=seed)
    folder = os.path.join(output, page.TABLES)
    for table in tables.all:
      _write_table(folder, table)
    bar.update()
    caveat = page.hole_caveat(paper, tables.rows)
    parts = decomposition.table(paper, stats.Statistic(draws, seed))
    _write_table(folder, parts)
    figures = _draw(os.path.join(output, page.FIGURES), folder, paper, tables, parts, caveat)
    bar.update()
    where = section_lib.make(explained, stats.Statistic(draws, seed))
    if where is not None:
      figures.update(_write_section(output, where))
    bar.update()
    of_examples = None
    if chosen:
      of_examples = examples_lib.table(paper, chosen, bool(caveat))
      _write_table(folder, of_examples)
      try:
        figures['figure3'] = _draw_examples(output, paper, chosen, caveat)
      except errors.UserError as e:
        sentences = [*sentences, f'Figure 3 is left out: {e}.']
    bar.update()
    report = page.Report(
      paper, tables, figures, of_examples, tuple(sentences), parts, where, draws, seed
    )
    return page.write(output, report), report


# === Parts ===


_FIGURE_3 = (
  'Figure 3: the middle frame of a video, the person on black, and the place with the '
  'person black, as the network saw them, with its predictions.'
)


def _write_table(folder: str, table: table_lib.Table) -> None:
  """Writes a table as CSV and LaTeX."""
  for suffix, content in (('csv', table_lib.to_csv(table)), ('tex', table_lib.to_latex(table))):
    files.write_text(os.path.join(folder, f'{table.name}.{suffix}'), content)


def _draw_examples(
  output: str, paper: load_results.Paper, chosen: Sequence[examples_lib.Example], caveat: str
) -> page.Figure:
  """Draws and writes Figure 3.

  Raises:
    UserError: the records of the videos cannot be read.
  """
  drawn = examples_lib.draw(paper, chosen, examples_lib.views(paper, chosen))
  figures_lib.save(drawn, os.path.join(output, page.FIGURES), 'figure3')
  return page.Figure('figure3', f'{_FIGURE_3} {caveat}'.strip(), wide=False)


def _write_section(output: str, where: section_lib.Section) -> dict[str, page.Figure]:
  """Writes rows, tables and figures of "Where it looks": a dict from name to figure."""
  section_lib.write_rows(output, where)
  for table in where.tables.all:
    if table.rows:
      _write_table(os.path.join(output, page.TABLES), table)
  for drawn in where.drawn:
    figures_lib.save(drawn.figure, os.path.join(output, page.FIGURES), drawn.name)
  return {
    drawn.name: page.Figure(drawn.name, drawn.caption, not drawn.of_checks) for drawn in where.drawn
  }


def _draw(
  folder: str,
  tables_folder: str,
  paper: load_results.Paper,
  tables: tables_lib.Tables,
  parts: table_lib.Table,
  caveat: str,
) -> dict[str, page.Figure]:
  """Draws and writes all figures of the paper's rows except the third: from name to figure."""
  figures: dict[str, page.Figure] = {}

  def add(name: str, figure: figure_lib.Figure, caption: str, wide: bool = True) -> None:
    figures_lib.save(figure, folder, name)
    figures[name] = page.Figure(name, caption, wide)

  how = (
    'tested (cyan) and misclassified (magenta) videos by class, in alphabetical order, numbered '
    'from 1'
  )
  names = {condition.name for condition in paper.tested}
  splits = paper.splits
  if '1b-rgb' in names:
    add(
      'figure1',
      class_figures.bars(tables, ['1b-rgb'], splits),
      f'Figure 1: RGB, nothing replaced: {how}. The accuracy is above each panel, on the right.',
    )
  if names & {'2a', '2b'}:
    add(
      'figure2',
      class_figures.bars(tables, ['2a', '2b'], splits),
      f'Figure 2: the same network, tested with the background black (2a) and with the person '
      f'black (2b): {how}. {caveat}'.strip(),
    )
  of_ucf101 = tables_lib.data_set(paper.label_names) == 'UCF101'
  add(
    'accuracies',
    figures_lib.accuracies(tables, of_ucf101),
    'Accuracy of every row, mean of splits, with 95% intervals.',
    wide=False,
  )
  if tables.differences.rows:
    add(
      'differences',
      figures_lib.differences(tables.differences),
      'Differences of accuracy between rows on the same videos, with 95% intervals. The gaps of '
      'the paper’s orderings are at the top.',
    )
  figure = figures_lib.growth(tables)
  if figure is not None:
    add(
      'growth',
      figure,
      'Accuracy against the pixels by which masks are grown in the test, with 95% intervals. What '
      'holds for one size alone is no finding about the person.',
      wide=False,
    )
  if parts.rows:
    add(
      'parts',
      decomposition.draw(parts, 100 / len(paper.label_names)),
      f'The accuracy of {decomposition.WHOLE} taken apart: from chance (dotted), each part begins '
      'where the one before ends. Whiskers: 95% intervals of the part; pale: not clear of zero.',
      wide=False,
    )
  figure = figures_lib.coverage(tables)
  if figure is not None:
    add(
      'coverage',
      figure,
      'Accuracy against the fraction of the image that the person covers: a) by bins of videos, '
      'with 95% intervals; b) by class, with Spearman’s rank correlation.',
    )
  for condition in paper.tested:
    name = f'confusion_{condition.name}'
    counts, class_names = class_figures.confusion(paper, condition.name)
    _write_counts(os.path.join(tables_folder, f'{name}.csv'), counts, class_names)
    add(
      name,
      class_figures.confusion_matrix(counts, class_names),
      f'{condition.name}: {condition.title}.',
      wide=False,
    )
  return figures


def _write_counts(path: str, counts: np.ndarray, class_names: Sequence[str]) -> None:
  files.write_csv(
    path, ['is', *class_names], ([name, *row] for name, row in zip(class_names, counts.tolist()))
  )


def write_videos(path: str, paper: load_results.Paper) -> None:
  """Writes what everything follows from: one row per condition, split, seed and video."""
  files.write_csv(path, _COLUMNS, _video_rows(paper))


def _video_rows(paper: load_results.Paper) -> Iterator[tuple[Any, ...]]:
  for condition in paper.tested:
    for split in paper.splits_of(condition.name):
      for seed in paper.seeds_of(condition.name, split):
        r = paper.results[condition.name, split, seed]
        yield from zip(
          [condition.name] * len(r.videos),
          [split] * len(r.videos),
          [seed] * len(r.videos),
          r.videos,
          (paper.label_names[label] for label in r.labels),
          r.groups,
          r.answers,
          r.correct.astype(int),
          r.probabilities,
          r.has_person.astype(int),
          *(('' if share != share else share for share in of) for of in (r.coverage, r.seen_again)),
        )
