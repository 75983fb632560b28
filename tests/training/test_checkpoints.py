"""Checkpoints: all of the network is in them, the last one is found, and a full disk harms none."""

import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.training import checkpoint_files
from i3d_tf.training import checkpoints
from i3d_tf.training import network
from i3d_tf.training import runs
from tests import small_disk
from tests import tiny


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  return tiny.run(tiny.make_records(tmp_path_factory.mktemp('demo')), steps=4, mask='background')


def save(run_dir, run, seed):
  """Saves a network and optimizer whose every number is random: (model, optimizer)."""
  rng = np.random.default_rng(seed)
  model, optimizer = network.build_model(run), keras.optimizers.Adam(1e-3)
  optimizer.build(model.trainable_variables)
  for variable in (*model.variables, *optimizer.variables):
    variable.assign(rng.uniform(1, 100, variable.shape).astype(variable.dtype))
  step = tf.Variable(7, dtype=tf.int64)
  checkpoints.create_manager(
    checkpoints.build_checkpoint(step, model, optimizer), str(run_dir), step
  ).save(step)
  return model, optimizer


@pytest.fixture(scope='module')
def saved(tmp_path_factory, run):
  """A run directory with a checkpoint, and what was saved: (folder, model, optimizer)."""
  folder = tmp_path_factory.mktemp('saved')
  return folder, *save(folder, run, seed=0)


def test_a_restored_network_is_the_saved_one_to_the_last_variable(run, saved):
  folder, saved, _ = saved
  restored, step = network.restore_model(str(folder), run)
  assert step == 7 == checkpoint_files.last_step(str(folder))
  assert len(saved.variables) == len(restored.variables) == 231
  for a, b in zip(saved.variables, restored.variables):
    np.testing.assert_array_equal(a.numpy(), b.numpy(), a.path)


def test_a_restored_optimizer_is_the_saved_one(run, saved):
  folder, _, saved = saved
  model, optimizer = network.build_model(run), keras.optimizers.Adam(1e-3)
  optimizer.build(model.trainable_variables)
  step = tf.Variable(0, dtype=tf.int64)
  assert checkpoints.restore(
    checkpoints.build_checkpoint(step, model, optimizer), str(folder)
  ).endswith('ckpt-7')
  assert len(optimizer.variables) > 2 * 116
  for a, b in zip(saved.variables, optimizer.variables):
    np.testing.assert_array_equal(a.numpy(), b.numpy(), a.path)


def test_no_checkpoint_is_an_error(tmp_path, run):
  with pytest.raises(errors.UserError, match='expected a checkpoint; train has not written one'):
    network.restore_model(str(tmp_path), run)


@pytest.mark.parametrize('state', [None, b'', b'\xff\0', b'model_checkpoint_path: "ckpt-3"\n'])
def test_the_last_checkpoint_is_found_whatever_the_list_of_them_says(tmp_path, run, saved, state):
  """A kill may come between a checkpoint and the list; others are damaged or stay behind."""
  folder = tmp_path / 'a b'
  shutil.copytree(saved[0], folder)
  listed = folder / 'checkpoints' / 'checkpoint'
  listed.unlink()
  if state is not None:
    listed.write_bytes(state)
  assert checkpoint_files.last_step(str(folder)) == 7
  model, step = network.restore_model(str(folder), run)
  assert step == 7
  later = tf.Variable(8, dtype=tf.int64)
  checkpoints.create_manager(checkpoints.build_checkpoint(later, model), str(folder), later).save(
    later
  )
  assert checkpoint_files.last_step(str(folder)) == 8


def test_a_checkpoint_that_is_gone_is_an_error_and_no_beginning(tmp_path, saved):
  folder = tmp_path / 'run'
  shutil.copytree(saved[0], folder)
  (folder / 'checkpoints' / 'ckpt-7.index').unlink()
  with pytest.raises(errors.UserError, match='ckpt-7.index: expected the last checkpoint of the'):
    checkpoint_files.last_step(str(folder))


def test_a_first_checkpoint_that_a_kill_cut_short_is_none(tmp_path):
  (tmp_path / 'checkpoints').mkdir()
  (tmp_path / 'checkpoints' / 'ckpt-7.data-00000-of-00001').write_bytes(b'')
  assert checkpoint_files.last_step(str(tmp_path)) is None


def test_a_checkpoint_of_another_network_is_an_error(run, saved):
  wider = tiny.replace(run, 'network', width=0.25)
  with pytest.raises(errors.UserError, match='ckpt-7: expected a complete checkpoint of this run'):
    network.restore_model(str(saved[0]), wider)


def manager_of(run_dir, size, keep=2):
  """(step, manager) of checkpoints of so many numbers."""
  step, numbers = tf.Variable(0, dtype=tf.int64), tf.Variable(tf.random.normal([size], seed=0))
  checkpoint = tf.train.Checkpoint(step=step, numbers=numbers)
  return step, checkpoints.create_manager(checkpoint, str(run_dir), step, keep)


def save_steps(step, manager, *steps):
  for number in steps:
    step.assign(number)
    checkpoints.save(manager, step)


def names(run_dir):
  return sorted({name.split('.')[0] for name in os.listdir(run_dir / 'checkpoints')})


@pytest.mark.parametrize('keep, kept', [(1, [4]), (3, [2, 3, 4])])
def test_the_last_checkpoints_are_kept_by_number(tmp_path, keep, kept):
  save_steps(*manager_of(tmp_path, 10, keep), 1, 2)
  save_steps(*manager_of(tmp_path, 10, keep), 3, 4)
  assert names(tmp_path) == ['checkpoint', *(f'ckpt-{number}' for number in kept)]


def test_what_a_killed_save_left_is_removed_and_nothing_else(tmp_path):
  save_steps(*manager_of(tmp_path, 10), 1)
  (tmp_path / 'checkpoints' / 'ckpt-2_temp').mkdir()
  (tmp_path / 'checkpoints' / 'ckpt-2_temp' / 'part-0.tempstate123').write_text('half')
  (tmp_path / 'checkpoints' / 'checkpoint').rename(tmp_path / 'state')
  manager_of(tmp_path, 10)
  assert names(tmp_path) == ['ckpt-1']


def test_a_full_disk_is_an_error_and_the_last_checkpoint_stays(tmp_path):
  disk = tmp_path / 'disk'
  with small_disk.mounted(disk, '300k') as resize:
    step, manager = manager_of(disk, 25_000)
    save_steps(step, manager, 1, 2)
    step.assign(3)
    with pytest.raises(
      errors.UserError,
      match=(
        'disk/checkpoints: cannot save the checkpoint of step 3: No space left on device. The last '
        'complete one is ckpt-2. Fix that .* and rerun the same command'
      ),
    ):
      checkpoints.save(manager, step)
    assert names(disk) == ['checkpoint', 'ckpt-1', 'ckpt-2']
    assert checkpoint_files.last_step(str(disk)) == 2
    reader = tf.train.load_checkpoint(str(disk / 'checkpoints'))
    assert np.isfinite(reader.get_tensor('numbers/.ATTRIBUTES/VARIABLE_VALUE')).all()
    resize('1m')
    save_steps(step, manager, 3)
    assert names(disk) == ['checkpoint', 'ckpt-2', 'ckpt-3']


def test_a_first_checkpoint_without_room_says_that_there_is_none(tmp_path):
  disk = tmp_path / 'disk'
  with small_disk.mounted(disk, '64k'):
    with pytest.raises(errors.UserError, match='The last complete one is none. Fix that'):
      save_steps(*manager_of(disk, 25_000), 1)


@pytest.mark.parametrize('name', ['a*', 'a?', 'a[1]'])
def test_a_path_that_is_a_pattern_is_refused_before_anything_is_made(tmp_path, run, name):
  with pytest.raises(errors.UserError, match='expected a path without'):
    runs.start(str(tmp_path / name), run)
  assert not (tmp_path / name).exists()
