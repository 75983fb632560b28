"""Differences between rows on the same videos: the paper's orderings, and what controls tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from i3d_tf.reporting import accuracy
from i3d_tf.reporting import load_results
from i3d_tf.reporting import stats
from i3d_tf.reporting import table as table_lib

Column = table_lib.Column

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
  ('2a', '2a-plain', 'what augmentation adds to what the person tells'),
  ('2b', '2b-plain', 'what augmentation adds to what the place tells'),
  ('1b-diversity3', '2b-diversity3', 'what the person adds, 3 kinds of background a class'),
  ('1b-diversity10', '2b-diversity10', 'what the person adds, 10 kinds of background a class'),
)


def _pairs(paper: load_results.Paper) -> Iterator[tuple[str, str, str, str]]:
  """(first, second, what, family) of the comparisons whose rows were run."""
  for ordering in ORDERINGS:
    for first, second in zip(ordering, ordering[1:]):
      yield first, second, ' > '.join(ordering), 'paper'
  for first, second, what in COMPARISONS:
    yield first, second, what, 'control'


def table(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: accuracy.Statistic,
) -> table_lib.Table:
  """The table of all pairs whose two rows were run.

  Args:
    paper: a `load_results.Paper`.
    outcomes: a dict from name of a condition to its `load_results.Outcomes`.
    statistic: a `paper_accuracy.Statistic`.

  Returns:
    A `table_lib.Table`, the paper's orderings first.
  """
  rows: list[dict[str, Any]] = []
  for first, second, what, family in _pairs(paper):
    if first not in outcomes or second not in outcomes:
      continue
    # Networks of other seeds would add what a training moves to what the rows do.
    runs = sorted(set(paper.runs_of(first)) & set(paper.runs_of(second)))
    if not runs:
      continue
    a, b = load_results.same_videos(
      *(
        outcomes[name] if runs == paper.runs_of(name) else paper.outcomes(name, runs)
        for name in (first, second)
      )
    )
    if not len(a.videos):
      continue
    found = stats.difference(
      a.correct, b.correct, a.groups, a.splits, draws=statistic.draws, seed=statistic.seed
    )
    rows.append(
      {
        'family': family,
        'first': first,
        'second': second,
        'what': what,
        'videos': found.videos,
        'groups': found.groups,
        'difference': 100 * found.estimate,
        'difference_low': 100 * found.low,
        'difference_high': 100 * found.high,
        'p': found.p,
        'clear_of_zero': 'yes' if found.clear_of_zero else 'no',
      }
    )
  for row, corrected in zip(rows, stats.holm([float(row['p']) for row in rows])):
    row['p_holm'] = corrected
  columns = (
    Column('first', 'Row', 'name'),
    Column('second', 'minus row', 'name'),
    Column('what', 'What it tells'),
    Column('videos', 'Videos', 'count'),
    Column('groups', 'Groups', 'count'),
    Column('difference', 'Difference', 'points'),
    Column('difference', '95% interval', 'points_range'),
    Column('clear_of_zero', 'Clear of zero'),
    Column('p', 'p', 'p'),
    Column('p_holm', 'p, Holm', 'p'),
    Column('family', 'Family', in_csv_only=True),
  )
  own = [c.name for c in paper.tested if c.own_data]
  note = 'Networks of the same split and seed are compared.'
  if own:
    note += f' Without a pair, since their data set is their own: {", ".join(own)}.'
  return table_lib.Table(
    'differences',
    'Differences of accuracy on the same videos, in percentage points',
    columns,
    tuple(rows),
    note,
  )
