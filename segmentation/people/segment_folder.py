"""Makes the masks of a video or of a folder of videos: resumable, in several processes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import functools
import itertools
import os
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.common import processes as processes_lib
from i3d_tf.masks import coco_files
from i3d_tf.masks import mask_folders
from i3d_tf.masks import second_looks
from i3d_tf.video import decoding
from i3d_tf.video import probe
from i3d_tf.video import video_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import second_look as second_look_lib
from segmentation.people import video_masks

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


def find_videos(path: str) -> tuple[str, list[str]]:
  """Finds the videos of a folder and its subfolders.

  Args:
    path: a folder, or one video file.

  Returns:
    (folder, names of the videos relative to it, with '/', sorted).

  Raises:
    UserError: there is no video.
  """
  if os.path.isfile(path):
    return os.path.dirname(path), [os.path.basename(path)]
  return path, video_files.find(path)


def segment_video(
  path: str,
  output: str,
  segmenter: segmenter_lib.Segmenter,
  settings: video_masks.MaskSettings,
  *,
  video: str,
  recorded: Mapping[str, Any],
  progress: Callable[[float], None] | None = None,
  second_look: bool = False,
) -> bool:
  """Writes the masks of one video.

  Args:
    path: the video file.
    output: the mask file to write.
    segmenter: the segmenter.
    settings: how people are found.
    video: the name of the video, stored in the file.
    recorded: the settings to store in the file.
    progress: called with the fraction of the video that was done since the last call, or None.
    second_look: whether the segmenter looks again at the frames without their people.

  Returns:
    Whether any frame has a person.

  Raises:
    UserError: the video cannot be used.
  """
  # Before decoding: a video replaced meanwhile is found to be another.
  content = file_content.describe(path)
  source = segmenter.for_video(path)
  frames = _of_one_size(path, decoding.decode(path))
  first = next(frames)
  share = 1 / 2 if second_look else 1
  counted = functools.partial(_counted, progress, probe.declared_frames(path), share)
  kept: list[Sequence[coco_files.PersonMask]] = []

  def people() -> Iterator[Any]:
    for found in counted(video_masks.people_of(itertools.chain([first], frames), source, settings)):
      if second_look:
        kept.append(found)
      yield found
    source.finish()

  def look_again() -> second_looks.SecondLook:
    again = segmenter.for_video(path)  # its state knows no frame of the first look
    how = settings.score_threshold, settings.batch_size
    return second_look_lib.look_again(counted(decoding.decode(path)), kept, again, *how)

  size, look = first.shape[:2], look_again if second_look else None
  _, num_with_person = coco_files.write_people(
    output, people(), *size, video=video, settings=recorded, source=content, second_look=look
  )
  return num_with_person > 0


def _counted(
  progress: Callable[[float], None] | None, total: int, share: float, items: Iterable[Any]
) -> Iterator[Any]:
  """Yields the items; calls `progress` for each of the first `total`, with `share` in all."""
  for number, item in enumerate(items, 1):
    if progress is not None and number <= total:
      progress(share / total)
    yield item


def _of_one_size(path: str, frames: Iterable[Any]) -> Iterator[Any]:
  """Yields the frames of a video; raises a `VideoError` where their size changes."""
  first = None
  for frame in frames:
    first = frame.shape if first is None else first
    if frame.shape != first:
      raise decoding.VideoError(
        f'{path}: expected frames of one size; found {frame.shape[:2]} after {first[:2]}'
      )
    yield frame


def segment_folder(
  videos: str,
  output: str,
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  settings: video_masks.MaskSettings,
  processes: int = 1,
  progress: Callable[..., Any] | None = None,
  second_look: bool = False,
) -> Outcome:
  """Writes the masks of all videos of a folder that have none yet.

  Args:
    videos: the folder of videos, or a video file.
    output: the folder of masks.
    make_segmenter: makes the segmenter. With several processes it must be picklable, such as
      a functools.partial of a module's function.
    settings: how people are found.
    processes: number of processes, each with its own segmenter.
    progress: called as `progress(total=n, initial=m)`; returns a context manager with a
      method `update(k)`, as tqdm.tqdm does. Or None.
    second_look: as in `segment_video`. Masks made without it are not made again.

  Returns:
    The `Outcome`.

  Raises:
    UserError: there are no videos, the segmenter cannot be made, or `output` has masks of
      other videos or settings.
  """
  folder, names = find_videos(videos)
  segmenter = make_segmenter()
  recorded = {'segmenter': segmenter.name, **dataclasses.asdict(settings)}
  del recorded['batch_size']  # does not change the masks
  if segmenter.also:  # else as in files of older versions
    recorded['also'] = list(segmenter.also)
  with files.locked(output):
    work = _Work(folder, output, mask_folders.file_names(names), settings, recorded, second_look)
    found = _done(folder, output, work.files, recorded)
    missing = [name for name in names if name not in found]
    failed: list[MaskFailure] = []
    with (_NoProgress if progress is None else progress)(
      total=len(names), initial=len(found)
    ) as bar:
      if processes == 1 or len(missing) < 2:
        results: Iterator[tuple[str, bool | str]] = (
          (name, work.do(name, segmenter, bar.update)) for name in missing
        )
      else:
        del segmenter
        results = _in_processes(work, missing, make_segmenter, processes, bar.update)
      for name, result in results:
        if isinstance(result, str):
          failed.append(MaskFailure(name, result))
        else:
          found[name] = result
    no_person = tuple(sorted(name for name, has_person in found.items() if not has_person))
    failures = tuple(sorted(failed, key=lambda failure: failure.video))
    files.write_csv(os.path.join(output, NO_PERSON), ['video'], [[name] for name in no_person])
    reasons = [dataclasses.astuple(failure) for failure in failures]
    files.write_csv(os.path.join(output, FAILURES), ['video', 'reason'], reasons)
  return Outcome(len(names), no_person, failures)


@dataclasses.dataclass(frozen=True)
class _Work:
  """Segments the videos of a folder, one at a time."""

  folder: str
  output: str
  files: Mapping[str, str]
  settings: video_masks.MaskSettings
  recorded: dict[str, Any]
  second_look: bool = False

  def do(
    self,
    name: str,
    segmenter: segmenter_lib.Segmenter,
    progress: Callable[[float], None] | None = None,
  ) -> bool | str:
    """Segments one video: whether it has a person, or the reason why it failed."""
    done = 0.0

    def count(fraction: float) -> None:
      nonlocal done
      done += fraction
      if progress is not None:
        progress(fraction)

    try:
      return segment_video(
        os.path.join(self.folder, name),
        os.path.join(self.output, self.files[name]),
        segmenter,
        self.settings,
        video=name,
        recorded=self.recorded,
        progress=None if progress is None else count,
        second_look=self.second_look,
      )
    except errors.UserError as e:
      return str(e)
    finally:
      if progress is not None:
        progress(1 - done)


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


def _done(
  folder: str, output: str, files: Mapping[str, str], recorded: Mapping[str, Any]
) -> dict[str, bool]:
  """The videos that already have masks: {name: whether it has a person}."""
  done = {}
  for name, file in files.items():
    path = os.path.join(output, file)
    if not os.path.exists(path):
      continue
    try:
      info = coco_files.read_info(path)
    except coco_files.MaskError:
      continue  # a damaged file is made again
    expected = {'video': name, **recorded}
    received = {'video': info.video, **info.settings}
    differences = [
      f'{key}: expected {expected.get(key)!r}; received {received.get(key)!r}'
      for key in sorted({*received, *expected})
      if received.get(key) != expected.get(key)
    ]
    if differences:
      raise errors.UserError(
        f'{path}: these masks were made with other settings ({", ".join(differences)}). '
        'Choose another --output, or remove them'
      )
    if info.source is None or file_content.is_same(os.path.join(folder, name), info.source):
      done[name] = info.num_with_person > 0
  return done


# === Several processes ===

_worker = {}
_DIED = 'its process died (is the file damaged, or did memory run out?)'


def _in_processes(
  work: _Work,
  names: Sequence[str],
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  processes: int,
  progress: Any,
) -> Iterator[tuple[str, bool | str]]:
  """Yields (name, result of `_Work.do`) in the order of completion."""
  start = functools.partial(_start_worker, work, make_segmenter)
  for name, result in processes_lib.in_processes(_do_in_worker, names, processes, start):
    yield name, f'{os.path.join(work.folder, name)}: {_DIED}' if result is None else result
    progress(1)


def _start_worker(work: _Work, make_segmenter: Callable[[], segmenter_lib.Segmenter]) -> None:
  """Makes the segmenter of a worker process."""
  _worker.update(work=work, segmenter=make_segmenter())


def _do_in_worker(name: str) -> bool | str:
  """`_Work.do` for one video, in a worker process."""
  return _worker['work'].do(name, _worker['segmenter'])
