"""Data sets that a CSV file describes, as Kinetics is described.

Example:

    path,label,start,end,split
    air_drumming/4Ar-7XQ.mp4,air drumming,12,22,train

`video` may stand for `path`, and `accepted` for `label`: classes of a network of which each is
right, such as 'push up|sit up'.
"""

from collections.abc import Iterator, Sequence
import csv
import dataclasses
import math
import os

import numpy as np

from i3d_tf.common import text_files
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.ingest import subsets


@dataclasses.dataclass(frozen=True)
class Part:
  """A row of a CSV file.

  Attributes:
    path: its name in the data set, 'label/name.mp4'; 'label/name_start-end.mp4' of a part.
    file: the video file.
    name: the file as the row has it.
    label: name of its class.
    start: where it begins, in seconds; None for the beginning of the file.
    end: where it ends, in seconds; None for the end of the file.
    split: what the row says of it, or ''.
    where: the file and the line, for messages.
  """

  path: str
  file: str
  name: str
  label: str
  start: float | None
  end: float | None
  split: str
  where: str


def data_set(
  path: str | os.PathLike,
  videos: str | os.PathLike | None = None,
  options: requests.DataSetOptions = requests.DataSetOptions(),
) -> data_sets.DataSet:
  """Reads a data set.

  Its videos are called 'label/name.mp4', or 'label/name_start-end.mp4' if they are parts of files.

  Args:
    path: the CSV file. The columns `start` and `end` (seconds) and `split` (train, validation
      or test) are optional. A file may be named in several rows, as several clips. Without test
      videos, those of `validation` are the test list; without either, some training videos are.
    videos: folder that paths are relative to; None for the folder of the CSV file.
    options: masks, verdicts, splits, labels.

  Raises:
    UserError: a folder or file cannot be used; the message names the line.
  """
  data_sets.check_folders(masks=options.masks)
  listed = parts(path, videos)
  label_names = data_sets.class_names({row.label for row in listed}, options.labels, str(path))
  subset_of = {row.path: _subset(row.split, row.where, options.subset) for row in listed}
  found = [
    data_sets.ListedVideo(
      row.path, row.file, row.name, label_names.index(row.label), row.start, row.end
    )
    for row in listed
  ]
  return subsets.split(found, subset_of, label_names, options)


def parts(path: str | os.PathLike, videos: str | os.PathLike | None = None) -> list[Part]:
  """The rows of a CSV file: each names a video file, or a part of one.

  Args:
    path, videos: as in `data_set`.

  Returns:
    The parts in the order of their rows. No two have one `path`.

  Raises:
    UserError: the file or the folder cannot be used, or two rows are one clip; the message names
      the line.
  """
  videos = os.path.dirname(path) if videos is None else videos
  data_sets.check_folders(videos=videos or '.')
  found: list[Part] = []
  line_of: dict[str, int] = {}
  for line, row in _read(path):
    where = f'{path}:{line}'
    start, end = _times(row, where)
    clip = _clip_name(row['path'], row['label'], start, end)
    if clip in line_of:
      raise data_sets.SourceError(
        f'{where}: {row["path"]} is listed twice, as {clip}; the other is line {line_of[clip]}'
      )
    line_of[clip] = line
    file = os.path.join(videos, row['path'])
    found.append(
      Part(clip, file, row['path'], row['label'], start, end, row.get('split', ''), where)
    )
  data_sets.class_names({part.label for part in found}, None, str(path))
  return found


def files(
  path: str | os.PathLike, videos: str | os.PathLike | None = None
) -> tuple[str, list[str]]:
  """The video files that a CSV file names, each once, whatever parts of them the rows are.

  Args:
    path, videos: as in `data_set`.

  Returns:
    (folder that the names are relative to, names in the order of their first rows).

  Raises:
    UserError: the file or the folder cannot be used; the message names the line.
  """
  folder = os.path.dirname(path) if videos is None else videos
  data_sets.check_folders(videos=folder or '.')
  names: dict[str, None] = {}
  for line, row in _read(path):
    _times(row, f'{path}:{line}')
    names[row['path']] = None
  return os.fspath(folder), list(names)


def _read(path: str | os.PathLike) -> Iterator[tuple[int, dict[str, str]]]:
  """Yields (line number, row) of a CSV file that has paths and labels."""
  try:
    with open(path, newline='', encoding=text_files.ENCODING) as f:
      rows = csv.DictReader(f)
      rows.fieldnames = _column_names(rows.fieldnames)
      missing = [name for name in ('path', 'label') if name not in (rows.fieldnames or ())]
      if missing:
        raise data_sets.SourceError(
          f'{path}: expected a CSV file with the columns path, label and perhaps '
          f'start, end, split; {" and ".join(missing)} is missing'
        )
      empty = True
      for row in rows:
        empty = False
        if not row['path'] or not row['label'] or None in row:
          raise data_sets.SourceError(
            f'{path}:{rows.line_num}: expected a path and a label; '
            f'found {row["path"]!r}, {row["label"]!r}'
            + (' and more fields than columns' if None in row else '')
          )
        yield rows.line_num, {key: (value or '').strip() for key, value in row.items()}
      if empty:
        raise data_sets.SourceError(f'{path}: expected one row per video; found none')
  except (OSError, UnicodeDecodeError, csv.Error) as e:
    raise data_sets.SourceError(f'{path}: expected a CSV file of videos; {e}') from e


def _column_names(found: Sequence[str] | None) -> list[str]:
  """The columns of a CSV file, where `video` may stand for `path`, and `accepted` for `label`."""
  names = [name.strip() for name in (() if found is None else found)]
  for other, name in (('video', 'path'), ('accepted', 'label')):
    if name not in names:
      names = [name if one == other else one for one in names]
  return names


def _times(row: dict[str, str], where: str) -> tuple[float | None, float | None]:
  """Start and end of a clip in seconds; None where the row does not say."""
  start, end = (_seconds(row, name, where) for name in ('start', 'end'))
  begin = 0.0 if start is None else start
  if not (0 <= begin < (math.inf if end is None else end)) or end == math.inf:
    raise data_sets.SourceError(
      f'{where}: expected 0 <= start < end; found {row.get("start", "")!r} and '
      f'{row.get("end", "")!r}'
    )
  return start, end


def _seconds(row: dict[str, str], name: str, where: str) -> float | None:
  text = row.get(name, '')
  try:
    return float(text) if text else None
  except ValueError as e:
    raise data_sets.SourceError(f'{where}: expected seconds as {name}; found {text!r}') from e


def _subset(text: str, where: str, default: str) -> str:
  if not text:
    return default
  if text.lower() not in subsets.NAMES:
    raise data_sets.SourceError(
      f'{where}: expected train, validation or test as split; found {text!r}'
    )
  return subsets.NAMES[text.lower()]


def _clip_name(path: str, label: str, start: float | None, end: float | None) -> str:
  """'label/name.mp4', where folders other than the label's become part of the name."""
  name = os.path.normpath(path).removeprefix(f'{label}/').lstrip('./').replace('/', '__')
  if start is not None or end is not None:
    stem, extension = os.path.splitext(name)
    begin = '0' if start is None else _decimal(start)
    until = 'end' if end is None else _decimal(end)
    name = f'{stem}_{begin}-{until}{extension}'
  return f'{label}/{name}'


def _decimal(seconds: float) -> str:
  """The shortest decimal that is this number, without an exponent: '12', '3600.121'."""
  return np.format_float_positional(seconds, trim='-')
