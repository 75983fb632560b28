"""The process of a PyTorch I3D answers requests with seconds."""

import subprocess
import sys

import pytest

_PORT = """
import torch

class InceptionI3d(torch.nn.Module):
  def __init__(self, num_classes, in_channels):
    super().__init__()
    self.layer = torch.nn.Conv3d(in_channels, num_classes, 1)

  def forward(self, clips):
    return self.layer(clips).mean(dim=(3, 4))
"""


def test_every_kind_of_work_is_answered_with_seconds(tmp_path):
  torch = pytest.importorskip('torch')
  from tools.benchmarks.support import pytorch_peer

  (tmp_path / 'port.py').write_text(_PORT)
  requests = ''.join(f'{work} 8 4\n' for work in pytorch_peer.WORK)
  done = subprocess.run(
    [sys.executable, pytorch_peer.__file__, 'port.py'],
    input=requests,
    cwd=tmp_path,
    capture_output=True,
    text=True,
    check=True,
  )
  version, *seconds = done.stdout.splitlines()
  assert version == torch.__version__
  assert len(seconds) == len(pytorch_peer.WORK) and all(float(text) > 0 for text in seconds)
