"""What clips were cut out of: testing on the sources of training overstates a network's accuracy.

A source is a video file, under whatever labels, and what was cut out of it: as parts with a start
and an end, or as files whose names say so.
"""

import collections
from collections.abc import Mapping
import os

from i3d_tf.common import file_content
from i3d_tf.common import text
from i3d_tf.records import ucf101

_SHOWN = 3


def check(
  files: Mapping[str, tuple[str, str | os.PathLike]],
  lists: Mapping[str, Mapping[str, int]],
  *,
  allowed: bool,
) -> tuple[str, ...]:
  """Looks for sources, and copies of files, of which several lists have videos.

  Args:
    files: path of a video in the data set -> (name, path) of its file.
    lists: name of a list ('train') -> path of a video -> label.
    allowed: whether such sources are allowed. Copies are, and are told.

  Returns:
    Notes for the user; none where there is no such source or copy.

  Raises:
    ListError: there are such sources, and they are not allowed.
  """
  # Where the files really are: links and other spellings of a path lead to the same source.
  real = {path: os.path.realpath(files[path][1]) for paths in lists.values() for path in paths}
  sources = ucf101.sources(real.values())
  of_source: dict[str, dict[str, str]] = {}
  for subset, paths in lists.items():
    for path in paths:
      suffix = os.path.splitext(real[path])[1].lower()  # a.avi and a.mp4 may be of two sources
      of_source.setdefault(sources[real[path]] + suffix, {}).setdefault(subset, path)
  found = [
    _phrase(files[next(iter(members.values()))][0], members)
    for members in of_source.values()
    if len(members) > 1
  ]
  if found and not allowed:
    problem = _counted(found, 'source', 'more than one list')
    raise ucf101.ListError(
      f'expected every source in one list; found {problem}. A network would be tested on '
      'what it was trained on (--allow_shared_sources stores it all the same)'
    )
  notes = []
  if found:
    notes.append(_counted(found, 'source', 'more than one list') + ' (--allow_shared_sources)')
  copies = _copies(files, lists)
  if copies:
    notes.append(_counted(copies, 'file', 'one list and, as a copy, in another'))
  return tuple(notes)


def _copies(
  files: Mapping[str, tuple[str, str | os.PathLike]], lists: Mapping[str, Mapping[str, int]]
) -> list[str]:
  """A phrase for each group of files that hold the same bytes and are in several lists."""
  by_size: dict[int, dict[str, tuple[str, str]]] = collections.defaultdict(dict)
  for subset, paths in lists.items():
    for path in paths:
      file = os.path.realpath(files[path][1])
      if os.path.isfile(file):
        by_size[os.path.getsize(file)].setdefault(file, (subset, path))
  found = []
  for size, alike in by_size.items():
    if not size or len({subset for subset, _ in alike.values()}) < 2:
      continue  # only what may be a copy is read
    of_content: dict[str, dict[str, str]] = {}
    for file, (subset, path) in alike.items():
      content = file_content.describe(file)
      if content is not None:
        of_content.setdefault(content['sha256'], {}).setdefault(subset, path)
    for members in of_content.values():
      if len(members) > 1:
        found.append(_phrase(files[next(iter(members.values()))][0], members))
  return found


def _phrase(source: str, members: Mapping[str, str]) -> str:
  return f'{source} is ' + ' and '.join(f'{path} ({subset})' for subset, path in members.items())


def _counted(found: list[str], what: str, where: str) -> str:
  named = '; '.join(found[:_SHOWN])
  more = f'; and {len(found) - _SHOWN} more' if len(found) > _SHOWN else ''
  return f'{text.count(len(found), what)} in {where}: {named}{more}'
