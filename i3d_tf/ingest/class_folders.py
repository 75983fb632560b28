"""Data sets of class folders, 'videos/Class/name.mp4', or of frames, 'videos/Class/name/1.jpg'."""

from collections.abc import Sequence
import dataclasses
import os

from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.ingest import subsets
from i3d_tf.video import video_files


def data_set(
  videos: str | os.PathLike[str], options: requests.DataSetOptions = requests.DataSetOptions()
) -> data_sets.DataSet:
  """Reads a data set; its videos are called 'Class/name.mp4'.

  Where no class folder has a video file, the folders of images in them are the videos
  ('Class/name').

  Args:
    videos: folder of the class folders. They may be in folders named train, validation and
      test (or val, valid, ...: `subsets.NAMES`): 'videos/train/Class/name.mp4'.
    options: masks, verdicts, splits, labels.

  Raises:
    UserError: a folder or file cannot be used.
  """
  data_sets.check_folders(videos=videos, masks=options.masks)
  folders = _class_folders(videos)
  label_names = data_sets.class_names(
    {os.path.basename(folder) for _, folder in folders}, options.labels, str(videos)
  )
  listed: list[data_sets.ListedVideo] = []
  subset_of: dict[str, str] = {}
  passed_over = _outside_of_classes(videos, folders)
  found = [_video_names(os.path.join(videos, folder)) for _, folder in folders]
  if not any(names for names, _ in found):
    found = [_frame_folders(os.path.join(videos, folder)) for _, folder in folders]
  for (subset, folder), (names, others) in zip(folders, found):
    label = os.path.basename(folder)
    passed_over += [f'{folder}/{other}' for other in others]
    for name in names:
      path = f'{label}/{name}'
      if path in subset_of:
        raise data_sets.SourceError(
          f'{videos}: expected videos of different names; {path} is both in '
          f'{subset_of[path]} and in {subset}'
        )
      file = os.path.join(videos, folder, name)
      listed.append(data_sets.ListedVideo(path, file, path, label_names.index(label)))
      subset_of[path] = subset
  if not listed:
    raise data_sets.SourceError(
      f'{videos}: expected class folders of video files '
      f'({", ".join(video_files.SUFFIXES)}) or of folders of frames; found none'
    )
  data = subsets.split(listed, subset_of, label_names, options)
  notes = (*data.notes, *(f'passed over: {what}' for what in passed_over))
  return dataclasses.replace(data, notes=notes)


def _class_folders(videos: str | os.PathLike[str]) -> list[tuple[str, str]]:
  """(subset, class folder relative to `videos`) of every class folder."""
  tops = _subfolders(videos)
  if tops and all(name in subsets.NAMES for name in tops):
    return [
      (subsets.NAMES[top], os.path.join(top, name))
      for top in tops
      for name in _subfolders(os.path.join(videos, top))
    ]
  return [('train', name) for name in tops]


def _subfolders(folder: str | os.PathLike[str]) -> list[str]:
  with os.scandir(os.fspath(folder)) as entries:
    return sorted(
      entry.name for entry in entries if entry.is_dir() and not entry.name.startswith('.')
    )


def _outside_of_classes(
  videos: str | os.PathLike[str], folders: Sequence[tuple[str, str]]
) -> list[str]:
  """Videos above the class folders: 'name: why'."""
  tops = sorted({os.path.dirname(folder) for _, folder in folders} | {''})
  return [
    f'{os.path.join(top, name)}: not in the folder of a class'
    for top in tops
    for name in sorted(os.listdir(os.path.join(videos, top)))
    if video_files.is_video(name) and os.path.isfile(os.path.join(videos, top, name))
  ]


def _video_names(folder: str) -> tuple[list[str], list[str]]:
  """The names of the videos in a class folder, and what else is there: 'name: why'."""
  names, others = [], []
  for name in sorted(os.listdir(folder)):
    if name.startswith('.'):
      # '._a.avi' is what macOS notes of a.avi, no video.
      if video_files.is_video(name.lstrip('.')) and not name.startswith('._'):
        others.append(f'{name}: a hidden file')
    elif os.path.isdir(os.path.join(folder, name)):
      others.append(f'{name}/: a folder; videos are expected right in the folder of their class')
    elif video_files.is_video(name):
      names.append(name)
    else:
      others.append(f'{name}: not the suffix of a video file')
  return names, others


def _frame_folders(folder: str) -> tuple[list[str], list[str]]:
  """The names of the folders of frames in a class folder, and what else is there: 'name: why'."""
  names, others = [], []
  for name in sorted(os.listdir(folder)):
    path = os.path.join(folder, name)
    if name.startswith('.'):
      continue
    if not os.path.isdir(path):
      others.append(f'{name}: neither a video file nor in a folder of frames')
    elif any(map(video_files.is_image, os.listdir(path))):
      names.append(name)
    else:
      others.append(f'{name}/: a folder without images')
  return names, others
