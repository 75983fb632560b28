"""The network against logits that the original network computed."""

import numpy as np
import pytest

from i3d_tf.model import inception_i3d
from tests import reference

LENGTHS = (9, 16, 17, 64, 79)  # Only even ones show mistakes of the padding in time.


@pytest.fixture(scope='module')
def stream(request):
  channels, classes, _ = reference.STREAMS[request.param]
  model = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(model, request.param)
  return request.param, channels, model


@pytest.mark.parametrize(
  'stream, frames',
  # rgb600 has the layers of rgb, up to the logits.
  [(s, t) for s in reference.STREAMS for t in LENGTHS if s != 'rgb600' or t <= 17],
  indirect=['stream'],
)
def test_logits_equal_those_of_the_original(stream, frames):
  name, channels, model = stream
  expected = reference.golden(f'inference_{name}')[f'T{frames}.logits']
  actual = model(reference.clip(7, frames, channels)).numpy()
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4
