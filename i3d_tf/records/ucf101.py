"""UCF101's lists of classes, training and test videos.

Soomro, Zamir and Shah, "UCF101", 2012; the lists are its "ucfTrainTestlist".
Their pitfalls: lines end with CR LF; labels start at 1, and only training lines have one; the
folder HandstandPushups holds videos called v_HandStandPushups_*, so a video's class is the
name of its folder.

Other data sets' lists use the same form. If a name contains spaces (Kinetics' "air drumming"),
a tab separates the fields of a line.
"""

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence
import itertools
import math
import os
import re

from i3d_tf.common import errors
from i3d_tf.common import text_files

# Seconds of a part, as make_tfrecords (_0-2.5) and Kinetics (_000010_000020) append them.
_PART = re.compile(r'_(?:(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?|end)|(\d{6})_(\d{6}))$')
_SUFFIX = re.compile(r'\.\w+$')
_GROUP = re.compile(r'_(g\d+)_c\d+$')
SPLITS = (1, 2, 3)
SUBSETS = ('train', 'validation', 'test')
CLASSES = 'classInd.txt'


class ListError(errors.UserError):
  """A list file that cannot be used; the message names file and line."""


def _lines(path: str | os.PathLike) -> Iterator[tuple[int, list[str]]]:
  """Yields (line number, fields) of the lines that are not empty."""
  try:
    with open(path, encoding=text_files.ENCODING) as f:
      for number, line in enumerate(f, 1):
        line = line.strip(' \t\r\n')
        if line:
          # No other white space ends a field: screen recordings have U+202F in their names.
          yield number, line.split('\t') if '\t' in line else re.split(' +', line)
  except (OSError, UnicodeDecodeError) as e:
    raise ListError(f'{path}: expected a text file; {e}') from e


def read_classes(path: str | os.PathLike) -> list[str]:
  """Reads classInd.txt.

  Args:
    path: a file of lines '1 ApplyEyeMakeup', numbered from 1 without gaps.

  Returns:
    The class names; a name's index is its 0-based label.

  Raises:
    ListError: a line is not of that form, or a name is listed twice.
  """
  names: list[str] = []
  for number, words in _lines(path):
    if len(words) != 2 or words[0] != str(len(names) + 1):
      raise ListError(
        f'{path}:{number}: expected "{len(names) + 1} ClassName"; found "{" ".join(words)}"'
      )
    if words[1] in names:
      raise ListError(f'{path}:{number}: {words[1]} is listed twice')
    names.append(words[1])
  if not names:
    raise ListError(f'{path}: expected lines such as "1 ApplyEyeMakeup"; found none')
  return names


def read_list(path: str | os.PathLike, class_names: Sequence[str]) -> dict[str, int]:
  """Reads trainlistNN.txt, testlistNN.txt or validationlistNN.txt.

  Args:
    path: a file of lines 'Class/v_Class_g01_c01.avi' with or without a label.
    class_names: as `read_classes` gives them.

  Returns:
    Video path ('Class/v_Class_g01_c01.avi') -> 0-based label.

  Raises:
    ListError: a line is not of that form, contradicts the class names or repeats a video.
  """
  labels = {name: label for label, name in enumerate(class_names)}
  videos: dict[str, int] = {}
  for number, words in _lines(path):
    video, where = words[0], f'{path}:{number}'
    folder, name = os.path.split(video)
    if len(words) > 2 or folder not in labels or not name:
      raise ListError(
        f'{where}: expected "Class/video.avi" of a known class, perhaps with a '
        f'label; found "{" ".join(words)}"'
      )
    if len(words) == 2 and words[1] != str(labels[folder] + 1):
      raise ListError(
        f'{where}: expected label {labels[folder] + 1} for {folder}; found {words[1]}'
      )
    if video in videos:
      raise ListError(f'{where}: {video} is listed twice')
    videos[video] = labels[folder]
  if not videos:
    raise ListError(f'{path}: expected lines such as "Archery/v_Archery_g01_c01.avi"; found none')
  return videos


def check_disjoint(folder: str | os.PathLike, split: int, class_names: Sequence[str]) -> None:
  """Makes sure that the existing lists of a split share no video.

  Testing on training videos would overstate a network's accuracy.

  Args:
    folder: folder of the lists.
    split: 1, 2 or 3.
    class_names: as `read_classes` gives them.

  Raises:
    ListError: two lists share a video, or one is damaged.
  """
  listed_in: dict[str, str] = {}  # video -> path of the first list that names it
  for subset in SUBSETS:
    path = os.path.join(folder, list_name(subset, split))
    if not os.path.exists(path):
      continue
    videos = read_list(path, class_names)
    shared = [video for video in videos if video in listed_in]
    if shared:
      raise ListError(
        f'{path}: expected no video of {listed_in[shared[0]]}; {len(shared)} of its '
        f'{len(videos)} are listed there too, such as {shared[0]}'
      )
    listed_in.update(dict.fromkeys(videos, path))


def format_list(videos: Mapping[str, int]) -> bytes:
  """The content of the list file of a dict from video path to 0-based label."""
  return _format([(video, str(label + 1)) for video, label in videos.items()])


def format_classes(names: Sequence[str]) -> bytes:
  """The content of the classInd.txt of class names in order."""
  return _format([(str(number), name) for number, name in enumerate(names, 1)])


def _format(lines: Sequence[tuple[str, str]]) -> bytes:
  separator = '\t' if any(' ' in word for line in lines for word in line) else ' '
  return ''.join(f'{separator.join(line)}\n' for line in lines).encode()


def list_name(subset: str, split: int) -> str:
  """File name of a list: subset is one of `SUBSETS`, split 1, 2 or 3."""
  return f'{subset}list{split:02d}.txt'


def group(video: str) -> str:
  """The group ('g01') that a video's name states; '' if it states none.

  The clips of a group show the same performer in the same place.
  """
  match = _GROUP.search(source(video))
  return match.group(1) if match else ''


def source(video: str) -> str:
  """The name of what a video was cut out of: without its suffix and the times of a part.

  Clips of one source show the same people in the same place: 'run/v_Run_g03_c01_0-0.6.avi' and
  'run/v_Run_g03_c01.avi' are both of 'run/v_Run_g03_c01', 'run/4Ar_000012_000022.mp4' of 'run/4Ar'.
  """
  return _part(video)[0]


def _part(video: str) -> tuple[str, tuple[float, float] | None]:
  """(source, (start, end) in seconds) of a video; None in place of times if it is no part."""
  stem = _SUFFIX.sub('', video)
  match = _PART.search(stem)
  if match is None:
    return stem, None
  start, end = (match[1], match[2]) if match[3] is None else (match[3], match[4])
  times = float(start), math.inf if end == 'end' else float(end)
  # Otherwise these are numbers of something else.
  return (stem[: match.start()], times) if times[0] < times[1] else (stem, None)


def sources(videos: Iterable[str]) -> dict[str, str]:
  """The sources of videos, of which parts may lie in the folders of several classes.

  'run/s_0-1.avi' and 'jog/s_2-3.avi' are of 'jog/s+run/s': parts of one name that do not overlap
  were cut out of one file. Where they overlap, as in data sets that number the files of every
  class alike, the source is that of each name alone.

  Args:
    videos: paths, such as 'run/s_0-1.avi'.

  Returns:
    Video -> source.
  """
  found = {video: source(video) for video in videos}
  parts: dict[tuple[str, str], dict[str, tuple[float, float]]] = collections.defaultdict(dict)
  for video, of in found.items():
    times = _part(video)[1]
    if times is not None:
      parts[os.path.basename(of), os.path.splitext(video)[1].lower()][video] = times
  for alike in parts.values():
    names = sorted({found[video] for video in alike})
    in_order = sorted(alike.values())
    if len(names) > 1 and all(one[1] <= other[0] for one, other in itertools.pairwise(in_order)):
      found.update(dict.fromkeys(alike, '+'.join(names)))
  return found


def read_all_lists(folder: str | os.PathLike) -> tuple[list[str], dict[str, int]]:
  """Reads classInd.txt and every list in a folder.

  Returns:
    (class names, a dict from video path to 0-based label).

  Raises:
    ListError: the folder holds no list, or one is damaged.
  """
  class_names = read_classes(os.path.join(folder, CLASSES))
  videos: dict[str, int] = {}
  for split in SPLITS:
    for subset in SUBSETS:
      path = os.path.join(folder, list_name(subset, split))
      if os.path.exists(path):
        videos.update(read_list(path, class_names))
    check_disjoint(folder, split, class_names)
  if not videos:
    raise ListError(f'{folder}: expected lists such as {list_name("train", 1)}; found none')
  return class_names, videos
