"""Masks made by Apache Beam's workers, here or on a cluster: one network per worker."""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import functools
import glob
import json
import os
import pickle
import threading

from i3d_tf.common import files
from i3d_tf.ingest import beam_workers
from i3d_tf.masks import coco_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import video_work

WORK = '.work'  # the jobs, Beam's log and failures, in the folder of masks while they are made

_one_video = threading.Lock()  # a worker may get several jobs at a time, for its one network


@dataclasses.dataclass(frozen=True)
class VideoJob:
  """The masks of a video to make.

  Attributes:
    work: how they are made.
    name: of the video.
    make_segmenter: makes the segmenter; can be pickled.
  """

  work: video_work.Work
  name: str
  make_segmenter: Callable[[], segmenter_lib.Segmenter]

  @property
  def path(self) -> str:
    """The file of masks."""
    return os.path.join(self.work.output, self.work.files[self.name])

  @property
  def failure(self) -> str:
    """The file that says why the video could not be used, if it could not."""
    return os.path.join(self.work.output, WORK, f'{self.work.files[self.name]}.failed')

  def do(self) -> None:
    """Makes the masks, in a worker, or writes why that failed."""
    with _one_video:
      segmenter = _segmenter(pickle.dumps(self.make_segmenter))
      result = self.work.do(self.name, segmenter)
    if isinstance(result, str):
      files.write_json(self.failure, result)


@functools.lru_cache(maxsize=1)
def _segmenter(pickled: bytes) -> segmenter_lib.Segmenter:
  """The segmenter of this worker: every job brings a copy of what makes it."""
  make: Callable[[], segmenter_lib.Segmenter] = pickle.loads(pickled)
  return make()


def in_workers(
  work: video_work.Work,
  names: Sequence[str],
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  workers: int,
  options: Sequence[str],
  progress: Callable[[float], None],
) -> Iterator[tuple[str, bool | str]]:
  """Makes the masks of videos.

  Args:
    work: how.
    names: of the videos, at least one.
    make_segmenter: as in `VideoJob`.
    workers: processes of Beam's local runner.
    options: flags for Beam.
    progress: called with the number of videos that were done since its last call.

  Yields:
    (name, whether it has a person or why it failed), once all are done.

  Raises:
    UserError: a worker could not make the segmenter, or was lost; as `beam_workers.run`.
  """
  folder = os.path.join(work.output, WORK)
  os.makedirs(folder, exist_ok=True)
  jobs = [VideoJob(work, name, make_segmenter) for name in names]
  for path in glob.glob(os.path.join(glob.escape(folder), '*.failed')):
    os.remove(path)  # of a run that was stopped
  before = {job.path: _changed(job.path) for job in jobs}  # damaged files, which are made again
  waiting = jobs

  def show() -> None:
    nonlocal waiting
    left = [
      job
      for job in waiting
      if _changed(job.path) == before[job.path] and not os.path.exists(job.failure)
    ]
    if len(left) < len(waiting):
      progress(len(waiting) - len(left))
    waiting = left

  beam_workers.run(jobs, folder, min(workers, len(jobs)), options, show)
  show()
  for job in jobs:
    if os.path.exists(job.failure):
      with open(job.failure, encoding='utf-8') as f:
        yield job.name, json.load(f)
    else:
      yield job.name, coco_files.read_info(job.path).num_with_person > 0


def _changed(path: str) -> int | None:
  """When a file was written, in nanoseconds; None if there is none."""
  try:
    return os.stat(path).st_mtime_ns
  except FileNotFoundError:
    return None
