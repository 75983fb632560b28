"""Weights that a training starts from fit its network, or are refused before it starts."""

import pytest

from i3d_tf.common import errors
from i3d_tf.model import inception_i3d
from i3d_tf.training import initial_weights
from i3d_tf.training import run_settings


@pytest.fixture(scope='module')
def narrow(tmp_path_factory):
  """The file of an RGB network of width 0.25."""
  path = tmp_path_factory.mktemp('weights') / 'narrow.weights.h5'
  model = inception_i3d.InceptionI3D(num_classes=3, channels=3, width=0.25, frame_size=32)
  model.save_weights(path)
  return str(path)


def test_without_a_width_it_is_that_of_the_weights(narrow):
  settings = run_settings.Network(weights=narrow)
  assert settings.width != 0.25
  assert initial_weights.fitted(settings, 'rgb', width_given=False).width == 0.25


def test_a_width_that_was_given_must_be_that_of_the_weights(narrow):
  same = run_settings.Network(weights=narrow, width=0.25)
  assert initial_weights.fitted(same, 'rgb', width_given=True) == same
  with pytest.raises(errors.UserError, match=r'has width 0\.25; received --width=0\.5'):
    initial_weights.fitted(run_settings.Network(weights=narrow, width=0.5), 'rgb', width_given=True)


def test_weights_of_the_other_stream_are_refused(narrow):
  with pytest.raises(errors.UserError, match='takes 3 channels; expected 2 for --stream=flow'):
    initial_weights.fitted(run_settings.Network(weights=narrow), 'flow', width_given=False)


def test_without_weights_nothing_changes():
  settings = run_settings.Network()
  assert initial_weights.fitted(settings, 'rgb', width_given=False) is settings
