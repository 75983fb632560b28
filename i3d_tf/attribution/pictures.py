"""Pictures of explanations: a sheet for papers, and an animation of the clip."""

from collections.abc import Iterator, Sequence
import os

import cv2
import numpy as np
from PIL import Image

from i3d_tf.attribution import answers
from i3d_tf.attribution import maps
from i3d_tf.attribution import row_files
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.video import drawing

ANIMATIONS = ('.mp4', '.gif')
PICTURES = ('.png', '.jpg', '.jpeg')
_HEIGHT = 160  # pixels of a frame of the sheet
_SAMPLES = 6  # frames of it
_PANEL = 224  # pixels of a frame of the animation
_RATE = 25
_FULL = 99.5  # percentile of the map that is drawn in the strongest color
_STRONGEST = 0.65  # opacity there
# Maps of single pixels are blurred by this fraction of the side, so that something can be seen.
_BLUR = 1 / 56
_BLUR_FRAMES = 1.5  # the same in time


def heat(attribution: maps.AttributionMap) -> np.ndarray:
  """The map as it is drawn: float32 [T, H, W] from 0 to 1, smooth in space and time.

  Cells are interpolated linearly between their centers; maps of pixels are blurred. The highest
  values of the clip are 1.
  """
  frames, height, width = attribution.clip_shape
  values = attribution.values.astype(np.float64)
  for axis, length in enumerate((frames, height, width)):
    centers = (attribution.edges[axis][1:] + attribution.edges[axis][:-1]) / 2
    values = _interpolated(values, centers, np.arange(length) + 0.5, axis)
  if attribution.values.shape[1] == height:
    values = np.stack([cv2.GaussianBlur(image, (0, 0), max(1, height * _BLUR)) for image in values])
    # Strides make gradients flicker from frame to frame.
    values = cv2.GaussianBlur(values.reshape(frames, -1), (1, 0), 1, sigmaY=_BLUR_FRAMES)
    values = values.reshape(frames, height, width)
  full = float(np.percentile(values, _FULL))
  full = full if full > 0 else float(values.max())
  return np.clip(values / full, 0, 1).astype(np.float32) if full > 0 else values.astype(np.float32)


def _interpolated(
  values: np.ndarray, centers: np.ndarray, places: np.ndarray, axis: int
) -> np.ndarray:
  """Linear interpolation along an axis; beyond the outer centers, as at them."""
  right = np.clip(np.searchsorted(centers, places), 1, max(len(centers) - 1, 1))
  right = np.minimum(right, len(centers) - 1)
  left = np.maximum(right - 1, 0)
  gap = np.where(right > left, centers[right] - centers[left], 1.0)
  weight = np.clip((places - centers[left]) / gap, 0, 1)
  shape = [1, 1, 1]
  shape[axis] = -1
  weight = weight.reshape(shape)
  return values.take(left, axis) * (1 - weight) + values.take(right, axis) * weight


def overlay(image: np.ndarray, warmth: np.ndarray, mask: np.ndarray) -> np.ndarray:
  """A frame with the map in color on it and the person outlined.

  Args:
    image: uint8 [H, W, 3].
    warmth: float [H, W] from 0 to 1: a frame of `heat`.
    mask: [H, W], not 0 on the person.

  Returns:
    uint8 [H, W, 3].
  """
  colors = cv2.applyColorMap(np.round(255 * warmth).astype(np.uint8), cv2.COLORMAP_TURBO)
  opacity = (_STRONGEST * warmth)[..., np.newaxis]
  # Gray, so that colors are the map's.
  gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
  mixed = (1 - opacity) * gray + opacity * colors[..., ::-1]
  return drawing.outline(np.round(mixed).astype(np.uint8), mask)


def _images(clip: answers.Clip) -> np.ndarray:
  """The frames as RGB, flow in the color wheel."""
  if clip.frames.shape[-1] == 3:
    return clip.frames
  fields = (clip.frames.astype(np.float32) * (2 / 255) - 1) * 20
  return np.stack([drawing.flow_colors(field, bound=20) for field in fields])


def caption(row: row_files.Row) -> str:
  """What a map says, in one line."""
  of_class = row.explained if row.target == row.explained else f'{row.target}: {row.explained}'
  line = f'{of_class} ({row.probability:.2f}), {row.method}: '
  if not row.area:
    return line + 'no person was found'
  if not row.counts:
    return line + 'the map is 0 everywhere'
  return line + (
    f'{row.share:.0%} of the map on the person, who covers {row.area:.0%} (ratio {row.ratio:.2f})'
  )


def _drawn(explained: answers.Explained) -> list[row_files.Row]:
  """The rows of different maps: a class that was asked for twice is drawn once."""
  return list({(row.explained, row.method): row for row in reversed(explained.rows)}.values())[::-1]


def _title(explained: answers.Explained) -> str:
  clip, row = explained.clip, explained.rows[0]
  shows = f', shows {clip.class_name}' if clip.class_name else ''
  title = f'{os.path.basename(clip.video)}{shows}: {len(clip.frames)} frames'
  if clip.has_person:
    title += (
      f'\n{row.explained}: {row.probability:.2f}, without the person {row.without_person:.2f}, '
      f'without the place {row.without_place:.2f}'
    )
  return title


def sheet(explained: answers.Explained) -> np.ndarray:
  """A sheet of a clip: a few frames with the person outlined, then a row for each map.

  Returns:
    uint8 [H, W, 3].
  """
  clip, images = explained.clip, _images(explained.clip)
  spread = np.linspace(0, len(images) - 1, _SAMPLES).round().astype(int)
  places = list(dict.fromkeys(spread.tolist()))
  rows = [[drawing.outline(images[i], clip.mask[i]) for i in places]]
  captions = ['what the network saw, the person outlined']
  for row in _drawn(explained):
    warm = heat(explained.maps[row.target, row.method])
    rows.append([overlay(images[i], warm[i], clip.mask[i]) for i in places])
    captions.append(caption(row))
  fitted = [[drawing.fit_height(image, _HEIGHT) for image in row] for row in rows]
  return drawing.sheet(fitted, captions, _title(explained))


def animation(explained: answers.Explained) -> Iterator[np.ndarray]:
  """The frames of an animation: the clip with the person outlined, and next to it its maps.

  Yields:
    uint8 [H, W, 3], all of one size; height and width are even, as video formats want them.
  """
  clip, images = explained.clip, _images(explained.clip)
  drawn = _drawn(explained)
  warm = [heat(explained.maps[row.target, row.method]) for row in drawn]
  lines = '\n'.join(f'{number}  {caption(row)}' for number, row in enumerate(drawn, 1))
  title = f'{_title(explained)}\n{lines}'
  for index, image in enumerate(images):
    panels = [drawing.outline(image, clip.mask[index])]
    panels += [overlay(image, of_map[index], clip.mask[index]) for of_map in warm]
    page = drawing.sheet([[drawing.fit_height(panel, _PANEL) for panel in panels]], None, title)
    page = np.pad(page, ((0, page.shape[0] % 2), (0, page.shape[1] % 2), (0, 0)), mode='edge')
    yield page


def write_animation(path: str, frames: Sequence[np.ndarray] | Iterator[np.ndarray]) -> None:
  """Writes frames at 25 a second as .mp4 (H.264) or .gif, by the suffix of `path`, atomically.

  Raises:
    UserError: the suffix is another.
  """
  suffix = os.path.splitext(path)[1].lower()
  if suffix not in ANIMATIONS:
    raise errors.UserError(f'{path}: expected a file that ends in {" or ".join(ANIMATIONS)}')
  with files.replacing(path) as temporary:
    if suffix == '.gif':
      # Every second frame: a GIF counts in hundredths of a second, and is large.
      images = [Image.fromarray(frame) for frame in list(frames)[::2]]
      images[0].save(
        temporary, save_all=True, append_images=images[1:], duration=2000 // _RATE, loop=0
      )
    else:
      _write_mp4(temporary, frames)


def _write_mp4(path: str, frames: Sequence[np.ndarray] | Iterator[np.ndarray]) -> None:
  import av  # Here: pictures without a video do not need it.

  with av.open(path, 'w') as container:
    stream = None
    for frame in frames:
      if stream is None:
        stream = container.add_stream('libx264', rate=_RATE, options={'crf': '20'})
        stream.height, stream.width = frame.shape[:2]
        stream.pix_fmt = 'yuv420p'
      picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format='rgb24')
      container.mux(stream.encode(picture))
    if stream is not None:
      container.mux(stream.encode())


def write_sheet(path: str, explained: answers.Explained) -> None:
  """Writes `sheet` as .png or .jpg, by the suffix of `path`, atomically."""
  drawing.write(path, sheet(explained))
