"""Folders of mask files: which file is whose."""

import collections
from collections.abc import Collection
import os

from i3d_tf.common import errors
from i3d_tf.video import video_files

SUFFIX = '.json'


def file_names(videos: Collection[str]) -> dict[str, str]:
  """The mask file of each video.

  Args:
    videos: names of videos, relative to their folder, with '/'.

  Returns:
    Video -> file: 'v_Run_g01_c01.json', or 'cat/000.json' where two videos are called 000.

  Raises:
    UserError: two videos differ in their suffix alone, or a file would be outside the folder.
  """
  uses = collections.Counter(map(video_files.stem, videos))
  files: dict[str, str] = {}
  owners: dict[str, str] = {}
  for video in videos:
    stem = video_files.stem(video)
    file = (stem if uses[stem] == 1 else os.path.splitext(video)[0]) + SUFFIX
    if file in owners:
      raise errors.UserError(
        f'expected videos of different names; {owners[file]} and {video} would have the same '
        'mask file'
      )
    if os.path.isabs(file) or '..' in file.split('/'):
      raise errors.UserError(
        f'expected videos below one folder where several are called {stem}; found {video}'
      )
    files[video], owners[file] = file, video
  return files


def find(folder: str, video: str, is_only: bool = True) -> str | None:
  """The path of the masks of a video in a folder; None without any.

  Args:
    folder: of mask files.
    video: its name, with the folders that tell it from others: 'cat/000.avi'.
    is_only: whether no other video has its stem; only then 'cat/000.avi' may have '000.json'.
  """
  names = [os.path.splitext(video)[0]]
  if is_only:
    names.append(video_files.stem(video))
  for name in names:
    path = os.path.join(folder, f'{name}{SUFFIX}')
    if os.path.exists(path):
      return path
  return None


def list_files(folder: str) -> list[str]:
  """The names of the mask files of a folder and its subfolders, with '/', sorted."""
  found = []
  for parent, folders, names in os.walk(folder):
    found += [
      os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, '/')
      for name in (*names, *folders)  # a folder of such a name is told when it is read
      if name.endswith(SUFFIX) and not name.startswith('.')
    ]
  return sorted(found)
