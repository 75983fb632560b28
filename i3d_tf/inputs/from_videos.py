"""A video file to stored frames, flow and masks, without records: windows of whole videos."""

import collections
from collections.abc import Iterable, Iterator
import dataclasses
import itertools
import os

import cv2
import numpy as np

from i3d_tf.common import processes
from i3d_tf.flow import optical_flow
from i3d_tf.inputs import preprocess
from i3d_tf.masks import coco_files
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.model import architecture
from i3d_tf.video import decoding
from i3d_tf.video import frame_folders

# A stored frame, uint8 [H, W, C], and its mask, uint8 [H, W], or None without masks.
Pair = tuple[np.ndarray, np.ndarray | None]


@dataclasses.dataclass(frozen=True)
class Window:
  """Successive frames of a video, as records store them.

  Attributes:
    frames: uint8 [T, H, W, C], RGB or quantized flow; the shorter side is
      `preprocess.resize_side` of the network's frame size.
    masks: uint8 [T, H, W] of 0 and 1, where the people are; None without masks.
    start: index of the first frame in the video at 25 frames a second.
    new: how many of the frames no earlier window showed.
    missing: how many frames at its beginning and at its end are before and after the video;
      they are 0.
  """

  frames: np.ndarray
  masks: np.ndarray | None
  start: int
  new: int
  missing: tuple[int, int] = (0, 0)


@dataclasses.dataclass(frozen=True)
class Part:
  """What is seen of a video, by its times; by default all of it.

  Attributes:
    start: seconds from the beginning; frames that begin earlier are left out. None for the
      beginning.
    end: seconds from the beginning; frames that begin then or later are left out. None for the
      end.
  """

  start: float | None = None
  end: float | None = None

  def of(self, path: str) -> str:
    """The name of this part of a video, for messages."""
    if self == WHOLE:
      return path
    begin = 0.0 if self.start is None else self.start
    return f'{path} from {begin:g} s ' + ('on' if self.end is None else f'to {self.end:g} s')


WHOLE = Part()


def at_rate(
  path: str, tally: decoding.Tally | None = None, native: bool = False, part: Part = WHOLE
) -> Iterator[tuple[int, np.ndarray]]:
  """The frames of a video at 25 a second, of the size that they have in the file.

  Args:
    path: as in `frame_folders.every_frame`.
    tally: counts the frames of the video that were read, shown or not.
    native: whether each frame of the file is shown once, instead of 25 a second.
    part: which part of the video. The images of a folder are 25 a second.

  Yields:
    (number of the frame in the video, or in what was read of it if it is a part; RGB frame uint8
    [H, W, 3]).

  Raises:
    VideoError: the video cannot be used, or has no frame in the part.
  """
  if not os.path.isdir(path) and not native:
    yield from decoding.at_rate(path, part.start, part.end, tally=tally)
    return
  for index, image in enumerate(frame_folders.every_frame(path, part.start, part.end)):
    if tally is not None:
      tally.frames = index + 1
    yield index, image


def stored(
  path: str,
  stream: str,
  frame_size: int,
  masks: coco_files.Masks | None = None,
  dilation: int = 0,
  flow: str = 'tvl1',
  native: bool = False,
  part: Part = WHOLE,
) -> Iterator[Pair]:
  """The frames of a video as records store them, one after the other.

  Args:
    path: as in `frame_folders.every_frame`.
    stream: 'rgb', or 'flow', which is computed here.
    frame_size: height and width of the network's frames.
    masks: the `masks.Masks` of the video, one per frame of its file, or None.
    dilation: pixels of the stored frame by which masks are grown, see `masks.dilate`.
    flow: which flow, one of `optical_flow.LABELS`.
    native, part: as in `at_rate`. Masks are of whole videos.

  Yields:
    (uint8 [H, W, C], uint8 [H, W] or None).

  Raises:
    VideoError: the video cannot be used.
    MaskError: the masks are of another video.
  """
  pairs = _resized(path, frame_size, masks, dilation, native, part)
  if stream == 'rgb':
    yield from pairs
    return
  images, pairs = itertools.tee(pairs)
  fields = optical_flow.compute(
    (image for image, _ in images), *optical_flow.LABELS[flow], threads=processes.num_cores()
  )
  # A field goes with the first of its two frames.
  for field, (_, mask) in zip(fields, pairs):
    yield optical_flow.quantize(field), mask


def windows(
  path: str,
  stream: str,
  frame_size: int,
  max_frames: int,
  masks: coco_files.Masks | None = None,
  dilation: int = 0,
  flow: str = 'tvl1',
) -> Iterator[Window]:
  """Cuts a video of any length into windows that together show every frame once.

  One window at a time is in memory.

  Args:
    path, stream, frame_size, masks, dilation, flow: as in `stored`.
    max_frames: frames of a window; the last one may have fewer, but at least 9:
      a shorter one is made of the video's last 9 frames.

  Yields:
    `Window`s.

  Raises:
    VideoError: the video cannot be used, or has fewer than 9 frames (10 for flow).
    MaskError: the masks are of another video.
  """
  pairs = stored(path, stream, frame_size, masks, dilation, flow)
  before: list[Pair] = []
  end = 0
  while new := list(itertools.islice(pairs, max_frames)):
    shown = new
    if len(new) < architecture.MIN_FRAMES:
      shown = (before + new)[-architecture.MIN_FRAMES :]
      if len(shown) < architecture.MIN_FRAMES:
        raise _too_short(path, stream, len(shown))
    end += len(new)
    yield _window(shown, end - len(shown), len(new))
    before = new[-architecture.MIN_FRAMES :]


def sliding(
  path: str,
  stream: str,
  frame_size: int,
  length: int,
  stride: int,
  flow: str = 'tvl1',
  *,
  native: bool = False,
  ends: str = 'last',
  part: Part = WHOLE,
) -> Iterator[Window]:
  """Windows of one length, a stride apart.

  Args:
    path, stream, frame_size, flow, native, part: as in `stored`. Of a part, windows count from its
      first frame.
    length: frames of a window.
    stride: frames from the start of one window to the next.
    ends: what is done at the ends of the video, one of `clip_settings.ENDS`.

  Yields:
    `Window`s; at least one.

  Raises:
    VideoError: the video cannot be used, or is too short: for 'last' it needs 9 frames (10 for
      flow), for 'drop' a window, for 'zeros' one frame (two for flow).
  """
  pairs = stored(path, stream, frame_size, flow=flow, native=native, part=part)
  if ends == 'zeros':
    around = _centered(pairs, stream, length, stride)
    earliest = next(around, None)
    if earliest is None:
      raise _too_short(part.of(path), stream, 0, 1, native)
    yield earliest
    yield from around
    return
  kept: collections.deque[Pair] = collections.deque(maxlen=length)
  seen = shown = start = 0
  for pair in pairs:
    kept.append(pair)
    seen += 1
    if seen == start + length:
      yield _window(kept, start, seen - max(shown, start))
      shown, start = seen, start + stride
  least = architecture.MIN_FRAMES if ends == 'last' else length
  if seen < least:
    raise _too_short(part.of(path), stream, seen, least, native)
  if ends == 'last' and max(shown, start) < seen:
    first = seen - len(kept)
    yield _window(kept, first, seen - max(shown, first))


def _centered(pairs: Iterable[Pair], stream: str, length: int, stride: int) -> Iterator[Window]:
  """Windows around every `stride`th frame, of which the first is 0; see `clip_settings.ENDS`."""
  half = length // 2
  # Each item that is None is a frame that does not exist.
  after = length - 1 - half + (stream == 'flow')
  padded = itertools.chain(itertools.repeat(None, half), pairs, itertools.repeat(None, after))
  kept: collections.deque[Pair | None] = collections.deque(maxlen=length)
  start = shown = 0
  for seen, pair in enumerate(padded, 1):
    kept.append(pair)
    if seen == start + length:
      known = [p[0] for p in kept if p is not None]
      if known:
        zero = np.zeros_like(known[0])
        frames = [zero if p is None else p[0] for p in kept]
        before = next(i for i, p in enumerate(kept) if p is not None)
        end = start - half + before + len(known)
        missing = (before, length - before - len(known))
        yield Window(np.stack(frames), None, start - half, max(0, end - shown), missing)
        shown = max(shown, end)
      start += stride


def _resized(
  path: str,
  frame_size: int,
  masks: coco_files.Masks | None,
  dilation: int,
  native: bool,
  part: Part,
) -> Iterator[Pair]:
  """Yields frames as `at_rate` does, but of the stored size, each with its mask or None."""
  tally = decoding.Tally()
  for index, frame in at_rate(path, tally, native, part):
    height, width = frame.shape[:2]
    size = decoding.fit_short_side(height, width, preprocess.resize_side(frame_size), path)
    mask = None
    if masks is not None:
      if (height, width) != (masks.height, masks.width):
        raise coco_files.MaskError(
          f'{path}: expected masks of {height}x{width}, the size of its frames; '
          f'found {masks.height}x{masks.width}'
        )
      if index >= len(masks):
        raise _wrong_count(path, len(masks), 'more')
      # As in records: resized by the nearest pixel, then grown.
      mask = decoding.resize(masks.decode(index).astype(np.uint8), *size, cv2.INTER_NEAREST_EXACT)
      mask = dilation_lib.dilate(mask, dilation)
    yield decoding.resize(frame, *size), mask
  if masks is not None and tally.frames != len(masks):
    raise _wrong_count(path, len(masks), str(tally.frames))


def _wrong_count(path: str, masks: int, frames: str) -> coco_files.MaskError:
  return coco_files.MaskError(
    f'{path}: expected as many masks as it has frames; found {masks} masks and {frames} frames'
  )


def _window(pairs: Iterable[Pair], start: int, new: int) -> Window:
  frames, masks = zip(*pairs)
  return Window(np.stack(frames), None if masks[0] is None else np.stack(masks), start, new)


def _too_short(
  path: str, stream: str, found: int, least: int = architecture.MIN_FRAMES, native: bool = False
) -> decoding.VideoError:
  what = 'frames' if stream == 'rgb' else 'flow fields'
  rate = '' if native else f' at {decoding.FRAME_RATE:g} a second'
  return decoding.VideoError(f'{path}: expected at least {least} {what}{rate}; found {found}')
