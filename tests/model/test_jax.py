"""The network on Keras's JAX backend, without TensorFlow in the process."""

import os
import subprocess
import sys

_PROGRAM = """
import sys
import numpy as np
from keras.src.backend.jax import random
from i3d_tf import model
from tests import reference

# All weights are set below. JAX would compile a sampler for each of 57 shapes: 40 s.
random.truncated_normal = lambda shape, *arguments, **named: np.zeros(shape, np.float32)
network = model.InceptionI3D(400, 2)
reference.set_weights(network, 'flow')
expected = reference.golden('inference_flow')['T16.logits']
actual = np.asarray(network(reference.clip(7, 16, 2)))
error = np.abs(actual - expected).max() / np.abs(expected).max()
assert error <= 1e-4, error
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
