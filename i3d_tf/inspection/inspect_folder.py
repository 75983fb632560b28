"""Looks into every record of a folder: what is there, and whether it is whole.

One damaged record, list or index does not hide the others: it becomes a `Problem`,
and the rest goes on.
"""

import collections
import concurrent.futures
import dataclasses
import os

from i3d_tf.common import errors
from i3d_tf.inspection import record_checks
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import splits
from i3d_tf.records import tfrecord
from i3d_tf.records import ucf101


@dataclasses.dataclass(frozen=True)
class Problem:
  """Something that is wrong.

  Attributes:
    file: the shard, index or list, as a name in the folder of records.
    reason: what was expected and what was found.
    offset: of the record in its shard, in bytes; None for a whole file.
    path: the video's name in the data set, or None where it is not known.
  """

  file: str
  reason: str
  offset: int | None = None
  path: str | None = None

  def __str__(self):
    place = self.file if self.offset is None else f'{self.file} at byte {self.offset}'
    return (
      f'{place}: {self.reason}' if self.path is None else (f'{place}: {self.path}: {self.reason}')
    )


@dataclasses.dataclass(frozen=True)
class Inspection:
  """What a folder of records holds.

  Attributes:
    folder: where it is.
    label_names: class names, in the order of their labels.
    settings: how the records were made.
    shards: the names of their files.
    videos: a `record_checks.CheckedVideo` for every record that could be read.
    lists: for each list of videos ('trainlist01'), the paths in it.
    problems: `Problem`s.
    decoded: whether the images were decoded.
  """

  folder: str
  label_names: tuple
  settings: dict
  shards: tuple
  videos: tuple
  lists: dict
  problems: tuple
  decoded: bool

  def missing(self, name):
    """The videos of a list that no readable record holds."""
    stored = {video.path for video in self.videos}
    return tuple(path for path in self.lists[name] if path not in stored)


def inspect(folder, quick=False, progress=None, workers=None):
  """Reads every record of a folder and checks it.

  Args:
    folder: the folder of records.
    quick: whether to leave out decoding; sizes and black bars are then not measured.
    progress: called as progress(records done, records in all, bytes done), or None.
    workers: number of threads; None for one a core.

  Returns:
    An `Inspection`.

  Raises:
    RecordError: the folder has no manifest that can be read.
  """
  manifest = folders.read_manifest(folder)
  if manifest is None:
    raise schema.RecordError(
      f'{folder}: expected a folder made by make_tfrecords; it has no {folders.MANIFEST}'
    )
  problems = []
  if not manifest['complete']:
    problems.append(
      Problem(
        folders.MANIFEST,
        'these records are not finished; call make_tfrecords again with the same flags to go on',
      )
    )
  label_names = tuple(manifest['label_names'])
  _check_label_file(folder, label_names, problems)
  lists = _read_lists(folder, label_names, problems)
  labels = {path: (name, label) for name, videos in lists.items() for path, label in videos.items()}

  places = []  # (shard, offset, Entry or None)
  for shard in manifest['shards']:
    places.extend(_places(folder, shard, problems))

  def look(place):
    shard, offset, entry = place
    try:
      data = tfrecord.read(os.path.join(folder, shard), offset)
      found, reasons = record_checks.look(data, shard, offset, entry, label_names, labels, quick)
    except (tfrecord.DamageError, OSError) as e:
      found, reasons = None, [str(e)]
    path = found.path if found else entry.path if entry else None
    return found, [Problem(shard, reason, offset, path) for reason in reasons]

  workers = os.cpu_count() if workers is None else workers
  videos, done_bytes = [], 0
  with concurrent.futures.ThreadPoolExecutor(workers) as pool:
    for done, (found, wrong) in enumerate(_in_order(pool, look, places, workers), 1):
      problems.extend(wrong)
      if found is not None:
        videos.append(found)
        done_bytes += found.frame_bytes + found.flow_bytes + found.mask_bytes
      if progress is not None:
        progress(done, len(places), done_bytes)
  problems.extend(_duplicates(videos))
  return Inspection(
    str(folder),
    label_names,
    manifest['settings'],
    tuple(manifest['shards']),
    tuple(videos),
    {name: tuple(paths) for name, paths in lists.items()},
    tuple(problems),
    not quick,
  )


def _in_order(pool, function, items, workers):
  """Results of `function`, in the order of `items`; few wait in memory."""
  waiting = collections.deque()
  for item in items:
    waiting.append(pool.submit(function, item))
    if len(waiting) > 4 * workers:
      yield waiting.popleft().result()
  while waiting:
    yield waiting.popleft().result()


# === Files beside the records ===


def _check_label_file(folder, label_names, problems):
  path = os.path.join(folder, folders.LABELS)
  try:
    with open(path) as f:
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


def _read_lists(folder, label_names, problems):
  """name ('trainlist01') -> path -> label, for every list there is."""
  lists = {}
  for split in ucf101.SPLITS:
    for subset in ucf101.SUBSETS:
      name = ucf101.list_name(subset, split)
      path = os.path.join(folder, splits.LISTS, name)
      if not os.path.exists(path):
        continue
      try:
        lists[os.path.splitext(name)[0]] = ucf101.read_list(path, list(label_names))
      except errors.UserError as e:
        problems.append(Problem(os.path.join(splits.LISTS, name), str(e)))
    try:
      ucf101.check_apart(os.path.join(folder, splits.LISTS), split, list(label_names))
    except errors.UserError as e:
      if all(problem.reason != str(e) for problem in problems):  # else it was said of the list
        problems.append(Problem(splits.LISTS, str(e)))
  return lists


def _places(folder, shard, problems):
  """(shard, offset, Entry) of its records; None for entries where its index is of no use."""
  path = os.path.join(folder, shard)
  try:
    return [(shard, entry.offset, entry) for entry in schema.read_shard_index(path)]
  except schema.RecordError as e:
    problems.append(Problem(shard, str(e)))
  found = []
  try:
    for offset in tfrecord.offsets(path):
      found.append((shard, offset, None))
  except FileNotFoundError:
    pass  # that it is missing was said
  except (tfrecord.DamageError, OSError) as e:
    end = found[-1][1] if found else 0
    problems.append(
      Problem(shard, f'after the record at byte {end} no further one can be found: {e}')
    )
  return found


def _duplicates(videos):
  first = {}
  for video in videos:
    if video.path in first:
      other = first[video.path]
      yield Problem(
        video.shard,
        f'the same video lies in {other.shard} at byte {other.offset}, too',
        video.offset,
        video.path,
      )
    else:
      first[video.path] = video
