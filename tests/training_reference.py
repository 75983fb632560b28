"""A training step of the reference network, against the results of the original network.

Run as a program, it checks execution modes in a process of its own, because an environment
variable switches oneDNN.

Example:

    python -m tests.training_reference eager graph
"""

import sys

import numpy as np
import tensorflow as tf

from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign
from tests import reference

MODES = {
  'eager': lambda step: step,
  'graph': tf.function,
  'xla': lambda step: tf.function(step, jit_compile=True),
}


def check(mode, precision='float32'):
  """Asserts that loss, statistics and gradients equal those of the original network."""
  golden = reference.golden('training_rgb')
  clips = np.concatenate([reference.clip(int(s), 16, 3) for s in golden['clip_seeds']])
  model = inception_i3d.InceptionI3D(400, 3, dropout=0.0, dtype=precision)
  reference.set_weights(model, 'rgb')

  def step(clips, labels):
    with tf.GradientTape() as tape:
      logits = model(clips, training=True)
      loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    return logits, loss, tape.gradient(loss, [v.value for v in model.trainable_variables])

  logits, loss, gradients = MODES[mode](step)(tf.constant(clips), tf.constant(golden['labels']))
  gradients = {v.path: g.numpy() for v, g in zip(model.trainable_variables, gradients)}
  np.testing.assert_allclose(loss, golden['loss'], rtol=1e-5)
  scale = np.abs(golden['logits_train']).max()
  np.testing.assert_allclose(logits, golden['logits_train'], atol=1e-4 * scale)

  checked = 0
  for name, variable in assign.variables_by_original_name(model).items():
    if f'after|{name}' in golden:
      expected = golden[f'after|{name}']
      np.testing.assert_allclose(
        variable.numpy(), expected, err_msg=name, atol=1e-5 * np.abs(expected).max()
      )
    else:
      gradient = gradients[variable.path].astype(np.float64)
      np.testing.assert_allclose(
        np.linalg.norm(gradient), golden[f'gradient_norm|{name}'], rtol=0.01, err_msg=name
      )
      expected = golden[f'gradient|{name}'].astype(np.float64)
      actual = gradient.ravel()[: expected.size]
      cosine = actual @ expected / np.linalg.norm(actual) / np.linalg.norm(expected)
      assert cosine >= 0.999, f'{name}: cosine {cosine}'
    checked += 1
  assert checked == 230


if __name__ == '__main__':
  for name in sys.argv[1:]:
    check(name)
    print(f'{name}: right')
