"""The measurements of memory measure what they claim to."""

import subprocess
import sys

import pytest

from tools.benchmarks import memory


def test_resident_memory_is_that_of_the_process():
  program = 'x = b"1" * (200 << 20); print(flush=True); input()'
  process = subprocess.Popen(
    [sys.executable, '-c', program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
  )
  process.stdout.readline()
  assert 200 < memory._resident(process.pid) < 260
  process.communicate(b'\n')
  with pytest.raises(OSError):
    memory._resident(process.pid)


def test_the_peak_memory_of_evaluate_is_plausible(tmp_path):
  assert 0.3 < memory.evaluation_memory(str(tmp_path), 9) < 4
