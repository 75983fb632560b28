"""A PyTorch I3D that computes when it is told to: the other process of the subject `peer`.

    python pytorch_peer.py pytorch_i3d.py

It runs in a Python of its own, which has PyTorch and nothing of this project. A line it
reads is one of `WORK`, size and frames of the clip ('float32 224 64'); its answer is a line
with the seconds that it took, after a call that is not counted.
"""

import importlib.util
import sys
import time

import torch

WORK = ('float32', 'float32 channels last', 'bfloat16', 'training')
_BATCH = 2  # clips of a training step
_CLASSES = 400


def _function(network, work, size, frames):
  """A function that does the work once."""
  generator = torch.Generator().manual_seed(0)
  clips = (
    torch.rand(_BATCH if work == 'training' else 1, 3, frames, size, size, generator=generator) * 2
    - 1
  )
  if work == 'training':
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-6, momentum=0.9)

    def step():
      optimizer.zero_grad()
      # As this port's users train: the logits of all positions in time, averaged.
      logits = network(clips).mean(dim=2)
      torch.nn.functional.cross_entropy(logits, torch.arange(_BATCH)).backward()
      optimizer.step()

    return step
  network.eval()
  network.to(memory_format=torch.channels_last_3d if 'last' in work else torch.contiguous_format)
  if 'last' in work:
    clips = clips.to(memory_format=torch.channels_last_3d)

  def infer():
    with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, work == 'bfloat16'):
      network(clips)

  return infer


def main(path):
  spec = importlib.util.spec_from_file_location('peer', path)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  functions = {}
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
