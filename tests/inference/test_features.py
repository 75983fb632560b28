"""Features: the network's own activations, window by window."""

import re

import keras
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import features
from i3d_tf.inference import options
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from tests import networks


@pytest.fixture(scope='module')
def network():
  return networks.network(resize='squash')


@pytest.mark.parametrize(
  'endpoint, pool, shape',
  [
    ('Mixed_5c', 'all', (128,)),
    ('Mixed_5c', 'space', (2, 128)),
    ('Mixed_5c', 'none', (2, 1, 1, 128)),
    ('Conv3d_2c_3x3', 'none', (5, 8, 8, 24)),
    ('Logits', 'all', (5,)),
    ('Logits', 'none', (5,)),
  ],
)
def test_features_are_the_activations_of_each_window(tmp_path, network, endpoint, pool, shape):
  path = networks.video(tmp_path / 'a.avi', 22)
  settings = options.FeatureSettings(endpoint, pool, window=10, stride=8)
  seen = []
  found, starts, length = features.of_video(
    network, path, settings, batch_size=2, progress=seen.append
  )
  assert found.shape == (3, *shape) and found.dtype == np.float32
  assert starts.tolist() == [0, 8, 12] and length == 10 and sum(seen) == 22
  layers = keras.Model(network.model.input, network.model.get_layer(endpoint).output)
  for values, window in zip(found, from_videos.sliding(path, 'rgb', 32, 10, 8)):
    clip = preprocess.network_input(
      {'frames': preprocess.center(window.frames, 32, 'squash')[np.newaxis]}
    )
    expected = layers(clip, training=False).numpy()[0]
    axes = {'none': (), 'space': (1, 2), 'all': (0, 1, 2)}[pool] if endpoint != 'Logits' else ()
    np.testing.assert_allclose(
      values, expected.mean(axis=axes) if axes else expected, rtol=1e-4, atol=1e-5
    )
  assert np.abs(found).max() > 0.01


def test_a_video_shorter_than_a_window_is_one_window(tmp_path, network):
  path = networks.video(tmp_path / 'a.avi', 12)
  found, starts, length = features.of_video(network, path, options.FeatureSettings(window=64))
  assert found.shape == (1, 128) and starts.tolist() == [0] and length == 12


def test_flow_networks_see_flow(tmp_path):
  path = networks.video(tmp_path / 'a.avi', 12)
  found, _, length = features.of_video(networks.network('flow'), path, options.FeatureSettings())
  assert found.shape == (1, 128) and length == 11


@pytest.mark.parametrize('suffix', options.FORMATS)
def test_what_is_written_is_read_by_numpy(tmp_path, network, suffix):
  path = str(tmp_path / f'a.{suffix}')
  values, about = np.ones((2, 3), np.float32), features.describe(network, options.FeatureSettings())
  features.write(path, values, np.array([0, 16]), 16, about)
  read = np.load(path)
  np.testing.assert_array_equal(read['features'] if suffix == 'npz' else read, values)
  if suffix == 'npz':
    assert read['start'].tolist() == [0, 16] and read['frames'] == 16
    assert read['frame_rate'] == 25 and read['endpoint'] == 'Mixed_5c' and read['pool'] == 'all'


@pytest.mark.parametrize(
  'values, message',
  [
    ({'endpoint': 'Mixed_6a'}, '`endpoint` must be one of Conv3d_1a_7x7, '),
    ({'pool': 'time'}, "`pool` must be one of none, space, all; received 'time'"),
    ({'window': 8}, '`window` must be at least 9; received 8'),
    ({'stride': 0}, '`stride` must be at least 1; received 0'),
  ],
)
def test_settings_out_of_range_are_refused(values, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    options.FeatureSettings(**values)
