"""One file of records: what it is made of, whether that has changed, making it.

Beside `videos-00000-of-00004.tfrecord` and its index lies
`videos-00000-of-00004.sources.json`: the file's SHA-256, the versions it was made
with, and for every video that belongs there its source files (size, time and
SHA-256) and, if it had to be left out, why.
"""

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os

import cv2

from i3d_tf.common import files
from i3d_tf.flow import optical_flow
from i3d_tf.ingest import encode_video
from i3d_tf.masks import coco_files
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.records import tfrecord
from i3d_tf.video import decoding

_WORK = '.work'  # locks and progress, in the folder of records while they are made


@dataclasses.dataclass(frozen=True)
class Job:
  """A file of records to make.

  Attributes:
    path: the TFRecord file.
    sources: the `encode_video.VideoSource`s of its videos, in their order.
    label_names: class names, in the order of their labels.
    settings: an `encode_video.EncodingSettings`.
    retry_failed: whether to try again what was left out although it has not changed.
  """

  path: str
  sources: tuple
  label_names: tuple
  settings: encode_video.EncodingSettings
  retry_failed: bool = False


def changed(job, made):
  """The paths of those of a job's videos that are not stored as they now are.

  Args:
    job: a `Job`.
    made: the `provenance.Made` of its file.

  Returns:
    A dict from path to what is to be done: 'video', 'masks' or 'flag'.

  Raises:
    RecordError: the file was made of other videos, or with masks that are no
      longer given, or masks have changed of a video that has gone.
  """
  folder = os.path.dirname(job.path)
  if set(made.sources) != {source.path for source in job.sources}:
    raise schema.RecordError(
      f'{folder}: these records were made from other videos; '
      'choose another folder or remove this one'
    )
  found = {}
  for source in job.sources:
    row = made.sources[source.path]
    if row['masks'] is not None and source.masks is None:
      raise schema.RecordError(
        f'{folder}: these records were made with masks, of {source.path} too; now there are '
        'none of it (--masks?). Choose another folder or remove this one'
      )
    if (
      (row['start'], row['end']) != (source.start, source.end)
      or _differs(source.file, row['video'], row['failure'])
      or row['failure']
      and job.retry_failed
    ):
      found[source.path] = 'video'
    elif source.masks is not None and _differs(source.masks, row['masks'], row['failure']):
      if not os.path.exists(source.file):
        raise schema.RecordError(
          f'{source.file}: expected the video, since its masks have '
          f'changed ({source.masks}); there is no such file'
        )
      found[source.path] = 'masks'
    elif (source.keep_original, source.label) != (row['keep_original'], row['label']):
      found[source.path] = 'flag'
  return found


def build(job, progress=None):
  """Makes a file of records, or brings it up to date.

  Of a file that is whole, videos whose sources are unchanged are copied, and flow
  wherever the video itself is. A file that is up to date is left alone.

  Args:
    job: a `Job`.
    progress: called as progress(videos done) after each of them, or None.

  Raises:
    UserError: the file was made otherwise, or cannot be written.
  """
  name = os.path.basename(job.path)
  work = os.path.join(work_folder(os.path.dirname(job.path)), name)
  with files.locked(work), open(os.path.join(work, 'progress'), 'wb', buffering=0) as count:
    made = provenance.read(job.path)
    todo = None if made is None else changed(job, made)
    if made is not None and not todo:
      return
    known = (
      {} if made is None else {entry.path: entry for entry in schema.read_shard_index(job.path)}
    )
    rows = []

    def videos():
      for number, source in enumerate(job.sources, 1):
        old = known.get(source.path)
        row = {
          'path': source.path,
          'label': source.label,
          'start': source.start,
          'end': source.end,
          'keep_original': source.keep_original,
          'failure': None,
        }
        try:
          if old is not None and source.path not in todo:
            row.update({key: made.sources[source.path][key] for key in ('video', 'masks')})
          else:
            row['video'] = _fingerprint(source.file)
            row['masks'] = None if source.masks is None else _fingerprint(source.masks)
          yield _read(job, source, old, None if todo is None else todo.get(source.path))
        except (decoding.VideoError, coco_files.MaskError) as e:
          row['failure'] = str(e)
        rows.append(row)
        with contextlib.suppress(OSError):  # a full disk is told where it matters
          count.write(b'.')
        if progress is not None:
          progress(number)

    # Where it comes from goes to disk before the index, which declares the file whole.
    schema.write_shard(
      job.path,
      videos(),
      before_index=lambda digest: _write_made(
        job.path, digest, rows, versions(job.settings.flow_backend)
      ),
    )


def _read(job, source, old, todo):
  """A `schema.Video`: from the file, or as far as it goes from the `schema.Entry` `old`."""
  video = None
  if old is not None and todo != 'video':
    try:
      video = schema.decode(tfrecord.read(job.path, old.offset))
    except (OSError, ValueError):  # then from its source again
      todo = 'video'
  if video is None or todo == 'masks':
    return encode_video.read_video(
      source, job.label_names, job.settings, None if video is None else video.flow
    )
  # What the record holds as float32 comes from where it is exact.
  return dataclasses.replace(
    video,
    label=source.label,
    label_text=job.label_names[source.label],
    keep_original=source.keep_original,
    coverage=old.coverage,
    frame_rate=job.settings.frame_rate,
  )


# === Source files ===


def _fingerprint(path):
  """What tells whether a file is still the same: a dict, or None if there is none."""
  try:
    status = os.stat(path)
    digest = _digest(path, status.st_size, status.st_mtime_ns)
  except OSError:
    return None
  return {'size': status.st_size, 'mtime_ns': status.st_mtime_ns, 'sha256': digest}


@functools.lru_cache(maxsize=64)
def _digest(path, size, mtime_ns):  # of one file many clips may be stored
  del size, mtime_ns  # part of the key
  with open(path, 'rb') as f:
    return hashlib.file_digest(f, 'sha256').hexdigest()


def _differs(path, known, failure):
  """Whether a file is not the one that `known`, a `_fingerprint`, was taken of.

  A file of which a record was made and that has since gone counts as unchanged:
  the record is what is left of it.
  """
  try:
    status = os.stat(path)
  except OSError:
    return known is not None and bool(failure)
  if known is None or known['size'] != status.st_size:
    return True
  return known['mtime_ns'] != status.st_mtime_ns and _fingerprint(path)['sha256'] != known['sha256']


def _write_made(shard, digest, rows, of):
  with files.replacing(provenance.path_of(shard)) as temporary, open(temporary, 'w') as f:
    json.dump({'sha256': digest, 'versions': of, 'sources': rows}, f, indent=1)


@functools.cache
def versions(flow_backend='opencv'):
  """What the bytes of records depend on, beside sources and settings: a dict of versions."""
  return {
    'opencv': cv2.__version__,
    'protobuf': importlib.metadata.version('protobuf'),
    **optical_flow.versions(flow_backend),
  }


# === Work that is under way ===


def work_folder(folder):
  """Where locks and progress lie while the records of a folder are made."""
  return os.path.join(folder, _WORK)


def progress(job):
  """How many of a job's videos are done in the file that is being made of them."""
  folder, name = os.path.split(job.path)
  try:
    return min(
      os.path.getsize(os.path.join(work_folder(folder), name, 'progress')), len(job.sources)
    )
  except OSError:
    return 0
