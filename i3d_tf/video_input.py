"""A video file to what the network sees, without records: windows of whole videos."""

import itertools
import os

import cv2
import numpy as np

from i3d_tf import model
from i3d_tf import optical_flow
from i3d_tf import preprocess
from i3d_tf import video as video_lib

_IMAGES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


def frames(path, frame_size, frame_rate=video_lib.FRAME_RATE):
  """The frames of a video at the network's frame rate and stored size.

  Args:
    path: a video file, or a folder of image files, which are its frames in the
      order of their names at `frame_rate`.
    frame_size: height and width of the network's frames; the shorter side of
      what comes is `preprocess.resize_side` of it (256 for 224).
    frame_rate: frames a second.

  Yields:
    uint8 RGB [H, W, 3].

  Raises:
    VideoError: the video cannot be used.
  """
  if os.path.isdir(path):
    decoded = _images(path)
  else:
    source_rate, decoded = video_lib.decode(path)
    decoded = video_lib.resample(decoded, source_rate, frame_rate)
  for frame in decoded:
    size = video_lib.fit_short_side(*frame.shape[:2], preprocess.resize_side(frame_size))
    yield video_lib.resize(frame, *size)


def windows(path, stream, frame_size, max_frames):
  """Cuts a video of any length into windows of what the network sees, centre-cropped.

  One window at a time is in memory.

  Args:
    path, frame_size: as in `frames`.
    stream: 'rgb', or 'flow' (TV-L1, computed here).
    max_frames: frames of a window; the last one may have fewer, but at least 9:
      a shorter one is made of the video's last 9 frames.

  Yields:
    (uint8 [T, frame_size, frame_size, C], number of its frames that no earlier
    window showed).

  Raises:
    VideoError: the video cannot be used, or has fewer than 9 frames (10 for flow).
  """
  images = frames(path, frame_size)
  if stream == 'flow':
    images = map(optical_flow.quantise, optical_flow.tvl1(images))
  images = (_crop(image, frame_size) for image in images)
  before = []
  while new := list(itertools.islice(images, max_frames)):
    shown = new
    if len(new) < model.MIN_FRAMES:
      shown = (before + new)[-model.MIN_FRAMES:]
      if len(shown) < model.MIN_FRAMES:
        what = 'frames' if stream == 'rgb' else 'flow fields'
        raise video_lib.VideoError(f'{path}: expected at least {model.MIN_FRAMES} {what} at '
                                   f'{video_lib.FRAME_RATE:g} a second; found {len(shown)}')
    yield np.stack(shown), len(new)
    before = new[-model.MIN_FRAMES:]


def _images(folder):
  names = sorted(n for n in os.listdir(folder) if n.lower().endswith(_IMAGES))
  if not names:
    raise video_lib.VideoError(f'{folder}: expected image files ({", ".join(_IMAGES)}); found none')
  for name in names:
    path = os.path.join(folder, name)
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
      raise video_lib.VideoError(f'{path}: expected an image; it cannot be decoded')
    yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _crop(image, frame_size):
  top, left, height, width = preprocess.window(*image.shape[:2], frame_size, 'crop').numpy()
  return image[top:top + height, left:left + width]
