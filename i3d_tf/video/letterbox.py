"""Black bars at the edges of a video.

They matter where regions are replaced by black: a network can then tell a
letterboxed video by its frame, whoever acts in it and wherever.
"""

import dataclasses

import numpy as np

# Levels are luma, 0 to 255. Black of video is 16, or a little more after lossy coding.
_DARK = 28  # a bar's lines stay below this
_UNEVEN = 5  # and vary less than this, over the line and over time
_STEP = 15  # the picture is brighter than the bar by more than this
_STEEP = 3  # and becomes so within so many lines: resizing blurs the edge
_EDGE = 8  # lines before the picture that a codec's blocks make uneven
_BREADTH = 30  # percent of such a line that is brighter at some time: a lamp in the night is less
_SHARE = 0.25  # of the step from the bar to the midst of the picture; a vignette fades
_OUTLIERS = 5  # percent of a line's pixels and of the frames that may be brighter (noise, damage)
_LEAST = 2  # lines of a bar


@dataclasses.dataclass(frozen=True)
class Bars:
  """The number of rows or columns of black at each edge, in pixels of the frames given."""

  top: int = 0
  bottom: int = 0
  left: int = 0
  right: int = 0

  def __bool__(self) -> bool:
    return any(dataclasses.astuple(self))

  def share(self, height: int, width: int) -> float:
    """The share of a frame of height x width pixels that the bars cover: float in [0, 1]."""
    return 1 - (height - self.top - self.bottom) * (width - self.left - self.right) / (
      height * width
    )


def detect_black_bars(frames: np.ndarray) -> Bars:
  """Finds the black bars of a video: a `Bars`.

  A bar is a run of lines from an edge that are dark, even, the same in all frames, and
  end in a step. A dark scene has none: it is uneven, or fades into the picture. Where
  everything is black, no bar can be distinguished.

  Args:
    frames: uint8 [T, H, W, 3], RGB, of one video. A dozen spread over it are enough.
  """
  luma = frames @ np.array([0.299, 0.587, 0.114], np.float32)
  top, bottom = _both_ends(luma)
  # Columns are looked at between the bars, which would hide the step.
  left, right = _both_ends(np.swapaxes(luma[:, top : luma.shape[1] - bottom], 1, 2))
  if left or right:  # and rows between columns, likewise
    top, bottom = _both_ends(luma[:, :, left : luma.shape[2] - right])
  return Bars(top, bottom, left, right)


def _both_ends(luma: np.ndarray) -> tuple[int, int]:
  """The lines of the bars at the beginning and end of axis 1 of [T, lines, pixels]: (int, int)."""
  # Of each pixel and then of each line: how bright it gets; of each line, how dark.
  by_pixel = np.percentile(luma, 100 - _OUTLIERS, axis=0)
  brightest = np.percentile(by_pixel, 100 - _OUTLIERS, axis=1)
  darkest = np.percentile(np.percentile(luma, _OUTLIERS, axis=0), _OUTLIERS, axis=1)
  black = (brightest <= _DARK) & (brightest - darkest <= 2 * _UNEVEN)
  if black.all():
    return 0, 0
  broad = np.percentile(by_pixel, 100 - _BREADTH, axis=1)
  return _bar(black, brightest, broad), _bar(black[::-1], brightest[::-1], broad[::-1])


def _bar(black: np.ndarray, brightest: np.ndarray, broad: np.ndarray) -> int:
  """The lines of the bar at the beginning."""
  black = black & (brightest <= brightest[0] + _UNEVEN)
  dark = int(np.argmin(black))
  if black.all() or dark < _LEAST:
    return 0
  level = np.median(brightest[:dark])
  near = broad[dark - 1 : dark + _EDGE + _STEEP]
  rise = (near[_STEEP:] - near[:-_STEEP]).max(initial=0)
  if rise <= max(_STEP, _SHARE * (np.median(broad[dark:]) - level)):
    return 0
  # A codec makes the last lines uneven: the bar ends where half of the step is reached.
  lines = dark + int(np.argmax(broad[dark:] > level + rise / 2))
  return lines if (brightest[: lines - _STEEP + 1] <= _DARK).all() else 0
