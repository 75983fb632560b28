"""The layers: what they fix in those of Keras, and dropout of shares of a batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import bfloat16
from i3d_tf.model import layers


@pytest.mark.parametrize(
  'window, strides', [((1, 3), (1, 2)), ((3, 3), (2, 2)), ((2, 2), (2, 2)), ((3, 3), (1, 1))]
)
@pytest.mark.parametrize('extents', [(5, 7, 8), (4, 6, 5)])
def test_max_pool_equals_3d_pooling_of_keras(window, strides, extents):
  x = np.random.default_rng(0).uniform(-1, 1, (2, *extents, 2)).astype(np.float32)
  full = lambda pair: (pair[0], pair[1], pair[1])
  expected = keras.layers.MaxPooling3D(full(window), full(strides), padding='same')(x)
  pool = layers.MaxPool3D(window, strides)
  np.testing.assert_array_equal(pool(x), expected)
  assert pool.compute_output_shape((2, *extents, 2)) == tuple(expected.shape)


@pytest.mark.parametrize('compiled', [False, True], ids=['eager', 'graph'])
def test_max_pool_splits_gradient_between_tied_maxima(compiled):
  x = tf.zeros([1, 4, 6, 6, 1])
  pool = layers.MaxPool3D((3, 3), (2, 2))

  def gradient(x):
    with tf.GradientTape() as tape:
      tape.watch(x)
      total = tf.reduce_sum(pool(x))
    return tape.gradient(total, x)

  outputs = 2 * 3 * 3
  assert float(tf.reduce_sum((tf.function(gradient) if compiled else gradient)(x))) == outputs


@pytest.mark.parametrize('frames', [1, 2, 3, 4])
@pytest.mark.parametrize('known', [True, False], ids=['length known', 'length unknown'])
def test_conv_has_correct_bfloat16_gradient_for_short_clips(frames, known):
  keras.utils.set_random_seed(0)
  conv = layers.Conv3D(24, 3, padding='same', use_bias=False, dtype='mixed_bfloat16')
  conv.build((None, None, 7, 7, 16))
  rng = np.random.default_rng(0)
  x = rng.standard_normal((2, frames, 7, 7, 16)).astype(np.float32)
  upstream = rng.standard_normal((2, frames, 7, 7, 24)).astype(np.float32)

  @tf.function(input_signature=[tf.TensorSpec([2, frames if known else None, 7, 7, 16])])
  def gradient(x):
    with tf.GradientTape() as tape:
      y = conv(x)
    return y, tape.gradient(y, conv.kernel.value, tf.cast(upstream, y.dtype))

  y, actual = gradient(x)
  with tf.GradientTape() as tape:
    kernel = tf.Variable(conv.kernel.value)
    expected_y = tf.nn.conv3d(x, kernel, [1] * 5, 'SAME')
  expected = tape.gradient(expected_y, kernel, upstream)
  assert y.shape == expected_y.shape
  y, actual = np.array(tf.cast(y, tf.float32)), np.array(actual)
  # Without AVX-512, oneDNN has no bfloat16, and TensorFlow's own kernels round partial sums, too:
  # up to 0.18 and 3.4% off with twelve kernels. Of the wrong frames, all of it would be off.
  rounds_sums = bfloat16.is_slow()
  np.testing.assert_allclose(y, expected_y, atol=0.25 if rounds_sums else 0.05)
  error = np.abs(actual - expected).max() / np.abs(expected).max()
  assert error < (0.05 if rounds_sums else 0.02)
  for pair in ((y, expected_y), (actual, expected)):
    ours, theirs = map(np.ravel, pair)
    assert ours @ theirs > 0.999 * np.linalg.norm(ours) * np.linalg.norm(theirs)


def test_dropout_of_shares_equals_dropout_of_batch():
  x = np.random.default_rng(0).normal(size=(6, 2, 1, 1, 8)).astype(np.float32)
  make = lambda: layers.Dropout(0.5, seed=3)
  expected = make()(x, training=True)
  for replica in range(3):
    layer = make()
    layer.replica_index = lambda replica=replica: (replica, 3)
    np.testing.assert_array_equal(
      layer(x[2 * replica : 2 * replica + 2], training=True),
      expected[2 * replica : 2 * replica + 2],
    )
  np.testing.assert_array_equal(layer(x), x)
