"""The manifest of records that are being made: before, during and after.

It fixes the number of shards, refuses to continue records made otherwise, and sums up at the end.
"""

from collections.abc import Sequence
import dataclasses
import os
from typing import Any

import numpy as np

from i3d_tf.common import files
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.ingest import shard_jobs
from i3d_tf.records import folders
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.records import shards
from i3d_tf.storage import objects
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders

FAILURES = 'failures.csv'

SHARD_BYTES = 150e6
SHARDS_PER_WORKER = 2  # at least, so that all are busy to the end
_NUM_SAMPLED = 16  # videos from which the size of all is estimated
_FLOW_BYTES = 0.22  # per pixel, as PNG; measured on real clips
_JPEG_SHARE = 1 / 3  # of the size of PNG flow


@dataclasses.dataclass(frozen=True)
class RecordFailure:
  """A video that was left out.

  Attributes:
    path: its name in the data set.
    reason: why.
  """

  path: str
  reason: str


def number_of_shards(
  sources: Sequence[encode_video.VideoSource],
  settings: requests.EncodingSettings,
  existing: dict[str, Any] | None = None,
  workers: int = 1,
  fewest: int = 1,
) -> int:
  """The number of files that a data set fills: those of its manifest, if it exists.

  Otherwise of about 150 MB, estimated from a few videos; at least `fewest` and two per worker, and
  at most one per video.
  """
  if existing is not None:
    return existing['settings']['num_shards']
  order = np.random.default_rng(settings.seed).permutation(len(sources))[:_NUM_SAMPLED]
  sizes = [size for i in order if (size := _stored_size(sources[i], settings)) is not None]
  total = len(sources) * np.mean(sizes) if sizes else 0
  wanted = max(round(total / SHARD_BYTES), SHARDS_PER_WORKER * workers, fewest)
  return int(max(min(wanted, len(sources)), 1))


def _stored_size(
  source: encode_video.VideoSource, settings: requests.EncodingSettings
) -> float | None:
  """An estimate, in bytes, of what is stored of a video; None if it cannot be used."""
  try:
    seconds = frame_folders.duration(source.file)
    begin = 0.0 if source.start is None else source.start
    until = seconds if source.end is None else min(source.end, seconds)
    frame = next(frame_folders.every_frame(source.file, (begin + until) / 2))
    height, width = decoding.fit_short_side(frame.shape[0], frame.shape[1], settings.short_side)
  except decoding.VideoError:
    return None
  frame = decoding.resize(frame, height, width)
  size: float = len(encode_video.encode_frame(frame, settings))
  if settings.flow is not None:
    share = 1 if settings.flow_format == 'png' else _JPEG_SHARE
    size += _FLOW_BYTES * frame[..., 0].size * share
  return max(until - begin, 0) * settings.frame_rate * size


def unfinished(
  sources: Sequence[encode_video.VideoSource],
  label_names: Sequence[str],
  settings: requests.EncodingSettings,
) -> dict[str, Any]:
  """The manifest of records that are being made, as `folders.write_manifest` takes it."""
  count = settings.num_shards or 0
  return {
    'shards': [shards.shard_name(number, count) for number in range(count)],
    'label_names': list(label_names),
    'settings': {
      **dataclasses.asdict(settings),
      'videos': len(sources),
      'with_masks': sum(source.masks is not None for source in sources),
      'kept_original': sum(source.keep_original for source in sources),
    },
    'complete': False,
  }


def check_same(output: files.Path, existing: dict[str, Any], manifest: dict[str, Any]) -> None:
  """Refuses to continue records of other settings or classes.

  Args:
    output: the folder of records.
    existing: its manifest.
    manifest: the manifest of the records to make.

  Raises:
    RecordError: settings or classes differ.
  """
  # Settings that older records lack have their default value there.
  before = {**dataclasses.asdict(requests.EncodingSettings()), **existing['settings']}
  different = [
    key
    for key, value in manifest['settings'].items()
    # Changes of the sources show in these two, and `shard_jobs.changed` finds them.
    if key not in ('with_masks', 'kept_original') and before.get(key) != value
  ]
  if different or existing['label_names'] != manifest['label_names']:
    raise schema.RecordError(
      f'{output}: these records were made with other settings ('
      f'{", ".join(different) if different else "other classes"}); '
      'choose another folder or remove this one'
    )


def check_labels(output: files.Path, label_names: Sequence[str]) -> None:
  """Refuses to change the meaning of a label map that is already in a folder.

  Raises:
    RecordError: the folder has another label map.
  """
  path = os.path.join(output, folders.LABELS)
  if objects.size(path) is None:
    return
  found = objects.read_text(path, errors='replace').splitlines()
  if found != list(label_names):
    raise schema.RecordError(
      f'{path}: expected the {len(label_names)} classes of the data set, from '
      f'{label_names[0]} to {label_names[-1]}; found {len(found)} classes, or another order'
    )


def finish(
  jobs: Sequence[shard_jobs.ShardJob],
  sources: Sequence[encode_video.VideoSource],
  output: files.Path,
  manifest: dict[str, Any],
) -> list[RecordFailure]:
  """Writes the list of failures and the complete manifest.

  Args:
    jobs: all shards; they are complete.
    sources: the videos, in the order of the failures to return.
    output: the folder of records.
    manifest: as `unfinished` gives it.

  Returns:
    The videos that could not be stored.
  """
  contents: list[dict[str, Any]] = []
  versions: list[dict[str, str]] = []
  failures: list[RecordFailure] = []
  for job in jobs:
    made_from, entries = provenance.read(job.path), shards.read_index(job.path)
    if made_from is None:
      raise schema.RecordError(f'{job.path}: expected a complete file; was it changed just now?')
    contents.append(
      {
        'name': os.path.basename(job.path),
        'bytes': objects.size(job.path),
        'sha256': made_from.sha256,
        'videos': len(entries),
        'frames': sum(entry.frames for entry in entries),
      }
    )
    if made_from.versions not in versions:
      versions.append(made_from.versions)
    failures.extend(
      RecordFailure(path, row['failure'])
      for path, row in made_from.sources.items()
      if row['failure']
    )
  position = {source.path: index for index, source in enumerate(sources)}
  failures.sort(key=lambda failure: position[failure.path])
  rows = [(failure.path, failure.reason) for failure in failures]
  objects.write_csv(os.path.join(output, FAILURES), ('path', 'reason'), rows)
  total = {
    key: sum(int(content[key]) for content in contents) for key in ('videos', 'frames', 'bytes')
  }
  manifest = {
    **manifest,
    'complete': True,
    'total': {**total, 'failures': len(failures)},
    'versions': versions,
    'files': contents,
  }
  if folders.read_full_manifest(output) != manifest:
    folders.write_manifest(output, manifest)
  return failures
