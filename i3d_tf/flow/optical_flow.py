"""Optical flow: which algorithm computes it, and its 8-bit storage.

- tvl1: Zach, Pock and Bischof, "A Duality Based Approach for Realtime TV-L1 Optical
  Flow", 2007. The I3D paper computes it on grey frames at 25 fps, clips it to +-20 pixels
  and scales it to [-1, 1]. OpenCV's implementation is the reference; `i3d_tf.flow.tvl1` is
  the same algorithm as array code and several times as fast (`--flow_backend=xla`).
- dis: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016, from OpenCV.
  It is fast, but not the flow that published networks were trained on.

OpenCV is imported when flow is computed: commands that only read `METHODS` start faster.
"""

import collections
from collections.abc import Callable, Iterable, Iterator
import concurrent.futures
import importlib.metadata
import itertools
import threading
from typing import Any

import numpy as np

from i3d_tf.common import errors

FLOW_BOUND = 20.0  # pixels of motion at the quantized values 0 and 255
METHODS = ('tvl1', 'dis')
BACKENDS = ('opencv', 'xla')
# The names by which records and runs call their flow: its method and backend.
LABELS = {'tvl1': ('tvl1', 'opencv'), 'tvl1_xla': ('tvl1', 'xla'), 'dis': ('dis', 'opencv')}

# On lower frames of some widths, OpenCV's DIS reads and writes outside of its arrays.
_DIS_SIDE, _DIS_HEIGHT, _DIS_WIDTH = 12, 32, 40


class FlowError(errors.UserError):
  """Flow of these frames cannot be computed; the message says why."""


def compute(
  frames: Iterable[np.ndarray], method: str = 'tvl1', backend: str = 'opencv', threads: int = 1
) -> Iterator[np.ndarray]:
  """Flow from each frame to the next.

  Args:
    frames: an iterable of uint8 RGB [H, W, 3].
    method: one of `METHODS`.
    backend: what computes it, one of `BACKENDS`; `xla` computes only tvl1.
    threads: pairs of frames that OpenCV computes at a time. The flow is the same.

  Returns:
    An iterator over float32 [H, W, 2], in pixels: horizontal (right is positive),
    vertical (down is positive). One fewer than frames.

  Raises:
    ValueError: there is no such method or backend.
    RuntimeError: this OpenCV lacks TV-L1.
    FlowError: the frames are too small for DIS.
  """
  check(method, backend)
  if backend == 'xla':
    return _batched(frames)
  return tvl1(frames, threads) if method == 'tvl1' else dis(frames, threads)


def check(method: str, backend: str) -> None:
  """Raises a `ValueError` unless the backend computes the method."""
  if method not in METHODS:
    raise ValueError(f'`flow` must be one of {", ".join(METHODS)}; received {method!r}')
  if backend not in BACKENDS:
    raise ValueError(f'`flow_backend` must be one of {", ".join(BACKENDS)}; received {backend!r}')
  if backend == 'xla' and method != 'tvl1':
    raise ValueError(f"`flow` must be 'tvl1' for flow_backend 'xla'; received {method!r}")


def label(method: str, backend: str) -> str:
  """The name in `LABELS` of a method and a backend."""
  return next(name for name, value in LABELS.items() if value == (method, backend))


def versions(backend: str) -> dict[str, str]:
  """The packages other than OpenCV that compute flow: a dict from name to version."""
  if backend == 'opencv':
    return {}
  import keras  # imports TensorFlow

  return {name: importlib.metadata.version(name) for name in ('keras', keras.backend.backend())}


def tvl1(frames: Iterable[np.ndarray], threads: int = 1) -> Iterator[np.ndarray]:
  """TV-L1 flow as `compute` gives it, with OpenCV's default parameters."""
  import cv2

  create = getattr(getattr(cv2, 'optflow', None), 'DualTVL1OpticalFlow_create', None)
  if create is None:
    raise RuntimeError(
      'TV-L1 needs the cv2 of opencv-contrib-python-headless, and the installed cv2 is '
      'another: remove all OpenCV packages and reinstall that one'
    )
  return _pair_by_pair(frames, create, threads)


def dis(frames: Iterable[np.ndarray], threads: int = 1) -> Iterator[np.ndarray]:
  """DIS flow as `compute` gives it, with the parameters of OpenCV's preset `medium`."""
  return _pair_by_pair(frames, _Dis, threads)


class _Dis:
  """OpenCV's DIS, which computes every pair of frames alike.

  Where the width is 40 to 45 pixels and the height no more, OpenCV's object changes its own
  parameters at the first pair, for good: later pairs, and those of other threads, would be
  computed otherwise.
  """

  def __init__(self) -> None:
    import cv2

    self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    self._scale = self._dis.getFinestScale()
    self._patch = self._dis.getPatchSize()
    self._stride = self._dis.getPatchStride()

  def calc(self, previous: np.ndarray, following: np.ndarray, flow: None) -> np.ndarray:
    height, width = previous.shape
    if min(height, width) < _DIS_SIDE or (height < _DIS_HEIGHT and width >= _DIS_WIDTH):
      raise FlowError(
        f'expected frames of at least {_DIS_HEIGHT} rows for DIS flow (--flow=tvl1 takes smaller '
        f'ones); received {height} x {width} pixels'
      )
    self._dis.setFinestScale(self._scale)
    self._dis.setPatchSize(self._patch)
    self._dis.setPatchStride(self._stride)
    return self._dis.calc(previous, following, flow)


def _pair_by_pair(
  frames: Iterable[np.ndarray], create: Callable[[], Any], threads: int
) -> Iterator[np.ndarray]:
  pairs = itertools.pairwise(map(_grey, frames))
  if threads == 1:
    algorithm = create()
    for previous, following in pairs:
      yield algorithm.calc(previous, following, None)
    return
  of_thread = threading.local()  # an algorithm has buffers: each thread needs its own

  def calc(pair: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    if not hasattr(of_thread, 'algorithm'):
      of_thread.algorithm = create()
    return of_thread.algorithm.calc(*pair, None)

  waiting: collections.deque[concurrent.futures.Future[np.ndarray]] = collections.deque()
  with concurrent.futures.ThreadPoolExecutor(threads) as pool:
    try:
      for pair in pairs:
        waiting.append(pool.submit(calc, pair))
        if len(waiting) > threads:  # one more, so that no thread waits for the reader
          yield waiting.popleft().result()
      while waiting:
        yield waiting.popleft().result()
    finally:
      for call in waiting:
        call.cancel()


def _batched(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
  import cv2

  from i3d_tf.flow import tvl1 as tvl1_lib  # imports TensorFlow

  tvl1_lib.use_threads(cv2.getNumThreads())
  pairs = itertools.pairwise(map(_grey, frames))
  while batch := list(itertools.islice(pairs, tvl1_lib.batch_size())):
    yield from tvl1_lib.compute(*map(np.stack, zip(*batch)))


def _grey(frame: np.ndarray) -> np.ndarray:
  import cv2

  return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def quantize(flow: np.ndarray) -> np.ndarray:
  """Quantizes flow in pixels, float [..., 2], to uint8 [..., 2]: 0..255 for -20..20.

  Zero motion falls between 127 and 128 and becomes 128, which is +0.078 pixels.
  """
  bound = FLOW_BOUND
  return np.round((np.clip(flow, -bound, bound) + bound) * (255 / (2 * bound))).astype(np.uint8)


def dequantize(quantized: np.ndarray) -> np.ndarray:
  """The flow in pixels, float32 [..., 2], of quantized flow, uint8 [..., 2]."""
  bound = FLOW_BOUND
  return quantized.astype(np.float32) * np.float32(2 * bound / 255) - np.float32(bound)
