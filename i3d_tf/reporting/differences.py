"""Differences between rows on the same videos: the paper's orderings, and controls."""

from collections.abc import Iterator, Mapping
import itertools
from typing import Any

from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.statistics import stats

Column = table_lib.Column

# The paper's findings as orderings of rows; each pair of neighbors is a gap to be tested.
ORDERINGS = (('1b-rgb', '3b', '3a'), ('1b-rgb', '2b', '2a'))

# (first, second, what the difference of their accuracies measures)
COMPARISONS = (
  ('1a', '1b-rgb', 'what flow adds'),
  ('1b-rgb', '2b-elsewhere', 'what a black shape costs that does not hide the person'),
  ('2b-elsewhere', '2b', 'what it costs in addition if it hides the person'),
  ('1b-rgb', '2b-earlier', 'what a black shape costs that is shown at another time'),
  ('2b-earlier', '2b', 'what it costs in addition if it hides the person'),
  ('2b-mean', '2b', 'mean color instead of black over the person'),
  ('2b-blur', '2b', 'blur instead of black over the person'),
  ('2b-noise', '2b', 'noise instead of black over the person'),
  ('2a-mean', '2a', 'mean color instead of black over the background'),
  ('2a-blur', '2a', 'blur instead of black over the background'),
  ('2a-noise', '2a', 'noise instead of black over the background'),
  ('2a', '2a-pasted', "what another class's place costs compared with black"),
  ('1b-rgb', '2a-same', 'what pasting costs, on a place of the same class'),
  ('2a-same', '2a-pasted', 'what it costs in addition if the place is of another class'),
  ('2a-pasted', '2a-picture', 'what it costs in addition if the place stands still'),
  ('2a-picture', '2a-picture-still', 'what the motion of a person on a picture adds'),
  ('2a', '2a-stripes', 'what stripes cost compared with black'),
  ('2a-picture', '2a-stripes', 'what it costs in addition if the picture has no objects'),
  ('2a-stripes', '2a-stripes-still', 'what the motion of a person on stripes adds'),
  ('2a', '2-silhouette', 'what appearance adds to the silhouette, in the test'),
  ('3a', '3-silhouette', 'what appearance adds to the silhouette, after training on it'),
  ('2b', '2b-box', "what the hole's outline tells, in the test"),
  ('2b-box', '2b-tube', "what the hole's motion tells, in the test"),
  ('2b', '2b-united', "what it costs to have another class's outline in the hole, in the test"),
  ('2b-inpaint', '2b-tube', 'what the place is worth without a hole, in the test'),
  ('3b', '3b-box', "what the hole's outline tells, after training on it"),
  ('3b-box', '3b-tube', "what the hole's motion tells, after training on it"),
  ('3b', '3b-united', "what the hole's outline tells as one of two, after training on it"),
  ('3-silhouette', '3-united', 'what the outline tells as one of two, after training on it'),
  ('3b', '3b-inpaint', 'what the hole tells, after training on it'),
  ('3a', '3a-box', 'what the person adds to a box around them, after training on it'),
  ('3-silhouette', '3-box', 'what the outline adds to a white box, after training on it'),
  ('1b-squash', '3-carried', 'what appearance adds to motion alone, after training on it'),
  ('3-carried', '3-silhouette', 'what all motion tells more than the outline that moves'),
  ('3-tube', '0-tube', 'what a network adds to the nearest box in all frames'),
  ('3-box', '0-box', 'what a network adds to the nearest box, early, midway and late'),
  ('1b-rgb', '1b-squash', 'what cropping adds'),
  ('1b-squash', '3a', 'what the place adds to the person, both squashed'),
  ('1b-squash', '3b', 'what the person adds to the place, both squashed'),
  ('1b-rgb', '1b-still', 'what more than one frame adds'),
  ('1b-rgb', '1b-shuffled', 'what the order of frames adds'),
  ('1b-rgb', '1b-reversed', 'what the direction of time adds'),
  ('1b-rgb', '1b-plain', 'what augmentation adds'),
  ('2a', '2a-plain', 'what augmentation adds on the person alone'),
  ('2b', '2b-plain', 'what augmentation adds on the place alone'),
  ('1b-diversity3', '2b-diversity3', 'what the person adds, 3 kinds of background per class'),
  ('1b-diversity10', '2b-diversity10', 'what the person adds, 10 kinds of background per class'),
)


_COLUMNS = (
  Column('first', 'Row', 'name'),
  Column('second', 'minus row', 'name'),
  Column('what', 'What it measures'),
  Column('videos', 'Videos', 'count'),
  Column('groups', 'Groups', 'count'),
  Column('difference', 'Difference', 'points'),
  Column('difference', '95% interval', 'points_range'),
  Column('clear_of_zero', 'Clear of zero'),
  Column('p', 'p', 'p'),
  Column('p_holm', 'p, Holm', 'p'),
  Column('family', 'Family', in_csv_only=True),
)


def _pairs(paper: load_results.Paper) -> Iterator[tuple[str, str, str, str]]:
  """(first, second, what, family) of the comparisons whose rows were run."""
  for ordering in ORDERINGS:
    for first, second in itertools.pairwise(ordering):
      yield first, second, ' > '.join(ordering), 'paper'
  for first, second, what in COMPARISONS:
    yield first, second, what, 'control'


def table(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: stats.Statistic,
) -> table_lib.Table:
  """The table of all pairs whose rows were both run.

  Args:
    paper: the results.
    outcomes: a dict from the name of each tested condition to its outcomes.
    statistic: how intervals are drawn.

  Returns:
    The table, the paper's orderings first.
  """
  rows = []
  for first, second, what, family in _pairs(paper):
    if first in outcomes and second in outcomes:
      found = _difference(paper, outcomes, statistic, first, second)
      if found is not None:
        rows.append({'family': family, 'first': first, 'second': second, 'what': what, **found})
  for row, corrected in zip(rows, stats.holm([row['p'] for row in rows]), strict=True):
    row['p_holm'] = corrected
  own = [c.name for c in paper.tested if c.own_data]
  note = 'Networks of the same split and seed are compared.'
  if own:
    note += f' Not compared, because they have their own data set: {", ".join(own)}.'
  return table_lib.Table(
    'differences',
    'Differences of accuracy on the same videos, in percentage points',
    _COLUMNS,
    tuple(rows),
    note,
  )


def _difference(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: stats.Statistic,
  first: str,
  second: str,
) -> dict[str, Any] | None:
  """The difference of two rows on the same videos; None if they share no run or no video."""
  # Different seeds would add the variance of training to the difference of the rows.
  runs = sorted(set(paper.runs_of(first)) & set(paper.runs_of(second)))
  if not runs:
    return None
  a, b = load_results.same_videos(
    *(
      outcomes[name] if runs == paper.runs_of(name) else paper.outcomes(name, runs)
      for name in (first, second)
    )
  )
  if not len(a.videos):
    return None
  found = stats.difference(
    a.correct, b.correct, a.groups, a.splits, draws=statistic.draws, seed=statistic.seed
  )
  return {
    'videos': found.videos,
    'groups': found.groups,
    'difference': 100 * found.estimate,
    'difference_low': 100 * found.low,
    'difference_high': 100 * found.high,
    'p': found.p,
    'clear_of_zero': 'yes' if found.clear_of_zero else 'no',
  }
