"""What look, outline, motion and place are each worth: one accuracy, taken apart.

Each part is a difference of accuracies of networks that were trained on what they are shown, all
squashed. With c for chance, one over the number of classes:

  where     3-tube - c                 where and how large somebody is: one box for all frames
  motion    3-box - 3-tube             how that moves: the box of every frame
  outline   3-silhouette - 3-box       the person's shape in every frame
  look      3a - 3-silhouette          the person's own pixels
  place     3b-inpaint - c             the place without person and without hole
  joint     1b-squash - 3a - 3b-inpaint + c

The first four add up to what the person alone is worth, 3a - c, and all six to what everything is
worth, 1b-squash - c. `joint` is what does not add up: below 0, person and place tell the same of
the same videos, so that one of them would do; above 0, the network needs both at once. It holds
what training differs by, too. Where it is clear of zero, the parts are no shares of the accuracy.

Each part is the mean over the same videos of a sum of right answers, so its interval is that of
`stats.difference`. Rows that only test are not used: a fall in them may be what an unknown
picture does to a network.
"""

from collections.abc import Mapping
from typing import Any

from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.reporting import figures
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.statistics import stats

Column = table_lib.Column

# {part: ({row: its factor}, factor of chance, in words)}
PARTS: dict[str, tuple[dict[str, int], int, str]] = {
  'where': ({'3-tube': 1}, -1, 'where and how large somebody is'),
  'motion': ({'3-box': 1, '3-tube': -1}, 0, 'how the box around them moves'),
  'outline': ({'3-silhouette': 1, '3-box': -1}, 0, 'their shape'),
  'look': ({'3a': 1, '3-silhouette': -1}, 0, 'their own pixels'),
  'place': ({'3b-inpaint': 1}, -1, 'the place, painted in'),
  'joint': ({'1b-squash': 1, '3a': -1, '3b-inpaint': -1}, 1, 'what does not add up'),
}
WHOLE = '1b-squash'
ROWS = tuple(dict.fromkeys(row for rows, _, _ in PARTS.values() for row in rows))


def table(paper: load_results.Paper, statistic: stats.Statistic) -> table_lib.Table:
  """The parts with their intervals.

  Args:
    paper: the results.
    statistic: how intervals are drawn.

  Returns:
    The table; without rows, and a note that says why, if a row of `ROWS` was not run, or no video
    is in all of them.
  """
  columns = (
    Column('part', 'Part', 'name'),
    Column('what', 'What'),
    Column('rows', 'Rows'),
    Column('videos', 'Videos', 'count'),
    Column('points', 'Points', 'points'),
    Column('points', '95% interval', 'points_range'),
    Column('clear_of_zero', 'Clear of zero'),
    Column('p', 'p', 'p'),
  )
  title = f'The accuracy of {WHOLE} above chance, taken apart, in percentage points'
  missing = [name for name in ROWS if not paper.splits_of(name)]
  outcomes = {} if missing else _same_videos(paper)
  rows: list[dict[str, Any]] = []
  note = f'Not run: {", ".join(missing)}.' if missing else 'The rows share no video.'
  if outcomes:
    rows = [_part(paper, outcomes, statistic, name) for name in PARTS]
    note = _sentence(rows[-1])
  return table_lib.Table('parts', title, columns, tuple(rows), note)


def _same_videos(paper: load_results.Paper) -> dict[str, load_results.Outcomes]:
  """The outcomes of all rows for the runs and videos that all have; {} if there is none."""
  shared = sorted(set.intersection(*(set(paper.runs_of(name)) for name in ROWS)))
  if not shared:
    return {}
  found = {name: paper.outcomes(name, shared) for name in ROWS}
  first = found[ROWS[0]]
  for name in ROWS[1:]:
    first, _ = load_results.same_videos(first, found[name])
  if not len(first.videos):
    return {}
  return {name: load_results.same_videos(first, of_row)[1] for name, of_row in found.items()}


def _part(
  paper: load_results.Paper,
  outcomes: Mapping[str, load_results.Outcomes],
  statistic: stats.Statistic,
  name: str,
) -> dict[str, Any]:
  """One row of the table."""
  factors, of_chance, what = PARTS[name]
  chance = 1 / len(paper.label_names)
  first = outcomes[ROWS[0]]
  values = sum(factor * outcomes[row].correct for row, factor in factors.items())
  values = np.asarray(values, float) + of_chance * chance
  found = stats.difference(
    values,
    np.zeros_like(values),
    first.groups,
    first.splits,
    draws=statistic.draws,
    seed=statistic.seed,
  )
  terms = [f'{"+" if factor > 0 else "−"} {row}' for row, factor in factors.items()]
  terms += [f'{"+" if of_chance > 0 else "−"} chance'] if of_chance else []
  bounds = [100 * bound for bound in (found.estimate, found.low, found.high)]
  return {
    'part': name,
    'what': what,
    'rows': ' '.join(terms).removeprefix('+ '),
    'videos': found.videos,
    **stats.named('points', bounds),
    'clear_of_zero': 'yes' if found.clear_of_zero else 'no',
    'p': found.p,
  }


def _sentence(joint: Mapping[str, Any]) -> str:
  """Whether the parts add up, in words."""
  points = table_lib.text(table_lib.tidy(joint['points']), 'points')
  if joint['clear_of_zero'] == 'no':
    return (
      f'That the parts do not add up is not shown: joint is {points} points, not clear of zero.'
    )
  if joint['points'] < 0:
    return (
      f'The parts do not add up ({points} points): person and place tell the same of some videos, '
      'which the parts count twice.'
    )
  return (
    f'The parts do not add up ({points} points): some videos need person and place together, '
    'which no part shows.'
  )


def draw(parts: table_lib.Table, chance: float) -> figure_lib.Figure:
  """Draws the parts, each from where the one before ended, from chance to the whole.

  Args:
    parts: what `table` returns, with rows.
    chance: in per cent.
  """
  with figures.look():
    figure = figure_lib.Figure((figures.COLUMN, 2.1), layout='constrained')
    axis = figure.subplots()
    start = chance
    for position, row in enumerate(parts.rows):
      points = row['points']
      clear = row['clear_of_zero'] == 'yes'
      axis.bar(
        position,
        points,
        bottom=start,
        width=0.7,
        color=figures.SOFT if row['part'] == 'joint' else figures.TESTED,
        alpha=1 if clear else 0.4,
      )
      low, high = row['points_low'], row['points_high']
      if not np.isnan(low):
        axis.errorbar(
          position,
          start + points,
          yerr=[[max(0, points - low)], [max(0, high - points)]],
          color=figures.INK,
          elinewidth=0.8,
          capsize=2,
        )
      start += points
      axis.plot([position - 0.35, position + 1.35], [start] * 2, color=figures.SOFT, linewidth=0.5)
    axis.axhline(chance, color=figures.SOFT, linestyle=':', linewidth=0.9)
    axis.set_xticks(range(len(parts.rows)), [row['part'] for row in parts.rows])
    axis.set_ylabel('Accuracy, %')
    axis.grid(axis='y')
  return figure
