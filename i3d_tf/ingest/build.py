"""A data set of video files to a folder of records.

    records/
      manifest.json              settings, classes, and of every file its size and SHA-256
      labels.txt                 the classes, a line each, in the order of their labels
      lists/                     which videos to train and to test on
      failures.csv               videos that could not be used, with their reasons
      videos-00000-of-00008.tfrecord .csv .sources.json    see `schema`, `shards`

Called again, everything goes on where it was stopped, and what was made of a video
or mask file that has changed since is made again.
"""

import csv
import dataclasses
import os
import shutil

import numpy as np

from i3d_tf.common import files
from i3d_tf.ingest import beam_workers
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import shards
from i3d_tf.ingest import sources as sources_lib
from i3d_tf.records import folders
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.video import decoding

FAILURES = 'failures.csv'
_SHARD_BYTES = 150e6
_SHARDS_A_WORKER = 2  # at least, so that all are busy to the end
_SAMPLED = 16  # videos from which the size of all is estimated
_FLOW_BYTES = 0.22  # a pixel, lossless; measured on real clips


@dataclasses.dataclass(frozen=True)
class RecordFailure:
  """A video that was left out: its `path` in the data set and the `reason`."""

  path: str
  reason: str


def build(
  sources,
  label_names,
  output,
  settings,
  progress=None,
  *,
  workers=1,
  beam_options=(),
  retry_failed=False,
  tell=print,
):
  """Stores a data set as a folder of records.

  Called again with the same arguments, it goes on where it was stopped: whole
  files are kept. Those are made anew of which a source has changed; in them, what
  has not changed is copied. A video that could not be used is tried again when its
  file has changed.

  Args:
    sources: `encode_video.VideoSource`s.
    label_names: class names, in the order of their labels.
    output: the folder of records; made if missing.
    settings: a `encode_video.EncodingSettings`.
    progress: called as progress(videos done, videos in all), first with what an
      earlier call has done, then each time that grows; or None.
    workers: processes that make records; 1 for this one.
    beam_options: flags for Beam, strings; with any, it runs even with one worker.
    retry_failed: whether to try again what failed, changed or not.
    tell: called with a line of text when files are made anew.

  Returns:
    The `RecordFailure`s, in the order of `sources`; the other videos are stored.

  Raises:
    UserError: `output` holds records made otherwise, or cannot be written.
  """
  os.makedirs(output, exist_ok=True)
  with files.locked(output):
    existing = folders.read_manifest(output)
    if settings.num_shards is None:
      settings = dataclasses.replace(
        settings,
        num_shards=(
          existing['settings']['num_shards']
          if existing is not None
          else number_of_shards(sources, settings, workers)
        ),
      )
    names = [schema.shard_name(i, settings.num_shards) for i in range(settings.num_shards)]
    manifest = {
      'shards': names,
      'label_names': list(label_names),
      'settings': {
        **dataclasses.asdict(settings),
        'videos': len(sources),
        'with_masks': sum(source.masks is not None for source in sources),
        'kept_original': sum(source.keep_original for source in sources),
      },
      'complete': False,
    }
    if existing is not None:
      _check_same(output, existing, manifest)
    _check_labels(output, label_names)
    order = np.random.default_rng(settings.seed).permutation(len(sources))
    jobs = [
      shards.Job(
        os.path.join(output, name),
        tuple(sources[i] for i in order[number :: settings.num_shards]),
        tuple(label_names),
        settings,
        retry_failed,
      )
      for number, name in enumerate(names)
    ]
    waiting = _to_do(jobs, tell)
    if waiting or existing is None or not existing['complete']:
      folders.write_manifest(output, manifest)
    _make(waiting, sources, output, progress, workers, beam_options)
    return _finish(jobs, sources, output, manifest)


def _check_same(output, existing, manifest):
  # What later versions of this program have added has its default value in older records.
  before = {**dataclasses.asdict(encode_video.EncodingSettings()), **existing['settings']}
  # These follow from the sources, each of which is looked at (`shards.changed`).
  different = [
    key
    for key, value in manifest['settings'].items()
    if key not in ('with_masks', 'kept_original') and before.get(key) != value
  ]
  if different or existing['label_names'] != manifest['label_names']:
    raise schema.RecordError(
      f'{output}: these records were made with other settings ('
      f'{", ".join(different) if different else "other classes"}); '
      'choose another folder or remove this one'
    )


def _check_labels(output, label_names):
  """Refuses to give a label map that lies in a folder another meaning."""
  path = os.path.join(output, folders.LABELS)
  if not os.path.exists(path):
    return
  with open(path, errors='replace') as f:
    found = f.read().splitlines()
  if found != list(label_names):
    raise schema.RecordError(
      f'{path}: expected the {len(label_names)} classes of the data set, from '
      f'{label_names[0]} to {label_names[-1]}; found {len(found)} classes, or another order'
    )


def _to_do(jobs, tell):
  """Those jobs whose files are missing, not whole, or not up to date."""
  waiting, stale = [], []
  for job in jobs:
    made = provenance.read(job.path)
    changed = {} if made is None else shards.changed(job, made)
    stale.extend(changed)
    if made is None or changed:
      waiting.append(job)
  if stale:
    tell(
      f'{len(stale)} videos are not stored as they (or their masks, verdicts) now are, such as '
      f'{stale[0]}: the files of records that hold them are brought up to date'
    )
  return waiting


def _make(jobs, sources, output, progress, workers, beam_options):
  done = len(sources) - sum(len(job.sources) for job in jobs)
  shown = -1

  def show(count):
    nonlocal shown
    if progress is not None and count > shown:
      shown = count
      progress(count, len(sources))

  show(done)
  if workers > 1 and len(jobs) > 1 or beam_options and jobs:
    beam_workers.run(
      jobs,
      shards.work_folder(output),
      min(workers, len(jobs)),
      beam_options,
      lambda: show(done + sum(map(shards.progress, jobs))),
    )
    show(len(sources))
    return
  for job in jobs:
    shards.build(job, lambda count, before=done: show(before + count))
    done += len(job.sources)


def _finish(jobs, sources, output, manifest):
  """Writes what is known when all is made; returns the `RecordFailure`s."""
  contents, versions, failures = [], [], []
  for job in jobs:
    made, entries = provenance.read(job.path), schema.read_shard_index(job.path)
    contents.append(
      {
        'name': os.path.basename(job.path),
        'bytes': os.path.getsize(job.path),
        'sha256': made.sha256,
        'videos': len(entries),
        'frames': sum(entry.frames for entry in entries),
      }
    )
    if made.versions not in versions:
      versions.append(made.versions)
    failures.extend(
      RecordFailure(path, row['failure']) for path, row in made.sources.items() if row['failure']
    )
  place = {source.path: index for index, source in enumerate(sources)}
  failures.sort(key=lambda failure: place[failure.path])
  with files.replacing(os.path.join(output, FAILURES)) as temporary:
    with open(temporary, 'w', newline='') as f:
      writer = csv.writer(f)
      writer.writerow(['path', 'reason'])
      writer.writerows(dataclasses.astuple(failure) for failure in failures)
  total = {key: sum(content[key] for content in contents) for key in ('videos', 'frames', 'bytes')}
  manifest = {
    **manifest,
    'complete': True,
    'total': {**total, 'failures': len(failures)},
    'versions': versions,
    'files': contents,
  }
  if folders.read_whole_manifest(output) != manifest:
    folders.write_manifest(output, manifest)
  shutil.rmtree(shards.work_folder(output), ignore_errors=True)
  return failures


def number_of_shards(sources, settings, workers=1):
  """How many files of about 150 MB a data set makes, estimated from a few of its videos.

  At least two a worker, and at most one a video.
  """
  order = np.random.default_rng(settings.seed).permutation(len(sources))[:_SAMPLED]
  sizes = [size for i in order if (size := _stored_size(sources[i], settings)) is not None]
  total = len(sources) * np.mean(sizes) if sizes else 0
  wanted = max(round(total / _SHARD_BYTES), _SHARDS_A_WORKER * workers)
  return int(max(min(wanted, len(sources)), 1))


def _stored_size(source, settings):
  """An estimate, in bytes, of what is stored of a video; None if it cannot be used."""
  try:
    seconds = decoding.duration(source.file)
    begin = 0.0 if source.start is None else source.start
    until = seconds if source.end is None else min(source.end, seconds)
    _, decoded = decoding.decode(source.file, (begin + until) / 2)
    frame = next(decoded)
    decoded.close()
    height, width = decoding.fit_short_side(*frame.shape[:2], settings.short_side)
  except decoding.VideoError:
    return None
  frame = decoding.resize(frame, height, width)
  size = len(encode_video.encode_frame(frame, settings))
  if settings.flow is not None:
    size += _FLOW_BYTES * frame[..., 0].size * (1 if settings.flow_format == 'png' else 1 / 3)
  return max(until - begin, 0) * settings.frame_rate * size


def build_data_set(data, output, settings, progress=None, **how):
  """Stores a data set, and its lists beside the records.

  Args:
    data: a `sources.DataSet`.
    output, settings, progress: as in `build`.
    **how: further arguments of `build`.

  Returns:
    The `RecordFailure`s.

  Raises:
    UserError: as in `build`; also if `output` keeps videos original by verdicts,
      and none were given this time.
  """
  existing = folders.read_manifest(output)
  if existing is not None and existing['settings'].get('kept_original') and not data.with_verdicts:
    raise schema.RecordError(
      f'{output}: these records keep {existing["settings"]["kept_original"]} videos original by '
      'verdicts on their masks; give the verdicts again (--verdicts)'
    )
  failures = build(data.sources, data.label_names, output, settings, progress, **how)
  sources_lib.write_lists(data, output)
  return failures


def build_ucf101(videos, lists, output, settings, masks=None, progress=None, **how):
  """Stores a data set that has UCF101's layout.

  Args:
    videos, lists, masks: as in `sources.ucf101`.
    output, settings, progress: as in `build`.
    **how: further arguments of `build`.

  Returns:
    (failures, without): the `RecordFailure`s, and the paths of the videos that have no
    mask file although `masks` was given.

  Raises:
    UserError: a folder or list cannot be used, or `output` holds other records.
  """
  data = sources_lib.from_ucf101(videos, lists, masks)
  return build_data_set(data, output, settings, progress, **how), list(data.without_masks)
