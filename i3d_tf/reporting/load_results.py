"""Reads the results of `reproduce`: the conditions (rows of tables) and the results of each.

    paper/conditions.json                        the conditions
    paper/results/{condition}.split1.seed0.csv   one row per video, see `inference.results`

A damaged file is named in `Paper.problems`; the others are used.
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

CONDITIONS = 'conditions.json'
_NAME = re.compile(r'(.+)\.split(\d+)\.seed(\d+)\.csv')


@dataclasses.dataclass(frozen=True)
class TestedCondition:
  """A condition that was trained and tested: a row of a table.

  Attributes:
    name: as in the names of files, such as '2a'.
    title: in words.
    table: the paper's table, such as '2a', or None for a control.
    streams: 'rgb', 'flow' or both.
    trained_on, tested_on: names of treatments (`inputs.treatments`), such as 'background'.
    published: a dict from split to the published accuracy in per cent; may be empty.
    records: the folder of records that it was trained and tested on.
    own_data: whether it has its own data set, whose videos are not those of the other rows.
  """

  name: str
  title: str
  table: str | None
  streams: tuple[str, ...]
  trained_on: str
  tested_on: str
  published: dict[int, float]
  records: str
  own_data: bool


@dataclasses.dataclass(frozen=True)
class Result:
  """The predictions of one network for the test list of a split, one entry per video.

  Attributes:
    videos: their paths.
    labels: int [N], 0-based.
    predictions: int [N], of the classes of `labels`; -1 for a class that only the network has.
    answers: str [N], the network's names of the predicted classes.
    groups: str [N], 'Class/g01'; the source of the video if it names no group.
    correct, has_person: bool [N].
    coverage, seen_again: float [N], as in `results.Row`; NaN in place of None.
    probabilities: float [N], those of the true class.
    missing: videos of the test list that the records lack.
  """

  videos: tuple[str, ...]
  labels: np.ndarray
  predictions: np.ndarray
  answers: np.ndarray
  groups: np.ndarray
  correct: np.ndarray
  has_person: np.ndarray
  coverage: np.ndarray
  seen_again: np.ndarray
  probabilities: np.ndarray
  missing: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Outcomes:
  """All results of a condition, one entry per split and video, averaged over seeds.

  Attributes:
    videos: str [N].
    splits: int [N].
    labels: int [N].
    groups: str [N], as in `Result`.
    correct: float [N], the fraction of seeds that were correct.
    probability: float [N], that of the true class, averaged over seeds.
    has_person: bool [N].
    coverage, seen_again: float [N], as in `Result`.
  """

  videos: np.ndarray
  splits: np.ndarray
  labels: np.ndarray
  groups: np.ndarray
  correct: np.ndarray
  probability: np.ndarray
  has_person: np.ndarray
  coverage: np.ndarray
  seen_again: np.ndarray

  @property
  def for_statistics(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(correct, groups, splits), as `stats` takes them."""
    return self.correct, self.groups, self.splits

  def only(self, chosen: np.ndarray) -> 'Outcomes':
    """The outcomes that `chosen`, a bool or index array, selects."""
    return Outcomes(*(getattr(self, field.name)[chosen] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Paper:
  """A folder of results.

  Attributes:
    folder: its path.
    label_names: class names, in the order of their labels.
    conditions: the conditions, in the order of the table.
    results: a dict from (name of a condition, split, seed) to the result.
    problems: one line for each file that could not be used.
    network: the network on trial, which was trained elsewhere; None where rows have their own.
    hold_out: groups of the training lists that were tested on in place of the test lists.
  """

  folder: str
  label_names: tuple[str, ...]
  conditions: tuple[TestedCondition, ...]
  results: dict[tuple[str, int, int], Result]
  problems: tuple[str, ...]
  network: str | None = None
  hold_out: tuple[str, ...] = ()

  @property
  def splits(self) -> list[int]:
    """The splits with any result, in ascending order."""
    return sorted({split for _, split, _ in self.results})

  def splits_of(self, name: str) -> list[int]:
    """The splits that a condition was tested on, in ascending order."""
    return sorted({split for condition, split, _ in self.results if condition == name})

  def seeds_of(self, name: str, split: int) -> list[int]:
    """The seeds of a condition and split, in ascending order."""
    return sorted(
      seed for condition, other, seed in self.results if (condition, other) == (name, split)
    )

  @property
  def missing(self) -> dict[int, tuple[str, ...]]:
    """{split: the videos of its test list that the records lacked}, in ascending order."""
    found: dict[int, set[str]] = {}
    for (_, split, _), result in self.results.items():
      found.setdefault(split, set()).update(result.missing)
    return {split: tuple(sorted(videos)) for split, videos in sorted(found.items()) if videos}

  @property
  def tested(self) -> tuple[TestedCondition, ...]:
    """The conditions with any result, in the order of the table."""
    return tuple(c for c in self.conditions if self.splits_of(c.name))

  def runs_of(self, name: str) -> list[tuple[int, int]]:
    """The (split, seed) of a condition's results, in ascending order."""
    return sorted((split, seed) for other, split, seed in self.results if other == name)

  def outcomes(self, name: str, runs: Sequence[tuple[int, int]] | None = None) -> Outcomes:
    """The outcomes of a condition that has a result.

    Args:
      name: the name of the condition.
      runs: the (split, seed) to use, at least one of `runs_of`; None for all.
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
          first.seen_again,
        )
      )
    return Outcomes(*map(np.concatenate, zip(*parts)))


def read(folder: str) -> Paper:
  """Reads a folder made by `reproduce`.

  Raises:
    UserError: the folder has no file of conditions, or no usable result.
  """
  path = os.path.join(folder, CONDITIONS)
  try:
    with open(path) as f:
      content = json.load(f)
    label_names, hold_out = (
      tuple(map(str, names)) for names in (content['label_names'], content.get('hold_out', ()))
    )
    conditions = tuple(map(_condition, content['conditions']))
    network = content.get('network')
    source = None if network is None else str(network['source'])
    answers = None if network is None else tuple(map(str, network['label_names']))
  except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
    raise errors.UserError(
      f'{path}: expected what reproduce writes; {type(e).__name__}: {e}'
    ) from e
  found: dict[tuple[str, int, int], Result] = {}
  problems = []
  known = {condition.name for condition in conditions}
  for name, split, seed, file in _files(os.path.join(folder, 'results')):
    try:
      if name not in known:
        raise errors.UserError(f'{file}: expected a condition of {path}; found {name}')
      summary = results_lib.read_summary(folder, f'{name}.split{split}', f'seed{seed}')
      missing = [] if summary is None else summary['about'].get('missing', [])
      if not isinstance(missing, list):
        raise errors.UserError(f'{file}: expected a list of missing videos; found {missing!r}')
      result = _result(file, label_names, answers)
      result = dataclasses.replace(result, missing=tuple(map(str, missing)))
      _check_same_videos(file, result, (name, split), found)
      found[name, split, seed] = result
    except errors.UserError as e:
      problems.append(' '.join(str(e).split()))
  if not found:
    raise errors.UserError(
      f'{os.path.join(folder, "results")}: expected results that reproduce wrote, such as '
      f'1b-rgb.split1.seed0.csv; found {problems[0] if problems else "none"}'
    )
  return Paper(str(folder), label_names, conditions, found, tuple(problems), source, hold_out)


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


def _result(path: str, label_names: Sequence[str], answers: Sequence[str] | None) -> Result:
  """The result in a file.

  Args:
    path: the file.
    label_names: the classes of the videos.
    answers: the classes of a network on trial, in the order of its logits, which labels number
      too; None if they are those of the videos.
  """
  rows = results_lib.read(path)
  _check_rows(path, rows, label_names, answers)
  names = label_names if answers is None else answers
  logits = np.array([row.logits for row in rows], np.float64)
  probabilities = special.softmax(logits, axis=1)
  own = {right: label_names.index(row.class_name) for row in rows for right in row.right}
  labels = np.array([label_names.index(row.class_name) for row in rows])
  correct = np.array([row.is_correct for row in rows])
  predictions = np.array([own.get(row.prediction, -1) for row in rows])
  return Result(
    tuple(row.video for row in rows),
    labels,
    np.where(correct, labels, predictions),  # classes of the videos may share one of the network
    np.array([names[row.prediction] for row in rows]),
    np.array([row.group for row in rows]),
    correct,
    np.array([row.has_person for row in rows]),
    np.array([row.coverage for row in rows], float),  # None becomes NaN
    np.array([row.seen_again for row in rows], float),
    np.array([of_row[list(row.right)].sum() for row, of_row in zip(rows, probabilities)]),
  )


def _check_rows(
  path: str, rows: list[results_lib.Row], label_names: Sequence[str], answers: Sequence[str] | None
) -> None:
  """Raises a `UserError` if rows are not of these classes, or hold what cannot be."""
  count, seen = len(label_names if answers is None else answers), set()
  for row in rows:
    if len(row.logits) != count or not np.isfinite(row.logits).all():
      raise errors.UserError(
        f'{path}: expected {count} finite logits per video; found others for {row.video}'
      )
    numbered = answers is not None or label_names[row.label] == row.class_name
    if row.class_name not in label_names or not numbered:
      raise errors.UserError(
        f'{path}: expected classes of {CONDITIONS}; found {row.class_name} with label {row.label}'
      )
    for name in ('coverage', 'seen_again'):
      if (of := getattr(row, name)) is not None and not 0 <= of <= 1:
        raise errors.UserError(f'{path}: expected a {name} from 0 to 1; found {of} for {row.video}')
    if row.video in seen:
      raise errors.UserError(f'{path}: expected every video once; found {row.video} twice')
    seen.add(row.video)


def _check_same_videos(
  path: str, result: Result, of: tuple[str, int], found: Mapping[tuple[str, int, int], Result]
) -> None:
  for (name, split, seed), other in found.items():
    if (name, split) == of and other.videos != result.videos:
      raise errors.UserError(
        f'{path}: expected the videos of seed {seed}; found others, or in another order'
      )


def numbered_classes(label_names: Sequence[str]) -> list[tuple[int, str, int]]:
  """(number from 1, name, label) of the classes, in alphabetical order as in the paper."""
  numbered = enumerate(sorted(label_names), 1)
  return [(number, name, label_names.index(name)) for number, name in numbered]


def same_videos(first: Outcomes, second: Outcomes) -> tuple[Outcomes, Outcomes]:
  """Restricts two outcomes to the splits and videos that both have, in the same order."""
  index_of = {key: index for index, key in enumerate(zip(second.splits, second.videos))}
  keys = enumerate(zip(first.splits, first.videos))
  shared = [(index, index_of[key]) for index, key in keys if key in index_of]
  a, b = np.array(shared, int).reshape(-1, 2).T
  return first.only(a), second.only(b)
