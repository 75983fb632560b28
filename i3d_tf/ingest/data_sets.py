"""Data sets to store: videos with their masks and verdicts, and the lists that split them.

`ucf101_layout`, `csv_files` and `class_folders` read one each. Whatever they read, the lists that
go with the records have UCF101's form (classInd.txt, trainlist01.txt, testlist01.txt,
validationlist01.txt), where `records.splits` finds a split's videos.
"""

import collections
from collections.abc import Collection, Mapping, Sequence
import dataclasses
import os

from i3d_tf.common import errors
from i3d_tf.common import text
from i3d_tf.common import text_files
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.masks import mask_folders
from i3d_tf.masks import verdicts as verdicts_lib
from i3d_tf.records import splits
from i3d_tf.storage import objects
from i3d_tf.video import video_files


class SourceError(errors.UserError):
  """An input that cannot be used; the message names it, and the line."""


@dataclasses.dataclass(frozen=True)
class DataSet:
  """Videos to store, and how they are split.

  Attributes:
    sources: the videos, in the order of their paths.
    label_names: class names, in the order of their labels.
    lists: file name -> content of the lists.
    without_masks: paths of the videos that have no mask file although masks were given.
    with_verdicts: whether verdicts were given.
    notes: lines that the user should read.
  """

  sources: tuple[encode_video.VideoSource, ...]
  label_names: tuple[str, ...]
  lists: dict[str, bytes]
  without_masks: tuple[str, ...] = ()
  with_verdicts: bool = False
  notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class ListedVideo:
  """A video, or a part of one, that a data set names.

  Attributes:
    path: its name in the data set.
    file: the video file.
    name: name of the file within the folder of videos; masks and verdicts go by it.
    label: 0-based class index.
    start: where the part begins, in seconds; None for the beginning.
    end: where it ends, in seconds; None for the end.
  """

  path: str
  file: str
  name: str
  label: int
  start: float | None = None
  end: float | None = None


def assemble(
  videos: Collection[ListedVideo],
  label_names: Sequence[str],
  lists: dict[str, bytes],
  options: requests.DataSetOptions,
  notes: Sequence[str] = (),
) -> DataSet:
  """Finds the masks and verdicts of videos.

  Args:
    videos: the videos, in any order.
    label_names: class names, in the order of their labels.
    lists: file name -> content of the lists.
    options: says where masks and verdicts are.
    notes: as in `DataSet`.

  Raises:
    UserError: the verdicts cannot be used.
  """
  verdicts = {} if options.verdicts is None else verdicts_lib.read(options.verdicts)
  originals = verdicts_lib.originals(verdicts)
  uses_of_stem = collections.Counter(
    video_files.stem(name) for name in {video.name for video in videos}
  )
  sources = []
  for video in sorted(videos, key=lambda video: video.path):
    unique = uses_of_stem[video_files.stem(video.name)] == 1
    sources.append(
      encode_video.VideoSource(
        video.path,
        video.file,
        video.label,
        None if options.masks is None else mask_folders.find(options.masks, video.name, unique),
        not originals.isdisjoint((video.path, video.name)),
        video.start,
        video.end,
      )
    )
  unmatched = sorted(
    verdicts.keys() - {video.path for video in videos} - {video.name for video in videos}
  )
  if unmatched:
    notes = (
      *notes,
      f'{options.verdicts}: {text.count(len(unmatched), "verdict")} without a video in the data '
      f'set, such as {unmatched[0]}',
    )
  without = [source.path for source in sources if source.masks is None]
  return DataSet(
    tuple(sources),
    tuple(label_names),
    lists,
    () if options.masks is None else tuple(without),
    options.verdicts is not None,
    tuple(notes),
  )


def class_names(found: Collection[str], labels: str | None, where: str) -> tuple[str, ...]:
  """The classes of a data set, in the order of their labels.

  Args:
    found: names of the classes that have videos.
    labels: as in `requests.DataSetOptions`.
    where: what names the classes, for messages.

  Raises:
    SourceError: a name cannot name a folder, or is not in the file `labels`.
  """
  bad = [name for name in found if not _can_name_folder(name)]
  if bad:
    raise SourceError(f'{where}: expected class names that can name a folder; found {bad[0]!r}')
  if labels is None:
    return tuple(sorted(found))
  names = tuple(text_files.read_names(labels, 'class names'))
  if len(set(names)) != len(names):
    raise SourceError(f'{labels}: expected every class once')
  unlisted = sorted(set(found) - set(names))
  if unlisted:
    raise SourceError(f'{where}: expected classes of {labels}; found {", ".join(unlisted[:5])}')
  return names


def _can_name_folder(name: str) -> bool:
  if name in ('.', '..'):
    return False  # they would name another folder than one of their own
  return bool(name) and name == name.strip() and not any(c in name for c in '/\n\t\0')


def check_folders(**folders: str | os.PathLike | None) -> None:
  """Raises a SourceError unless every argument that is not None is a folder."""
  for name, folder in folders.items():
    if folder is not None and not os.path.isdir(folder):
      raise SourceError(f'`{name}` must be a folder; received {folder}')


def write_lists(lists: Mapping[str, bytes], output: str | os.PathLike) -> None:
  """Writes the lists of a data set to its records, and removes older ones.

  Args:
    lists: as in `DataSet`.
    output: the folder of records.
  """
  folder = os.path.join(output, splits.LISTS)
  for name, content in lists.items():
    with objects.replacing(os.path.join(folder, name)) as temporary, open(temporary, 'wb') as f:
      f.write(content)
  for name in objects.names(folder):
    if name.endswith('.txt') and name not in lists:
      objects.remove(os.path.join(folder, name))
