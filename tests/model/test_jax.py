"""The network on Keras's JAX backend, without TensorFlow in the process."""

import os
import subprocess
import sys

_PROGRAM = """
import sys
import numpy as np
from i3d_tf import model
from tests import reference

network = model.InceptionI3D(400, 2)
reference.set_weights(network, 'flow')
for frames in (16,):
  expected = reference.golden('inference_flow')[f'T{frames}.logits']
  actual = np.asarray(network(reference.clip(7, frames, 2)))
  error = np.abs(actual - expected).max() / np.abs(expected).max()
  assert error <= 1e-4, (frames, error)
assert 'tensorflow' not in sys.modules
print('right')
"""


def test_logits_on_jax_are_the_originals():
  done = subprocess.run(
    [sys.executable, '-c', _PROGRAM],
    capture_output=True,
    text=True,
    env={**os.environ, 'KERAS_BACKEND': 'jax'},
    check=False,
  )
  assert done.returncode == 0, done.stderr
  assert 'right' in done.stdout
