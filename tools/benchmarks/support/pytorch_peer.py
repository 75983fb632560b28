"""A PyTorch I3D that computes on request: the other process of the subject `peer`.

    python pytorch_peer.py pytorch_i3d.py

It runs in its own Python, which has PyTorch but nothing of this project. Each line of its
input is one of `WORK`, the size and the number of frames of a clip ('float32 224 64'); it
answers with a line with the seconds of a call, after a first call that is not measured.
"""

from collections.abc import Callable
import importlib.util
import sys
import time
from typing import Any

import torch

WORK = ('float32', 'float32 channels last', 'bfloat16', 'training')
_BATCH = 2  # clips per training step
_CLASSES = 400


def _function(network: Any, work: str, size: int, frames: int) -> Callable[[], None]:
  """A function that does some of the `WORK` once."""
  generator = torch.Generator().manual_seed(0)
  clips = (
    torch.rand(_BATCH if work == 'training' else 1, 3, frames, size, size, generator=generator) * 2
    - 1
  )
  if work == 'training':
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-6, momentum=0.9)

    def step() -> None:
      optimizer.zero_grad()
      # The logits are averaged over time, as users of this port train it.
      logits = network(clips).mean(dim=2)
      torch.nn.functional.cross_entropy(logits, torch.arange(_BATCH)).backward()
      optimizer.step()

    return step
  network.eval()
  network.to(memory_format=torch.channels_last_3d if 'last' in work else torch.contiguous_format)
  if 'last' in work:
    clips = clips.to(memory_format=torch.channels_last_3d)

  def infer() -> None:
    with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, work == 'bfloat16'):
      network(clips)

  return infer


def main(path: str) -> None:
  """Answers requests; `path` is the Python file of the port."""
  spec = importlib.util.spec_from_file_location('peer', path)
  if spec is None or spec.loader is None:
    raise ValueError(f'expected a Python file; received {path}')
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  functions: dict[str, Callable[[], None]] = {}
  print(torch.__version__, flush=True)
  for line in sys.stdin:
    line = line.strip()
    if line not in functions:
      work, size, frames = line.rsplit(' ', 2)
      network = module.InceptionI3d(_CLASSES, in_channels=3)
      functions[line] = _function(network, work, int(size), int(frames))
      functions[line]()
    start = time.perf_counter()
    functions[line]()
    print(time.perf_counter() - start, flush=True)


if __name__ == '__main__':
  main(sys.argv[1])
