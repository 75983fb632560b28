"""Optical flow: the speed of OpenCV's TV-L1, of TV-L1 as array code and of DIS, and errors."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.flow import tvl1
from tools.benchmarks.support import figure
from tools.benchmarks.support import footage

_SIZES = ((256, 340), (73, 97))  # frame sizes in records of real videos and of the demo set
_MEAN_ERROR = 0.1  # pixels by which array code may differ from OpenCV on average
_ON_ACCELERATOR = 50  # pairs per second that an accelerator must reach at the larger size


def measure(quick: bool = False) -> list[figure.Figure]:
  """Computes the flow of some pairs of frames in every way.

  Args:
    quick: whether to use few pairs.

  Returns:
    For each size: the endpoint error of array code relative to OpenCV's TV-L1, of the mean
    and of the worst pair; pairs per second of CPU time; and the speed of array code relative
    to OpenCV's on one core. On an accelerator also the pairs per second there.
  """
  threads = cv2.getNumThreads()
  cv2.setNumThreads(1)
  tvl1.use_threads(1)
  try:
    figures = []
    for height, width in _SIZES:
      pairs = _pairs(height, width, 1 if quick else 10)
      figures += _errors(pairs, f'{width}x{height}')
      timed = pairs[:: 1 if quick else 4]
      figures += _rates(timed, f'{width}x{height}', repeats=1 if quick else 3)
    if tvl1.device() != 'cpu':
      figures.append(_on_accelerator(_pairs(*_SIZES[0], 10)))
    return figures
  finally:
    cv2.setNumThreads(threads)


def _pairs(height: int, width: int, count: int) -> list[np.ndarray]:
  """Pairs of RGB frames, [2, height, width, 3], `count` spread over each clip."""
  found = []
  for frames in footage.clips():
    for index in np.linspace(0, len(frames) - 2, count).astype(int):
      pair = [
        cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        for frame in frames[index : index + 2]
      ]
      found.append(np.stack(pair))
  return found


def _errors(pairs: Sequence[np.ndarray], size: str) -> list[figure.Figure]:
  """The endpoint error of array code relative to OpenCV."""
  errors = []
  for pair in pairs:
    (found,), (expected,) = (
      list(optical_flow.compute(pair, 'tvl1', backend)) for backend in ('xla', 'opencv')
    )
    errors.append(np.linalg.norm(found - expected, axis=-1).mean())
  how = f'mean endpoint error of each of {len(errors)} pairs of {footage.content()}'
  return [
    figure.Figure(
      f'{size}: xla against opencv, mean pair',
      float(np.mean(errors)),
      'px',
      _MEAN_ERROR,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure(
      f'{size}: xla against opencv, worst pair',
      float(np.max(errors)),
      'px',
      higher_is_better=False,
      how=how,
    ),
  ]


def _rates(pairs: Sequence[np.ndarray], size: str, repeats: int) -> list[figure.Figure]:
  """The speed of all methods on one core."""

  def function(method: str, backend: str) -> figure.Measured:
    def call(start: Callable[[], None]) -> int:
      start()
      for pair in pairs:
        list(optical_flow.compute(pair, method, backend))
      return len(pairs)

    return call

  names = {
    'tvl1, opencv': ('tvl1', 'opencv'),
    'tvl1, xla': ('tvl1', 'xla'),
    'dis': ('dis', 'opencv'),
  }
  rates = figure.interleaved({name: function(*how) for name, how in names.items()}, repeats)
  how = f'{len(pairs)} pairs, one after the other, on one thread; the three alternately'
  figures = [
    figure.from_values(
      f'{size}: {name}',
      rate.cpu,
      unit='pairs/s of CPU',
      how=how,
      note=f'{1 / np.median(rate.cpu):.4f} s of CPU per pair',
    )
    for name, rate in rates.items()
  ]
  if tvl1.device() == 'cpu':
    ratio = rates['tvl1, xla'].over(rates['tvl1, opencv']).cpu
    figures.append(
      figure.from_values(f'{size}: tvl1, xla / opencv on a core', ratio, bound=1.0, how=how)
    )
  return figures


def _on_accelerator(pairs: Sequence[np.ndarray]) -> figure.Figure:
  """The speed of array code on an accelerator."""
  batch = 4 * tvl1.batch_size()
  grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for pair in pairs for frame in pair]
  chosen = np.arange(batch) % len(pairs)
  first, second = (np.stack(grey[part::2])[chosen] for part in (0, 1))

  def call(start: Callable[[], None]) -> int:
    start()
    return len(tvl1.compute(first, second))

  rates = figure.interleaved({'xla': call}, repeats=5)['xla']
  return figure.from_values(
    '340x256: tvl1, xla on the accelerator',
    rates.wall,
    unit='pairs/s',
    bound=_ON_ACCELERATOR,
    how=f'{batch} pairs, {tvl1.batch_size()} at once, from frames in memory to flow in memory',
  )
