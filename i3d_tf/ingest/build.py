"""A data set of video files to a folder of records.

    records/
      manifest.json              settings, classes, and of every file its size and SHA-256
      labels.txt                 the classes, one per line, in the order of their labels
      lists/                     which videos to train and to test on
      failures.csv               videos that could not be used, with their reasons
      videos-00000-of-00008.tfrecord                  the videos, see `records.schema`
      videos-00000-of-00008.csv                       where each is, see `records.shards`
      videos-00000-of-00008.sources.json              its source files, see `records.provenance`

Called again, it resumes where it stopped, and remakes what was made from a video or mask file
that has changed since.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
import shutil
from typing import Any

import numpy as np

from i3d_tf.common import files
from i3d_tf.common import text
from i3d_tf.ingest import beam_workers
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import manifests
from i3d_tf.ingest import requests
from i3d_tf.ingest import shard_jobs
from i3d_tf.ingest import ucf101_layout
from i3d_tf.records import folders
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.storage import stores

Progress = Callable[[int, int], None]


def build(
  sources: Sequence[encode_video.VideoSource],
  label_names: Sequence[str],
  output: files.Path,
  settings: requests.EncodingSettings,
  progress: Progress | None = None,
  *,
  workers: int = 1,
  beam_options: Sequence[str] = (),
  retry_failed: bool = False,
  fewest_files: int = 1,
  lists: Mapping[str, bytes] | None = None,
  log: Callable[[str], object] = print,
) -> list[manifests.RecordFailure]:
  """Stores videos as a folder of records.

  Called again with the same arguments, it resumes where it stopped and keeps complete files.
  Files of which a source has changed are remade; everything in them that has not changed is
  copied. A video that could not be used is retried when its file has changed.

  Args:
    sources: the videos.
    label_names: class names, in the order of their labels.
    output: the folder of records, made if missing, or its address in a store.
    settings: how videos are stored.
    progress: called as progress(videos done, all videos), first with what an earlier call has
      done, then whenever that grows; or None.
    workers: processes that make records; 1 for this one.
    beam_options: flags for Beam; with any, it runs even with one worker.
    retry_failed: whether to retry what failed before, changed or not.
    fewest_files: the least number of files, where `settings` leaves it open and there are as
      many videos: a stop loses those that are not complete.
    lists: as `data_sets.write_lists` takes them, written before the records count as complete.
    log: called with a line of text when files are remade.

  Returns:
    The videos that could not be stored, in the order of `sources`.

  Raises:
    UserError: `output` holds records made otherwise, or cannot be written.
  """
  with files.locked(stores.local(output)):
    existing = folders.read_manifest(output)
    if settings.num_shards is None:
      count = manifests.number_of_shards(sources, settings, existing, workers, fewest_files)
      settings = dataclasses.replace(settings, num_shards=count)
    manifest = manifests.unfinished(sources, label_names, settings)
    if existing is not None:
      manifests.check_same(output, existing, manifest)
    manifests.check_labels(output, label_names)
    jobs = _jobs(output, manifest, sources, settings, retry_failed)
    waiting = _to_do(jobs, log)
    if waiting or existing is None or not existing['complete']:
      folders.write_manifest(output, manifest)
    _make(waiting, len(sources), output, progress, workers=workers, beam_options=beam_options)
    if lists is not None:
      data_sets.write_lists(lists, output)
    failures = manifests.finish(jobs, sources, output, manifest)
    shutil.rmtree(shard_jobs.work_folder(output), ignore_errors=True)
    return failures


def _jobs(
  output: files.Path,
  manifest: dict[str, Any],
  sources: Sequence[encode_video.VideoSource],
  settings: requests.EncodingSettings,
  retry_failed: bool,
) -> list[shard_jobs.ShardJob]:
  """Deals the videos out to the shards, in an order drawn from the seed."""
  names = manifest['shards']
  order = np.random.default_rng(settings.seed).permutation(len(sources))
  return [
    shard_jobs.ShardJob(
      os.path.join(output, name),
      tuple(sources[i] for i in order[number :: len(names)]),
      tuple(manifest['label_names']),
      settings,
      retry_failed,
    )
    for number, name in enumerate(names)
  ]


def _to_do(
  jobs: Sequence[shard_jobs.ShardJob], log: Callable[[str], object]
) -> list[shard_jobs.ShardJob]:
  """The jobs whose shards are missing, incomplete or out of date."""
  waiting: list[shard_jobs.ShardJob] = []
  stale: list[str] = []
  for job in jobs:
    made_from = provenance.read(job.path)
    changes = {} if made_from is None else shard_jobs.changed(job, made_from)
    stale.extend(changes)
    if made_from is None or changes:
      waiting.append(job)
  if stale:
    log(
      f'sources of {text.count(len(stale), "video")} changed (video file, masks or verdict), such '
      f'as {stale[0]}; updating the files of records that hold them'
    )
  return waiting


def _make(
  jobs: Sequence[shard_jobs.ShardJob],
  total: int,
  output: files.Path,
  progress: Progress | None,
  *,
  workers: int,
  beam_options: Sequence[str],
) -> None:
  """Runs jobs, in this process or in workers."""
  done = total - sum(len(job.sources) for job in jobs)
  shown = -1

  def show(count: int) -> None:
    nonlocal shown
    if progress is not None and count > shown:
      shown = count
      progress(count, total)

  def shown_after(before: int) -> Callable[[int], None]:
    return lambda count: show(before + count)

  show(done)
  if (workers > 1 and len(jobs) > 1) or (beam_options and jobs):
    beam_workers.run(
      jobs,
      shard_jobs.work_folder(output),
      min(workers, len(jobs)),
      beam_options,
      lambda: show(done + sum(map(shard_jobs.progress, jobs))),
    )
    show(total)
    return
  for job in jobs:
    shard_jobs.build(job, shown_after(done))
    done += len(job.sources)


def build_data_set(
  data: data_sets.DataSet,
  output: files.Path,
  settings: requests.EncodingSettings,
  progress: Progress | None = None,
  **options: Any,
) -> list[manifests.RecordFailure]:
  """Stores a data set and its lists.

  Args:
    data: the data set.
    output: as in `build`.
    settings: as in `build`.
    progress: as in `build`.
    **options: keyword arguments of `build`.

  Returns:
    The videos that could not be stored.

  Raises:
    UserError: as in `build`; also if `output` keeps videos original by verdicts,
      and `data` has no verdicts.
  """
  existing = folders.read_manifest(output)
  if existing is not None and existing['settings'].get('kept_original') and not data.with_verdicts:
    kept = text.count(existing['settings']['kept_original'], 'video')
    raise schema.RecordError(
      f'{output}: these records keep {kept} original by '
      'verdicts on their masks; give the verdicts again (--verdicts)'
    )
  options = {'lists': data.lists, **options}
  return build(data.sources, data.label_names, output, settings, progress, **options)


def build_ucf101(
  videos: files.Path,
  lists: files.Path,
  output: files.Path,
  settings: requests.EncodingSettings,
  *,
  masks: files.Path | None = None,
  **options: Any,
) -> tuple[list[manifests.RecordFailure], list[str]]:
  """Stores a data set that has UCF101's layout.

  Args:
    videos: as in `ucf101_layout.data_set`.
    lists: as in `ucf101_layout.data_set`.
    output: as in `build`.
    settings: as in `build`.
    masks: as in `requests.DataSetOptions`.
    **options: `progress` and keyword arguments of `build`.

  Returns:
    (failures, without): the videos that could not be stored, and the paths of those that have
    no mask file although `masks` was given.

  Raises:
    UserError: a folder or list cannot be used, or `output` holds other records.
  """
  data_set_options = requests.DataSetOptions(masks=None if masks is None else os.fspath(masks))
  data = ucf101_layout.data_set(videos, lists, data_set_options)
  return build_data_set(data, output, settings, **options), list(data.without_masks)
