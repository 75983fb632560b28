"""A video at a glance: a strip of frames with the person outlined, and measures of its masks."""

from collections.abc import Iterable, Sequence
import contextlib
import dataclasses
import hashlib
import os

import cv2
import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.masks import coco_files
from i3d_tf.masks import dilation
from i3d_tf.masks import mask_folders
from i3d_tf.video import decoding
from i3d_tf.video import drawing
from i3d_tf.video import frame_folders
from i3d_tf.video import video_files
from segmentation.gallery import mask_quality

_SEAM, _WIDE_SEAM = 2, 12  # pixels between frames, and before the frames of the greatest break
_SPECK = 40  # pixels at twice the height of the strip: smaller masks get a ring


@dataclasses.dataclass(frozen=True)
class StripSettings:
  """How strips are drawn: number of frames, height in pixels, JPEG quality."""

  frames: int = 6
  height: int = 96
  quality: int = 75


@dataclasses.dataclass(frozen=True)
class ReviewSource:
  """A video to review.

  Attributes:
    video: its name in the data set, 'Class/v_Class_g01_c01.avi'.
    file: the path of the video: a file, or a folder of its frames.
    masks: the path of its mask file, which may be missing.
  """

  video: str
  file: str
  masks: str


@dataclasses.dataclass(frozen=True)
class Glance:
  """What the examination of a video found.

  Attributes:
    video: its name in the data set.
    measures: the measures of its masks, or None if there are none.
    problem: why the video or its masks cannot be used, or None. A missing mask file is not
      a problem.
    masks_hash: the SHA-256 of the mask file, or '' without one.
    shown: the indices of the frames of the strip, spread over the video.
    moment: the indices of the frames after them, around the greatest break; may be empty.
    width, height: the size of the strip in pixels; 0 without a strip.
  """

  video: str
  measures: mask_quality.Measures | None
  problem: str | None
  masks_hash: str
  shown: tuple[int, ...]
  moment: tuple[int, ...]
  width: int
  height: int


def find(videos: str, masks: str) -> tuple[tuple[ReviewSource, ...], tuple[str, ...]]:
  """Finds videos and their masks.

  Args:
    videos: the folder with one folder of videos per class; where none of them has a video file,
      with folders of frames, as in `frame_folders.find`.
    masks: the folder with one mask file, 'v_Class_g01_c01.json', per video.

  Returns:
    (sources, orphans): the videos, sorted by name, and the names of mask files without a
    video.

  Raises:
    UserError: a folder is missing, or there is no video.
  """
  for what, folder in (('videos', videos), ('masks', masks)):
    if not os.path.isdir(folder):
      raise errors.UserError(f'`{what}` must be a folder; received {folder}')
  found = _names(videos)
  sources = []
  for name, file in mask_folders.file_names(found).items():
    path = mask_folders.find(masks, name, '/' not in file)
    sources.append(
      ReviewSource(
        name, os.path.join(videos, name), os.path.join(masks, file) if path is None else path
      )
    )
  expected = {os.path.relpath(source.masks, masks) for source in sources}
  orphans = [name for name in mask_folders.list_files(masks) if name not in expected]
  return tuple(sources), tuple(orphans)


def _names(videos: str) -> list[str]:
  """The names of the videos in class folders, or of the folders of frames there, sorted."""
  found = []
  for label in sorted(os.listdir(videos)):
    folder = os.path.join(videos, label)
    if not label.startswith('.') and os.path.isdir(folder):
      names = sorted(filter(video_files.is_video, os.listdir(folder)))
      found += [f'{label}/{name}' for name in names]
  if not found:
    with contextlib.suppress(errors.UserError):
      _, below = frame_folders.find(videos)
      # In the folder of a class, and no video file: such a one is deeper than classes are.
      found = [name for name in below if '/' in name and os.path.isdir(os.path.join(videos, name))]
  if not found:
    raise errors.UserError(
      f'{videos}: expected folders of videos, as Class/v_Class_g01_c01.avi, or of frames, as '
      'Class/v_Class_g01_c01/000001.jpg; found none'
    )
  return found


def strip_path(folder: str, video: str) -> str:
  """The path of the strip of a video."""
  return os.path.join(folder, *f'{video}.jpg'.split('/'))


def glance(
  source: ReviewSource,
  folder: str,
  settings: StripSettings = StripSettings(),
  limits: mask_quality.Limits = mask_quality.Limits(),
) -> Glance:
  """Examines one video: measures its masks and draws its strip.

  Only the frames of the strip are kept in memory.

  Args:
    source: the video.
    folder: the folder of the strips.
    settings: how the strip is drawn.
    limits: says what a break is.

  Returns:
    A `Glance`, which also reports what is wrong with the video or its masks.
  """
  masks, measures, problem, masks_hash = None, None, None, ''
  moment: tuple[int, ...] = ()
  try:
    if os.path.exists(source.masks):
      masks = coco_files.read(source.masks, source.file)
      with open(source.masks, 'rb') as f:
        masks_hash = hashlib.sha256(f.read()).hexdigest()
      measures = mask_quality.measure(masks, limits)
      if measures.worst is not None:
        moment = tuple(range(max(measures.worst - 1, 0), min(measures.worst + 2, len(masks))))
  except (coco_files.MaskError, OSError) as e:
    problem = str(e)
  try:
    images, shown, moment = _frames(source, masks, moment, settings)
  except coco_files.MaskError as e:  # masks of another video: show this one without masks
    measures, problem, moment = None, str(e), ()
    images, shown, _ = _frames(source, None, (), settings)
  except decoding.VideoError as e:
    return Glance(source.video, None, str(e), masks_hash, (), (), 0, 0)
  strip = _join(images, len(shown))
  with files.replacing(strip_path(folder, source.video)) as temporary, open(temporary, 'wb') as f:
    f.write(drawing.encode(strip, '.jpg', settings.quality))
  return Glance(
    source.video, measures, problem, masks_hash, shown, moment, strip.shape[1], strip.shape[0]
  )


def _frames(
  source: ReviewSource,
  masks: coco_files.Masks | None,
  moment: tuple[int, ...],
  settings: StripSettings,
) -> tuple[list[np.ndarray], tuple[int, ...], tuple[int, ...]]:
  """The frames of a strip, outlined and resized: (images, shown, moment)."""
  decoded = frame_folders.every_frame(source.file)
  if masks is None:
    kept = _spread(decoded, settings)
    return [image for _, image in kept], tuple(index for index, _ in kept), ()
  frame_indices = np.linspace(0, len(masks) - 1, settings.frames).round().astype(int)
  shown = tuple(dict.fromkeys(frame_indices.tolist()))
  wanted, found, number = {*shown, *moment}, {}, 0
  for number, frame in enumerate(decoded, 1):
    if number == 1 and frame.shape[:2] != (masks.height, masks.width):
      raise coco_files.MaskError(
        f'{source.masks}: expected masks of {frame.shape[0]}x{frame.shape[1]}, the size of '
        f'{source.file}; found {masks.height}x{masks.width}'
      )
    if number - 1 in wanted:
      found[number - 1] = _outlined(frame, masks.decode(number - 1), settings.height)
  if number != len(masks):
    raise coco_files.MaskError(
      f'{source.masks}: expected {number} masks, as many as {source.file} '
      f'has frames; found {len(masks)}'
    )
  return [found[index] for index in (*shown, *moment)], shown, moment


def _spread(frames: Iterable[np.ndarray], settings: StripSettings) -> list[tuple[int, np.ndarray]]:
  """Frames spread evenly over a video of unknown length: a list of (index, image)."""
  kept, step = [], 1
  for index, frame in enumerate(frames):
    if index % step:
      continue
    kept.append((index, drawing.fit_height(frame, settings.height)))
    if len(kept) == 2 * settings.frames:
      kept, step = kept[::2], 2 * step
  chosen = np.linspace(0, len(kept) - 1, settings.frames).round().astype(int)
  return [kept[index] for index in dict.fromkeys(chosen.tolist())]


def _outlined(frame: np.ndarray, mask: np.ndarray, height: int) -> np.ndarray:
  """A frame at the height of the strip, with its mask outlined."""
  # Drawn at twice the size, because the dark border of the line would hide small people.
  double = drawing.fit_height(frame, 2 * height)
  inside = cv2.resize(mask.astype(np.float32), double.shape[1::-1], interpolation=cv2.INTER_AREA)
  inside = (inside > (0.5 if inside.max() > 0.5 else 0)).astype(np.uint8)
  if np.count_nonzero(inside) < _SPECK:  # JPEG compression would hide it: draw a ring around it
    inside = dilation.dilate(inside, 9)
  return drawing.fit_height(drawing.outline(double, inside, thickness=2), height)


def _join(images: Sequence[np.ndarray], number_shown: int) -> np.ndarray:
  """Joins frames side by side, with a gap before the greatest break: uint8 [H, W, 3]."""
  height = images[0].shape[0]
  parts = []
  for index, image in enumerate(images):
    if index:
      width = _WIDE_SEAM if index == number_shown else _SEAM
      parts.append(np.full((height, width, 3), 127 if index == number_shown else 0, np.uint8))
    parts.append(image)
  return np.concatenate(parts, axis=1)
