"""FVD against its original and PyTorch ports, by numbers that they gave (goldens/fvd_peers.npz).

What computed them, all on a CPU, from `drawn_clips` and the seeds below:

- `hub`: the TF Hub module deepmind/i3d-kinetics-400/1 behind `preprocess` of google-research's
  frechet_video_distance, in TensorFlow 2.20's graph mode. Its variables are, byte for byte, those
  of DeepMind's rgb_scratch.
- `tfgan`: `frechet_classifier_distance_from_activations` of tensorflow-gan 2.1.0, which the
  original calls, of random features.
- `cdfvd_frames`, `styleganv_frames`: `preprocess_i3d` of cd-fvd 0.1.1 and `preprocess` of VideoGPT
  (data.py), which common_metrics_on_video_quality calls styleganv; PyTorch 2.15.
- `cdfvd`, `styleganv`: behind them the network of cd-fvd 0.1.1 with rgb_scratch's weights and the
  original's epsilon of batch norm, 1e-3; `published`: with its own epsilon, 1e-5.
"""

import os

import numpy as np
import pytest

from i3d_tf.fvd import embedding
from i3d_tf.fvd import functions
from tests import fakes

_GOLDEN = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'goldens', 'fvd_peers.npz')


def drawn_clips():
  """Two clips of colored squares that move to the right: uint8 [2, 16, 60, 84, 3]."""
  squares = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8)
  still = squares.repeat(12, axis=1).repeat(12, axis=2)
  return np.stack([np.roll(still, 3 * t, axis=2) for t in range(16)], axis=1)


@pytest.fixture(scope='module')
def golden():
  with np.load(_GOLDEN) as read:
    return dict(read)


@pytest.mark.parametrize('resize', ['cdfvd', 'styleganv'])
def test_frames_are_resized_as_the_ports_do(golden, resize):
  frames = drawn_clips()[:, 0]
  found = embedding.network_frames(frames, 32, resize).numpy()
  np.testing.assert_allclose(found, golden[f'{resize}_frames'], atol=1e-5)


def test_the_distance_is_that_of_tf_gan(golden):
  features = np.random.default_rng(0).normal(size=(2, 50, 8)).astype(np.float32)
  features[1] = 1.5 * features[1] + 0.3
  assert functions.fvd(*features) == pytest.approx(float(golden['tfgan']), rel=1e-5)


@pytest.mark.parametrize(
  'peer, resize', [('hub', 'google'), ('cdfvd', 'cdfvd'), ('styleganv', 'styleganv')]
)
def test_features_are_those_of_the_peers(golden, peer, resize, tmp_path, monkeypatch):
  weights = fakes.shared('weights', 'rgb_scratch')
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  found = functions.features(drawn_clips(), resize, weights)
  assert np.abs(golden[peer]).max() > 3  # not features of nothing
  np.testing.assert_allclose(found, golden[peer], atol=1e-3)
  # What the resize and the epsilon change is more than that.
  for other in {'hub', 'cdfvd', 'styleganv', 'published'} - {peer}:
    assert np.abs(found - golden[other]).max() > 5e-3, other
