"""What `explain` writes of a list, row by row: shares of maps, and checks; and how it is read.

Needs no TensorFlow.
"""

from collections.abc import Callable, Iterator, Sequence
import csv
import dataclasses
import math
from typing import Any, TypeVar

import numpy as np

from i3d_tf.attribution import maps
from i3d_tf.common import errors

COLUMNS = (
  'video',
  'class',
  'group',
  'target',
  'explained',
  'method',
  'share',
  'area',
  'ratio',
  'probability',
  'without_person',
  'without_place',
  'correct',
  'frames',
)
# 'check' is 'randomised', 'deletion', 'insertion' or 'agreement'; 'method' what made the map;
# 'what' the endpoint down to which weights were randomised, or the other method; 'value' a share,
# a score or a rank correlation.
CHECK_COLUMNS = ('video', 'check', 'method', 'what', 'value')
TRAINED = 'as trained'  # the stage before any layer is randomised
NOTHING = 'random order'  # the method that knows nothing
CheckRow = dict[str, Any]  # the keys are `CHECK_COLUMNS`, without 'video' if it is of one video
_Made = TypeVar('_Made')


@dataclasses.dataclass(frozen=True)
class Row:
  """The share of one map.

  Attributes:
    video, class_name, group: as those of the `Clip`.
    target: the class as it was asked for: 'true', 'predicted' or a name.
    explained: the class of the network that this is.
    method: one of `options.METHODS`.
    share, area: see `maps.Share`; the area is 0 without a person.
    probability: of the class, by the softmax of the logits.
    without_person, without_place: the same with the person or the place replaced.
    correct: whether the network's answer is right; None if nobody said.
    frames: of the clip.
  """

  video: str
  class_name: str
  group: str
  target: str
  explained: str
  method: str
  share: float
  area: float
  probability: float
  without_person: float
  without_place: float
  correct: bool | None
  frames: int

  @property
  def ratio(self) -> float:
    """`share` over `area`; NaN without a person or a map."""
    return maps.Share(self.share, self.area).ratio

  @property
  def counts(self) -> bool:
    """Whether there is a person and a map, so that the share means something."""
    return self.area > 0 and not np.isnan(self.share)

  def cells(self) -> list[object]:
    """The cells of `COLUMNS`; what there is not is empty."""
    found = {**dataclasses.asdict(self), 'class': self.class_name, 'ratio': self.ratio}
    values = [found[column] for column in COLUMNS]
    return [None if isinstance(v, float) and np.isnan(v) else v for v in values]


# === Reading ===


def read(path: str) -> list[Row]:
  """The rows of the CSV file of a list.

  Raises:
    UserError: it is not what explain writes.
  """
  found = list(_read(path, COLUMNS, _row))
  if not found:
    raise errors.UserError(f'{path}: expected the rows of explanations; found none')
  seen = set()
  for row in found:
    key = (row.video, row.target, row.method)
    if key in seen:
      raise errors.UserError(
        f'{path}: expected every video, target and method once; found {", ".join(key)} twice'
      )
    seen.add(key)
  return found


def read_checks(path: str) -> list[CheckRow]:
  """The rows of the checks of a list, as dicts of `CHECK_COLUMNS`.

  Raises:
    UserError: it is not what explain writes.
  """
  return list(_read(path, CHECK_COLUMNS, lambda cells: {**cells, 'value': _number(cells['value'])}))


def _read(
  path: str, columns: Sequence[str], make: Callable[[dict[str, str]], _Made]
) -> Iterator[_Made]:
  """What `make` makes of the cells of each row."""
  try:
    with open(path, newline='', encoding='utf-8') as f:
      reader = csv.DictReader(f, strict=True)
      if tuple(reader.fieldnames or ()) != tuple(columns):
        raise ValueError(f'the columns are {", ".join(reader.fieldnames or ("none",))}')
      for cells in reader:
        if None in cells or None in cells.values():
          raise ValueError(f'line {reader.line_num} has another number of cells')
        yield make(cells)
  except (OSError, ValueError, csv.Error) as e:
    raise errors.UserError(
      f'{path}: expected what explain writes, a CSV file with the columns {", ".join(columns)}; {e}'
    ) from e


def _row(cells: dict[str, str]) -> Row:
  if cells['correct'] not in ('', '0', '1'):
    raise ValueError(f'`correct` is {cells["correct"]!r}')
  parts = {
    name: _fraction(name, cells[name])
    for name in ('share', 'area', 'probability', 'without_person', 'without_place')
  }
  return Row(
    cells['video'],
    cells['class'],
    cells['group'],
    cells['target'],
    cells['explained'],
    cells['method'],
    **parts,
    correct=None if not cells['correct'] else cells['correct'] == '1',
    frames=int(cells['frames']),
  )


def _fraction(name: str, cell: str) -> float:
  """A number from 0 to 1; the share alone may be missing."""
  value = _number(cell)
  if not (0 <= value <= 1 or (name == 'share' and math.isnan(value))):
    raise ValueError(f'`{name}` is {cell!r}')
  return value


def _number(cell: str) -> float:
  """A cell as a number; NaN if it is empty."""
  return float(cell) if cell else float('nan')
