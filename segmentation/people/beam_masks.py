"""Masks made by Apache Beam's workers, here or on a cluster: one network per worker."""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import functools
import json
import os
import pickle
import threading
import time

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.ingest import beam_workers
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
    """Makes the masks if there are none yet, in a worker, or writes why that failed.

    A worker that repeats a lost worker's video waits until that one has let go of it.
    """
    with _one_video, files.locked(f'{self.failure}.lock'):
      if self.work.made(self.name) is None:
        segmenter = _segmenter(pickle.dumps(self.make_segmenter))
        result = self.work.do(self.name, segmenter)
        if isinstance(result, str):
          files.write_json(self.failure, result)
          return
      with contextlib.suppress(FileNotFoundError):
        os.remove(self.failure)  # of an earlier try


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
  jobs = _jobs(work, names, make_segmenter)
  for job in jobs:
    with contextlib.suppress(FileNotFoundError):
      os.remove(job.failure)  # of a run that was stopped
  watch = _Watch(jobs, progress)
  beam_workers.run(jobs, folder, min(workers, len(jobs)), options, watch.look_now_and_then)
  watch.look()
  for job in jobs:
    if os.path.exists(job.failure):
      with open(job.failure, encoding='utf-8') as f:
        yield job.name, json.load(f)
      continue
    has_person = job.work.made(job.name)
    if has_person is None:
      raise errors.UserError(
        f'{job.path}: expected the masks that a worker made; do all workers see this folder, and '
        'the videos, under the same paths?'
      )
    yield job.name, has_person


class _Watch:
  """Tells how many jobs are done, from the files that they leave.

  Args:
    jobs: before any of them is done.
    progress: called with the number of jobs that were done since its last call.
  """

  def __init__(self, jobs: Sequence[VideoJob], progress: Callable[[float], None]) -> None:
    self._progress = progress
    # Damaged files are there before.
    self._waiting = [(job, _changed(job.path)) for job in jobs]
    self._next_look = 0.0

  def look_now_and_then(self) -> None:
    """Looks for what is done, for a twentieth of the time: folders elsewhere answer slowly."""
    started = time.monotonic()
    if started >= self._next_look:
      self.look()
      self._next_look = started + 20 * (time.monotonic() - started)

  def look(self) -> None:
    """Looks for what is done."""
    left = [
      (job, before)
      for job, before in self._waiting
      if _changed(job.path) == before and not os.path.exists(job.failure)
    ]
    if len(left) < len(self._waiting):
      self._progress(len(self._waiting) - len(left))
    self._waiting = left


def _jobs(
  work: video_work.Work, names: Sequence[str], make_segmenter: Callable[[], segmenter_lib.Segmenter]
) -> list[VideoJob]:
  """The jobs, each of which goes to a worker with its own video alone and with absolute paths."""
  folder, output = os.path.abspath(work.folder), os.path.abspath(work.output)
  return [
    VideoJob(
      dataclasses.replace(work, folder=folder, output=output, files={name: work.files[name]}),
      name,
      make_segmenter,
    )
    for name in names
  ]


def _changed(path: str) -> int | None:
  """When a file was written, in nanoseconds; None if there is none."""
  try:
    return os.stat(path).st_mtime_ns
  except FileNotFoundError:
    return None
