"""make_tfrecords: reads a data set, stores it, and prints what a user should know."""

import dataclasses
import os
import sys

from i3d_tf.common import cli
from i3d_tf.common import processes
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.ingest import build
from i3d_tf.ingest import class_folders
from i3d_tf.ingest import csv_files
from i3d_tf.ingest import data_sets
from i3d_tf.ingest import manifests
from i3d_tf.ingest import requests
from i3d_tf.ingest import ucf101_layout
from i3d_tf.storage import mirror
from i3d_tf.storage import stores


def make_and_print(request: requests.RecordsRequest) -> int:
  """Makes records, shows progress, and prints what was left out.

  Args:
    request: what to make.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: the data set or the folder of records cannot be used.
  """
  data = read_data_set(inputs_here(request))
  for note in data.notes:
    print(f'note: {note}')
  workers = processes.num_cores() if request.workers is None else request.workers
  with progress.progress_bar(desc='videos to records', unit='video') as bar:

    def show(done: int, total: int) -> None:
      if bar.total is None:
        # Videos of an earlier call must not count in the rate.
        bar.total, bar.initial = total, done
      bar.update(done - bar.n)

    failures = build.build_data_set(
      data,
      request.output,
      request.encoding,
      show,
      workers=workers,
      beam_options=request.beam_options,
      retry_failed=request.retry_failed,
      fewest_files=request.fewest_files,
      log=bar.write,
    )
  _print_exceptions(data)
  for failure in failures:
    print(f'left out: {failure.path}: {failure.reason}', file=sys.stderr)
  if failures:
    path = os.path.join(request.output, manifests.FAILURES)
    return cli.fail(
      f'{text.count(len(failures), "video")} could not be used ({path} lists them); the '
      f'others are in {request.output}',
      1,
    )
  print(f'{request.output}: complete')
  return 0


def _print_exceptions(data: data_sets.DataSet) -> None:
  """Prints the videos that keep their original frames: they have no masks, or a verdict."""
  for path in data.without_masks:
    print(f'without masks: {path}')
  kept = [source.path for source in data.sources if source.keep_original]
  for path in kept:
    print(f'kept original by verdict: {path}')
  if kept:
    print(f'{len(kept)} of {len(data.sources)} videos keep their original frames by verdict')


def inputs_here(request: requests.RecordsRequest) -> requests.RecordsRequest:
  """A request whose inputs are on this machine: those in a store are copied, once.

  Of the videos of a CSV file, only those that it names are copied.

  Raises:
    UserError: a store or the CSV file cannot be used.
    FileNotFoundError: an input is not there.
  """
  csv, videos = _file_here(request.csv), request.videos
  if videos is None and stores.is_url(request.csv):
    videos = os.path.dirname(str(request.csv))
  named: set[str] | None = None
  if csv is not None and stores.is_url(videos):
    named = {os.path.normpath(name) for name in csv_files.files(csv, os.curdir)[1]}

  def is_named(name: str) -> bool:
    # A video file, or an image in a folder of frames.
    return named is None or name in named or os.path.dirname(name) in named

  return dataclasses.replace(
    request,
    csv=csv,
    videos=mirror.folder(str(videos), wanted=is_named) if stores.is_url(videos) else videos,
    lists=_folder_here(request.lists),
    data_set=dataclasses.replace(
      request.data_set,
      masks=_folder_here(request.data_set.masks),
      verdicts=_file_here(request.data_set.verdicts),
      labels=_file_here(request.data_set.labels),
    ),
  )


def _folder_here(path: str | None) -> str | None:
  return mirror.folder(path) if path is not None and stores.is_url(path) else path


def _file_here(path: str | None) -> str | None:
  return mirror.file(path) if path is not None and stores.is_url(path) else path


def read_data_set(request: requests.RecordsRequest) -> data_sets.DataSet:
  """The data set of a request.

  Raises:
    UserError: a folder or file cannot be used.
  """
  if request.csv is not None:
    return csv_files.data_set(request.csv, request.videos, request.data_set)
  if request.videos is None:
    raise data_sets.SourceError('expected a folder of videos, or a CSV file; received neither')
  if request.lists is not None:
    return ucf101_layout.data_set(request.videos, request.lists, request.data_set)
  return class_folders.data_set(request.videos, request.data_set)
