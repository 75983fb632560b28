"""Networks of runs and of published weights, with what goes with them."""

import dataclasses
import re

import numpy as np
import pytest

from i3d_tf.classifiers import i3d
from i3d_tf.common import errors
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from i3d_tf.model import inception_i3d
from i3d_tf.training import loop
from i3d_tf.training import network as network_lib
from i3d_tf.training import runs
from tests import shallow
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def run_dir(tmp_path_factory):
  """A run in bfloat16."""
  folder = tmp_path_factory.mktemp('run')
  run = tiny.replace(
    tiny.run(tiny.make_records(folder), steps=1), 'network', precision='mixed_bfloat16'
  )
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  return str(folder / 'run')


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
  """Files of random weights of 3 classes, RGB and flow."""
  folder = tmp_path_factory.mktemp('weights')
  for stream, channels in (('rgb', 3), ('flow', 2)):
    inception_i3d.InceptionI3D(3, channels, seed=1).save_weights(
      str(folder / f'{stream}.weights.h5')
    )
  (folder / 'labels.txt').write_text('a\nb\nc\n')
  (folder / 'others.txt').write_text('a\nc\nb\n')
  return folder


def test_a_fingerprint_knows_how_frames_and_masks_become_what_is_seen(run_dir):
  network = trained_networks.of_run(run_dir)
  others = [
    trained_networks.of_run(run_dir, 'mixed_bfloat16'),
    dataclasses.replace(network, resize='crop' if network.resize == 'squash' else 'squash'),
    dataclasses.replace(network, mask_dilation=network.mask_dilation + 2),
    dataclasses.replace(network, label_names=network.label_names[::-1]),
  ]
  assert trained_networks.of_run(run_dir).fingerprint() == network.fingerprint()
  assert len({network.fingerprint(), *(other.fingerprint() for other in others)}) == 5
  on_trial = [i3d.of_run(run_dir, precision).fingerprint for precision in (None, 'mixed_bfloat16')]
  assert on_trial[0] != on_trial[1]


def test_a_run_gives_its_last_checkpoint_in_float32(run_dir):
  network = trained_networks.of_run(run_dir)
  assert network.label_names == runs.load(run_dir).label_names
  assert network.model.get_config()['dtype'] == 'float32'
  trained, _ = network_lib.restore_model(run_dir, runs.load(run_dir))
  for ours, theirs in zip(network.model.variables, trained.variables, strict=True):
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
  assert network.notes == (f'{run_dir}: trained for 1 steps, replaced: none',)


def test_a_run_is_asked_as_it_was_trained(monkeypatch, run_dir):
  run = runs.load(run_dir)
  changed = {'mask': 'activity', 'mask_place': 'earlier', 'mask_shape': 'box', 'time': 'still'}
  monkeypatch.setattr(runs, 'load', lambda _: tiny.replace(run, 'data', **changed))
  network = trained_networks.of_run(run_dir)
  assert network.treatment('activity').name == 'activity-earlier-box-still'
  assert network.treatment('none').name == 'none-still'


def test_equal_weights_have_equal_hashes(run_dir, weights):
  first, again = (trained_networks.of_run(run_dir) for _ in range(2))
  assert first.weights_sha256() == again.weights_sha256()
  kernel = again.model.get_layer('Conv3d_1a_7x7').conv.kernel
  kernel.assign(kernel.numpy() * 1.0001)
  assert first.weights_sha256() != again.weights_sha256()


def test_weights_have_the_names_found_near_them_or_given(weights):
  path = str(weights / 'rgb.weights.h5')
  assert trained_networks.of_weights(path, 'rgb').label_names == ('a', 'b', 'c')
  named = trained_networks.of_weights(path, 'rgb', str(weights / 'others.txt'))
  assert named.label_names == ('a', 'c', 'b')


def test_weights_without_names_say_how_to_name_them(weights, tmp_path):
  path = tmp_path / 'deep' / 'down' / 'here' / 'rgb.weights.h5'
  path.parent.mkdir(parents=True)
  path.write_bytes((weights / 'rgb.weights.h5').read_bytes())
  network = trained_networks.of_weights(str(path), 'rgb')
  assert network.label_names == ('class 0', 'class 1', 'class 2')
  assert '--labels=label_map.txt names them' in network.notes[-1]


def test_the_wrong_stream_is_refused(weights):
  with pytest.raises(errors.UserError, match='takes 2 channels, flow; expected 3 channels, rgb'):
    trained_networks.of_weights(str(weights / 'flow.weights.h5'), 'rgb')


def test_two_networks_are_one_of_each_stream_and_of_the_same_classes(weights, run_dir):
  both = trained_networks.load(
    options.NetworkOptions(
      weights=str(weights / 'rgb.weights.h5'), flow_weights=str(weights / 'flow.weights.h5')
    )
  )
  assert [network.stream for network in both] == ['rgb', 'flow']
  with pytest.raises(
    errors.UserError,
    match=re.escape(
      f'expected one network of each stream; received {run_dir} (rgb), {run_dir} (rgb)'
    ),
  ):
    trained_networks.load(options.NetworkOptions((run_dir, run_dir)))
  with pytest.raises(errors.UserError, match='expected networks of the same classes'):
    trained_networks.load(
      options.NetworkOptions((run_dir,), flow_weights=str(weights / 'flow.weights.h5'))
    )
