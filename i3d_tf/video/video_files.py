"""Which files below a folder are videos."""

import collections
from collections.abc import Iterable
import contextlib
import os

from i3d_tf.common import errors

# Of what FFmpeg reads, what video data sets come in.
SUFFIXES = (
  '.3gp',
  '.asf',
  '.avi',
  '.divx',
  '.f4v',
  '.flv',
  '.gif',
  '.m2ts',
  '.m2v',
  '.m4v',
  '.mkv',
  '.mov',
  '.mp4',
  '.mpeg',
  '.mpg',
  '.mts',
  '.mxf',
  '.ogv',
  '.ts',
  '.vob',
  '.webm',
  '.wmv',
)
# Frames of a video in a folder.
IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


def stem(video: str | os.PathLike) -> str:
  """The name of a video without folder and suffix: what its masks and features are called."""
  return os.path.splitext(os.path.basename(os.path.normpath(os.fspath(video))))[0]


def short_names(videos: Iterable[str]) -> dict[str, str]:
  """What to call files that are made of videos.

  Args:
    videos: paths of videos, each once.

  Returns:
    Video -> its stem or, where several have that, as many of its folders before it as tell it
    from the others: 'cat/000'.
  """

  def ends(video: str) -> list[str]:
    parts = os.path.splitext(os.path.abspath(video))[0].strip(os.sep).split(os.sep)
    return ['/'.join(parts[-count:]) for count in range(1, len(parts) + 1)]

  of_video = {video: ends(video) for video in videos}
  uses = collections.Counter(end for found in of_video.values() for end in found)
  return {
    video: next((end for end in found if uses[end] == 1), found[0])
    for video, found in of_video.items()
  }


def is_video(name: str) -> bool:
  """Whether a file name is a video's; names with a dot in front are of half-written files."""
  return name.lower().endswith(SUFFIXES) and not name.startswith('.')


def is_image(name: str) -> bool:
  """Whether a file in a folder of frames is one of them: hidden files (._1.png) are none."""
  return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')


def expand(paths: Iterable[str]) -> list[str]:
  """Replaces folders of videos by the videos below them.

  Args:
    paths: video files, folders of frames (images) and folders of videos.

  Returns:
    Video files and folders of frames, in the order given; those of a folder are sorted. A folder
    that holds neither stays as it is: what reads it refuses it, and not the others.
  """
  found = []
  for path in paths:
    videos = []
    if os.path.isdir(path) and not any(map(is_image, os.listdir(path))):
      with contextlib.suppress(errors.UserError):
        videos = [os.path.join(path, name) for name in find(path)]
    found += videos if videos else [path]
  return found


def find(folder: str) -> list[str]:
  """The videos below a folder.

  Args:
    folder: searched with all its subfolders; links to folders are followed.

  Returns:
    Their paths relative to `folder`, with '/', sorted.

  Raises:
    UserError: the folder is missing, or there is none.
  """
  if not os.path.isdir(folder):
    raise errors.UserError(f'{folder}: expected a folder of videos; there is none')
  found = []
  for parent, _, names in os.walk(folder, followlinks=True):
    found += [
      os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, '/')
      for name in filter(is_video, names)
    ]
  if not found:
    raise errors.UserError(f'{folder}: expected videos ({", ".join(SUFFIXES)}); found none')
  return sorted(found)
