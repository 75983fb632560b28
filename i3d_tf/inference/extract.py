"""Features of many videos into a folder, resumable: what the command `extract_features` does."""

from collections.abc import Mapping, Sequence
import contextlib
import json
import os
import sys
from typing import Any

import tqdm

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.common import journal
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.inference import feature_files
from i3d_tf.inference import features
from i3d_tf.inference import options as options_lib
from i3d_tf.inference import trained_networks
from i3d_tf.video import decoding
from i3d_tf.video import video_files

HDF5 = 'features.h5'  # within the output folder
_SETTINGS_FILE, _SOURCES_FILE = 'features.json', 'sources.jsonl'
# What folders are of that were made before these could be chosen.
_BEFORE = {'ends': 'last', 'precision': 'float32'}


def run(options: options_lib.ExtractOptions) -> int:
  """Extracts the features of every video that has no file yet.

  A video that cannot be used is named on stderr; the others are still done.

  Args:
    options: what to do.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: the network cannot be used, or the folder holds other features.
  """
  # One file per video also for HDF5, which is made of them at the end: no kill can damage it.
  suffix = 'npz' if options.format == 'hdf5' else options.format
  wanted = targets(options.videos, options.folder, options.output, suffix)
  networks = trained_networks.load(options.network)
  print('\n'.join(note for network in networks for note in network.notes), file=sys.stderr)
  metadata = features.describe(networks, options.settings)
  with files.locked(options.output):
    claim(options.output, metadata)
    known = _Sources(options.output)
    missing = {
      video: path for video, path in wanted.items() if not known.is_up_to_date(video, path)
    }
    known.print_unknown()
    failed = 0
    with progress.progress_bar(
      total=len(wanted),
      initial=len(wanted) - len(missing),
      unit='video',
      unit_scale=True,
      desc=f'features, {options.settings.endpoint}',
    ) as bar:
      for video, path in missing.items():
        share = _Share(bar, video)
        try:
          known.begin(video, path)
          found = features.joined(networks, video, options.settings, options.batch_size, share.add)
          feature_files.write(path, *found, metadata)
        except errors.UserError as e:
          bar.clear()
          cli.fail(e)
          failed += 1
        share.finish()
    if options.format == 'hdf5':
      names = {os.path.splitext(os.path.relpath(p, options.output))[0]: p for p in wanted.values()}
      whole = os.path.join(options.output, HDF5)
      feature_files.gather(whole, {n: p for n, p in names.items() if os.path.exists(p)})
      print(f'{whole}: written')
  print(f'{options.output}: features of {len(wanted) - failed} videos')
  return cli.fail(f'{failed} of {len(wanted)} videos could not be used', 1) if failed else 0


def targets(videos: Sequence[str], folder: str | None, output: str, suffix: str) -> dict[str, str]:
  """Which file each video's features go to.

  Args:
    videos: paths of videos, which become files of their names; of their folders and names where
      two have the same name.
    folder: a folder of videos, whose subfolders are kept; or None.
    output: folder of the features.
    suffix: 'npz' or 'npy'.

  Returns:
    A dict from video to file, in order.

  Raises:
    UserError: the folder holds no video, or two videos would share a file.
  """
  stems = video_files.short_names(videos)
  if folder is not None:
    found = video_files.find(folder)
    stems.update({os.path.join(folder, name): os.path.splitext(name)[0] for name in found})
  files_of: dict[str, str] = {}
  owners: dict[str, str] = {}
  for video, stem in stems.items():
    target = os.path.join(output, f'{stem}.{suffix}')
    if target in owners:
      raise errors.UserError(
        f'expected videos of different names; {owners[target]} and {video} '
        f'would both become {target}'
      )
    files_of[video], owners[target] = target, video
  return files_of


def claim(output: str, metadata: Mapping[str, Any]) -> None:
  """Declares what a folder of features holds, or makes sure that it holds that already.

  Raises:
    UserError: it holds other features.
  """
  path = os.path.join(output, _SETTINGS_FILE)
  try:
    with open(path) as f:
      before = dict(json.load(f))
  except FileNotFoundError:
    files.write_json(path, metadata)
    return
  except (ValueError, TypeError) as e:
    raise errors.UserError(f'{path}: expected what extract_features writes; {e}') from e
  before = {**_BEFORE, **before}
  different = [key for key in metadata if before.get(key) != metadata[key]]
  if different:
    raise errors.UserError(
      f'{output} holds other features: '
      + '; '.join(f'{key} is {before.get(key)} there, {metadata[key]} here' for key in different)
      + '. Give another --output'
    )


class _Sources:
  """Knows of which video each file of features is: another of that name is no reason to keep it.

  Args:
    output: the folder of features.
  """

  def __init__(self, output: str) -> None:
    self._output = output
    self._content: dict[str, dict[str, Any]] = {}
    self._unknown: list[str] = []
    self._journal = journal.Journal(os.path.join(output, _SOURCES_FILE), 1, self._accept)

  def _accept(self, entry: Any) -> bool:
    name, content = entry
    self._content[name] = dict(content)
    return True

  def is_up_to_date(self, video: str, path: str) -> bool:
    """Whether `path` holds the features of a video as it is, as far as is known."""
    if not os.path.exists(path):
      return False
    content = self._content.get(os.path.relpath(path, self._output))
    if content is None:
      self._unknown.append(path)
      return True
    if file_content.is_same(video, content):
      return True
    print(f'{path}: is of another video than {video} now is; made again', file=sys.stderr)
    return False

  def print_unknown(self) -> None:
    """Says which files are kept although they do not say of which video they are."""
    if self._unknown:
      print(
        f'kept without knowing of which video: {text.count(len(self._unknown), "file")}, '
        f'{text.some(self._unknown)}',
        file=sys.stderr,
      )

  def begin(self, video: str, path: str) -> None:
    """Declares that `path` will be of a video; what was there is removed first."""
    with contextlib.suppress(FileNotFoundError):
      os.remove(path)
    content = file_content.describe(video)
    if content is not None:
      self._journal.add([[os.path.relpath(path, self._output), content]])


class _Share:
  """Moves a bar of videos by the share of one that is done, so that a long one shows progress."""

  def __init__(self, bar: tqdm.tqdm, video: str) -> None:
    self._shares = progress.ItemShares(bar.update)
    self._frames: float | None
    try:
      self._frames = decoding.duration(video) * decoding.FRAME_RATE
    except decoding.VideoError:
      self._frames = None  # a folder of frames, or a file of unknown length

  def add(self, frames: int) -> None:
    if self._frames is not None:
      self._shares.add(frames / self._frames)

  def finish(self) -> None:
    self._shares.finish()
