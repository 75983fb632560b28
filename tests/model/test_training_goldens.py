"""A training step against the results of the original; one by XLA against one of a graph."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import inception_i3d
from tests import shallow
from tests import training_reference


@pytest.mark.parametrize('mode', ['eager', 'graph'])
def test_a_training_step_is_the_originals(mode):
  training_reference.check(mode)


def test_a_step_by_xla_is_that_of_a_graph():
  """Every kind of layer; all 58 compile for a minute (`python -m tests.training_reference xla`)."""
  with shallow.network():
    model = inception_i3d.InceptionI3D(5, dropout=0.0, width=0.125, frame_size=64, seed=0)
  start = [variable.numpy() for variable in model.variables]
  rng = np.random.default_rng(0)
  clips = tf.constant(rng.uniform(-1, 1, (2, 16, 64, 64, 3)).astype(np.float32))
  labels = tf.constant([0, 1])

  def step(clips, labels):
    with tf.GradientTape() as tape:
      logits = model(clips, training=True)
      loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    return logits, loss, *tape.gradient(loss, [v.value for v in model.trainable_variables])

  def results(mode):
    for variable, value in zip(model.variables, start):
      variable.assign(value)
    computed = training_reference.MODES[mode](step)(clips, labels)
    return [tensor.numpy() for tensor in (*computed, *model.non_trainable_variables)]

  expected = results('graph')
  assert len(expected) == 2 + len(model.trainable_variables) + len(model.non_trainable_variables)
  for number, (a, e) in enumerate(zip(results('xla'), expected, strict=True)):
    assert np.isfinite(e).all() and np.abs(a - e).max() <= 1e-4 * np.abs(e).max(), number


def test_a_training_step_is_the_originals_without_onednn():
  done = subprocess.run(
    [sys.executable, '-m', 'tests.training_reference', 'eager', 'graph'],
    capture_output=True,
    text=True,
    env={**os.environ, 'TF_ENABLE_ONEDNN_OPTS': '0'},
    check=False,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout.split() == ['eager:', 'right', 'graph:', 'right']
