"""The tables of the report: the paper's, one of all rows, and statistics that the paper lacks.

Accuracies are in per cent, as in the paper.
"""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np

from i3d_tf.demo import actions
from i3d_tf.reporting import coverage as coverage_lib
from i3d_tf.reporting import differences as differences_lib
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table
from i3d_tf.reporting import whose_place
from i3d_tf.statistics import resampling
from i3d_tf.statistics import stats

Column = table.Column

PUBLISHED = 'Published (UCF101)'


@dataclasses.dataclass(frozen=True)
class Tables:
  """The tables of a report.

  Attributes:
    paper: the paper's tables, in its order.
    rows: all conditions.
    differences: pairs of conditions on the same videos.
    places: rows with people on the places of other videos.
    coverage_bins, coverage_classes: accuracy by person coverage, by bins of videos and by
      class, for videos whose masks show a person.
    correlations: correlations of accuracy and coverage.
    kept_original: videos in which no person was found, and accuracies without them.
    seen_again: videos in which a second look found people, and accuracies without them.
    seeds: the spread over seeds.
    classes: accuracy by class.
    bars: tested and misclassified videos by class and split, the data of Figures 1 and 2.
  """

  paper: tuple[table.Table, ...]
  rows: table.Table
  differences: table.Table
  places: table.Table
  coverage_bins: table.Table
  coverage_classes: table.Table
  correlations: table.Table
  kept_original: table.Table
  seen_again: table.Table
  seeds: table.Table
  classes: table.Table
  bars: table.Table

  @property
  def all(self) -> tuple[table.Table, ...]:
    """All tables, in the order of the page."""
    return (
      *self.paper,
      self.rows,
      self.differences,
      self.places,
      self.coverage_bins,
      self.coverage_classes,
      self.correlations,
      self.kept_original,
      self.seen_again,
      self.seeds,
      self.classes,
      self.bars,
    )


def data_set(label_names: Sequence[str]) -> str:
  """The data set with these classes: 'demo set', 'UCF101', or else '12 classes'."""
  if set(label_names) == {action.name for action in actions.ACTIONS}:
    return 'demo set'
  if len(label_names) == 101 and {'ApplyEyeMakeup', 'YoYo'} <= set(label_names):
    return 'UCF101'
  return f'{len(label_names)} classes'


def make(paper: load_results.Paper, *, draws: int = resampling.DRAWS, seed: int = 0) -> Tables:
  """Makes all tables: a `Tables`.

  Args:
    paper: the results.
    draws, seed: of bootstrap and permutation tests.
  """
  outcomes = {condition.name: paper.outcomes(condition.name) for condition in paper.tested}
  statistic = stats.Statistic(draws, seed)
  numbers = dict.fromkeys(c.table for c in paper.conditions if c.table is not None)
  return Tables(
    tuple(_paper_table(paper, outcomes, statistic, number) for number in numbers),
    _rows(paper, outcomes, statistic),
    differences_lib.table(paper, outcomes, statistic),
    whose_place.table(paper, statistic),
    coverage_lib.bins(outcomes, statistic),
    coverage_lib.classes(paper, outcomes),
    coverage_lib.correlations(outcomes, statistic),
    coverage_lib.kept_original(outcomes, statistic),
    coverage_lib.seen_again(outcomes, statistic),
    _seeds(paper),
    _classes(paper, outcomes),
    _bars(paper, outcomes),
  )


def _plain(value: Sequence[str]) -> str:
  """Streams in words."""
  return 'two streams' if len(value) > 1 else {'rgb': 'RGB', 'flow': 'Flow'}.get(value[0], value[0])


def _list(numbers: Sequence[Any]) -> str:
  return ', '.join(map(str, numbers))


# === The paper's tables ===


def _paper_table(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: stats.Statistic,
  number: str,
) -> table.Table:
  """One of the paper's tables: one row per split, published accuracies next to ours."""
  conditions = [c for c in paper.conditions if c.table == number]
  columns = [Column('split', 'Split', 'name')]
  for condition in conditions:
    group = _plain(condition.streams) if len(conditions) > 1 else ''
    columns += [
      Column(f'{condition.name}_published', PUBLISHED, 'published', group),
      Column(condition.name, 'Ours', 'percent', group),
      Column(condition.name, '95% interval', 'percent_range', group),
    ]
  splits = sorted({split for c in conditions for split in (*c.published, *paper.splits_of(c.name))})
  rows: list[dict[str, Any]] = [{'split': f'Split {split}'} for split in splits]
  rows.append({'split': 'Mean'})
  missing = []
  for condition in conditions:
    tested, name = paper.splits_of(condition.name), condition.name
    for split, row in zip(splits, rows):
      row[f'{name}_published'] = condition.published.get(split)
      if split in tested:
        row.update(
          stats.named(
            name,
            statistic.accuracy(*outcomes[name].only(outcomes[name].splits == split).for_statistics),
          )
        )
    if condition.published:
      rows[-1][f'{name}_published'] = _mean_published(condition, tested)
    if tested:
      rows[-1].update(stats.named(name, statistic.accuracy(*outcomes[name].for_statistics)))
    absent = [split for split in splits if split not in tested]
    if absent:
      what = f'{_plain(condition.streams)} ' if len(conditions) > 1 else ''
      missing.append(f'{what}split {_list(absent)}')
  note = ''
  if missing:
    note = f'Not run: {"; ".join(missing)}. The mean is over the splits that were run.'
  return table.Table(
    f'table{number}',
    f'Table {number}: {"; ".join(c.title for c in conditions)}. Accuracy in per cent',
    tuple(columns),
    tuple(rows),
    note,
    last_apart=True,
  )


def _mean_published(condition: load_results.TestedCondition, tested: Sequence[int]) -> float:
  """The published mean over the splits that were run, or over all if none was."""
  values = [value for split, value in condition.published.items() if split in tested]
  return float(np.mean(values if values else list(condition.published.values())))


def _rows(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: stats.Statistic,
) -> table.Table:
  """All conditions, the paper's and the controls."""
  splits = paper.splits
  columns = (
    Column('row', 'Row', 'name'),
    Column('title', 'What'),
    Column('trained_on', 'Replaced in training'),
    Column('tested_on', 'Replaced in the test'),
    Column('videos', 'Videos', 'count'),
    *(Column(f'split{split}', f'Split {split}', 'percent') for split in splits),
    Column('accuracy', 'Mean', 'percent'),
    Column('accuracy', '95% interval', 'percent_range'),
    Column('published', PUBLISHED, 'published'),
  )
  rows, missing = [], []
  for condition in paper.conditions:
    row: dict[str, Any] = {
      'row': condition.name,
      'title': condition.title,
      'trained_on': condition.trained_on,
      'tested_on': condition.tested_on,
    }
    if condition.published:
      row['published'] = _mean_published(condition, paper.splits_of(condition.name))
    if condition.name in outcomes:
      of_row = outcomes[condition.name]
      row['videos'] = len(of_row.videos)
      for split in paper.splits_of(condition.name):
        row[f'split{split}'] = float(100 * of_row.correct[of_row.splits == split].mean())
      row.update(stats.named('accuracy', statistic.accuracy(*of_row.for_statistics)))
    else:
      missing.append(condition.name)
    rows.append(row)
  note = f'Not run: {_list(missing)}.' if missing else ''
  return table.Table('rows', 'All rows. Accuracy in per cent', columns, tuple(rows), note)


# === Seeds, classes ===


def _seeds(paper: load_results.Paper) -> table.Table:
  """The spread over seeds, for conditions and splits with several seeds."""
  rows = []
  for condition in paper.tested:
    for split in paper.splits_of(condition.name):
      seeds = paper.seeds_of(condition.name, split)
      if len(seeds) > 1:
        values = stats.spread(
          [100 * paper.results[condition.name, split, seed].correct.mean() for seed in seeds]
        )
        rows.append(
          {
            'row': condition.name,
            'split': split,
            'seeds': len(seeds),
            **dict(zip(('mean', 'deviation', 'lowest', 'highest'), values)),
          }
        )
  columns = (
    Column('row', 'Row', 'name'),
    Column('split', 'Split', 'count'),
    Column('seeds', 'Seeds', 'count'),
    Column('mean', 'Mean', 'percent'),
    Column('deviation', 'Standard deviation', 'percent'),
    Column('lowest', 'Lowest', 'percent'),
    Column('highest', 'Highest', 'percent'),
  )
  return table.Table(
    'seeds', 'Accuracy in per cent for several seeds of training', columns, tuple(rows)
  )


def _classes(
  paper: load_results.Paper, outcomes: Mapping[str, load_results.Outcomes]
) -> table.Table:
  rows = []
  videos = {}
  for condition in paper.tested:
    if condition.own_data:
      continue  # its videos bear the same names
    of_row = outcomes[condition.name]
    videos.update(zip(zip(of_row.splits, of_row.videos), zip(of_row.labels, of_row.coverage)))
  for number, name, label in load_results.numbered_classes(paper.label_names):
    coverages = [coverage for of_label, coverage in videos.values() if of_label == label]
    known = [coverage for coverage in coverages if not np.isnan(coverage)]
    row: dict[str, Any] = {
      'number': number,
      'class': name,
      'videos': len(coverages),
      'coverage': float(100 * np.mean(known)) if known else None,
    }
    for row_name, of_row in outcomes.items():
      correct = of_row.correct[of_row.labels == label]
      row[row_name] = float(100 * correct.mean()) if len(correct) else None
    rows.append(row)
  columns = (
    Column('number', 'No.', 'count'),
    Column('class', 'Class'),
    Column('videos', 'Videos', 'count'),
    Column('coverage', 'Person, %', 'percent'),
    *(Column(condition, condition, 'percent') for condition in outcomes),
  )
  return table.Table(
    'classes', 'Accuracy by class, over the videos of all splits, in per cent', columns, tuple(rows)
  )


def _bars(paper: load_results.Paper, outcomes: Mapping[str, load_results.Outcomes]) -> table.Table:
  rows = []
  for name, of_row in outcomes.items():
    for split in paper.splits_of(name):
      of_split = of_row.only(of_row.splits == split)
      for number, class_name, label in load_results.numbered_classes(paper.label_names):
        correct = of_split.correct[of_split.labels == label]
        rows.append(
          {
            'row': name,
            'split': split,
            'number': number,
            'class': class_name,
            'videos': len(correct),
            'misclassified': float(len(correct) - correct.sum()),
          }
        )
  columns = (
    Column('row', 'Row', 'name'),
    Column('split', 'Split', 'count'),
    Column('number', 'No.', 'count'),
    Column('class', 'Class'),
    Column('videos', 'Videos', 'count'),
    Column('misclassified', 'Misclassified', 'percent'),
  )
  return table.Table(
    'bars', 'Tested and misclassified videos by class, averaged over seeds', columns, tuple(rows)
  )
