"""The network of a run as its training computes it."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import inception_i3d
from i3d_tf.training import network


@pytest.fixture(scope='module', name='model')
def _model():
  """A network whose statistics are such that the logits depend on the clip; no test changes it."""
  model = inception_i3d.InceptionI3D(5, dropout=0.0, frame_size=64, width=0.125, seed=0)
  rng = np.random.default_rng(0)
  for variable in model.variables:
    if variable.name == 'moving_variance':
      variable.assign(rng.uniform(0.3, 0.5, variable.shape))
    elif variable.name in ('moving_mean', 'beta'):
      variable.assign(rng.normal(0, 0.1, variable.shape))
  model.freeze('Mixed_3c')
  return model


def _gradients(model, logits_of, clips):
  variables = [v.value for v in model.trainable_variables]
  before = [v.numpy() for v in model.non_trainable_variables]
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(variables)
    logits = logits_of(clips)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1], logits))
  gradients = tape.gradient(loss, variables)
  for variable, value in zip(model.non_trainable_variables, before):
    variable.assign(value)
  return logits.numpy(), [gradient.numpy() for gradient in gradients]


def test_folded_frozen_layers_leave_logits_and_gradients_as_they_are(model):
  clips = np.random.default_rng(1).uniform(-1, 1, (2, 16, 64, 64, 3)).astype(np.float32)
  logits, gradients = _gradients(model, network.training_logits(model, 'Mixed_3c'), clips)
  expected, theirs = _gradients(model, network.training_logits(model, None), clips)
  np.testing.assert_allclose(logits, expected, atol=1e-4 * np.abs(expected).max())
  assert len(gradients) == 2 * 42 + 2  # kernel and offset of each unit, kernel and bias of the head
  for gradient, other in zip(gradients, theirs):
    cosine = np.vdot(gradient, other) / np.linalg.norm(gradient) / np.linalg.norm(other)
    # Folding rounds otherwise: 0.99987 on a processor with AVX2 alone.
    assert cosine >= 0.999
