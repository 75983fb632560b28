"""Makes one shard: what it is made from, whether that has changed, and the work itself.

`records.provenance` stores next to each shard its SHA-256, the versions it was made with, and for
every video that belongs there its source files (size, time and SHA-256) and, if the video had to
be left out, why.
"""

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import functools
import importlib.metadata
import os
from typing import Any, BinaryIO

import cv2

from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.masks import coco_files
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.records import tfrecord
from i3d_tf.storage import mirror
from i3d_tf.storage import stores
from i3d_tf.video import decoding
from i3d_tf.video import probe

_WORK = '.work'  # locks and progress, in the folder of records while they are made


@dataclasses.dataclass(frozen=True)
class ShardJob:
  """A shard to make.

  Attributes:
    path: the TFRecord file, or its address in a store.
    sources: its videos, in their order.
    label_names: class names, in the order of their labels.
    settings: how the videos are stored.
    retry_failed: whether to retry videos that failed before and have not changed.
  """

  path: str
  sources: tuple[encode_video.VideoSource, ...]
  label_names: tuple[str, ...]
  settings: requests.EncodingSettings
  retry_failed: bool = False

  def do(self) -> None:
    """Makes the shard, in a worker: `build`."""
    build(self)


def changed(job: ShardJob, made_from: provenance.Provenance) -> dict[str, str]:
  """Which videos of a job are no longer stored as they are now.

  Args:
    job: the job.
    made_from: what its shard was made from.

  Returns:
    Path -> what has changed: 'video', 'masks' or 'flag'.

  Raises:
    RecordError: the shard was made from other videos, or with masks that are no
      longer given, or the masks of a deleted video have changed.
  """
  folder = os.path.dirname(job.path)
  if set(made_from.sources) != {source.path for source in job.sources}:
    raise schema.RecordError(
      f'{folder}: these records were made from other videos; '
      'choose another folder or remove this one'
    )
  changes = {}
  for source in job.sources:
    change = _change(job, source, made_from.sources[source.path])
    if change is not None:
      changes[source.path] = change
  return changes


def _change(job: ShardJob, source: encode_video.VideoSource, row: dict[str, Any]) -> str | None:
  """What has changed of one video since its row of a `.sources.json` was written."""
  if row['masks'] is not None and source.masks is None:
    raise schema.RecordError(
      f'{os.path.dirname(job.path)}: these records were made with masks; now {source.path} has '
      'none (--masks?). Choose another folder or remove this one'
    )
  if (
    (row['start'], row['end']) != (source.start, source.end)
    or _differs(source.file, row['video'], row['failure'])
    or (row['failure'] and job.retry_failed)
  ):
    return 'video'
  if source.masks is not None and _differs(source.masks, row['masks'], row['failure']):
    if not os.path.exists(source.file):
      raise schema.RecordError(
        f'{source.file}: expected the video, since its masks have changed ({source.masks}); '
        'no such file'
      )
    return 'masks'
  if (source.keep_original, source.label) != (row['keep_original'], row['label']):
    return 'flag'
  return None


def build(job: ShardJob, progress: Callable[[int], None] | None = None) -> None:
  """Makes a shard, or brings it up to date.

  From a complete shard, videos whose sources are unchanged are copied, and so is flow wherever
  the video itself is unchanged. A shard that is up to date is left alone.

  Args:
    job: the job.
    progress: called with the number of videos done after each of them, or None.

  Raises:
    UserError: the shard was made otherwise, or cannot be written.
  """
  work = os.path.join(work_folder(os.path.dirname(job.path)), os.path.basename(job.path))
  with files.locked(work), open(os.path.join(work, 'progress'), 'wb', buffering=0) as counter:
    made_from = provenance.read(job.path)
    changes = {} if made_from is None else changed(job, made_from)
    if made_from is not None and not changes:
      return
    rows: list[dict[str, Any]] = []
    # Unchanged videos are copied from the shard as it is.
    is_there = made_from is not None and stores.is_url(job.path)
    stored_in = mirror.file(job.path, work) if is_there else job.path
    videos = _videos(job, stored_in, made_from, changes, rows)
    # Provenance goes to disk before the index, which declares the shard complete.
    shards.write_shard(
      job.path,
      _counted(videos, rows, counter, progress),
      before_index=lambda sha256: provenance.write(
        job.path, sha256, versions(job.settings.flow_backend), rows
      ),
    )


def _counted(
  videos: Iterator[schema.StoredVideo | None],
  rows: list[dict[str, Any]],
  counter: BinaryIO,
  progress: Callable[[int], None] | None,
) -> Iterator[schema.StoredVideo]:
  """The videos that could be read; counts all of them once they are written."""
  for video in videos:
    if video is not None:
      yield video
    with contextlib.suppress(OSError):  # a full disk is reported by the shard itself
      counter.write(b'.')
    if progress is not None:
      progress(len(rows))


def _videos(
  job: ShardJob,
  stored_in: str,
  made_from: provenance.Provenance | None,
  changes: dict[str, str],
  rows: list[dict[str, Any]],
) -> Iterator[schema.StoredVideo | None]:
  """Reads the videos of a job, None for those that cannot be used; appends their rows to `rows`."""
  known = {} if made_from is None else {entry.path: entry for entry in shards.read_index(job.path)}
  for source in job.sources:
    stored = known.get(source.path)
    row: dict[str, Any] = {
      'path': source.path,
      'label': source.label,
      'start': source.start,
      'end': source.end,
      'keep_original': source.keep_original,
      'failure': None,
    }
    rows.append(row)
    video = None
    try:
      if made_from is not None and stored is not None and source.path not in changes:
        row.update({key: made_from.sources[source.path][key] for key in ('video', 'masks')})
      else:
        row['video'] = _fingerprint(source.file)
        row['masks'] = None if source.masks is None else _fingerprint(source.masks)
      video = _read(job, stored_in, source, stored, changes.get(source.path))
    except (decoding.VideoError, coco_files.MaskError, optical_flow.FlowError) as e:
      row['failure'] = str(e)
    yield video


def _read(
  job: ShardJob,
  stored_in: str,
  source: encode_video.VideoSource,
  stored: shards.Entry | None,
  change: str | None,
) -> schema.StoredVideo:
  """Reads a video from its file, or as much as is unchanged from the record `stored`."""
  video = None
  if stored is not None and change != 'video':
    # A damaged record is made again from its video.
    with contextlib.suppress(OSError, ValueError):
      video = schema.decode(tfrecord.read(stored_in, stored.offset))
  if stored is None or video is None or change == 'masks':
    flow = None if video is None else video.flow
    return encode_video.read_video(source, job.label_names, job.settings, flow)
  # Floats of the record have float32's precision; take them from where they are exact.
  return dataclasses.replace(
    video,
    label=source.label,
    label_text=job.label_names[source.label],
    keep_original=source.keep_original,
    coverage=stored.coverage,
    frame_rate=job.settings.frame_rate,
  )


# === Source files ===


def _fingerprint(path: str) -> dict[str, Any] | None:
  """Size, time and SHA-256 of a file or of a folder of frames; None if it is missing."""
  try:
    content = (
      file_content.describe(path)  # its frames may have changed places
      if os.path.isdir(path)
      else _content(path, *file_content.size_and_time(path))
    )
  except OSError:
    return None
  if content is None:
    return None
  return {'size': content['bytes'], **{key: content[key] for key in ('mtime_ns', 'sha256')}}


@functools.lru_cache(maxsize=64)
def _content(path: str, size: int, mtime_ns: int) -> dict[str, Any] | None:
  del size, mtime_ns  # part of the key: many clips may share a file
  return file_content.describe(path)


def _differs(path: str, known: dict[str, Any] | None, failure: str | None) -> bool:
  """Whether a file or folder of frames has changed since its fingerprint `known` was taken.

  A file that was stored and then deleted counts as unchanged: its record is all that
  is left of it.
  """
  try:
    size, time = file_content.size_and_time(path)
  except OSError:
    return known is not None and bool(failure)
  if known is None or known['size'] != size:
    return True
  if known['mtime_ns'] == time and not os.path.isdir(path):
    return False
  current = _fingerprint(path)
  return current is None or current['sha256'] != known['sha256']


@functools.cache
def versions(flow_backend: str = 'opencv') -> dict[str, str]:
  """The libraries that the bytes of records depend on: name -> version."""
  return {
    'opencv': cv2.__version__,
    **probe.decoder(),
    'protobuf': importlib.metadata.version('protobuf'),
    **optical_flow.versions(flow_backend),
  }


# === Work in progress ===


def work_folder(folder: str | os.PathLike) -> str:
  """The folder of locks and progress, on this machine, while the records of `folder` are made."""
  return os.path.join(stores.local(folder), _WORK)


def progress(job: ShardJob) -> int:
  """How many of a job's videos are done in the shard that is being made."""
  folder, name = os.path.split(job.path)
  try:
    return min(
      os.path.getsize(os.path.join(work_folder(folder), name, 'progress')), len(job.sources)
    )
  except OSError:
    return 0
