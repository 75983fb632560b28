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
from i3d_tf.video import decoding
from tests import fakes
from tests import networks
from tests import shallow


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network(block='Mixed_5c'):
    yield


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


@pytest.mark.parametrize(
  'values, message',
  [
    ({'endpoint': 'Mixed_6a'}, '`endpoint` must be one of Conv3d_1a_7x7, '),
    ({'pool': 'time'}, "`pool` must be one of none, space, all; received 'time'"),
    ({'window': 8}, '`window` must be at least 9; received 8'),
    ({'stride': 0}, '`stride` must be at least 1; received 0'),
    ({'rate': '30'}, "`rate` must be one of 25, native; received '30'"),
    ({'ends': 'loop'}, "`ends` must be one of last, drop, zeros; received 'loop'"),
  ],
)
def test_settings_out_of_range_are_refused(values, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    options.FeatureSettings(**values)


# === Presets ===


def rows(preset, frames, stream='rgb'):
  """The formula of docs/features.md: how many windows a preset has of a video."""
  settings = options.PRESETS[preset]
  shown = frames - 1 if stream == 'flow' and settings.ends == 'drop' else frames
  if settings.ends == 'zeros':
    return -(-frames // settings.stride)
  return max(0, (shown - settings.window) // settings.stride + 1)


@pytest.mark.parametrize('stream', ['rgb', 'flow'])
@pytest.mark.parametrize('preset', options.PRESETS)
@pytest.mark.parametrize('count', [12, 65, 83])
def test_presets_have_as_many_rows_as_their_formula_says(tmp_path, preset, count, stream):
  # At 30 frames a second, of which none may be left out or shown twice.
  path = fakes.write_video(tmp_path / 'a.avi', fakes.moving(count, 37, 41), 30)
  settings = options.PRESETS[preset]
  windows = from_videos.sliding(
    path, stream, 32, settings.window, settings.stride, 'dis', native=True, ends=settings.ends
  )
  if not rows(preset, count, stream):
    with pytest.raises(
      errors.UserError, match=f'expected at least {settings.window} (frames|flow)'
    ):
      list(windows)
    return
  assert len(list(windows)) == rows(preset, count, stream)


@pytest.mark.parametrize('preset', ['mstcn', 'actionformer'])
def test_windows_of_presets_are_slices_of_the_frames(tmp_path, network, preset):
  path = fakes.write_video(tmp_path / 'a.avi', fakes.moving(23, 36, 40), 30)
  found, starts, length = features.of_video(network, path, options.PRESETS[preset], batch_size=5)
  assert len(found) == rows(preset, 23)
  # Independently: all frames of the file, scaled, with zeros around them, and slices of these.
  frames = np.stack([decoding.resize(frame, 37, 41) for frame in decoding.decode(path)])
  clip = preprocess.center(frames, 32, 'squash').numpy() * np.float32(2 / 255) - 1
  half = 10 if preset == 'mstcn' else 0
  padded = np.pad(clip, ((half, half), (0, 0), (0, 0), (0, 0)))
  window, stride = (21, 1) if preset == 'mstcn' else (16, 4)
  layers = keras.Model(network.model.input, network.model.get_layer('Mixed_5c').output)
  for row, values in enumerate(found):
    expected = layers(padded[np.newaxis, row * stride :][:, :window], training=False)
    np.testing.assert_allclose(values, expected.numpy()[0].mean((0, 1, 2)), rtol=1e-3, atol=1e-4)
  assert starts.tolist() == [stride * row - half for row in range(len(found))] and length == window


def test_progress_of_padded_windows_adds_up_to_the_frames(tmp_path):
  path = fakes.write_video(tmp_path / 'a.avi', fakes.moving(12, 37, 41), 30)
  windows = list(from_videos.sliding(path, 'rgb', 32, 21, 5, native=True, ends='zeros'))
  assert sum(window.new for window in windows) == 12
  assert [(w.start, w.missing) for w in windows] == [(-10, (10, 0)), (-5, (5, 4)), (0, (0, 9))]


@pytest.mark.parametrize('ends', ['last', 'drop', 'zeros'])
@pytest.mark.parametrize('count', [29, 30, 31])
def test_joined_features_are_two_single_runs_joined(tmp_path, network, ends, count):
  path = fakes.write_video(tmp_path / 'a.avi', fakes.moving(count, 37, 41), 30)
  settings = options.FeatureSettings(window=10, stride=5, rate='native', ends=ends)
  both = [network, networks.network('flow')]
  found, starts, length = features.joined(both, path, settings)
  rgb, flow = (features.of_video(n, path, settings) for n in both)
  count = min(len(rgb[0]), len(flow[0]))
  assert found.shape == (count, 256) and length == 10
  np.testing.assert_array_equal(found[:, :128], rgb[0][:count])
  np.testing.assert_array_equal(found[:, 128:], flow[0][:count])
  np.testing.assert_array_equal(starts, rgb[1][:count])
  assert np.abs(rgb[1][:count] - flow[1][:count]).max() <= (ends == 'last')


def test_only_features_of_one_axis_are_joined(tmp_path, network):
  both = [network, networks.network('flow')]
  with pytest.raises(errors.UserError, match='`pool` must be all to join the features of two'):
    features.joined(both, 'a.avi', options.FeatureSettings(pool='space'))


def test_features_of_two_networks_are_described_by_both(network):
  found = features.describe([network], options.FeatureSettings())
  assert found['stream'] == 'rgb' and found['frame_rate'] == 25 and found['precision'] == 'float32'
  both = features.describe([network, networks.network('flow')], options.PRESETS['mstcn'])
  assert both['stream'] == 'rgb+flow' and both['resize'] == 'squash+crop'
  assert both['ends'] == 'zeros' and both['frame_rate'] == 'native' and both['frame_size'] == 32
  assert both['weights_sha256'].startswith(found['weights_sha256'] + '+')
