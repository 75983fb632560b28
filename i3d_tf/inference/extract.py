"""Features of many videos into a folder, resumable: what the command `extract_features` does."""

import collections
from collections.abc import Mapping, Sequence
import contextlib
import dataclasses
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
from i3d_tf.ingest import csv_files
from i3d_tf.inputs import from_videos
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders
from i3d_tf.video import video_files

HDF5 = 'features.h5'  # within the output folder
_SETTINGS_FILE, _SOURCES_FILE = 'features.json', 'sources.jsonl'
# What folders are of that were made before these could be chosen.
_BEFORE = {'ends': 'last', 'precision': 'float32'}


@dataclasses.dataclass(frozen=True)
class Target:
  """A file of features, and what it is of.

  Attributes:
    video: path of a video or of a folder of frames.
    file: path of the features.
    part: which part of the video.
    is_listed: whether a CSV file names it.
  """

  video: str
  file: str
  part: from_videos.Part = from_videos.WHOLE
  is_listed: bool = False


def run(options: options_lib.ExtractOptions) -> int:
  """Extracts the features of every video, or part of one, that has no file yet.

  A video that cannot be used is named on stderr; the others are still done.

  Args:
    options: what to do.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: the network or the CSV file cannot be used, or the folder holds other features.
  """
  # One file per video also for HDF5, which is made of them at the end: no kill can damage it.
  suffix = 'npz' if options.format == 'hdf5' else options.format
  wanted = targets(options.videos, options.folder, options.output, suffix, options.csv)
  networks = trained_networks.load(options.network)
  print('\n'.join(note for network in networks for note in network.notes), file=sys.stderr)
  metadata = features.describe(networks, options.settings)
  with files.locked(options.output):
    claim(options.output, metadata)
    known = _Sources(options.output)
    failed = _extract(wanted, known, networks, options, metadata)
    if options.format == 'hdf5':
      print(f'{known.gather()}: written')
  print(f'{options.output}: features of {len(wanted) - failed} videos')
  return cli.fail(f'{failed} of {len(wanted)} videos could not be used', 1) if failed else 0


def _extract(
  wanted: Sequence[Target],
  known: '_Sources',
  networks: Sequence[trained_networks.TrainedNetwork],
  options: options_lib.ExtractOptions,
  metadata: Mapping[str, Any],
) -> int:
  """Writes the files that are missing; returns how many videos could not be used."""
  missing, failed = [], 0
  for target in wanted:
    try:
      if not known.is_up_to_date(target):
        missing.append(target)
    except errors.UserError as e:
      cli.fail(e)
      failed += 1
  known.print_unknown()
  with progress.progress_bar(
    total=len(wanted),
    initial=len(wanted) - len(missing),
    unit='video',
    unit_scale=True,
    desc=f'features, {options.settings.endpoint}',
  ) as bar:
    for target in missing:
      share = _Share(bar, target)
      try:
        known.begin(target)
        found = features.joined(
          networks, target.video, options.settings, options.batch_size, share.add, target.part
        )
        feature_files.write(target.file, *found, metadata, target.part)
      except errors.UserError as e:
        bar.clear()
        cli.fail(e)
        failed += 1
      share.finish()
  return failed


def targets(
  videos: Sequence[str], folder: str | None, output: str, suffix: str, csv: str | None = None
) -> list[Target]:
  """Which file each video's features go to.

  Args:
    videos: paths of videos and folders of videos; videos become files of their names, or of their
      folders and names where two have the same name.
    folder: a folder of videos or of folders of frames, whose subfolders are kept; or None. With
      `csv`, the folder that its paths are relative to, or None for its own.
    output: folder of the features.
    suffix: 'npz' or 'npy'.
    csv: a CSV file of videos and parts of videos, as `csv_files.parts` reads it, or None. A row
      becomes a file of its name in data sets, 'label/name_start-end'; of two that only differ in
      the suffix of the video, both keep it.

  Returns:
    The targets, in order; no two have one file.

  Raises:
    UserError: there is no video, the CSV file cannot be used, or two videos would share a file.
  """
  found: list[tuple[str, str, from_videos.Part]] = []  # video, stem, part
  if csv is not None:
    rows = csv_files.parts(csv, folder)
    uses = collections.Counter(_stem(row.path) for row in rows)
    for row in rows:
      stem = _stem(row.path) if uses[_stem(row.path)] == 1 else row.path
      found.append((row.file, stem, from_videos.Part(row.start, row.end)))
  else:
    short = video_files.short_names(video_files.expand(videos))
    found += [(video, stem, from_videos.WHOLE) for video, stem in short.items()]
    if folder is not None:
      folder, names = frame_folders.find(folder)
      found += [(os.path.join(folder, name), _stem(name), from_videos.WHOLE) for name in names]
  owners: dict[str, str] = {}
  chosen = []
  for video, stem, part in found:
    file = os.path.join(output, f'{stem}.{suffix}')
    if file in owners:
      raise errors.UserError(
        f'expected videos of different names; {owners[file]} and {video} would both become {file}'
      )
    owners[file] = video
    chosen.append(Target(video, file, part, csv is not None))
  return chosen


def _stem(name: str) -> str:
  """A name without the suffix of a video; folders of frames may have dots in their names."""
  return os.path.splitext(name)[0] if video_files.is_video(name) else name


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
    self._latest: tuple[str, dict[str, Any] | None] = ('', None)
    self._journal = journal.Journal(os.path.join(output, _SOURCES_FILE), 1, self._accept)

  def _accept(self, entry: Any) -> bool:
    name, content = entry
    self._content[name] = dict(content)
    return True

  def is_up_to_date(self, target: Target) -> bool:
    """Whether a file holds the features of a video as it is, as far as is known.

    Raises:
      UserError: a row of a CSV file would replace the features of another row or another video.
    """
    if not os.path.exists(target.file):
      return False
    known = self._content.get(os.path.relpath(target.file, self._output))
    if known is None:
      self._unknown.append(target.file)
      return True
    part = from_videos.Part(known.get('start'), known.get('end'))
    if part == target.part and file_content.is_same(target.video, known):
      return True
    # Of files without a list the newest counts. Two lists may each be right.
    video = known.get('video')
    if target.is_listed and (part != target.part or video != os.path.abspath(target.video)):
      of = 'another video' if video is None else part.of(video)
      raise errors.UserError(
        f'{target.file}: expected features of {target.part.of(target.video)}; it holds those of '
        f'{of}, which another list or folder names. Give another --output'
      )
    print(
      f'{target.file}: is of another video than {target.video} now is; made again', file=sys.stderr
    )
    return False

  def print_unknown(self) -> None:
    """Says which files are kept although they do not say of which video they are."""
    if self._unknown:
      print(
        f'kept without knowing of which video: {text.count(len(self._unknown), "file")}, '
        f'{text.some(self._unknown)}',
        file=sys.stderr,
      )

  def begin(self, target: Target) -> None:
    """Declares that a file will be of a video; what was there is removed first."""
    with contextlib.suppress(FileNotFoundError):
      os.remove(target.file)
    content = self._describe(target.video)
    if content is None:
      return
    name, part = os.path.relpath(target.file, self._output), dataclasses.asdict(target.part)
    part = {key: seconds for key, seconds in part.items() if seconds is not None}
    content = {**content, 'video': os.path.abspath(target.video), **part}
    self._content[name] = content
    self._journal.add([[name, content]])

  def _describe(self, video: str) -> dict[str, Any] | None:
    """What a video holds; one of which many parts are listed is read once."""
    path, content = self._latest
    if path != video or content is None or not file_content.is_same(video, content):
      content = file_content.describe(video)
      self._latest = video, content
    return content

  def gather(self) -> str:
    """Writes the features of all files that are known into one; returns its path."""
    whole = os.path.join(self._output, HDF5)
    known = {name: os.path.join(self._output, name) for name in self._content}
    known.update({os.path.relpath(path, self._output): path for path in self._unknown})
    feature_files.gather(
      whole,
      {
        os.path.splitext(name)[0]: path
        for name, path in sorted(known.items())
        if name.endswith('.npz') and os.path.exists(path)
      },
    )
    return whole


class _Share:
  """Moves a bar of videos by the share of one that is done, so that a long one shows progress."""

  def __init__(self, bar: tqdm.tqdm, target: Target) -> None:
    self._shares = progress.ItemShares(bar.update)
    self._frames: float | None
    try:
      end = target.part.end
      end = frame_folders.duration(target.video) if end is None else end
      begin = 0.0 if target.part.start is None else target.part.start
      self._frames = max(1.0, (end - begin) * decoding.FRAME_RATE)
    except decoding.VideoError:
      self._frames = None  # of unknown length

  def add(self, frames: int) -> None:
    if self._frames is not None:
      self._shares.add(frames / self._frames)

  def finish(self) -> None:
    self._shares.finish()
