"""Strategies: several devices and workers train as one device does, and one alone writes."""

import csv
import json
import os
import socket
import subprocess
import sys
import time
import types
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inputs import from_records
from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.records import folders
from i3d_tf.records import splits
from i3d_tf.training import checkpoint_files
from i3d_tf.training import loop
from i3d_tf.training import network
from i3d_tf.training import network as network_lib
from i3d_tf.training import runs
from i3d_tf.training import strategies
from tests import commands
from tests import shallow
from tests import tiny

_STEPS = 12
# Dropout is tested, too. Longer or with Adam, one device whose weights are changed by 1e-7 ends
# as far from itself: a small network trained from nothing is chaotic.
_FLAGS = (
  *(flag for flag in tiny.FLAGS if not flag.startswith(('--optimizer', '--schedule'))),
  '--learning_rate=1e-3',
  '--dropout=0.5',
  f'--steps={_STEPS}',
  '--log_every=1',
  '--checkpoint_every=4',
)
# So the losses of the first steps show: a gradient, a statistic or a dropped channel that is wrong
# shows in the second. Rounding, 1e-6 at first, grows five-fold a step.
_ALIKE, _TOLERANCE = 6, 1e-4


# === Which strategy ===


@pytest.mark.parametrize(
  'config, message',
  [
    (None, 'expected the environment variable TF_CONFIG for --strategy=multi_worker, such as {'),
    ('{', 'expected TF_CONFIG such as .*; received {'),
    ('{"cluster": {"worker": ["a:1"]}}', 'expected TF_CONFIG such as '),
    ('{"cluster": ["worker"], "task": {"type": "worker", "index": 0}}', 'being one of the'),
    (
      '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
      'the task being one of the cluster; received',
    ),
    ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}', 'being one of the'),
    ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', 'being one of the'),
  ],
)
def test_a_malformed_cluster_is_refused(monkeypatch, config, message):
  if config is None:
    monkeypatch.delenv('TF_CONFIG', raising=False)
  else:
    monkeypatch.setenv('TF_CONFIG', config)
  with pytest.raises(errors.UserError, match=message):
    strategies.create('multi_worker')


def test_an_unknown_strategy_is_refused():
  with pytest.raises(errors.UserError, match="one of none, mirrored, multi_worker; received 'tpu'"):
    strategies.create('tpu')


def test_none_is_one_device_that_writes():
  strategy = strategies.create('none')
  assert strategy.num_replicas_in_sync == 1
  assert strategies.is_chief(strategy) and not strategies.is_spread(strategy)
  strategies.check(strategy, batch_size=5, jit_compile=True)


def test_a_batch_must_divide_and_xla_is_refused():
  three = types.SimpleNamespace(num_replicas_in_sync=3)
  with pytest.raises(errors.UserError, match='multiple of the 3 replicas; received 4'):
    strategies.check(three, batch_size=4)
  with pytest.raises(errors.UserError, match='--jit_compile goes with --strategy=none alone'):
    strategies.check(three, batch_size=6, jit_compile=True)


# === Shares of a batch ===


@pytest.fixture(scope='module')
def records(tmp_path_factory):
  return tiny.make_records(tmp_path_factory.mktemp('demo'))


@pytest.mark.parametrize('workers, pieces', [(2, 1), (1, 2), (2, 2), (4, 1)])
def test_the_shares_of_all_replicas_are_the_batch_of_one(records, workers, pieces):
  run = tiny.run(records)
  source = folders.open_folder(records)
  entries, _ = splits.load(source, 'train', 1)

  def take(count, **share):
    return [
      {key: value.numpy() for key, value in batch.items()}
      for batch in from_records.training(source, entries, run.clips, start_step=3, **share).take(
        count
      )
    ]

  whole = take(4)
  size = run.clips.batch_size // workers
  shares = [
    take(4 * pieces, row_slice=(size * n, size * (n + 1)), num_replicas=pieces)
    for n in range(workers)
  ]
  for step in range(4):
    parts = [share[step * pieces + piece] for share in shares for piece in range(pieces)]
    for key, expected in whole[step].items():
      np.testing.assert_array_equal(np.concatenate([part[key] for part in parts]), expected, key)


def test_sharing_reaches_every_batch_norm_and_no_configuration():
  network = inception_i3d.InceptionI3D(5, width=0.125, frame_size=32)
  network.share_batches(lambda: (0, 2))
  found = [
    layer
    for layer in network._flatten_layers()
    if isinstance(layer, keras.layers.BatchNormalization)
  ]
  assert len(found) == 57 and all(layer.synchronized for layer in found)
  again = inception_i3d.InceptionI3D.from_config(network.get_config())
  assert again.get_layer('Logits').dropout.replica_index is None
  assert not again.get_layer('Conv3d_1a_7x7').batch_norm.synchronized


# === Trainings ===


def train(folder, records, run_dir, *flags, cpus=1, status=0):
  """Trains alone, on logical devices, in a forked process: (stdout, stderr)."""
  with mock.patch.dict(os.environ, I3D_TEST_CPUS=str(cpus)):
    return commands.run(
      'tests.shallow',
      'i3d_tf.train',
      *_FLAGS,
      f'--records={records}',
      f'--run_dir={run_dir}',
      *flags,
      cwd=folder,
      status=status,
    )


def start(folder, records, run_dir, worker, ports):
  """Starts a training as one of the workers at `ports`."""
  config = {
    'cluster': {'worker': [f'localhost:{port}' for port in ports]},
    'task': {'type': 'worker', 'index': worker},
  }
  environment = {**os.environ, 'COLUMNS': '120', 'TF_CONFIG': json.dumps(config)}
  return subprocess.Popen(
    [
      sys.executable,
      '-m',
      'tests.shallow',
      'i3d_tf.train',
      *_FLAGS,
      f'--records={records}',
      f'--run_dir={run_dir}',
      '--strategy=multi_worker',
    ],
    cwd=folder,
    text=True,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    env=environment,
  )


def finish(process, status=0, timeout=600):
  """Waits for a command: its (stdout, stderr)."""
  out, err = process.communicate(timeout=timeout)
  assert process.returncode == status, f'exit {process.returncode}\n{out}\n{err}'
  return out, err


def free_ports(count):
  sockets = [socket.socket() for _ in range(count)]
  for s in sockets:
    s.bind(('localhost', 0))
  ports = [s.getsockname()[1] for s in sockets]
  for s in sockets:
    s.close()
  return ports


def start_two(folder, records, run_dir):
  ports = free_ports(2)
  return [start(folder, records, run_dir, worker, ports) for worker in range(2)]


def losses(folder, run_dir):
  with open(folder / run_dir / 'history.csv', newline='') as f:
    rows = list(csv.DictReader(f))
  assert [int(row['step']) for row in rows] == list(range(1, _STEPS + 1))
  return np.array([float(row['loss']) for row in rows])


def checkpoint(folder, run_dir):
  reader = tf.train.load_checkpoint(str(folder / run_dir / 'checkpoints'))
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name != '_CHECKPOINTABLE_OBJECT_GRAPH' and not name.startswith('save_counter')
  }


@pytest.fixture(scope='module')
def one_device(records, tmp_path_factory):
  """The folder of a training on one device, in `one`."""
  folder = tmp_path_factory.mktemp('runs')
  train(folder, records, 'one')
  return folder


@pytest.fixture(scope='module')
def two_workers(records, tmp_path_factory):
  """The folder of a training by two workers, in `two`; and what they printed."""
  folder = tmp_path_factory.mktemp('runs')
  return folder, [finish(process) for process in start_two(folder, records, 'two')]


def assert_trained_alike(one_folder, one, folder, run_dir):
  expected, actual = checkpoint(one_folder, one), checkpoint(folder, run_dir)
  assert expected.keys() == actual.keys()
  assert all(actual[name].shape == value.shape for name, value in expected.items())
  np.testing.assert_allclose(
    losses(folder, run_dir)[:_ALIKE], losses(one_folder, one)[:_ALIKE], rtol=_TOLERANCE
  )


def test_two_devices_have_the_losses_of_one(records, one_device):
  train(one_device, records, 'mirrored', '--strategy=mirrored', cpus=2)
  assert_trained_alike(one_device, 'one', one_device, 'mirrored')


def test_two_devices_with_frozen_layers_have_the_losses_of_one(records, tmp_path, monkeypatch):
  monkeypatch.setattr(architecture, 'LAYERS', shallow.layers())
  source = network.build_model(tiny.replace(tiny.run(records), 'clips', seed=9))
  source.save_weights(tmp_path / 'source.weights.h5')
  flags = '--weights=source.weights.h5', '--freeze=MaxPool3d_3a_3x3'
  train(tmp_path, records, 'one', *flags)
  train(tmp_path, records, 'mirrored', '--strategy=mirrored', *flags, cpus=2)
  assert_trained_alike(tmp_path, 'one', tmp_path, 'mirrored')


def test_two_workers_have_the_losses_of_one_device(two_workers, one_device):
  assert_trained_alike(one_device, 'one', two_workers[0], 'two')


def test_the_first_worker_alone_writes_and_reports(two_workers):
  folder, ((out, _), (other_out, other_err)) = two_workers
  assert os.listdir(folder) == ['two'] and f'two: trained for {_STEPS} steps' in out
  assert not other_out and 'step/s' not in other_err
  assert len(os.listdir(folder / 'two' / 'tensorboard')) == 2  # of training and test
  assert checkpoint_files.last_step(str(folder / 'two')) == _STEPS


def test_a_killed_worker_ends_the_other_and_all_resume_together(records, two_workers, tmp_path):
  chief, other = start_two(tmp_path, records, 'killed')
  history = tmp_path / 'killed' / 'history.csv'
  commands.kill_when(other, lambda: history.exists() and len(history.read_text().splitlines()) > 5)
  begun = time.monotonic()
  _, err = finish(chief, status=2)
  assert time.monotonic() - begun < 120
  assert 'Traceback' not in err
  (line,) = [line for line in err.splitlines() if ': error: ' in line]
  assert 'another worker has ended, so this one cannot continue. Start all of them again' in line
  stopped_at = checkpoint_files.last_step(str(tmp_path / 'killed'))
  assert 4 <= stopped_at < _STEPS
  (out, _), _ = [finish(process) for process in start_two(tmp_path, records, 'killed')]
  assert f'killed: resuming at step {stopped_at} of {_STEPS}' in out
  folder, _ = two_workers
  np.testing.assert_array_equal(losses(tmp_path, 'killed'), losses(folder, 'two'))
  expected, actual = checkpoint(folder, 'two'), checkpoint(tmp_path, 'killed')
  for name, value in expected.items():
    np.testing.assert_array_equal(actual[name], value, name)


def test_a_strategy_starts_from_weights_and_resumes(records, tmp_path, monkeypatch):
  monkeypatch.setattr(architecture, 'LAYERS', shallow.layers())
  run = tiny.run(records, steps=2)
  source = network.build_model(tiny.replace(run, 'clips', seed=9))
  source.save_weights(tmp_path / 'source.weights.h5')
  run = tiny.replace(
    tiny.replace(run, 'optimization', learning_rate=1e-9),
    'network',
    weights=str(tmp_path / 'source.weights.h5'),
  )
  runs.start(str(tmp_path / 'run'), run)
  strategy = strategies.create('mirrored')
  assert strategies.is_spread(strategy)
  loop.train(str(tmp_path / 'run'), run, strategy=strategy)
  # What was trained under a strategy is read without one, and the other way round.
  trained, step = network_lib.restore_model(str(tmp_path / 'run'), run)
  kernel = lambda network: network.get_layer('Conv3d_1a_7x7').conv.kernel.numpy()
  np.testing.assert_allclose(kernel(trained), kernel(source), atol=1e-6)
  assert step == 2
  loop.train(str(tmp_path / 'run'), run, strategy=strategy)


def test_a_batch_that_two_devices_cannot_share_is_one_line(records, tmp_path):
  flags = '--strategy=mirrored', '--batch_size=5'
  _, err = train(tmp_path, records, 'run', *flags, cpus=2, status=2)
  assert err.splitlines()[-1].endswith(
    'error: --batch_size is that of all replicas together: expected a multiple of the 2 replicas; '
    'received 5'
  )
