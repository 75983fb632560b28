"""Accuracy by how much of the image the person covers, and without videos of doubtful masks."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from i3d_tf.masks import second_looks
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table
from i3d_tf.statistics import correlation
from i3d_tf.statistics import stats

Column = table.Column

NUM_BINS = 6


def _with_person(outcomes: load_results.Outcomes) -> load_results.Outcomes:
  """The outcomes of videos whose masks show a person."""
  return outcomes.only(outcomes.has_person & ~np.isnan(outcomes.coverage))


def bins(outcomes: Mapping[str, load_results.Outcomes], statistic: stats.Statistic) -> table.Table:
  """The accuracy of videos by how much the person covers, in bins of equal numbers of videos.

  Args:
    outcomes: a dict from the name of each condition to its outcomes.
    statistic: how intervals are drawn.

  Returns:
    The table; the bins are the same for all conditions.
  """
  found = {name: _with_person(of_row) for name, of_row in outcomes.items()}
  coverages = [of_row.coverage for of_row in found.values() if len(of_row.videos)]
  rows = []
  if coverages:
    edges = stats.quantile_edges(np.concatenate(coverages), NUM_BINS)
    if len(edges) > 1:
      for name, of_row in found.items():
        for b in stats.bins(
          of_row.coverage,
          of_row.correct,
          of_row.groups,
          edges,
          draws=statistic.draws,
          seed=statistic.seed,
        ):
          rows.append(
            {
              'row': name,
              'from': 100 * b.low,
              'to': 100 * b.high,
              'videos': b.videos,
              'coverage': 100 * b.coverage,
              **stats.named(
                'accuracy',
                [100 * v for v in (b.accuracy.estimate, b.accuracy.low, b.accuracy.high)],
              ),
            }
          )
  columns = (
    Column('row', 'Row', 'name'),
    Column('from', 'Person covers from, %', 'percent'),
    Column('to', 'to, %', 'percent'),
    Column('coverage', 'Mean, %', 'percent'),
    Column('videos', 'Videos', 'count'),
    Column('accuracy', 'Accuracy', 'percent'),
    Column('accuracy', '95% interval', 'percent_range'),
  )
  return table.Table(
    'coverage_bins',
    'Accuracy by the fraction of the image that the person covers',
    columns,
    tuple(rows),
  )


def _by_class(of_row: load_results.Outcomes) -> Iterator[tuple[int, int, float, float]]:
  """(label, number of videos, mean coverage, accuracy) of each class."""
  for label in np.unique(of_row.labels):
    inside = of_row.labels == label
    yield (
      int(label),
      int(inside.sum()),
      float(of_row.coverage[inside].mean()),
      float(of_row.correct[inside].mean()),
    )


def classes(
  paper: load_results.Paper, outcomes: Mapping[str, load_results.Outcomes]
) -> table.Table:
  """The table of the accuracy and the coverage of each class.

  Args:
    paper: the results.
    outcomes: as in `bins`.
  """
  numbers = {label: number for number, _, label in load_results.numbered_classes(paper.label_names)}
  rows = [
    {
      'row': name,
      'number': numbers[label],
      'class': paper.label_names[label],
      'videos': videos,
      'coverage': 100 * coverage,
      'accuracy': 100 * accuracy,
    }
    for name, of_row in outcomes.items()
    for label, videos, coverage, accuracy in _by_class(_with_person(of_row))
  ]
  columns = (
    Column('row', 'Row', 'name'),
    Column('number', 'No.', 'count'),
    Column('class', 'Class'),
    Column('videos', 'Videos', 'count'),
    Column('coverage', 'Person, %', 'percent'),
    Column('accuracy', 'Accuracy', 'percent'),
  )
  return table.Table(
    'coverage_classes',
    'Accuracy by class and the fraction of the image that the person covers',
    columns,
    tuple(rows),
  )


def correlations(
  outcomes: Mapping[str, load_results.Outcomes], statistic: stats.Statistic
) -> table.Table:
  """The table of the rank correlations of accuracy with coverage, over classes and videos.

  Args:
    outcomes, statistic: as in `bins`.
  """
  rows = []
  for name, all_of_row in outcomes.items():
    of_row = _with_person(all_of_row)
    if not len(of_row.videos):
      continue
    _, _, *by_class = zip(*_by_class(of_row))
    points: dict[str, tuple[Any, Any, Any]] = {
      'classes': (by_class[0], by_class[1], None),
      'videos': (of_row.coverage, of_row.correct, of_row.groups),
    }
    for level, (x, y, groups) in points.items():
      c = correlation.rank_correlation(x, y, groups, draws=statistic.draws, seed=statistic.seed)
      rows.append(
        {
          'row': name,
          'level': level,
          'points': c.points,
          'rho': c.estimate,
          'rho_low': c.low,
          'rho_high': c.high,
          'p': c.p,
        }
      )
  columns = (
    Column('row', 'Row', 'name'),
    Column('level', 'Over'),
    Column('points', 'Points', 'count'),
    Column('rho', 'Spearman’s ρ', 'correlation'),
    Column('rho', '95% interval', 'correlation_range'),
    Column('p', 'p', 'p'),
  )
  return table.Table(
    'correlations', 'Rank correlation of accuracy with person coverage', columns, tuple(rows)
  )


def _left_out(
  name: str,
  of_row: load_results.Outcomes,
  left_out: np.ndarray,
  statistic: stats.Statistic,
  **more: Any,
) -> dict[str, Any]:
  """A row: the accuracy of all videos, and of those that `left_out`, bool [N], leaves."""
  rest = of_row.only(~left_out)
  row = {
    'row': name,
    'videos': len(left_out),
    **more,
    'accuracy': statistic.accuracy(*of_row.for_statistics)[0],
  }
  if len(rest.videos):
    row.update(stats.named('without', statistic.accuracy(*rest.for_statistics)))
  return row


_WITHOUT = (
  Column('accuracy', 'Accuracy', 'percent'),
  Column('without', 'Without them', 'percent'),
  Column('without', '95% interval', 'percent_range'),
)


def kept_original(
  outcomes: Mapping[str, load_results.Outcomes], statistic: stats.Statistic
) -> table.Table:
  """The table of how many videos kept their original frames, and accuracies without them.

  Args:
    outcomes, statistic: as in `bins`.
  """
  rows = []
  for name, of_row in outcomes.items():
    kept = ~of_row.has_person
    share = stats.named('share', statistic.accuracy(kept, of_row.groups, of_row.splits))
    rows.append(_left_out(name, of_row, kept, statistic, kept=int(kept.sum()), **share))
  columns = (
    Column('row', 'Row', 'name'),
    Column('videos', 'Videos', 'count'),
    Column('kept', 'Kept original', 'count'),
    Column('share', 'Share, %', 'percent'),
    Column('share', '95% interval', 'percent_range'),
    *_WITHOUT,
  )
  return table.Table(
    'kept_original',
    'Videos in which no person was found keep their original frames in every row',
    columns,
    tuple(rows),
  )


def seen_again(
  outcomes: Mapping[str, load_results.Outcomes], statistic: stats.Statistic
) -> table.Table:
  """The table of videos in which a second look found people, and accuracies without them.

  A hint that masks missed people, and no more (`second_looks.LIMIT`): a second look at the frames
  without the masked people found more of people than that share of all that was found, or neither
  look found anybody. Videos without a second look stay.

  Args:
    outcomes, statistic: as in `bins`.

  Returns:
    The table; without rows if no video had a second look.
  """
  rows = []
  if any(not np.isnan(of_row.seen_again).all() for of_row in outcomes.values()):
    for name, of_row in outcomes.items():
      missed = of_row.seen_again > second_looks.LIMIT  # False where it is NaN
      counts = {'looked': int((~np.isnan(of_row.seen_again)).sum()), 'missed': int(missed.sum())}
      rows.append(_left_out(name, of_row, missed, statistic, **counts))
  columns = (
    Column('row', 'Row', 'name'),
    Column('videos', 'Videos', 'count'),
    Column('looked', 'Looked at again', 'count'),
    Column('missed', 'People found again', 'count'),
    *_WITHOUT,
  )
  return table.Table(
    'seen_again',
    'Videos in which the segmenter found people again after their masks were taken out '
    f'(more than {second_looks.LIMIT:.0%} of all that it found), or never found anybody',
    columns,
    tuple(rows),
  )
