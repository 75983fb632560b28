"""Optical flow: OpenCV's TV-L1, the same as array code, and DIS; their rates, and how far off."""

import cv2
import numpy as np

from i3d_tf.flow import optical_flow
from i3d_tf.flow import tvl1
from tools.benchmarks import figure
from tools.benchmarks import footage

_SIZES = ((256, 340), (73, 97))  # what records hold: of real videos, and of the demo set
_OFF = 0.1  # pixels by which array code may differ from OpenCV in the mean
_ON_ACCELERATOR = 50  # pairs a second that one has to reach at the larger size


def measure(quick=False):
  """Computes the flow of some pairs of frames in every way.

  Args:
    quick: whether few pairs will do.

  Returns:
    `figure.Figure`s for each size: the mean endpoint error of array code against OpenCV's TV-L1,
    in the mean and of the worst pair; pairs a second of CPU time; and how often faster than
    OpenCV array code is on a core. On an accelerator, the pairs it does in a second.
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


def _pairs(height, width, count):
  """Pairs of RGB frames, `count` evenly over each clip: a list of [2, height, width, 3]."""
  found = []
  for frames in footage.clips():
    for place in np.linspace(0, len(frames) - 2, count).astype(int):
      found.append(
        np.stack(
          [
            cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            for frame in frames[place : place + 2]
          ]
        )
      )
  return found


def _errors(pairs, size):
  off = []
  for pair in pairs:
    (found,), (expected,) = (
      list(optical_flow.compute(pair, 'tvl1', backend)) for backend in ('xla', 'opencv')
    )
    off.append(np.linalg.norm(found - expected, axis=-1).mean())
  how = f'mean endpoint error of each of {len(off)} pairs of ' + (
    'the real clips' if footage.are_real() else 'drawn scenes'
  )
  return [
    figure.Figure(
      f'{size}: xla against opencv, mean pair',
      float(np.mean(off)),
      'px',
      _OFF,
      higher_is_better=False,
      how=how,
    ),
    figure.Figure(
      f'{size}: xla against opencv, worst pair',
      float(np.max(off)),
      'px',
      higher_is_better=False,
      how=how,
    ),
  ]


def _rates(pairs, size, repeats):
  def function(method, backend):
    def call(start):
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
  how = f'{len(pairs)} pairs, one after the other, on one thread; the three by turns'
  figures = [
    figure.from_values(
      f'{size}: {name}',
      rate.cpu,
      unit='pairs/s of CPU',
      how=how,
      note=f'{1 / np.median(rate.cpu):.4f} s of CPU a pair',
    )
    for name, rate in rates.items()
  ]
  if tvl1.device() == 'cpu':
    ratio = rates['tvl1, xla'].over(rates['tvl1, opencv']).cpu
    figures.append(
      figure.from_values(f'{size}: tvl1, xla / opencv on a core', ratio, bound=1.0, how=how)
    )
  return figures


def _on_accelerator(pairs):
  batch = 4 * tvl1.batch_size()
  grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for pair in pairs for frame in pair]
  places = np.arange(batch) % len(pairs)
  first, second = (np.stack(grey[part::2])[places] for part in (0, 1))

  def call(start):
    start()
    return len(tvl1.compute(first, second))

  rates = figure.interleaved({'xla': call}, repeats=5)['xla']
  return figure.from_values(
    '340x256: tvl1, xla on the accelerator',
    rates.wall,
    unit='pairs/s',
    bound=_ON_ACCELERATOR,
    how=f'{batch} pairs, {tvl1.batch_size()} at once, from grey frames in memory to flow in memory',
  )
