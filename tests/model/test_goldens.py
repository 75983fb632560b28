"""The network against logits that the original network computed."""

import functools

import numpy as np
import pytest

from i3d_tf.model import inception_i3d
from tests import reference

LENGTHS = (9, 16, 17, 64, 79)  # Only even ones show mistakes of the padding in time.


@functools.lru_cache(maxsize=1)
def network(stream):
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(model, stream)
  return model


@pytest.mark.parametrize(
  'stream, frames',
  # rgb600 has the layers of rgb, up to the logits.
  [(s, t) for s in reference.STREAMS for t in LENGTHS if s != 'rgb600' or t <= 17],
)
def test_logits_equal_those_of_the_original(stream, frames):
  expected = reference.golden(f'inference_{stream}')[f'T{frames}.logits']
  actual = network(stream)(reference.clip(7, frames, reference.STREAMS[stream][0])).numpy()
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4
