"""Float32 in full on GPUs: what a process is set to. `test_goldens` compares numbers."""

import os
import subprocess
import sys

import keras
import pytest

from i3d_tf.model import tensor_float

_IN_TENSORFLOW = """
import tensorflow as tf
from i3d_tf.model import inception_i3d
from tests import shallow
assert tf.config.experimental.tensor_float_32_execution_enabled()
with shallow.network():
  inception_i3d.InceptionI3D(5, frame_size=32, width=0.125)
  assert not tf.config.experimental.tensor_float_32_execution_enabled()
  tf.config.experimental.enable_tensor_float_32_execution(True)
  inception_i3d.InceptionI3D(5, frame_size=32, width=0.125)
assert tf.config.experimental.tensor_float_32_execution_enabled()
print('right')
"""
_IN_JAX = """
import jax
from i3d_tf.model import tensor_float
tensor_float.turn_off()
print(jax.config.jax_default_matmul_precision)
"""


def _printed(program, **environment):
  done = subprocess.run(
    [sys.executable, '-c', program],
    capture_output=True,
    text=True,
    env={**os.environ, **environment},
    check=False,
  )
  assert done.returncode == 0, done.stderr
  return done.stdout.strip()


def test_the_first_network_turns_it_off_and_the_user_may_turn_it_on_again():
  assert _printed(_IN_TENSORFLOW) == 'right'


@pytest.mark.parametrize('asked, expected', [('', 'highest'), ('tensorfloat32', 'tensorfloat32')])
def test_on_jax_the_users_own_setting_is_kept(asked, expected):
  own = {'JAX_DEFAULT_MATMUL_PRECISION': asked} if asked else {}
  assert _printed(_IN_JAX, KERAS_BACKEND='jax', **own) == expected


def test_other_backends_are_left_alone(monkeypatch):
  monkeypatch.setattr(keras.backend, 'backend', lambda: 'numpy')
  tensor_float.turn_off.__wrapped__()
