"""A run directory: settings round trip, and a checkpoint holds all of the network."""

import dataclasses
import json
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf import errors
from i3d_tf import runs
from segmentation import verdicts
from tests import small_disk
from tests import tiny


@pytest.fixture
def run(tmp_path_factory):
  return tiny.run(tiny.make_records(tmp_path_factory.mktemp('demo')), steps=4, mask='background')


def save(run_dir, run, seed):
  """Saves a network and optimizer whose every number is random: (model, optimizer)."""
  rng = np.random.default_rng(seed)
  model, optimizer = run.build_model(), keras.optimizers.Adam(1e-3)
  optimizer.build(model.trainable_variables)
  for variable in (*model.variables, *optimizer.variables):
    variable.assign(rng.uniform(1, 100, variable.shape).astype(variable.dtype))
  step = tf.Variable(7, dtype=tf.int64)
  runs.checkpoint_manager(runs.checkpoint(step, model, optimizer), str(run_dir), step).save(step)
  return model, optimizer


def test_a_restored_network_is_the_saved_one_to_the_last_variable(tmp_path, run):
  saved, _ = save(tmp_path, run, seed=0)
  restored, step = runs.restore_model(str(tmp_path), run)
  assert step == 7 == runs.last_step(str(tmp_path))
  assert len(saved.variables) == len(restored.variables) == 231
  for a, b in zip(saved.variables, restored.variables):
    np.testing.assert_array_equal(a.numpy(), b.numpy(), a.path)


def test_a_restored_optimizer_is_the_saved_one(tmp_path, run):
  _, saved = save(tmp_path, run, seed=0)
  model, optimizer = run.build_model(), keras.optimizers.Adam(1e-3)
  optimizer.build(model.trainable_variables)
  step = tf.Variable(0, dtype=tf.int64)
  assert runs.restore(runs.checkpoint(step, model, optimizer), str(tmp_path)).endswith('ckpt-7')
  assert len(optimizer.variables) > 2 * 116
  for a, b in zip(saved.variables, optimizer.variables):
    np.testing.assert_array_equal(a.numpy(), b.numpy(), a.path)


def test_settings_round_trip(tmp_path, run):
  runs.start(str(tmp_path), run, {'mask': 'background'})
  assert runs.load(str(tmp_path)) == run
  with open(tmp_path / 'run.json') as f:
    assert json.load(f)['flags'] == {'mask': 'background'}
  moved = dataclasses.replace(run, data=dataclasses.replace(run.data, records='/elsewhere'))
  runs.start(str(tmp_path), moved)


@pytest.mark.parametrize('content, message', [
    (None, 'expected a directory made by train; it has no run.json'),
    ('{', 'run.json: expected what train writes; JSONDecodeError'),
    ('{}', "run.json: expected what train writes; KeyError: 'data'"),
    ('[]', 'run.json: expected what train writes; TypeError'),
])
def test_a_directory_that_is_no_run_is_an_error(tmp_path, content, message):
  if content is not None:
    (tmp_path / 'run.json').write_text(content)
  with pytest.raises(errors.UserError, match=message):
    runs.load(str(tmp_path))


def test_no_checkpoint_is_an_error(tmp_path, run):
  with pytest.raises(errors.UserError, match='expected a checkpoint; train has not written one'):
    runs.restore_model(str(tmp_path), run)


def test_a_checkpoint_of_another_network_is_an_error(tmp_path, run):
  save(tmp_path, run, seed=0)
  wider = tiny.replace(run, 'network', width=0.25)
  with pytest.raises(errors.UserError, match='ckpt-7: expected a whole checkpoint of this run'):
    runs.restore_model(str(tmp_path), wider)


@pytest.mark.parametrize('make, message', [
    (lambda: runs.Data('r', split=4), '`split` must be one of 1, 2, 3; received 4'),
    (lambda: runs.Data('r', mask='person'), "`mask` must be one of none, .*; received 'person'"),
    (lambda: runs.Data('r', fill='pink'), "`fill` must be one of black, mean, blur, noise, other; received 'pink'"),
    (lambda: runs.Network(width=0), '`width` must be above 0; received 0'),
    (lambda: runs.Network(precision='float16'), "`precision` must be 'float32' or"),
    (lambda: runs.Network(dropout=1), '`dropout` must be at least 0 and below 1; received 1'),
    (lambda: runs.Optimization(steps=0), '`steps` must be at least 1; received 0'),
    (lambda: runs.Optimization(learning_rate=0), '`learning_rate` must be above 0; received 0'),
    (lambda: runs.Optimization(schedule='linear'), '`schedule` must be drops or cosine'),
    (lambda: runs.Optimization(warmup_steps=5), '`warmup_steps` must be at least 0, fewer than'),
    (lambda: runs.Optimization(weight_decay=-1), '`weight_decay` must be at least 0; received -1'),
])
def test_settings_out_of_range_are_refused(make, message):
  with pytest.raises(errors.UserError, match=message):
    make()


VERDICTS = {'Waving/v_Waving_g01_c01.avi': 'original', 'Waving/v_Waving_g02_c01.avi': 'fine'}


def test_verdicts_are_kept_with_the_run(tmp_path, run):
  with_verdicts = tiny.replace(run, 'data', verdicts=verdicts.content_hash(VERDICTS))
  runs.start(str(tmp_path), with_verdicts, verdicts=VERDICTS)
  assert runs.verdicts(str(tmp_path), runs.load(str(tmp_path))) == VERDICTS
  runs.start(str(tmp_path), with_verdicts, verdicts=VERDICTS)
  with pytest.raises(errors.UserError, match="data.verdicts is '[0-9a-f]{12}' there, None here"):
    runs.start(str(tmp_path), run)
  verdicts.write(tmp_path / 'verdicts.csv', {})
  with pytest.raises(errors.UserError, match='verdicts.csv: expected the verdicts that the run'):
    runs.verdicts(str(tmp_path), with_verdicts)


def test_a_run_without_verdicts_has_none(tmp_path, run):
  runs.start(str(tmp_path), run)
  assert runs.verdicts(str(tmp_path), run) is None
  with pytest.raises(ValueError, match='`verdicts` must be those of the run, None'):
    runs.start(str(tmp_path), run, verdicts=VERDICTS)


def test_a_run_from_before_there_were_verdicts_has_none(tmp_path, run):
  runs.start(str(tmp_path), run)
  content = json.loads((tmp_path / 'run.json').read_text())
  del content['data']['verdicts']
  (tmp_path / 'run.json').write_text(json.dumps(content))
  assert runs.load(str(tmp_path)) == run


# === Checkpoints ===


def manager_of(run_dir, size, keep=2):
  """(step, manager) of checkpoints of so many numbers."""
  step, numbers = tf.Variable(0, dtype=tf.int64), tf.Variable(tf.random.normal([size], seed=0))
  checkpoint = tf.train.Checkpoint(step=step, numbers=numbers)
  return step, runs.checkpoint_manager(checkpoint, str(run_dir), step, keep)


def save_steps(step, manager, *steps):
  for number in steps:
    step.assign(number)
    runs.save(manager, step)


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
    with pytest.raises(errors.UserError, match=(
        'disk/checkpoints: cannot save the checkpoint of step 3: No space left on device. The last '
        'whole one is ckpt-2. Mend that .* and start the same command again')):
      runs.save(manager, step)
    assert names(disk) == ['checkpoint', 'ckpt-1', 'ckpt-2']
    assert runs.last_step(str(disk)) == 2
    reader = tf.train.load_checkpoint(str(disk / 'checkpoints'))
    assert np.isfinite(reader.get_tensor('numbers/.ATTRIBUTES/VARIABLE_VALUE')).all()
    resize('1m')
    save_steps(step, manager, 3)
    assert names(disk) == ['checkpoint', 'ckpt-2', 'ckpt-3']


def test_a_first_checkpoint_without_room_says_that_there_is_none(tmp_path):
  disk = tmp_path / 'disk'
  with small_disk.mounted(disk, '64k'):
    with pytest.raises(errors.UserError, match='The last whole one is none. Mend that'):
      save_steps(*manager_of(disk, 25_000), 1)
