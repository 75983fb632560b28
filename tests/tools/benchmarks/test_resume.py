"""The comparison of killed trainings would notice damage and differences."""

import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from tools.benchmarks import resume


def write_run(run_dir, numbers, rows=3):
  """Writes a run directory with a checkpoint of some numbers and a history made from them."""
  step = tf.Variable(2, dtype=tf.int64)
  checkpoint = tf.train.Checkpoint(step=step, numbers=tf.Variable(numbers))
  tf.train.CheckpointManager(checkpoint, str(run_dir / 'checkpoints'), 2, step_counter=step).save(
    step
  )
  history = [f'{number},{sum(numbers)},0.5' for number in range(rows)]
  (run_dir / 'history.csv').write_text('\n'.join(['step,loss,accuracy', *history]) + '\n')
  return str(run_dir)


def test_a_truncated_checkpoint_is_not_complete(tmp_path):
  run_dir = write_run(tmp_path, [1.0] * 1000)
  assert resume._is_complete(run_dir) and resume._is_complete(str(tmp_path / 'none yet'))
  (data,) = (tmp_path / 'checkpoints').glob('*.data-*')
  data.write_bytes(data.read_bytes()[:100])
  assert not resume._is_complete(run_dir)


def test_differences_are_measured(tmp_path, monkeypatch):
  monkeypatch.setattr(resume, '_logits', lambda run_dir: np.array([[1.0, 'b' in run_dir[-1:]]]))
  a, b = write_run(tmp_path / 'a', [1.0, 2.0]), write_run(tmp_path / 'b', [1.0, 2.5])
  assert resume._differences(a, a) == (0, 0, 0)
  assert resume._differences(a, b) == (0.5, 0.5, 1)
  with pytest.raises(RuntimeError, match='expected two runs of the same length'):
    resume._differences(a, write_run(tmp_path / 'c', [1.0, 2.0], rows=2))


def test_a_process_is_killed_while_it_saves(tmp_path):
  program = (
    'import os, time\nfor n in range(3):\n  time.sleep(0.3)\n  os.mkdir(f"ckpt-{n}_temp")\n'
    '  time.sleep(0.3)\n  n == 0 and os.rmdir("ckpt-0_temp")\ntime.sleep(60)'
  )
  process = subprocess.Popen([sys.executable, '-c', program], cwd=tmp_path)
  assert resume._kill_while_saving(process, str(tmp_path), saves=2, seconds=0)
  assert resume._incomplete(str(tmp_path)) == ['ckpt-1_temp']


def test_a_process_that_has_ended_cannot_be_killed():
  process = subprocess.Popen([sys.executable, '-c', ''])
  begun = time.monotonic()
  assert not resume._kill_after(process, 60)
  assert time.monotonic() - begun < 50
