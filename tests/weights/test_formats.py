"""Every kind of file has a name for every variable of the network."""

import numpy as np
import pytest

from i3d_tf.weights import assign
from i3d_tf.weights import formats
from i3d_tf.weights import variable_names
from tests import checkpoints


@pytest.fixture(scope='module')
def originals():
  return set(assign.variables_by_original_name(checkpoints.narrow()))


@pytest.mark.parametrize(
  'checkpoint_format, has_gamma, has_head',
  [
    (formats.deepmind('RGB/inception_i3d/'), False, True),
    (formats.deepmind(''), False, True),
    (formats.slim('InceptionV1/'), False, False),
    (formats.piergiaj(), True, True),
    (formats.hassony(), True, True),
    (formats.keras_file(), False, True),
    (formats.flax(), False, True),
  ],
  ids=['deepmind', 'kinetics-600', 'slim', 'piergiaj', 'hassony', 'keras', 'flax'],
)
def test_format_names_every_variable_once(originals, checkpoint_format, has_gamma, has_head):
  named = [original for original, _ in checkpoint_format.names.values()]
  assert len(set(named)) == len(named)
  gammas = {name for name in named if name.endswith('/gamma')}
  assert len(gammas) == (57 if has_gamma else 0)
  missing = set() if has_head else set(variable_names.HEAD)
  assert set(named) - gammas == originals - missing
  assert named[0] == variable_names.CONV1
  assert checkpoint_format.of_images == (not has_head)


@pytest.mark.parametrize(
  'checkpoint_format, name, description',
  [
    (formats.deepmind(''), 'Conv3d_1a_7x7/conv_3d/w/Momentum', 'optimizer slots'),
    (formats.deepmind(''), 'global_step', 'global_step'),
    (formats.deepmind(''), 'Mixed_6a/w', None),
    (formats.slim(''), 'Logits/Conv2d_0c_1x1/biases', 'the logits of ImageNet'),
    (formats.slim(''), 'Conv2d_1a_7x7/weights/RMSProp', 'optimizer slots'),
    (formats.slim(''), 'AuxLogits', None),
    (formats.piergiaj(), 'Conv3d_1a_7x7.bn.num_batches_tracked', 'counters of batches'),
    (formats.hassony(), 'fc.weight', None),
    (formats.keras_file(), 'optimizer/vars/0', 'optimizer slots'),
    (formats.keras_file(), 'layers/head/dropout/seed_generator/vars/0', 'states of random numbers'),
    (formats.keras_file(), 'layers/dense/vars/0', None),
  ],
)
def test_format_describes_ignored_variables_only(checkpoint_format, name, description):
  assert name not in checkpoint_format.names
  assert checkpoint_format.ignored(name) == description


def test_conversions_change_axes_to_ours():
  kernel = np.arange(3 * 3 * 2 * 4, dtype=np.float32).reshape(3, 3, 2, 4)
  _, inflate = formats.slim('').names['Conv2d_1a_7x7/weights']
  inflated = inflate(kernel)
  assert inflated.shape == (3, 3, 3, 2, 4)
  np.testing.assert_array_equal(inflated, np.stack([kernel / 3] * 3))

  _, transpose = formats.piergiaj().names['Conv3d_1a_7x7.conv3d.weight']
  assert transpose(np.zeros((64, 3, 5, 6, 7))).shape == (5, 6, 7, 3, 64)

  _, flatten = formats.deepmind('').names['Conv3d_1a_7x7/batch_norm/beta']
  assert flatten(np.zeros((1, 1, 1, 1, 64))).shape == (64,)
  assert flatten(np.zeros((2, 64))).shape == (2, 64)
