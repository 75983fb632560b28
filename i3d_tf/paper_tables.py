"""The tables of the report: the paper's own, one of all rows, and the statistics it lacks.

Accuracies are in per cent, as the paper prints them.
"""

import dataclasses

import numpy as np

from i3d_tf import paper_statistics
from i3d_tf import paper_table
from i3d_tf.demo import actions

Column = paper_table.Column

PUBLISHED = 'Published (UCF101)'

# The paper's findings as orderings of rows; each neighbouring pair is a gap to be tested.
ORDERINGS = (('1b-rgb', '3b', '3a'), ('1b-rgb', '2b', '2a'))

# (first, second, what the difference of their accuracies is)
COMPARISONS = (
    ('1a', '1b-rgb', 'what flow adds'),
    ('1b-rgb', '2b-elsewhere', 'what a black shape costs that hides nobody'),
    ('2b-elsewhere', '2b', 'what it costs more when it hides the person'),
    ('1b-rgb', '2b-earlier', 'what a black shape costs that comes at another time'),
    ('2b-earlier', '2b', 'what it costs more when it hides the person'),
    ('2b-mean', '2b', 'mean colour in place of black over the person'),
    ('2b-blur', '2b', 'blur in place of black over the person'),
    ('2b-noise', '2b', 'noise in place of black over the person'),
    ('2a-mean', '2a', 'mean colour in place of black over the background'),
    ('2a-blur', '2a', 'blur in place of black over the background'),
    ('2a-noise', '2a', 'noise in place of black over the background'),
    ('2a', '2a-pasted', "what another class's place costs beyond black"),
    ('2a', '2-silhouette', 'what the look of the person adds to the silhouette, in the test'),
    ('3a', '3-silhouette', 'what the look of the person adds to the silhouette, learned'),
    ('1b-rgb', '1b-plain', 'what augmentation adds'),
)
NUM_BINS = 6  # of coverage


@dataclasses.dataclass(frozen=True)
class Tables:
  """The tables of a report.

  Attributes:
    paper: the paper's, in its order.
    rows: of all conditions.
    differences: of pairs of conditions on the same videos.
    coverage_bins, coverage_classes: accuracy against person coverage, by bins of videos and
      by class; of videos in whose masks there is a person.
    correlations: of the two.
    kept_original: videos in which no person was found, and accuracies without them.
    seeds: what another seed changes.
    classes: accuracy by class.
  """

  paper: tuple
  rows: paper_table.Table
  differences: paper_table.Table
  coverage_bins: paper_table.Table
  coverage_classes: paper_table.Table
  correlations: paper_table.Table
  kept_original: paper_table.Table
  seeds: paper_table.Table
  classes: paper_table.Table
  bars: paper_table.Table

  @property
  def all(self):
    return (*self.paper, self.rows, self.differences, self.coverage_bins, self.coverage_classes,
            self.correlations, self.kept_original, self.seeds, self.classes, self.bars)


def data_set(label_names):
  """What the results are of: 'demo set', 'UCF101', or '12 classes'."""
  if set(label_names) == {action.name for action in actions.ACTIONS}:
    return 'demo set'
  if len(label_names) == 101 and {'ApplyEyeMakeup', 'YoYo'} <= set(label_names):
    return 'UCF101'
  return f'{len(label_names)} classes'


def make(paper, *, draws=paper_statistics.DRAWS, seed=0):
  """Makes all tables: a `Tables`.

  Args:
    paper: a `paper_results.Paper`.
    draws, seed: of bootstrap and permutation tests.
  """
  outcomes = {condition.name: paper.outcomes(condition.name) for condition in paper.tested}
  statistic = _Statistic(draws, seed)
  numbers = dict.fromkeys(c.table for c in paper.conditions if c.table is not None)
  return Tables(
      tuple(_paper_table(paper, outcomes, statistic, number) for number in numbers),
      _rows(paper, outcomes, statistic),
      _differences(paper, outcomes, statistic),
      _coverage_bins(outcomes, statistic),
      _coverage_classes(paper, outcomes),
      _correlations(outcomes, statistic),
      _kept_original(outcomes, statistic),
      _seeds(paper),
      _classes(paper, outcomes),
      _bars(paper, outcomes))


@dataclasses.dataclass(frozen=True)
class _Statistic:
  """`paper_statistics` with the settings of a report, in per cent."""

  draws: int
  seed: int

  def accuracy(self, outcomes, by_split=True):
    interval = paper_statistics.accuracy(
        outcomes.correct, outcomes.groups, outcomes.splits if by_split else None,
        draws=self.draws, seed=self.seed)
    return 100 * interval.estimate, 100 * interval.low, 100 * interval.high


def _plain(value):
  return 'two streams' if len(value) > 1 else {'rgb': 'RGB', 'flow': 'Flow'}.get(value[0], value[0])


def _list(numbers):
  return ', '.join(map(str, numbers))


# === The paper's tables ===


def _paper_table(paper, outcomes, statistic, number):
  """One of the paper's tables: splits as rows, the published figure beside ours."""
  conditions = [c for c in paper.conditions if c.table == number]
  columns = [Column('split', 'Split', 'name')]
  for condition in conditions:
    group = _plain(condition.streams) if len(conditions) > 1 else ''
    columns += [Column(f'{condition.name}_published', PUBLISHED, 'published', group),
                Column(condition.name, 'Ours', 'percent', group),
                Column(condition.name, '95% interval', 'percent_range', group)]
  splits = sorted({split for c in conditions for split in (*c.published,
                                                           *paper.splits_of(c.name))})
  rows = [{'split': f'Split {split}'} for split in splits] + [{'split': 'Mean'}]
  missing = []
  for condition in conditions:
    tested, name = paper.splits_of(condition.name), condition.name
    for split, row in zip(splits, rows):
      row[f'{name}_published'] = condition.published.get(split)
      if split in tested:
        row.update(_measured(name, statistic.accuracy(
            outcomes[name].only(outcomes[name].splits == split))))
    if condition.published:
      rows[-1][f'{name}_published'] = float(np.mean(list(condition.published.values())))
    if tested:
      rows[-1].update(_measured(name, statistic.accuracy(outcomes[name])))
    absent = [split for split in splits if split not in tested]
    if absent:
      what = f'{_plain(condition.streams)} ' if len(conditions) > 1 else ''
      missing.append(f'{what}split {_list(absent)}')
  note = ''
  if missing:
    note = f'Not run: {"; ".join(missing)}. The mean is that of the splits that were run.'
  return paper_table.Table(
      f'table{number}', f'Table {number}: {"; ".join(c.title for c in conditions)}. '
      'Accuracy in per cent', tuple(columns), tuple(rows), note, last_apart=True)


def _measured(name, values):
  return dict(zip((name, f'{name}_low', f'{name}_high'), values))


def _rows(paper, outcomes, statistic):
  """All conditions, the paper's and the controls."""
  splits = paper.splits
  columns = (
      Column('row', 'Row', 'name'), Column('title', 'What'),
      Column('trained_on', 'Replaced in training'), Column('tested_on', 'Replaced in the test'),
      Column('videos', 'Videos', 'count'),
      *(Column(f'split{split}', f'Split {split}', 'percent') for split in splits),
      Column('accuracy', 'Mean', 'percent'), Column('accuracy', '95% interval', 'percent_range'),
      Column('published', PUBLISHED, 'published'))
  rows, missing = [], []
  for condition in paper.conditions:
    row = {'row': condition.name, 'title': condition.title, 'trained_on': condition.trained_on,
           'tested_on': condition.tested_on}
    if condition.published:
      row['published'] = float(np.mean(list(condition.published.values())))
    if condition.name in outcomes:
      of_row = outcomes[condition.name]
      row['videos'] = len(of_row.videos)
      for split in paper.splits_of(condition.name):
        row[f'split{split}'] = float(100 * of_row.correct[of_row.splits == split].mean())
      row.update(_measured('accuracy', statistic.accuracy(of_row)))
    else:
      missing.append(condition.name)
    rows.append(row)
  note = f'Not run: {_list(missing)}.' if missing else ''
  return paper_table.Table('rows', 'All rows. Accuracy in per cent', columns, tuple(rows), note)


# === Differences ===


def _pairs(paper):
  """(first, second, what, family) of the comparisons whose rows were run."""
  for ordering in ORDERINGS:
    for first, second in zip(ordering, ordering[1:]):
      yield first, second, ' > '.join(ordering), 'paper'
  for first, second, what in COMPARISONS:
    yield first, second, what, 'control'


def _differences(paper, outcomes, statistic):
  rows = []
  for first, second, what, family in _pairs(paper):
    if first not in outcomes or second not in outcomes:
      continue
    a, b = same_videos(outcomes[first], outcomes[second])
    if not len(a.videos):
      continue
    found = paper_statistics.difference(
        a.correct, b.correct, a.groups, a.splits, draws=statistic.draws, seed=statistic.seed)
    rows.append({
        'family': family, 'first': first, 'second': second, 'what': what, 'videos': found.videos,
        'groups': found.groups, 'difference': 100 * found.estimate,
        'difference_low': 100 * found.low, 'difference_high': 100 * found.high, 'p': found.p,
        'clear_of_zero': 'yes' if found.clear_of_zero else 'no'})
  for row, corrected in zip(rows, paper_statistics.holm([row['p'] for row in rows])):
    row['p_holm'] = corrected
  columns = (
      Column('first', 'Row', 'name'), Column('second', 'minus row', 'name'),
      Column('what', 'What it tells'),
      Column('videos', 'Videos', 'count'), Column('groups', 'Groups', 'count'),
      Column('difference', 'Difference', 'points'),
      Column('difference', '95% interval', 'points_range'),
      Column('clear_of_zero', 'Clear of zero'), Column('p', 'p', 'p'),
      Column('p_holm', 'p, Holm', 'p'), Column('family', 'Family', in_csv_only=True))
  own = [c.name for c in paper.tested if c.own_data]
  note = (f'Without a pair, since their data set is their own: {_list(own)}.' if own else '')
  return paper_table.Table(
      'differences', 'Differences of accuracy on the same videos, in percentage points',
      columns, tuple(rows), note)


def same_videos(first, second):
  """Two `Outcomes` cut down to the splits and videos that both have, in the same order."""
  places = {key: index for index, key in enumerate(zip(second.splits, second.videos))}
  shared = [(index, places[key]) for index, key in enumerate(zip(first.splits, first.videos))
            if key in places]
  a, b = np.array(shared, int).reshape(-1, 2).T
  return first.only(a), second.only(b)


# === Coverage ===


def _with_person(outcomes):
  """The `Outcomes` in whose masks there is a person."""
  return outcomes.only(outcomes.mask_found & ~np.isnan(outcomes.coverage))


def _coverage_bins(outcomes, statistic):
  found = {name: _with_person(of_row) for name, of_row in outcomes.items()}
  coverages = [of_row.coverage for of_row in found.values() if len(of_row.videos)]
  rows = []
  if coverages:
    edges = paper_statistics.quantile_edges(np.concatenate(coverages), NUM_BINS)
    if len(edges) > 1:
      for name, of_row in found.items():
        for b in paper_statistics.bins(of_row.coverage, of_row.correct, of_row.groups, edges,
                                       draws=statistic.draws, seed=statistic.seed):
          rows.append({
              'row': name, 'from': 100 * b.low, 'to': 100 * b.high, 'videos': b.videos,
              'coverage': 100 * b.coverage, **_measured('accuracy', [
                  100 * v for v in (b.accuracy.estimate, b.accuracy.low, b.accuracy.high)])})
  columns = (
      Column('row', 'Row', 'name'), Column('from', 'Person covers from, %', 'percent'),
      Column('to', 'to, %', 'percent'), Column('coverage', 'Mean, %', 'percent'),
      Column('videos', 'Videos', 'count'), Column('accuracy', 'Accuracy', 'percent'),
      Column('accuracy', '95% interval', 'percent_range'))
  return paper_table.Table(
      'coverage_bins', 'Accuracy by the share of the picture that the person covers', columns,
      tuple(rows))


def _by_class(of_row):
  """(label, videos, mean coverage, accuracy) of the classes of `Outcomes`."""
  for label in np.unique(of_row.labels):
    inside = of_row.labels == label
    yield (int(label), int(inside.sum()), float(of_row.coverage[inside].mean()),
           float(of_row.correct[inside].mean()))


def _coverage_classes(paper, outcomes):
  numbers = {label: number for number, _, label in numbered_classes(paper.label_names)}
  rows = [{'row': name, 'number': numbers[label], 'class': paper.label_names[label],
           'videos': videos, 'coverage': 100 * coverage, 'accuracy': 100 * accuracy}
          for name, of_row in outcomes.items()
          for label, videos, coverage, accuracy in _by_class(_with_person(of_row))]
  columns = (
      Column('row', 'Row', 'name'), Column('number', 'No.', 'count'), Column('class', 'Class'),
      Column('videos', 'Videos', 'count'), Column('coverage', 'Person, %', 'percent'),
      Column('accuracy', 'Accuracy', 'percent'))
  return paper_table.Table(
      'coverage_classes', 'Accuracy by class against the share of the picture that the person '
      'covers', columns, tuple(rows))


def _correlations(outcomes, statistic):
  rows = []
  for name, all_of_row in outcomes.items():
    of_row = _with_person(all_of_row)
    if not len(of_row.videos):
      continue
    _, _, *by_class = zip(*_by_class(of_row))
    for level, (x, y, groups) in {
        'classes': (*by_class, None),
        'videos': (of_row.coverage, of_row.correct, of_row.groups)}.items():
      c = paper_statistics.rank_correlation(
          x, y, groups, draws=statistic.draws, seed=statistic.seed)
      rows.append({'row': name, 'level': level, 'points': c.points, 'rho': c.estimate,
                   'rho_low': c.low, 'rho_high': c.high, 'p': c.p})
  columns = (Column('row', 'Row', 'name'), Column('level', 'Over'),
             Column('points', 'Points', 'count'),
             Column('rho', 'Spearman’s ρ', 'correlation'),
             Column('rho', '95% interval', 'correlation_range'), Column('p', 'p', 'p'))
  return paper_table.Table(
      'correlations', 'Rank correlation of accuracy with person coverage', columns, tuple(rows))


# === Kept original, seeds, classes ===


def _kept_original(outcomes, statistic):
  rows = []
  for name, of_row in outcomes.items():
    kept, found = ~of_row.mask_found, of_row.only(of_row.mask_found)
    row = {'row': name, 'videos': len(kept), 'kept': int(kept.sum()),
           **_measured('share', [100 * v for v in dataclasses.astuple(paper_statistics.accuracy(
               kept, of_row.groups, of_row.splits, draws=statistic.draws, seed=statistic.seed))]),
           'accuracy': statistic.accuracy(of_row)[0]}
    if len(found.videos):
      row.update(_measured('without', statistic.accuracy(found)))
    rows.append(row)
  columns = (
      Column('row', 'Row', 'name'), Column('videos', 'Videos', 'count'),
      Column('kept', 'Kept original', 'count'), Column('share', 'Share, %', 'percent'),
      Column('share', '95% interval', 'percent_range'), Column('accuracy', 'Accuracy', 'percent'),
      Column('without', 'Without them', 'percent'),
      Column('without', '95% interval', 'percent_range'))
  return paper_table.Table(
      'kept_original', 'Videos in which no person was found keep their original frames in every '
      'row', columns, tuple(rows))


def _seeds(paper):
  rows = []
  for condition in paper.tested:
    for split in paper.splits_of(condition.name):
      seeds = paper.seeds_of(condition.name, split)
      if len(seeds) > 1:
        values = paper_statistics.spread([
            100 * paper.results[condition.name, split, seed].correct.mean() for seed in seeds])
        rows.append({'row': condition.name, 'split': split, 'seeds': len(seeds),
                     **dict(zip(('mean', 'deviation', 'lowest', 'highest'), values))})
  columns = (
      Column('row', 'Row', 'name'), Column('split', 'Split', 'count'),
      Column('seeds', 'Seeds', 'count'),
      Column('mean', 'Mean', 'percent'), Column('deviation', 'Standard deviation', 'percent'),
      Column('lowest', 'Lowest', 'percent'), Column('highest', 'Highest', 'percent'))
  return paper_table.Table(
      'seeds', 'What another seed of the training changes. Accuracy in per cent', columns,
      tuple(rows))


def numbered_classes(label_names):
  """(number from 1, name, label) of the classes in alphabetical order, as in the paper."""
  return [(number, name, label_names.index(name))
          for number, name in enumerate(sorted(label_names), 1)]


def _classes(paper, outcomes):
  rows = []
  videos = {}
  for condition in paper.tested:
    if condition.own_data:
      continue  # its videos bear the same names
    of_row = outcomes[condition.name]
    videos.update(zip(zip(of_row.splits, of_row.videos), zip(of_row.labels, of_row.coverage)))
  for number, name, label in numbered_classes(paper.label_names):
    coverages = [coverage for of_label, coverage in videos.values() if of_label == label]
    known = [coverage for coverage in coverages if not np.isnan(coverage)]
    row = {'number': number, 'class': name, 'videos': len(coverages),
           'coverage': float(100 * np.mean(known)) if known else None}
    for condition, of_row in outcomes.items():
      correct = of_row.correct[of_row.labels == label]
      row[condition] = float(100 * correct.mean()) if len(correct) else None
    rows.append(row)
  columns = (
      Column('number', 'No.', 'count'), Column('class', 'Class'),
      Column('videos', 'Videos', 'count'), Column('coverage', 'Person, %', 'percent'),
      *(Column(condition, condition, 'percent') for condition in outcomes))
  return paper_table.Table(
      'classes', 'Accuracy by class, over the videos of all splits, in per cent', columns,
      tuple(rows))


def _bars(paper, outcomes):
  rows = []
  for name, of_row in outcomes.items():
    for split in paper.splits_of(name):
      of_split = of_row.only(of_row.splits == split)
      for number, class_name, label in numbered_classes(paper.label_names):
        correct = of_split.correct[of_split.labels == label]
        rows.append({'row': name, 'split': split, 'number': number, 'class': class_name,
                     'videos': len(correct), 'misclassified': float(len(correct) - correct.sum())})
  columns = (
      Column('row', 'Row', 'name'), Column('split', 'Split', 'count'),
      Column('number', 'No.', 'count'),
      Column('class', 'Class'), Column('videos', 'Videos', 'count'),
      Column('misclassified', 'Misclassified', 'percent'))
  return paper_table.Table(
      'bars', 'Tested and misclassified videos by class, averaged over seeds', columns, tuple(rows))
