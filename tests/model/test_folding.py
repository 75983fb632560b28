"""The folded network has the logits of the original one, in float32 and in bfloat16."""

import keras
import numpy as np
import pytest

from i3d_tf.model import architecture
from i3d_tf.model import folding
from i3d_tf.model import inception_i3d
from tests import reference


def trained(**kwargs):
  """A small network whose statistics are not the initial ones."""
  model = inception_i3d.InceptionI3D(
    **{'num_classes': 5, 'frame_size': 64, 'width': 0.25, 'seed': 0, 'dropout': 0.5, **kwargs}
  )
  rng = np.random.default_rng(0)
  for variable in model.variables:
    if variable.name in ('beta', 'moving_mean'):
      variable.assign(rng.normal(0, 0.2, variable.shape))
    elif variable.name == 'moving_variance':
      variable.assign(rng.uniform(0.3, 2, variable.shape))
  return model


def clip(frames=9, size=64, channels=3, batch=2):
  return (
    np.random.default_rng(1)
    .uniform(-1, 1, (batch, frames, size, size, channels))
    .astype(np.float32)
  )


def error(actual, expected):
  return np.abs(np.asarray(actual) - np.asarray(expected)).max() / np.abs(expected).max()


@pytest.mark.parametrize('frames, size, channels', [(9, 64, 3), (16, 64, 2), (11, 96, 3)])
def test_fold_keeps_logits(frames, size, channels):
  model = trained(channels=channels)
  folded = folding.fold(model)
  x = clip(frames, size, channels)
  assert error(folded(x, training=False), model(x, training=False)) <= 1e-5


def test_fold_keeps_names_and_values_of_endpoints():
  model, x = trained(), clip()
  folded = folding.fold(model)
  for name in architecture.ENDPOINTS[:-1]:
    before, after = (
      keras.Model(one.input, one.get_layer(name).output)(x) for one in (model, folded)
    )
    assert error(after, before) <= 1e-5, name


def test_fold_removes_batch_norm_and_merges_convolutions():
  def count(model, kind):
    return sum(isinstance(layer, kind) for layer in model._flatten_layers())

  model, convolution = trained(), keras.layers.Conv3D
  folded = folding.fold(model)
  assert count(folded, keras.layers.BatchNormalization) == 0
  # In each of nine blocks, one convolution replaces three.
  assert count(folded, convolution) == count(model, convolution) - 9 * 2


def test_fold_copies_weights():
  model, x = trained(), clip()
  before = model(x, training=False)
  folded = folding.fold(model, 'mixed_bfloat16')
  np.testing.assert_array_equal(model(x, training=False), before)
  kernel = model.get_layer('Conv3d_1a_7x7').conv.kernel
  kernel.assign(kernel + 1)
  assert error(folded(x, training=False), before) < 0.05


@pytest.mark.parametrize('stream', list(reference.STREAMS))
def test_fold_to_bfloat16_keeps_predicted_class(stream):
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(model, stream)
  exact, rounded = folding.fold(model), folding.fold(model, 'mixed_bfloat16')
  for frames in (9, 16, 17):
    x = reference.clip(7, frames, channels)
    expected = reference.golden(f'inference_{stream}')[f'T{frames}.logits']
    assert error(exact(x), expected) <= 1e-4
    actual = rounded(x)
    assert error(actual, expected) <= 0.05
    assert np.argmax(actual) == np.argmax(expected)
