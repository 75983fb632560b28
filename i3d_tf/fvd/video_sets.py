"""The videos of a set, from a folder or an array, as clips."""

import collections
from collections.abc import Iterable, Iterator, Mapping
import os
from typing import Any, Protocol
import zipfile

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import file_content
from i3d_tf.fvd import options
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders
from i3d_tf.video import video_files

_ARRAYS = ('.npy', '.npz')


class VideoSet(Protocol):
  """Videos that have names.

  Attributes:
    path: where they are.
    names: of the videos, in order, each once.
  """

  path: str
  names: list[str]

  def frames(self, name: str) -> Iterable[np.ndarray]:
    """The frames of a video, RGB uint8 [H, W, 3], in order.

    Raises:
      VideoError: the video cannot be used; also while iterating.
    """

  def content(self, name: str) -> dict[str, Any] | None:
    """What a video holds, for `is_same`; None if nothing is there."""

  def is_same(self, name: str, known: Mapping[str, Any]) -> bool:
    """Whether a video still holds what `content` said."""


class Folder:
  """The videos below a folder: video files, and folders of images, which are frames.

  Images next to video files are not frames. Attributes and methods: `VideoSet`.

  Args:
    path: the folder; links to folders are followed.

  Raises:
    UserError: there are no videos.
  """

  def __init__(self, path: str) -> None:
    self.path, self.names = path, []
    for parent, folders, files in os.walk(path, followlinks=True):
      folders[:] = [name for name in folders if not name.startswith('.')]
      found = [os.path.join(parent, name) for name in filter(video_files.is_video, files)]
      if not found and parent != path and any(map(video_files.is_image, files)):
        found = [parent]
      self.names += [os.path.relpath(video, path).replace(os.sep, '/') for video in found]
    self.names.sort()
    if not self.names:
      raise errors.UserError(
        f'{path}: expected videos ({", ".join(video_files.SUFFIXES)}), or a folder of images '
        'for each video; found none'
      )

  def frames(self, name: str) -> Iterable[np.ndarray]:
    """Each frame once, at the rate that the file has."""
    return frame_folders.every_frame(self._file(name))

  def content(self, name: str) -> dict[str, Any] | None:
    """Size, time of change and SHA-256."""
    return file_content.describe(self._file(name))

  def is_same(self, name: str, known: Mapping[str, Any]) -> bool:
    """By size and time, then by SHA-256."""
    return file_content.is_same(self._file(name), known)

  def _file(self, name: str) -> str:
    return os.path.join(self.path, name)


class Array:
  """The videos of an array; they are called by their numbers. Otherwise: `VideoSet`.

  Args:
    path: where the array is from, for messages.
    videos: uint8 [N, T, H, W, 3].

  Raises:
    UserError: the array has another shape or dtype.
  """

  def __init__(self, path: str, videos: np.ndarray) -> None:
    if videos.ndim != 5 or videos.shape[-1] != 3 or not videos.size or videos.dtype != np.uint8:
      raise errors.UserError(
        f'{path}: expected videos, uint8 [N, T, H, W, 3]; found {videos.dtype} {list(videos.shape)}'
      )
    self.path, self._videos = path, videos
    self.names = [str(index) for index in range(len(videos))]
    self._content: dict[str, Any] | None = None

  def frames(self, name: str) -> Iterable[np.ndarray]:
    """The frames of a row."""
    return self._videos[int(name)]

  def content(self, name: str) -> dict[str, Any] | None:
    """That of the file: rows are not told apart."""
    if self._content is None:
      self._content = file_content.describe(self.path)
    return self._content

  def is_same(self, name: str, known: Mapping[str, Any]) -> bool:
    """By size and time of the file, then by its SHA-256."""
    content = self.content(name)
    return content is not None and content['sha256'] == known.get('sha256')


def read(path: str) -> VideoSet | np.ndarray:
  """What a set is made of.

  Args:
    path: a folder (`Folder`); a .npy file, which stays on disk; or a .npz file with an array
      `features` or `videos`, or one array of any name. An array of videos is uint8
      [N, T, H, W, 3], one of features has numbers [N, D].

  Returns:
    A `VideoSet`, or features [N, D] of at least two rows.

  Raises:
    UserError: there is no such set, or it cannot be used.
  """
  if os.path.isdir(path):
    return Folder(path)
  if not path.lower().endswith(_ARRAYS):
    raise errors.UserError(
      f'{path}: expected a folder of videos, or an array ({", ".join(_ARRAYS)}) of videos or of '
      'features; one video is no set'
      if os.path.exists(path)
      else f'{path}: expected a set of videos or features; no such file or folder'
    )
  array = _array(path)
  if array.ndim != 2:
    return Array(path, array)
  check_features(path, array)
  return array


def check_features(name: str, features: np.ndarray) -> None:
  """Raises a `UserError` unless an array is features: finite real numbers [N >= 2, D >= 1]."""
  ok = features.ndim == 2 and len(features) >= 2 and features.shape[1] >= 1
  if not ok or features.dtype.kind not in 'fiu':
    raise errors.UserError(
      f'{name}: expected features, numbers [N, D] with N of at least 2; found {features.dtype} '
      f'{list(features.shape)}'
    )
  for start in range(0, len(features), 4096):
    if not np.isfinite(features[start : start + 4096]).all():
      raise errors.UserError(f'{name}: expected finite features; some are NaN or infinite')


def clips(path: str, frames: Iterable[np.ndarray], which: options.ClipOptions) -> Iterator[Any]:
  """Cuts clips out of a video; one clip's span of frames is in memory.

  Args:
    path: of the video, for messages.
    frames: RGB uint8 [H, W, 3], in order.
    which: which frames.

  Yields:
    uint8 [length, H, W, 3]; at least one.

  Raises:
    VideoError: the video is too short for a clip, or its frames change size.
  """
  kept: collections.deque[np.ndarray] = collections.deque(maxlen=which.span)
  start = seen = 0
  for frame in frames:
    if kept and frame.shape != kept[0].shape:
      raise decoding.VideoError(
        f'{path}: expected frames of one size; found {kept[0].shape[0]}x{kept[0].shape[1]} and '
        f'{frame.shape[0]}x{frame.shape[1]}'
      )
    kept.append(frame)
    seen += 1
    if seen == start + which.span:
      yield np.stack(list(kept)[:: which.every])
      if which.stride is None:
        return
      start += which.stride
  if seen < which.span:
    raise decoding.VideoError(
      f'{path}: expected at least {which.span} frames for a clip; found {seen}'
    )


def _array(path: str) -> np.ndarray:
  try:
    found = np.load(path, mmap_mode='r', allow_pickle=False)
    if isinstance(found, np.ndarray):
      return found
    with found:
      names = [name for name in ('features', 'videos') if name in found.files]
      if not names and len(found.files) == 1:
        names = found.files
      if len(names) != 1:
        raise errors.UserError(
          f'{path}: expected one array, or one called features or videos; found '
          f'{", ".join(found.files)}'
        )
      return np.asarray(found[names[0]])
  except errors.UserError:
    raise
  except (ValueError, EOFError, zipfile.BadZipFile) as e:
    raise errors.UserError(f'{path}: expected an array that NumPy wrote; {e}') from e
