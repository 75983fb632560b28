"""Reads what `reproduce` made: the rows of the paper's table and the results of each.

    paper/conditions.json                        what the rows are
    paper/results/{condition}.split1.seed0.csv   a row a video, see `results_lib`

A file that is damaged is named in `Paper.problems`; the others are used.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import json
import os
import re
from typing import Any

import numpy as np
from scipy import special

from i3d_tf.common import errors
from i3d_tf.inference import results as results_lib
from i3d_tf.records import ucf101

CONDITIONS = 'conditions.json'
_NAME = re.compile(r'(.+)\.split(\d+)\.seed(\d+)\.csv')


@dataclasses.dataclass(frozen=True)
class TestedCondition:
  """A row of the table.

  Attributes:
    name: as in the names of the files, such as '2a'.
    title: in words.
    table: the paper's table, such as '2a', or None for rows that it lacks.
    streams: 'rgb', 'flow' or both.
    trained_on, tested_on: names of treatments (`masking`), such as 'background'.
    published: a dict from split to per cent of accuracy; empty if there is none.
    records: the folder of records that it was trained and tested on.
    own_data: whether it was trained and tested on a data set of its own, whose videos
      are not those of the other rows.
  """

  name: str
  title: str
  table: str | None
  streams: tuple
  trained_on: str
  tested_on: str
  published: dict
  records: str
  own_data: bool


@dataclasses.dataclass(frozen=True)
class Result:
  """One network's answers to the test list of a split; arrays of one entry a video.

  Attributes:
    videos: their paths.
    labels, predictions: int [N], 0-based.
    groups: str [N], 'Class/g01'; the video's own path if it names no group.
    correct, has_person: bool [N].
    coverage: float [N], NaN without a mask file.
    probabilities: float [N], what the network gives the right class.
    missing: videos of the test list that the records lack.
  """

  videos: tuple
  labels: np.ndarray
  predictions: np.ndarray
  groups: np.ndarray
  correct: np.ndarray
  has_person: np.ndarray
  coverage: np.ndarray
  probabilities: np.ndarray
  missing: tuple = ()


@dataclasses.dataclass(frozen=True)
class Outcomes:
  """All that a condition gave, one entry a split and video, seeds averaged.

  Attributes:
    videos: str [N].
    splits: int [N].
    labels: int [N].
    groups: str [N], as in `Result`.
    correct: float [N], the share of seeds that were right.
    probability: float [N], of the right class, averaged over seeds.
    has_person: bool [N].
    coverage: float [N].
  """

  videos: np.ndarray
  splits: np.ndarray
  labels: np.ndarray
  groups: np.ndarray
  correct: np.ndarray
  probability: np.ndarray
  has_person: np.ndarray
  coverage: np.ndarray

  @property
  def for_statistics(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(correct, groups, splits), as `stats` takes them."""
    return self.correct, self.groups, self.splits

  def only(self, chosen: np.ndarray) -> 'Outcomes':
    """Those of a bool [N]."""
    return Outcomes(*(getattr(self, field.name)[chosen] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Paper:
  """A folder of results.

  Attributes:
    folder: where it lies.
    label_names: class names, in the order of their labels.
    conditions: `TestedCondition`s, in the order of the table.
    results: a dict from (condition's name, split, seed) to `Result`.
    problems: lines of text, one a file that could not be used.
  """

  folder: str
  label_names: tuple
  conditions: tuple
  results: dict
  problems: tuple

  @property
  def splits(self) -> list[int]:
    """The splits of which there is any result, ascending."""
    return sorted({split for _, split, _ in self.results})

  def splits_of(self, name: str) -> list[int]:
    """The splits that a condition was tested on, ascending."""
    return sorted({split for condition, split, _ in self.results if condition == name})

  def seeds_of(self, name: str, split: int) -> list[int]:
    """The seeds of a condition and split, ascending."""
    return sorted(
      seed for condition, other, seed in self.results if (condition, other) == (name, split)
    )

  @property
  def missing(self) -> dict[int, tuple[str, ...]]:
    """A dict from split to the videos of its test list that the records lacked, ascending."""
    found = {}
    for (_, split, _), result in self.results.items():
      found.setdefault(split, set()).update(result.missing)
    return {split: tuple(sorted(videos)) for split, videos in sorted(found.items()) if videos}

  @property
  def tested(self) -> tuple[TestedCondition, ...]:
    """The conditions of which there is a result, in the order of the table."""
    return tuple(c for c in self.conditions if self.splits_of(c.name))

  def runs_of(self, name: str) -> list[tuple[int, int]]:
    """The (split, seed) of a condition's results, ascending."""
    return sorted((split, seed) for other, split, seed in self.results if other == name)

  def outcomes(self, name: str, runs: Sequence[tuple[int, int]] | None = None) -> Outcomes:
    """The `Outcomes` of a condition that has a result.

    Args:
      name: of the condition.
      runs: the (split, seed) to take, some of `runs_of`, at least one; None for all.
    """
    chosen = self.runs_of(name) if runs is None else runs
    parts = []
    for split in sorted({split for split, _ in chosen}):
      found = [self.results[name, split, seed] for of_split, seed in chosen if of_split == split]
      first = found[0]
      parts.append(
        (
          np.array(first.videos),
          np.full(len(first.videos), split),
          first.labels,
          first.groups,
          np.mean([result.correct for result in found], axis=0),
          np.mean([result.probabilities for result in found], axis=0),
          first.has_person,
          first.coverage,
        )
      )
    return Outcomes(*map(np.concatenate, zip(*parts)))


def read(folder: str) -> Paper:
  """Reads a folder that `reproduce` made: a `Paper`.

  Raises:
    UserError: the folder has no table of conditions, or no result at all.
  """
  path = os.path.join(folder, CONDITIONS)
  try:
    with open(path) as f:
      content = json.load(f)
    label_names = tuple(map(str, content['label_names']))
    conditions = tuple(map(_condition, content['conditions']))
  except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
    raise errors.UserError(
      f'{path}: expected what reproduce writes; {type(e).__name__}: {e}'
    ) from e
  found, problems = {}, []
  known = {condition.name for condition in conditions}
  for name, split, seed, file in _files(os.path.join(folder, 'results')):
    try:
      if name not in known:
        raise errors.UserError(f'{file}: expected a condition of {path}; found {name}')
      summary = results_lib.read_summary(folder, f'{name}.split{split}', f'seed{seed}')
      missing = [] if summary is None else summary['about'].get('missing', [])
      if not isinstance(missing, list):
        raise errors.UserError(
          f'{file}: expected a list of missing videos beside it; found {missing!r}'
        )
      result = dataclasses.replace(_result(file, label_names), missing=tuple(map(str, missing)))
      _check_same_videos(
        file, result, [(other, found[other]) for other in found if other[:2] == (name, split)]
      )
      found[name, split, seed] = result
    except errors.UserError as e:
      problems.append(' '.join(str(e).split()))
  if not found:
    raise errors.UserError(
      f'{os.path.join(folder, "results")}: expected results that reproduce wrote, such as '
      f'1b-rgb.split1.seed0.csv; found {problems[0] if problems else "none"}'
    )
  return Paper(str(folder), label_names, conditions, found, tuple(problems))


def _condition(values: Mapping[str, Any]) -> TestedCondition:
  published = values['published'] or {}
  return TestedCondition(
    str(values['name']),
    str(values['title']),
    values['table'],
    tuple(values['streams']),
    str(values['trained_on']),
    str(values['tested_on']),
    {int(split): float(accuracy) for split, accuracy in published.items()},
    str(values['records']),
    values.get('diversity') is not None,
  )


def _files(folder: str) -> list[tuple[str, int, int, str]]:
  """(condition, split, seed, path) of the results in a folder, in order."""
  try:
    names = os.listdir(folder)
  except OSError as e:
    raise errors.UserError(f'{folder}: expected a folder of results; {e.strerror}') from e
  matches = [_NAME.fullmatch(name) for name in names if not name.startswith('.')]
  return sorted(
    (match[1], int(match[2]), int(match[3]), os.path.join(folder, match[0]))
    for match in matches
    if match
  )


def _result(path: str, label_names: Sequence[str]) -> Result:
  rows = results_lib.read(path)
  seen = set()
  for row in rows:
    if not (0 <= row.label < len(label_names) and label_names[row.label] == row.class_name):
      raise errors.UserError(
        f'{path}: expected classes of {CONDITIONS}; found {row.class_name} with label {row.label}'
      )
    if len(row.logits) != len(label_names) or not np.isfinite(row.logits).all():
      raise errors.UserError(
        f'{path}: expected {len(label_names)} logits a video, all numbers; '
        f'found others for {row.video}'
      )
    if row.coverage is not None and not 0 <= row.coverage <= 1:
      raise errors.UserError(
        f'{path}: expected a coverage from 0 to 1; found {row.coverage} for {row.video}'
      )
    if row.video in seen:
      raise errors.UserError(f'{path}: expected every video once; found {row.video} twice')
    seen.add(row.video)
  labels = np.array([row.label for row in rows])
  predictions = np.array([row.prediction for row in rows])
  logits = np.array([row.logits for row in rows], np.float64)
  of_label = special.softmax(logits, axis=1)[np.arange(len(rows)), labels]
  return Result(
    tuple(row.video for row in rows),
    labels,
    predictions,
    np.array([_group(row) for row in rows]),
    labels == predictions,
    np.array([row.has_person for row in rows]),
    np.array([np.nan if row.coverage is None else row.coverage for row in rows], float),
    of_label,
  )


def _group(row: results_lib.Row) -> str:
  group = ucf101.group(row.video)
  return f'{row.class_name}/{group}' if group else row.video


def _check_same_videos(path: str, result: Result, others: Sequence[Any]) -> None:
  for (_, _, seed), other in others:
    if other.videos != result.videos:
      raise errors.UserError(
        f'{path}: expected the videos of seed {seed}; found others, or in another order'
      )


def numbered_classes(label_names: Sequence[str]) -> list[tuple[int, str, int]]:
  """(number from 1, name, label) of the classes in alphabetical order, as in the paper."""
  return [
    (number, name, label_names.index(name)) for number, name in enumerate(sorted(label_names), 1)
  ]


def same_videos(first: Outcomes, second: Outcomes) -> tuple[Outcomes, Outcomes]:
  """Two `Outcomes` cut down to the splits and videos that both have, in the same order."""
  places = {key: index for index, key in enumerate(zip(second.splits, second.videos))}
  shared = [
    (index, places[key])
    for index, key in enumerate(zip(first.splits, first.videos))
    if key in places
  ]
  a, b = np.array(shared, int).reshape(-1, 2).T
  return first.only(a), second.only(b)
