"""Whose place it is: rows whose people are pasted on the places of other videos, or on stripes.

On another place, each video has two labels, the person's class and the place's, and may be answered
by either. Stripes are nobody's place: only the person's class and the contrast are asked.

  SHAcc             mean[the answer is the person's class], the row's accuracy
  SBErr             mean[the answer is the place's class]
  background wins   mean[the place's class ranks before the person's]
  contrasted        mean[right on SCUBA and wrong on SCUFO]: of a person on a picture, and of one
                    frame of that, so that what is right needs motion

SHAcc and SBErr: Chung, Wu, Russakovsky, "Enabling Detailed Action Recognition Evaluation Through
Video Dataset Augmentation" (HAT), NeurIPS 2022, and Zhou et al., 2025; the contrasted accuracy: Li,
Liu, Zhang, Li, "Mitigating and Evaluating Static Bias of Action Representations in the Background
and the Foreground", ICCV 2023. Videos in which no person was found keep their own place and are
left out. Intervals: 95%, bootstrap over groups of the person's videos.
"""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np

from i3d_tf.common import errors
from i3d_tf.inference import results
from i3d_tf.inputs import treatments
from i3d_tf.reporting import load_results
from i3d_tf.reporting import table as table_lib
from i3d_tf.statistics import stats

Column = table_lib.Column

# What is true or false of a pasted video, from 0 to 1 over seeds.
_MEASURES = ('shacc', 'sberr', 'wins')


@dataclasses.dataclass(frozen=True)
class _Pasted:
  """What is known of one pasted video: its group, whose place it has, and the measures."""

  group: str
  same_class: bool
  shacc: float
  sberr: float
  wins: float


def table(paper: load_results.Paper, statistic: stats.Statistic) -> table_lib.Table:
  """The table of the rows with pasted people.

  Args:
    paper: the results.
    statistic: how intervals are drawn.

  Returns:
    The table; without rows if nobody was pasted.

  Raises:
    UserError: results contradict their row.
  """
  rows, unknown = [], []
  of_rows = {condition.name: _treatment(condition) for condition in paper.tested}
  pasted = {n: of for n, of in of_rows.items() if of.place_from is not None or of.on_picture}
  for name, treatment in pasted.items():
    found = [
      (split, _read(paper, name, split, seed, treatment)) for split, seed in paper.runs_of(name)
    ]
    if not any(of_run for _, of_run in found):
      unknown.append(name)
      continue
    row = {'row': name, 'place': _of_class(treatment), **_measures(found, treatment, statistic)}
    still = _still_of(paper, name, pasted)
    if still is not None:
      row.update(_contrasted(paper, name, still, treatment, statistic))
    rows.append(row)
  note = 'Background wins: the place’s class ranks before the person’s.'
  if unknown:
    note += f' Not known, since their results do not say whose place it was: {", ".join(unknown)}.'
  columns = (
    Column('row', 'Row', 'name'),
    Column('place', 'Place of'),
    Column('videos', 'Videos', 'count'),
    *(
      Column(key, header, kind)
      for key, header_of in (
        ('shacc', 'Person’s class (SHAcc)'),
        ('sberr', 'Place’s class (SBErr)'),
        ('wins', 'Background wins'),
        ('contrasted', 'Contrasted accuracy'),
      )
      for header, kind in ((header_of, 'percent'), ('95% interval', 'percent_range'))
    ),
  )
  title = 'People pasted on other places: whose class is answered, in per cent'
  return table_lib.Table('places', title, columns, tuple(rows), note)


def _treatment(condition: load_results.TestedCondition) -> treatments.Treatment:
  return treatments.Treatment.parse(condition.tested_on)


def _of_class(treatment: treatments.Treatment) -> str:
  if treatment.place_from is None:
    return 'nobody: stripes'
  picture = ', a still' if treatment.fill == 'picture' else ''
  return ('the same class' if treatment.needs_twin else 'another class') + picture


def _read(
  paper: load_results.Paper, name: str, split: int, seed: int, treatment: treatments.Treatment
) -> dict[str, _Pasted]:
  """The pasted videos of a result, by video."""
  rows = results.read(results.path(paper.folder, f'{name}.split{split}', f'seed{seed}'))
  if treatment.place_from is None:
    return {
      row.video: _Pasted(row.group, False, row.is_correct, np.nan, np.nan)
      for row in rows
      if row.has_person
    }
  right = {row.class_name: list(row.right) for row in rows}
  return {
    row.video: _Pasted(
      row.group,
      row.place == row.class_name,
      row.is_correct,
      row.prediction in right[row.place],
      row.logits[right[row.place]].max() > row.logits[list(row.right)].max(),
    )
    for row in rows
    if row.place in right
  }


def _measures(
  found: Sequence[tuple[int, Mapping[str, _Pasted]]],
  treatment: treatments.Treatment,
  statistic: stats.Statistic,
) -> dict[str, Any]:
  """The cells of a row: the measures with their intervals.

  On a place of the person's own class, or on nobody's, only SHAcc is a question.

  Raises:
    UserError: a place is of the person's class where classes must differ.
  """
  videos = [(split, pasted) for split, of_run in found for pasted in of_run.values()]
  if not treatment.needs_twin and any(pasted.same_class for _, pasted in videos):
    raise errors.UserError(
      f'results of {treatment.name}: expected places of other classes than the person on them; '
      'found one of the same'
    )
  keys = sorted({(split, video) for split, of_run in found for video in of_run})
  cells: dict[str, Any] = {'videos': len(keys)}
  for measure in _MEASURES if treatment.place_from == treatments.PARTNER else _MEASURES[:1]:
    cells.update(
      stats.named(
        measure,
        _over_seeds(
          [
            (split, video, pasted.group, getattr(pasted, measure))
            for split, of_run in found
            for video, pasted in of_run.items()
          ],
          statistic,
        ),
      )
    )
  return cells


def _over_seeds(
  values: Sequence[tuple[int, str, str, float]], statistic: stats.Statistic
) -> tuple[float, float, float]:
  """(mean, low, high) in per cent of values of (split, video, group), averaged over seeds."""
  of_video: dict[tuple[int, str, str], list[float]] = {}
  for split, video, group, value in values:
    of_video.setdefault((split, video, group), []).append(value)
  splits, _, groups = zip(*of_video)
  means = np.array([np.mean(of) for of in of_video.values()])
  return statistic.accuracy(means, np.array(groups), np.array(splits))


def _still_of(
  paper: load_results.Paper, name: str, pasted: Mapping[str, treatments.Treatment]
) -> str | None:
  """The row that shows one frame (SCUFO) of a row of people on pictures (SCUBA)."""
  treatment = pasted[name]
  if not treatment.on_picture or treatment.time != 'forward':
    return None
  trained = {c.name: (c.trained_on, c.streams, c.own_data) for c in paper.tested}
  wanted = dataclasses.replace(treatment, time='still')
  return next(
    (n for n, other in pasted.items() if other == wanted and trained[n] == trained[name]), None
  )


def _contrasted(
  paper: load_results.Paper,
  moving: str,
  still: str,
  treatment: treatments.Treatment,
  statistic: stats.Statistic,
) -> dict[str, float]:
  """The contrasted accuracy of a row, over the runs and videos that both rows have."""
  values = []
  for split, seed in sorted(set(paper.runs_of(moving)) & set(paper.runs_of(still))):
    scuba, scufo = (_read(paper, name, split, seed, treatment) for name in (moving, still))
    values += [
      (split, video, pasted.group, bool(pasted.shacc and not scufo[video].shacc))
      for video, pasted in scuba.items()
      if video in scufo
    ]
  return stats.named('contrasted', _over_seeds(values, statistic)) if values else {}
