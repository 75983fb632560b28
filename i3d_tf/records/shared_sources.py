"""What clips were cut out of: testing on the sources of training overstates a network's accuracy.

A source is a video file, under whatever names and labels, and what was cut out of it: as parts
with a start and an end, as files whose names say so, or as a copy of the file.
"""

import collections
from collections.abc import Mapping
import os

from i3d_tf.common import file_content
from i3d_tf.common import text
from i3d_tf.records import ucf101

_SHOWN = 3


def names(files: Mapping[str, tuple[str, str | os.PathLike]]) -> dict[str, str]:
  """What the file of each video is called, where copies of a file have one name.

  Args:
    files: path of a video in the data set -> (name, path) of its file.

  Returns:
    Path of a video in the data set -> name.
  """
  by_size = collections.defaultdict(list)
  for name, file in sorted({(name, os.fspath(file)) for name, file in files.values()}):
    if os.path.isfile(file):
      by_size[os.path.getsize(file)].append((name, file))
  original: dict[str, str] = {}
  for size, alike in by_size.items():
    if not size or len(alike) == 1:
      continue  # only what may be a copy is read
    first: dict[str, str] = {}
    for name, file in alike:
      content = file_content.describe(file)
      if content is not None:
        original[name] = first.setdefault(content['sha256'], name)
  return {path: original.get(name, name) for path, (name, _) in files.items()}


def check(
  names: Mapping[str, str], lists: Mapping[str, Mapping[str, int]], *, allowed: bool
) -> tuple[str, ...]:
  """Looks for sources of which several lists have videos.

  Args:
    names: path of a video -> name of its file, as `names` gives them.
    lists: name of a list ('train') -> path of a video -> label.
    allowed: whether such sources are allowed.

  Returns:
    Notes for the user; none where there is no such source.

  Raises:
    ListError: there are such sources, and they are not allowed.
  """
  of_source: dict[str, dict[str, str]] = {}
  for subset, paths in lists.items():
    for path in paths:
      suffix = os.path.splitext(names[path])[1].lower()  # a.avi and a.mp4 may be of two sources
      source = ucf101.source(names[path]) + suffix
      of_source.setdefault(source, {}).setdefault(subset, path)
  found = [
    f'{source} is ' + ' and '.join(f'{path} ({subset})' for subset, path in members.items())
    for source, members in of_source.items()
    if len(members) > 1
  ]
  if not found:
    return ()
  named = '; '.join(found[:_SHOWN])
  if len(found) > _SHOWN:
    named += f'; and {len(found) - _SHOWN} more'
  problem = f'{text.count(len(found), "source")} in more than one list: {named}'
  if allowed:
    return (f'{problem} (--allow_shared_sources)',)
  raise ucf101.ListError(
    f'expected every source in one list; found {problem}. A network would be tested on what it '
    'was trained on (--allow_shared_sources stores it all the same)'
  )
