"""Writes the demo set to disk in the layout of UCF101, with its exact masks.

output/
  demo_set.json               the settings, and the version of the drawing
  videos/Waving/v_Waving_g01_c01.avi
  masks/v_Waving_g01_c01.json
  lists/classInd.txt trainlist01.txt testlist01.txt ... testlist03.txt
"""

from collections.abc import Iterable
import dataclasses
import json
import os
import pathlib
from typing import Protocol

import cv2
import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.demo import actions
from i3d_tf.demo import rendering
from i3d_tf.demo.plan import ClipPlan
from i3d_tf.demo.plan import DemoSettings
from i3d_tf.demo.plan import plan
from i3d_tf.demo.plan import test_groups
from i3d_tf.masks import coco_files

# Raise this when the drawing changes: a set that was begun with another version is refused.
VERSION = 1
# Lossless, also in color: a lossy codec would let the person's colors bleed out of the mask.
_CODEC = 'FFV1'


class Progress(Protocol):
  """Wraps an iterable of clips in a progress bar, as `tqdm.tqdm` does."""

  def __call__(self, clips: Iterable[ClipPlan], /, total: int) -> Iterable[ClipPlan]:
    """Returns an iterable of the same clips."""


def write_videos(
  settings: DemoSettings, output: str | os.PathLike, progress: Progress | None = None
) -> None:
  """Writes a demo set, or the missing part of it.

  Files are written atomically. Called again after an interruption, even a kill, this writes what
  is missing and nothing else. The lists come last: where they are, the set is complete. Several
  processes may call this on one folder; one writes and the others wait.

  Args:
    settings: of the set.
    output: folder to write to; made if missing.
    progress: wraps the clips that are to be drawn, or None.

  Raises:
    UserError: the folder has a set of other settings, or another drawing.
    OSError: a file could not be written.
  """
  output = pathlib.Path(output)
  output.mkdir(parents=True, exist_ok=True)
  with files.locked(output):
    _claim(output, settings)
    clips = plan(settings)
    missing = [
      clip
      for clip in clips
      if not (_video_path(output, clip).exists() and _masks_path(output, clip).exists())
    ]
    for clip in progress(missing, total=len(missing)) if progress and missing else missing:
      frames, masks = rendering.render(clip, settings)
      with files.replacing(_video_path(output, clip)) as path:
        _write_video(path, frames, settings.frame_rate)
      coco_files.write(
        _masks_path(output, clip),
        masks,
        video=_list_name(clip),
        settings={'segmenter': 'demo', 'version': VERSION},
      )
    for name, lines in _lists(clips, settings).items():
      files.write_text(output / 'lists' / name, ''.join(f'{line}\n' for line in lines))


def _claim(output: pathlib.Path, settings: DemoSettings) -> None:
  """Records the settings of a new set; refuses a set with other settings."""
  path = output / 'demo_set.json'
  wanted = {'version': VERSION, **dataclasses.asdict(settings)}
  if not path.exists():
    files.write_text(path, json.dumps(wanted, indent=2) + '\n')
    return
  try:
    existing = dict(json.loads(path.read_text(encoding='utf-8')))
  except (ValueError, TypeError) as error:
    raise errors.UserError(f'{path}: expected JSON that describes a demo set; {error}') from error
  differences = [
    f'{key} is {existing.get(key)!r} there and {wanted.get(key)!r} here'
    for key in sorted({*wanted, *existing})
    if existing.get(key) != wanted.get(key)
  ]
  if differences:
    raise errors.UserError(
      f'{output} holds a demo set of other settings: {"; ".join(differences)}. '
      'Choose another folder, or remove this one'
    )


def _write_video(path: str, frames: np.ndarray, frame_rate: float) -> None:
  """Writes uint8 [T, H, W, 3], RGB."""
  _, height, width, _ = frames.shape
  codec = cv2.VideoWriter.fourcc(*_CODEC)
  writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, frame_rate, (width, height))
  if not writer.isOpened():
    raise OSError(f'OpenCV {cv2.__version__} could not open {path} for writing as {_CODEC}')
  for frame in frames:
    writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
  writer.release()


def _lists(clips: list[ClipPlan], settings: DemoSettings) -> dict[str, list[str]]:
  """File name -> lines, for the class index and the three splits."""
  names = [action.name for action in actions.ACTIONS]
  lists = {'classInd.txt': [f'{number} {name}' for number, name in enumerate(names, start=1)]}
  for split, tested in enumerate(test_groups(settings.num_groups), start=1):
    lists[f'trainlist{split:02d}.txt'] = [
      f'{_list_name(clip)} {clip.class_index + 1}' for clip in clips if clip.group not in tested
    ]
    lists[f'testlist{split:02d}.txt'] = [_list_name(clip) for clip in clips if clip.group in tested]
  return lists


def _list_name(clip: ClipPlan) -> str:
  return f'{clip.class_name}/{clip.name}.avi'


def _video_path(output: pathlib.Path, clip: ClipPlan) -> pathlib.Path:
  return output / 'videos' / clip.class_name / f'{clip.name}.avi'


def _masks_path(output: pathlib.Path, clip: ClipPlan) -> pathlib.Path:
  return output / 'masks' / f'{clip.name}.json'
