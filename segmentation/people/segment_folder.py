"""Masks of one video, and of a folder of videos: resumable, in several processes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses
import functools
import itertools
import os
from typing import Any

import cv2

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import processes as processes_lib
from i3d_tf.masks import coco_files
from i3d_tf.video import decoding
from i3d_tf.video import video_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import video_masks

NO_PERSON, FAILURES = 'no_person.csv', 'failures.csv'


@dataclasses.dataclass(frozen=True)
class MaskFailure:
  """A video without masks: its name and the reason, which names the file."""

  video: str
  reason: str


@dataclasses.dataclass(frozen=True)
class Outcome:
  """What came of a folder of videos.

  Attributes:
    num_videos: number of videos found.
    no_person: names of those in which nobody was found, sorted.
    failures: `MaskFailure`s, sorted.
  """

  num_videos: int
  no_person: tuple[str, ...]
  failures: tuple[MaskFailure, ...]


def find_videos(path: str) -> tuple[str, list[str]]:
  """The videos below a folder.

  Args:
    path: a folder, or one video file.

  Returns:
    (folder, names of the videos relative to it, with '/', sorted).

  Raises:
    UserError: there is none, or two are called the same, whose masks would be.
  """
  if os.path.isfile(path):
    return os.path.dirname(path), [os.path.basename(path)]
  names = video_files.find(path)
  stems = {}
  for name in names:
    other = stems.setdefault(video_files.stem(name), name)
    if other != name:
      raise errors.UserError(
        f'{path}: {other} and {name} would have the same file of masks; '
        'expected videos of different names'
      )
  return path, names


def segment_video(
  path: str,
  output: str,
  segmenter: segmenter_lib.Segmenter,
  settings: video_masks.MaskSettings,
  *,
  video: str,
  recorded: Mapping[str, Any],
  progress: Callable[[float], None] | None = None,
) -> bool:
  """Writes the masks of one video.

  Args:
    path: the video file.
    output: the file to write.
    segmenter: a `Segmenter`.
    settings: a `video_masks.MaskSettings`.
    video: name of the video, which goes into the file.
    recorded: dict of settings, which goes into the file.
    progress: called with the share of the video that was done since the last call.

  Returns:
    Whether somebody was found.

  Raises:
    UserError: the video cannot be used.
  """
  source = segmenter.for_video(path)
  _, frames = decoding.decode(path)
  first = next(frames)
  total = _announced_frames(path)

  def checked() -> Iterator[Any]:
    for frame in itertools.chain([first], frames):
      if frame.shape != first.shape:
        raise decoding.VideoError(
          f'{path}: expected frames of one size; found {frame.shape[:2]} after {first.shape[:2]}'
        )
      yield frame

  def people() -> Iterator[Any]:
    for number, found in enumerate(video_masks.people_of(checked(), source, settings), 1):
      if progress is not None and number <= total:
        progress(1 / total)
      yield found
    source.finish()

  _, num_with_person = coco_files.write_people(
    output, people(), *first.shape[:2], video=video, settings=recorded
  )
  return num_with_person > 0


def segment_folder(
  videos: str,
  output: str,
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  settings: video_masks.MaskSettings,
  processes: int = 1,
  progress: Callable[..., Any] | None = None,
) -> Outcome:
  """Writes the masks of every video of a folder, or those that are missing.

  Args:
    videos: folder of videos, or a video file.
    output: folder of masks.
    make_segmenter: a function that makes a `Segmenter`. For several processes it must be
      one that pickle knows: functools.partial of a function of a module, for example.
    settings: a `video_masks.MaskSettings`.
    processes: videos worked on at a time.
    progress: called as `progress(total=n, initial=m)`, gives a context manager with
      `update(k)`; tqdm.tqdm, for example. Or None.

  Returns:
    An `Outcome`.

  Raises:
    UserError: there are no videos, the segmenter cannot be made, or `output` has masks of
      other videos or settings.
  """
  folder, names = find_videos(videos)
  segmenter = make_segmenter()
  recorded = {'segmenter': segmenter.name, **dataclasses.asdict(settings)}
  del recorded['batch_size']  # changes nothing
  with files.locked(output):
    found = _done(output, names, recorded)
    missing = [name for name in names if name not in found]
    failed: list[MaskFailure] = []
    work = _Work(folder, output, settings, recorded)
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
    no_person = tuple(sorted(name for name, somebody in found.items() if not somebody))
    failures = tuple(sorted(failed, key=lambda failure: failure.video))
    files.write_csv(os.path.join(output, NO_PERSON), ['video'], [[name] for name in no_person])
    files.write_csv(
      os.path.join(output, FAILURES),
      ['video', 'reason'],
      [dataclasses.astuple(failure) for failure in failures],
    )
  return Outcome(len(names), no_person, failures)


@dataclasses.dataclass(frozen=True)
class _Work:
  """What to do with each video."""

  folder: str
  output: str
  settings: video_masks.MaskSettings
  recorded: dict

  def do(
    self,
    name: str,
    segmenter: segmenter_lib.Segmenter,
    progress: Callable[[float], None] | None = None,
  ) -> bool | str:
    """Segments one video: whether somebody was found, or the reason why it failed."""
    given = 0.0

    def report(share: float) -> None:
      nonlocal given
      given += share
      if progress is not None:
        progress(share)

    try:
      return segment_video(
        os.path.join(self.folder, name),
        _mask_path(self.output, name),
        segmenter,
        self.settings,
        video=name,
        recorded=self.recorded,
        progress=None if progress is None else report,
      )
    except errors.UserError as e:
      return str(e)
    finally:
      if progress is not None:
        progress(1 - given)


class _NoProgress:
  def __init__(self, **kwargs: Any) -> None:
    del kwargs

  def __enter__(self) -> '_NoProgress':
    return self

  def __exit__(self, *error: Any) -> None:
    pass

  def update(self, share: float) -> None:
    pass


def _done(output: str, names: Sequence[str], recorded: Mapping[str, Any]) -> dict[str, bool]:
  """The videos that have masks: {name: whether somebody was found}."""
  done = {}
  for name in names:
    path = _mask_path(output, name)
    if not os.path.exists(path):
      continue
    try:
      info = coco_files.read_info(path)
    except coco_files.MaskError:
      continue  # a damaged file is made anew
    wanted = {'video': name, **recorded}
    there = {'video': info.video, **info.settings}
    differences = [
      f'{key} is {there.get(key)!r} there and {wanted.get(key)!r} here'
      for key in sorted({*there, *wanted})
      if there.get(key) != wanted.get(key)
    ]
    if differences:
      raise errors.UserError(
        f'{path}: these masks were made otherwise ({"; ".join(differences)}); '
        'choose another --output, or remove them'
      )
    done[name] = info.num_with_person > 0
  return done


# === Several processes ===

_worker = {}
_DIED = 'the process that worked on it died (is the file damaged, or memory full?)'


def _in_processes(
  work: _Work,
  names: Sequence[str],
  make_segmenter: Callable[[], segmenter_lib.Segmenter],
  processes: int,
  progress: Any,
) -> Iterator[tuple[str, bool | str]]:
  """Yields (name, result of `_Work.do`) in the order in which they are done."""
  start = functools.partial(_start_worker, work, make_segmenter)
  for name, result in processes_lib.in_processes(_do_in_worker, names, processes, start):
    yield name, f'{os.path.join(work.folder, name)}: {_DIED}' if result is None else result
    progress(1)


def _start_worker(work: _Work, make_segmenter: Callable[[], segmenter_lib.Segmenter]) -> None:
  _worker.update(work=work, segmenter=make_segmenter())


def _do_in_worker(name: str) -> bool | str:
  return _worker['work'].do(name, _worker['segmenter'])


# === Files ===


def _announced_frames(path: str) -> int:
  """The number of frames that a video's header tells, at least 1."""
  capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
  try:
    return max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
  finally:
    capture.release()


def _mask_path(output: str, name: str) -> str:
  return os.path.join(output, f'{video_files.stem(name)}.json')
