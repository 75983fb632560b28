"""Black bars are found to the line; dark scenes and plain videos have none."""

import cv2
import numpy as np
import pytest

from i3d_tf.video import letterbox
from tests import fakes

_HEIGHT, _WIDTH = 120, 160


def _video(low=0, high=255, count=12, size=(_HEIGHT, _WIDTH)):
  """A camera that pans over a texture of levels `low` to `high`: uint8 [T, H, W, 3]."""
  scene = fakes.texture(size[0], size[1] + 4 * count).astype(float) / 255
  scene = np.round(low + (high - low) * scene).astype(np.uint8)
  return np.stack([scene[:, 4 * t : 4 * t + size[1]] for t in range(count)])


def _framed(frames, top=0, bottom=0, left=0, right=0, level=0):
  framed = frames.copy()
  height, width = frames.shape[1:3]
  framed[:, :top] = level
  framed[:, height - bottom :] = level
  framed[:, :, :left] = level
  framed[:, :, width - right :] = level
  return framed


def _stored(frames, quality):
  """Frames after a JPEG of the given quality, chroma halved, as videos have it."""
  parameters = [cv2.IMWRITE_JPEG_QUALITY, quality]
  return np.stack(
    [cv2.imdecode(cv2.imencode('.jpg', frame, parameters)[1], cv2.IMREAD_COLOR) for frame in frames]
  )


@pytest.mark.parametrize(
  'bars',
  [
    {'top': 15, 'bottom': 15},
    {'left': 20, 'right': 20},
    {'top': 7},
    {'right': 3},
    {'top': 10, 'bottom': 12, 'left': 14, 'right': 9},
  ],
  ids=['letterboxed', 'pillarboxed', 'at one edge', 'thin', 'all around'],
)
@pytest.mark.parametrize('level', [0, 16])
def test_bars_are_found_to_the_line(bars, level):
  assert letterbox.detect_black_bars(_framed(_video(40), **bars, level=level)) == letterbox.Bars(
    **bars
  )


@pytest.mark.parametrize('quality', [95, 50])
def test_bars_are_found_through_lossy_coding(quality):
  wanted = letterbox.Bars(top=15, bottom=15, left=21, right=18)
  found = letterbox.detect_black_bars(_stored(_framed(_video(30), 15, 15, 21, 18), quality))
  for edge in ('top', 'bottom', 'left', 'right'):
    assert abs(getattr(wanted, edge) - getattr(found, edge)) <= 1, found


def test_bars_are_found_after_resizing():
  frames = _framed(_video(30), 15, 15)
  resized = np.stack([cv2.resize(frame, (341, 256)) for frame in frames])
  found = letterbox.detect_black_bars(_stored(resized, 90))
  assert found.top in (31, 32, 33) and found.bottom in (31, 32, 33) and not found.left


def test_bars_are_found_though_frames_are_damaged_or_the_scene_fades_in():
  frames = _framed(_video(40, count=40), top=15, bottom=15)
  frames[:10] = 0
  frames[20, :, :] = 200  # one grey frame, as decoders make of damaged ones
  assert letterbox.detect_black_bars(frames) == letterbox.Bars(top=15, bottom=15)


def test_bars_around_a_dim_scene_are_found():
  assert letterbox.detect_black_bars(_framed(_video(0, 70), 15, 15)) == letterbox.Bars(
    top=15, bottom=15
  )


def _night():
  """A dark sky that ends in lit windows: uneven, and not in one line."""
  frames = np.full((12, _HEIGHT, _WIDTH, 3), 12, np.uint8)
  frames[:, 40:] = _video(10, 90)[:, 40:]
  frames[:, 30:40, 50:60] = 220
  frames[:, 20:40, 100:104] = 220
  return frames


def _vignette():
  """A picture whose edges fade to black."""
  rows = np.minimum(np.arange(_HEIGHT), np.arange(_HEIGHT)[::-1])[:, np.newaxis, np.newaxis]
  return np.round(_video(60) * np.clip(rows / 60, 0, 1) ** 2).astype(np.uint8)


def _noisy_dark():
  rng = np.random.default_rng(0)
  dark = np.clip(rng.normal(14, 8, (12, _HEIGHT, _WIDTH, 1)), 0, 255)
  frames = np.repeat(dark, 3, axis=-1).astype(np.uint8)
  frames[:, 60:] = _video(30)[:, 60:]
  return frames


@pytest.mark.parametrize(
  'frames',
  [
    _video(),
    _video(0, 30),
    _night(),
    _vignette(),
    _noisy_dark(),
    np.zeros((12, _HEIGHT, _WIDTH, 3), np.uint8),
  ],
  ids=['plain', 'dark', 'night', 'vignette', 'noise in the dark', 'black'],
)
def test_videos_without_bars_have_none(frames):
  assert not letterbox.detect_black_bars(frames)
  assert not letterbox.detect_black_bars(_stored(frames, 80))


def test_a_bar_that_comes_and_goes_is_none():
  frames = _video(40, count=16)
  frames[:8, :15] = 0
  assert not letterbox.detect_black_bars(frames)


def test_the_share_is_of_the_full_frame():
  assert letterbox.Bars().share(100, 200) == 0
  assert letterbox.Bars(top=10, bottom=10).share(100, 200) == pytest.approx(0.2)
  assert letterbox.Bars(top=10, bottom=10, left=20).share(100, 200) == pytest.approx(0.28)
