"""Looks into every record of a folder: what it holds, and whether it is intact.

A damaged record, list or index does not hide the others: it becomes a `Problem`,
and the rest is inspected.
"""

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping
import concurrent.futures
import dataclasses
import functools
import os
from typing import Any, TypeVar

from i3d_tf.common import errors
from i3d_tf.common import processes
from i3d_tf.inspection import record_checks
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import splits
from i3d_tf.records import tfrecord
from i3d_tf.records import ucf101

_Item = TypeVar('_Item')
_Result = TypeVar('_Result')


@dataclasses.dataclass(frozen=True)
class Problem:
  """Something that is wrong.

  Attributes:
    file: the shard, index or list, as a name in the folder of records.
    reason: what was expected and what was found.
    offset: of the record in its shard, in bytes; None for a file.
    path: the video's name in the data set, or None if unknown.
  """

  file: str
  reason: str
  offset: int | None = None
  path: str | None = None

  def __str__(self) -> str:
    place = self.file if self.offset is None else f'{self.file} at byte {self.offset}'
    return ': '.join(part for part in (place, self.path, self.reason) if part is not None)


@dataclasses.dataclass(frozen=True)
class Inspection:
  """What a folder of records holds.

  Attributes:
    folder: its path.
    label_names: class names, in the order of their labels.
    settings: how the records were made.
    decoders: what decoded the videos, by name and version; several if records were added later;
      empty if the records are unfinished or do not say.
    shards: the names of their files.
    videos: one per record that could be read.
    lists: for each list of videos ('trainlist01'), the paths in it.
    problems: what is wrong.
    decoded: whether the images were decoded.
  """

  folder: str
  label_names: tuple[str, ...]
  settings: dict[str, Any]
  decoders: tuple[str, ...]
  shards: tuple[str, ...]
  videos: tuple[record_checks.CheckedVideo, ...]
  lists: dict[str, tuple[str, ...]]
  problems: tuple[Problem, ...]
  decoded: bool

  def missing(self, name: str) -> tuple[str, ...]:
    """The videos of a list that are in no readable record."""
    stored = {video.path for video in self.videos}
    return tuple(path for path in self.lists[name] if path not in stored)


def inspect(
  folder: str | os.PathLike,
  quick: bool = False,
  progress: Callable[[int, int, int], None] | None = None,
  workers: int | None = None,
) -> Inspection:
  """Reads every record of a folder and checks it.

  Args:
    folder: the folder of records, or their address in a store: what is inspected is then
      their copy on this machine.
    quick: whether to skip decoding; sizes and black bars are then not measured.
    progress: called as progress(records done, all records, bytes done), or None.
    workers: number of threads; None for one per core.

  Raises:
    RecordError: the folder has no readable manifest.
    StoreError: the store cannot be used.
  """
  problems: list[Problem] = []
  folder = folders.to_inspect(folder)
  manifest = _read_manifest(folder, problems)
  label_names = tuple(manifest['label_names'])
  _check_label_file(folder, label_names, problems)
  lists = _read_lists(folder, label_names, problems)
  listed = {path: (name, label) for name, videos in lists.items() for path, label in videos.items()}
  places: list[record_checks.Place] = []
  for shard in manifest['shards']:
    places.extend(_places(folder, shard, problems))

  check = functools.partial(
    _check_place, folder, labels=record_checks.FolderLabels(label_names, listed), quick=quick
  )
  videos: list[record_checks.CheckedVideo] = []
  done_bytes = 0
  workers = processes.num_cores() if workers is None else workers
  for done, (video, found) in enumerate(_in_order(check, places, workers), 1):
    problems.extend(found)
    if video is not None:
      videos.append(video)
      done_bytes += video.frame_bytes + video.flow_bytes + video.mask_bytes
    if progress is not None:
      progress(done, len(places), done_bytes)
  problems.extend(_duplicates(videos))
  return Inspection(
    str(folder),
    label_names,
    manifest['settings'],
    _decoders(manifest.get('versions', [])),
    tuple(manifest['shards']),
    tuple(videos),
    {name: tuple(paths) for name, paths in lists.items()},
    tuple(problems),
    not quick,
  )


def _read_manifest(folder: str | os.PathLike, problems: list[Problem]) -> dict[str, Any]:
  manifest = folders.read_full_manifest(folder)
  if manifest is None:
    raise schema.RecordError(
      f'{folder}: expected a folder made by make_tfrecords; it has no {folders.MANIFEST}'
    )
  if not manifest['complete']:
    problems.append(
      Problem(
        folders.MANIFEST,
        'these records are not finished; rerun make_tfrecords with the same flags to resume',
      )
    )
  return manifest


def _decoders(versions: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
  """The decoders among the versions of libraries: before PyAV it was OpenCV."""
  found = {
    f'PyAV {made_by["av"]} (libavcodec {made_by["libavcodec"]})'
    if 'av' in made_by
    else f'OpenCV {made_by.get("opencv", "of an unknown version")}'
    for made_by in versions
  }
  return tuple(sorted(found))


def _check_place(
  folder: str | os.PathLike,
  place: record_checks.Place,
  labels: record_checks.FolderLabels,
  quick: bool,
) -> tuple[record_checks.CheckedVideo | None, list[Problem]]:
  """Reads and checks one record."""
  video = None
  try:
    data = tfrecord.read(os.path.join(folder, place.shard), place.offset)
    video, reasons = record_checks.check_record(data, place, labels, quick)
  except (tfrecord.DamageError, OSError) as e:
    reasons = [str(e)]
  path = video.path if video else place.entry.path if place.entry else None
  return video, [Problem(place.shard, reason, place.offset, path) for reason in reasons]


def _in_order(
  function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[_Result]:
  """Calls a function on items in threads; yields in their order and keeps few results waiting."""
  waiting: collections.deque[concurrent.futures.Future[_Result]] = collections.deque()
  with concurrent.futures.ThreadPoolExecutor(workers) as pool:
    for item in items:
      waiting.append(pool.submit(function, item))
      if len(waiting) > 4 * workers:
        yield waiting.popleft().result()
    while waiting:
      yield waiting.popleft().result()


# === Files next to the records ===


def _check_label_file(
  folder: str | os.PathLike, label_names: tuple[str, ...], problems: list[Problem]
) -> None:
  path = os.path.join(folder, folders.LABELS)
  try:
    with open(path, encoding='utf-8') as f:
      found = tuple(f.read().splitlines())
  except (OSError, UnicodeDecodeError) as e:
    problems.append(Problem(folders.LABELS, f'expected a text file of class names; {e}'))
    return
  if found != label_names:
    problems.append(
      Problem(
        folders.LABELS,
        f'expected the {len(label_names)} classes of '
        f'{folders.MANIFEST}; found others, {len(found)} of them',
      )
    )


def _read_lists(
  folder: str | os.PathLike, label_names: tuple[str, ...], problems: list[Problem]
) -> Mapping[str, dict[str, int]]:
  """Name ('trainlist01') -> path -> label, for every list in the folder."""
  lists = {}
  for split in ucf101.SPLITS:
    for subset in ucf101.SUBSETS:
      name = ucf101.list_name(subset, split)
      path = os.path.join(folder, splits.LISTS, name)
      if not os.path.exists(path):
        continue
      try:
        lists[os.path.splitext(name)[0]] = ucf101.read_list(path, label_names)
      except errors.UserError as e:
        problems.append(Problem(os.path.join(splits.LISTS, name), str(e)))
    try:
      ucf101.check_disjoint(os.path.join(folder, splits.LISTS), split, label_names)
    except errors.UserError as e:
      # A damaged list has its problem already.
      if all(problem.reason != str(e) for problem in problems):
        problems.append(Problem(splits.LISTS, str(e)))
  return lists


def _places(
  folder: str | os.PathLike, shard: str, problems: list[Problem]
) -> list[record_checks.Place]:
  """The records of a shard; without entries if its index cannot be used."""
  path = os.path.join(folder, shard)
  try:
    return [record_checks.Place(shard, entry.offset, entry) for entry in shards.read_index(path)]
  except schema.RecordError as e:
    problems.append(Problem(shard, str(e)))
  found: list[record_checks.Place] = []
  try:
    for offset in tfrecord.offsets(path):
      found.append(record_checks.Place(shard, offset, None))
  except FileNotFoundError:
    pass  # read_index has reported it
  except (tfrecord.DamageError, OSError) as e:
    end = found[-1].offset if found else 0
    problems.append(Problem(shard, f'no record can be found after the one at byte {end}: {e}'))
  return found


def _duplicates(videos: Iterable[record_checks.CheckedVideo]) -> Iterator[Problem]:
  first: dict[str, record_checks.CheckedVideo] = {}
  for video in videos:
    if video.path in first:
      other = first[video.path]
      yield Problem(
        video.shard,
        f'the same video is also in {other.shard} at byte {other.offset}',
        video.offset,
        video.path,
      )
    else:
      first[video.path] = video
