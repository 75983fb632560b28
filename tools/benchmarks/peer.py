"""The speed of the network relative to a PyTorch I3D, if there is one.

    PYTORCH_I3D=pytorch_i3d.py PYTORCH_PYTHON=python3 python -m tools.benchmark --only=peer

PYTORCH_I3D is the file of a port with a class `InceptionI3d` (piergiaj/pytorch-i3d), and
PYTORCH_PYTHON a Python that has PyTorch, by default `python3`. Neither is a dependency:
without them, nothing is measured.
"""

from collections.abc import Callable, Iterator, Sequence
import os
import statistics
import subprocess
import time
from typing import Any

from i3d_tf.model import bfloat16
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from tools.benchmarks import network
from tools.benchmarks.support import figure

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'support', 'pytorch_peer.py')


class _Peer:
  """The process of `pytorch_peer`.

  Args:
    python: a Python that has PyTorch.
    path: the file of the port.
  """

  def __init__(self, python: str, path: str) -> None:
    self._process = subprocess.Popen(
      [python, _PROGRAM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert self._process.stdin is not None and self._process.stdout is not None  # both are pipes
    self._requests, self._answers = self._process.stdin, self._process.stdout
    self.version = self._answer()

  def seconds(self, work: str, clip: Sequence[int]) -> float:
    """Seconds of one call of some of its `WORK` on a clip of a shape."""
    self._requests.write(f'{work} {clip[2]} {clip[1]}\n')
    self._requests.flush()
    return float(self._answer())

  def _answer(self) -> str:
    line = self._answers.readline()
    if not line:
      raise RuntimeError(f'the PyTorch I3D ended with status {self._process.wait()}')
    return line.strip()

  def __enter__(self) -> '_Peer':
    return self

  def __exit__(self, *_: object) -> None:
    self._requests.close()
    self._process.wait()


def measure(quick: bool = False, bfloat16_too: bool | None = None) -> Iterator[figure.Figure]:
  """Measures inference and training of both alternately; no figures without a peer.

  Args:
    quick: whether to measure smaller ones, once.
    bfloat16_too: whether to measure bfloat16; None where TensorFlow has fast kernels.
  """
  path = os.environ.get('PYTORCH_I3D')
  if path is None:
    return
  size, frames, width, repeats = (64, 16, 0.25, 1) if quick else (224, 64, 1.0, 3)
  model = inception_i3d.InceptionI3D(frame_size=size, width=width, seed=0, dtype='float32')
  clip, batch = network.clips((1, frames, size, size, 3)), network.clips((2, 16, size, size, 3))
  last = 'float32 channels last'
  # (our function, its input, from the name of a figure to the work of the peer)
  work: list[tuple[Callable[[], Any], Any, dict[str, str]]] = [
    (network.inference(model, clip), clip, {'float32': 'float32', last: last}),
    (network.inference(folding.fold(model), clip), clip, {f'{last}, ours folded': last}),
    (network.training(model, batch), batch, {'training': 'training'}),
  ]
  if not bfloat16.is_slow() if bfloat16_too is None else bfloat16_too:
    mixed = folding.fold(model, 'mixed_bfloat16')
    work.append((network.inference(mixed, clip), clip, {'bfloat16': 'bfloat16'}))
  with _Peer(os.environ.get('PYTORCH_PYTHON', 'python3'), path) as peer:
    for function, data, names in work:
      _seconds(function)  # traced and warm
      ours: list[float] = []
      theirs: dict[str, list[float]] = {name: [] for name in names}
      for _ in range(repeats):
        ours.append(_seconds(function))
        for name, of_peer in names.items():
          theirs[name].append(peer.seconds(of_peer, data.shape))
      for name in names:
        yield figure.from_values(
          f'{name}: times as fast as PyTorch',
          [b / a for a, b in zip(ours, theirs[name])],
          how=f'{os.path.basename(path)} on PyTorch {peer.version}, {tuple(data.shape)}, wall '
          'clock, two processes alternately; training is a step of SGD with momentum, the '
          'others inference; bfloat16 is ours folded, theirs autocast',
          note=f'{statistics.median(ours):.3g} s and {statistics.median(theirs[name]):.3g} s',
        )


def _seconds(function: Callable[[], Any]) -> float:
  """Seconds of one call, including the wait for its result."""
  start = time.perf_counter()
  result = function()
  (result[0] if isinstance(result, (list, tuple)) else result).numpy()
  return time.perf_counter() - start
