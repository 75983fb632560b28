"""The benchmarks of the network: on TensorFlow, and on JAX without TensorFlow."""

import json
import os
import subprocess
import sys

import pytest

from tests import shallow
from tools.benchmarks import network


def test_rates_are_relative_to_those_of_the_machine():
  with shallow.network():
    figures = list(network.measure(quick=True, bfloat16_too=True))
  bounds = {
    figure.name: (figure.bound, figure.higher_is_better)
    for figure in figures
    if figure.bound is not None
  }
  assert bounds == {
    'float32 inference / float32 matmul': (0.85, True),
    'bfloat16 inference / float32 inference': (1.7, True),
    'training step, times inference': (3.1, False),
    'step with frozen layers, times a full step': (0.5, False),
  }
  assert all(figure.value > 0 for figure in figures)
  # In CPU time, because on a busy machine a call may take any wall-clock time.
  names = [figure.name for figure in figures]
  cpu = figures[names.index('training step, times inference') + 1]
  assert cpu.name == '  the same in CPU time' and cpu.value > 1


def test_bfloat16_is_not_measured_where_it_is_slow(monkeypatch):
  monkeypatch.setattr('i3d_tf.model.bfloat16.is_slow', lambda: True)
  with shallow.network():
    figures = list(network.measure(quick=True))
  assert len(figures) > 8 and not any('bfloat16' in figure.name for figure in figures)


_GRADIENTS = """
from tools import accelerator
import sys
import jax
import numpy as np
from i3d_tf.model import InceptionI3D
from i3d_tf.model import architecture
from tests import shallow

architecture.LAYERS = shallow.layers()
network = InceptionI3D(5, frame_size=32, width=0.125, seed=0, dropout=0.0)
clips = np.random.default_rng(0).uniform(-1, 1, (2, 9, 32, 32, 3)).astype(np.float32)
arguments = ([v.value for v in network.trainable_variables],
             [v.value for v in network.non_trainable_variables], clips, np.arange(2))
plain, again = [
    jax.jit(accelerator.loss_and_gradients(network, remat))(*arguments) for remat in (False, True)]
for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(again)):
  np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(a).max())
moved = [np.abs(new - old).max() for new, old in zip(plain[0][1], arguments[1])]
assert max(moved) > 0, 'moving statistics'
assert 'tensorflow' not in sys.modules
print('the same')
"""


def _python(*arguments, **kwargs):
  # Users may have set another backend: the program has to set its own.
  # What is computed is the same without optimizations, and it compiles sooner.
  environment = {
    **os.environ,
    'KERAS_BACKEND': 'tensorflow',
    'JAX_PLATFORMS': 'cpu',
    'JAX_DISABLE_MOST_OPTIMIZATIONS': '1',
  }
  return subprocess.run(
    [sys.executable, *arguments],
    capture_output=True,
    text=True,
    env=environment,
    check=False,
    **kwargs,
  )


def test_rematerialized_gradients_are_the_same():
  pytest.importorskip('jax')
  done = _python('-c', _GRADIENTS)
  assert done.returncode == 0, done.stderr
  assert 'the same' in done.stdout


def test_the_accelerators_command_runs_on_jax_alone(tmp_path):
  pytest.importorskip('jax')
  # As if TensorFlow were not installed.
  output = tmp_path / 'a.json'
  done = _python(
    '-c',
    # What the weights are makes no difference, nor the depth; JAX would compile for minutes.
    'import os, sys; sys.modules["tensorflow"] = None; os.environ["KERAS_BACKEND"] = "jax"; '
    'from tests import shallow; shallow.network().start(); '
    'import numpy, runpy; from keras.src.backend.jax import random; '
    'random.truncated_normal = lambda shape, *arguments, **named: numpy.zeros(shape, "float32"); '
    f'sys.argv = ["accelerator", "--quick", "--output={output}"]; '
    'runpy.run_module("tools.accelerator", run_name="__main__")',
  )
  assert done.returncode == 0, done.stderr
  assert 'inference / bfloat16 matmul, best batch' in done.stdout
  found = json.loads(output.read_text())
  rates = {f['name']: f for f in found['figures']}
  assert rates['training, batch 2']['value'] > 0 and rates['  memory, batch 2']['value'] > 0
  assert rates['inference / bfloat16 matmul, best batch']['bound'] == 0.4
