"""Data sets that have UCF101's layout and its official lists."""

import os

from i3d_tf.common import validation
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import requests
from i3d_tf.records import hold_out
from i3d_tf.records import shared_sources
from i3d_tf.records import ucf101


def data_set(
  videos: str | os.PathLike,
  lists: str | os.PathLike,
  options: requests.DataSetOptions = requests.DataSetOptions(),
) -> data_sets.DataSet:
  """Reads a data set; every video that some list names is stored once.

  Args:
    videos: folder of 'Class/v_Class_g01_c01.avi', or of folders 'Class/v_Class_g01_c01' of frames.
    lists: folder of classInd.txt, trainlist01.txt and so on.
    options: `test` and `labels` must be None: the lists say both.

  Raises:
    UserError: a folder, file or option cannot be used.
  """
  for name in ('test', 'labels'):
    value = getattr(options, name)
    validation.check(name, value, 'None with lists, which say it', value is None)
  data_sets.check_folders(videos=videos, lists=lists, masks=options.masks)
  label_names, labels = ucf101.read_all_lists(lists)
  contents = {}
  for name in sorted(os.listdir(lists)):
    if name.endswith('.txt'):
      with open(os.path.join(lists, name), 'rb') as f:
        contents[name] = f.read()
  if options.validation is not None:
    contents.update(_hold_out(lists, label_names, options.validation, options.seed))
  listed = [_listed(videos, path, label) for path, label in labels.items()]
  notes: list[str] = []
  files = {video.path: (video.name, video.file) for video in listed}
  for split in ucf101.SPLITS:
    paths = {name: os.path.join(lists, ucf101.list_name(name, split)) for name in ucf101.SUBSETS}
    of_split = {
      subset: ucf101.read_list(path, label_names)
      for subset, path in paths.items()
      if os.path.exists(path)
    }
    notes += shared_sources.check(files, of_split, allowed=options.allow_shared_sources)
  return data_sets.assemble(listed, label_names, contents, options, notes)


def _listed(videos: str | os.PathLike, path: str, label: int) -> data_sets.ListedVideo:
  """A video of a list: the file or, without one, the folder of frames called like it."""
  name = path if os.path.exists(os.path.join(videos, path)) else os.path.splitext(path)[0]
  if not os.path.isdir(os.path.join(videos, name)):
    name = path
  return data_sets.ListedVideo(path, os.path.join(videos, name), name, label)


def _hold_out(
  lists: str | os.PathLike, label_names: list[str], amount: float, seed: int
) -> dict[str, bytes]:
  """File name -> content of the training and validation lists after holding out groups."""
  contents = {}
  for split in ucf101.SPLITS:
    train, held_out = (ucf101.list_name(subset, split) for subset in ('train', 'validation'))
    if not os.path.exists(os.path.join(lists, train)):
      continue
    if os.path.exists(os.path.join(lists, held_out)):
      raise data_sets.SourceError(
        f'{lists}: expected no validation list with --validation={amount:g}, which holds '
        f'videos out; found {held_out}'
      )
    listed = ucf101.read_list(os.path.join(lists, train), label_names)
    kept, held = hold_out.split(listed, {path: path for path in listed}, amount, seed)
    contents[train] = ucf101.format_list(kept)
    contents[held_out] = ucf101.format_list(held)
  return contents
