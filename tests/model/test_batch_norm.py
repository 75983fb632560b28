"""Batch norm with the fused kernel: outputs, gradients and statistics equal those of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import batch_norm

_MODES = {
  'eager': lambda step: step,
  'graph': tf.function,
  'xla': lambda step: tf.function(step, jit_compile=True),
}


def volumes(shape, seed=0):
  rng = np.random.default_rng(seed)
  spread, center = rng.uniform(0.2, 3, shape[-1]), rng.uniform(-2, 2, shape[-1])
  return (rng.standard_normal(shape) * spread + center).astype(np.float32)


def trained(layer, x, upstream, wrap):
  """A training step: outputs, gradients of input and beta, non-trainable variables after it."""
  layer.build(x.shape)
  layer.beta.assign(np.linspace(-1, 1, x.shape[-1]))

  def step(x):
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = tf.nn.relu(layer(x, training=True))
    return y, tape.gradient(y, [x, layer.beta.value], tf.cast(upstream, y.dtype))

  y, gradients = wrap(step)(x)
  numbers = [tf.cast(value, tf.float32).numpy() for value in (y, *gradients)]
  return y.dtype, numbers + [v.numpy() for v in layer.non_trainable_variables]


@pytest.mark.parametrize('mode', list(_MODES))
@pytest.mark.parametrize('dtype, tolerance', [('float32', 2e-5), ('mixed_bfloat16', 0.02)])
@pytest.mark.parametrize('shape', [(2, 5, 6, 7, 8), (1, 2, 1, 1, 16)])
def test_training_step_equals_keras(mode, dtype, tolerance, shape):
  arguments = {'momentum': 0.9, 'epsilon': 1e-3, 'scale': False, 'dtype': dtype}
  compute = 'bfloat16' if dtype == 'mixed_bfloat16' else 'float32'
  x, upstream = tf.cast(volumes(shape), compute), volumes(shape, seed=1)
  actual_dtype, actual = trained(batch_norm.BatchNorm(**arguments), x, upstream, _MODES[mode])
  # The reference computes in float32 from the same, perhaps rounded, input.
  _, expected = trained(
    keras.layers.BatchNormalization(**{**arguments, 'dtype': 'float32'}),
    tf.cast(x, tf.float32),
    upstream,
    tf.function,
  )
  assert actual_dtype == compute
  for name, a, e in zip(('output', 'input', 'beta', 'mean', 'variance'), actual, expected):
    assert np.abs(a - e).max() <= tolerance * np.abs(e).max(), name


@pytest.mark.parametrize('mode', ['inference', 'not trainable'])
def test_inference_uses_and_keeps_moving_statistics(mode):
  layer = batch_norm.BatchNorm(scale=False, epsilon=1e-3)
  x = volumes((2, 3, 4, 4, 8))
  layer.build(x.shape)
  layer.moving_mean.assign(np.arange(8.0))
  layer.moving_variance.assign(np.arange(1.0, 9.0))
  layer.trainable = mode != 'not trainable'
  y = layer(x, training=mode != 'inference')
  np.testing.assert_allclose(y, (x - np.arange(8)) / np.sqrt(np.arange(1, 9) + 1e-3), atol=1e-5)
  np.testing.assert_array_equal(layer.moving_mean, np.arange(8.0))


def test_training_supports_gamma_and_unknown_shapes():
  layer, reference = batch_norm.BatchNorm(), keras.layers.BatchNormalization()
  x = volumes((2, 3, 4, 4, 8))
  for one in (layer, reference):
    one.build((None, None, None, None, 8))
    one.gamma.assign(np.linspace(0.5, 2, 8))
  traced = tf.function(
    lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, None, None, None, 8])]
  )
  np.testing.assert_allclose(traced(x), reference(x, training=True), atol=1e-5)
