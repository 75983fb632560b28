"""Makes the masks of a video or of a folder of videos: resumable, in several processes."""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import functools
import os
import shutil
from typing import Any

from i3d_tf.common import files
from i3d_tf.common import processes as processes_lib
from i3d_tf.ingest import csv_files
from i3d_tf.masks import mask_folders
from i3d_tf.video import frame_folders
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import beam_masks
from segmentation.people import video_masks
from segmentation.people import video_work

NO_PERSON, FAILURES = 'no_person.csv', 'failures.csv'


@dataclasses.dataclass(frozen=True)
class MaskFailure:
  """A video without masks: its name, and the reason with the path of the file."""

  video: str
  reason: str


@dataclasses.dataclass(frozen=True)
class Outcome:
  """The outcome for a folder of videos.

  Attributes:
    num_videos: the number of videos found.
    no_person: the names of the videos without a person in any frame, sorted.
    failures: the videos without masks, sorted by name.
  """

  num_videos: int
  no_person: tuple[str, ...]
  failures: tuple[MaskFailure, ...]


def find_videos(path: str | None, csv: str | None = None) -> tuple[str, list[str]]:
  """Finds the videos to work on.

  Args:
    path: as in `frame_folders.find`; with a CSV file, the folder that its paths are relative to,
      or None for its own.
    csv: a CSV file of videos, as in `csv_files.files`, or None.

  Returns:
    (folder, names of the videos relative to it, with '/').

  Raises:
    UserError: there is no video, or the CSV file cannot be used.
  """
  if csv is not None:
    return csv_files.files(csv, path)
  if path is None:
    raise ValueError('expected `path` or `csv`; received neither')
  return frame_folders.find(path)


def segment_folder(
  videos: str | None,
  output: str,
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  settings: video_masks.MaskSettings,
  processes: int = 1,
  progress: Callable[..., Any] | None = None,
  second_look: bool = False,
  csv: str | None = None,
  beam_options: Sequence[str] = (),
) -> Outcome:
  """Writes the masks of all videos of a folder that have none yet.

  Args:
    videos, csv: what says which videos, as in `find_videos`.
    output: the folder of masks.
    make_segmenter: makes the segmenter; picklable, where there are several processes.
    settings: how people are found.
    processes: number of processes, each with its own segmenter.
    progress: called as `progress(total=n, initial=m)`; returns a context manager with a
      method `update(k)`, as tqdm.tqdm does. Or None.
    second_look: as in `segment_video.segment_video`. Masks made without it are not made again.
    beam_options: flags for Apache Beam; with any, its workers make the masks, `processes` of them
      if its runner is the local one.

  Raises:
    UserError: there are no videos, the segmenter cannot be made, or `output` has masks of
      other videos or settings.
  """
  folder, names = find_videos(videos, csv)
  segmenter = make_segmenter()
  recorded = _recorded(segmenter, settings)
  with files.locked(output):
    work = video_work.Work(
      folder, output, mask_folders.file_names(names), settings, recorded, second_look
    )
    found = _done(work)
    missing = [name for name in names if name not in found]
    failed: list[MaskFailure] = []
    results: Iterator[tuple[str, bool | str]]
    with (_NoProgress if progress is None else progress)(
      total=len(names), initial=len(found)
    ) as bar:
      if not beam_options and (processes == 1 or len(missing) < 2):
        results = ((name, work.do(name, segmenter, bar.update)) for name in missing)
      else:
        del segmenter
        results = _elsewhere(work, missing, make_segmenter, processes, beam_options, bar.update)
      for name, result in results:
        if isinstance(result, str):
          failed.append(MaskFailure(name, result))
        else:
          found[name] = result
    outcome = Outcome(
      len(names),
      tuple(sorted(name for name, has_person in found.items() if not has_person)),
      tuple(sorted(failed, key=lambda failure: failure.video)),
    )
    _write_lists(output, outcome)
  return outcome


def _write_lists(output: str, outcome: Outcome) -> None:
  """Writes the lists beside the masks, and removes what served to make these."""
  nobody = [[name] for name in outcome.no_person]
  files.write_csv(os.path.join(output, NO_PERSON), ['video'], nobody)
  reasons = [dataclasses.astuple(failure) for failure in outcome.failures]
  files.write_csv(os.path.join(output, FAILURES), ['video', 'reason'], reasons)
  shutil.rmtree(os.path.join(output, beam_masks.WORK), ignore_errors=True)


def _recorded(
  segmenter: segmenter_lib.Segmenter, settings: video_masks.MaskSettings
) -> dict[str, Any]:
  """What is stored beside masks of how they were made."""
  recorded = {'segmenter': segmenter.name, **dataclasses.asdict(settings)}
  del recorded['batch_size']  # does not change the masks
  if segmenter.also:  # else as in files of older versions
    recorded['also'] = list(segmenter.also)
  return recorded


def _elsewhere(
  work: video_work.Work,
  names: Sequence[str],
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  processes: int,
  beam_options: Sequence[str],
  progress: Any,
) -> Iterator[tuple[str, bool | str]]:
  """Makes masks in other processes, Beam's or our own: yields (name, result of `Work.do`)."""
  if beam_options and names:
    return beam_masks.in_workers(work, names, make_segmenter, processes, beam_options, progress)
  return _in_processes(work, names, make_segmenter, processes, progress)


class _NoProgress:
  """A progress bar that shows nothing."""

  def __init__(self, **kwargs: Any) -> None:
    del kwargs

  def __enter__(self) -> '_NoProgress':
    return self

  def __exit__(self, *error: Any) -> None:
    pass

  def update(self, fraction: float) -> None:
    pass


def _done(work: video_work.Work) -> dict[str, bool]:
  """The videos that already have masks: {name: whether it has a person}."""
  made = {name: work.made(name) for name in work.files}
  return {name: has_person for name, has_person in made.items() if has_person is not None}


# === Several processes ===

_worker = {}
_DIED = 'its process died (is the file damaged, or did memory run out?)'


def _in_processes(
  work: video_work.Work,
  names: Sequence[str],
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  processes: int,
  progress: Any,
) -> Iterator[tuple[str, bool | str]]:
  """Yields (name, result of `video_work.Work.do`) in the order of completion."""
  start = functools.partial(_start_worker, work, make_segmenter)
  for name, result in processes_lib.in_processes(_do_in_worker, names, processes, start):
    yield name, f'{os.path.join(work.folder, name)}: {_DIED}' if result is None else result
    progress(1)


def _start_worker(
  work: video_work.Work, make_segmenter: Callable[[], segmenter_lib.Segmenter]
) -> None:
  """Makes the segmenter of a worker process."""
  _worker.update(work=work, segmenter=make_segmenter())


def _do_in_worker(name: str) -> bool | str:
  """`video_work.Work.do` for one video, in a worker process."""
  return _worker['work'].do(name, _worker['segmenter'])
