"""Training: what it writes, that it resumes exactly where it was killed, what it refuses."""

import csv
import json
import os
import re

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inference import evaluation
from i3d_tf.inputs import from_records
from i3d_tf.masks import verdicts
from i3d_tf.records import folders
from i3d_tf.records import splits
from i3d_tf.training import checkpoint_files
from i3d_tf.training import loop
from i3d_tf.training import network
from i3d_tf.training import runs
from tests import commands
from tests import shallow
from tests import small_disk
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def records(tmp_path_factory):
  return tiny.make_records(tmp_path_factory.mktemp('demo'))


def start_and_train(run_dir, run, **intervals):
  runs.start(str(run_dir), run)
  return loop.train(str(run_dir), run, intervals=loop.Intervals(**intervals))


def last_checkpoint(run_dir):
  """Every value of the last checkpoint by name."""
  reader = tf.train.load_checkpoint(str(run_dir / 'checkpoints'))
  return {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if name != '_CHECKPOINTABLE_OBJECT_GRAPH' and 'save_counter' not in name
  }


def history(run_dir):
  with open(run_dir / 'history.csv', newline='') as f:
    return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(f)]


def test_writes_settings_history_tensorboard_and_checkpoints(tmp_path, records):
  start_and_train(
    tmp_path, tiny.run(records, steps=5, mask='background'), log_every=2, checkpoint_every=4
  )
  with open(tmp_path / 'run.json') as f:
    content = json.load(f)
  assert content['data']['mask'] == 'background'
  assert content['clips']['seed'] == 0
  assert content['versions']['tensorflow'] == tf.__version__
  assert 'git_commit' in content
  rows = history(tmp_path)
  assert [row['step'] for row in rows] == [2, 4, 5]
  assert all(np.isfinite(row['loss']) and 0 <= row['accuracy'] <= 1 for row in rows)
  assert rows[-1]['learning_rate'] < rows[0]['learning_rate']
  tags = set()
  for name in os.listdir(tmp_path / 'tensorboard'):
    for event in tf.compat.v1.train.summary_iterator(str(tmp_path / 'tensorboard' / name)):
      tags.update(value.tag for value in event.summary.value)
  assert tags == {'train/seen', 'loss', 'accuracy', 'learning_rate', 'clips_per_second'}
  assert checkpoint_files.last_step(str(tmp_path)) == 5


def test_the_first_loss_is_that_of_guessing(tmp_path, records):
  with shallow.network(whole=True):
    start_and_train(tmp_path, tiny.run(records, steps=1))
  assert abs(history(tmp_path)[0]['loss'] - np.log(10)) < 1


def test_learns_the_training_clips(tmp_path, records):
  run = tiny.replace(tiny.run(records, steps=200), 'optimization', learning_rate=5e-3)
  run = tiny.replace(tiny.replace(run, 'clips', augment=False), 'network', dropout=0.0)
  start_and_train(tmp_path, run, log_every=20)
  losses = [row['loss'] for row in history(tmp_path)]
  assert losses[-1] < losses[0] / 2


def test_starts_from_weights_all_but_the_logits(tmp_path, records):
  run = tiny.run(records, steps=1)
  source = network.build_model(tiny.replace(run, 'clips', seed=9))
  source.save_weights(tmp_path / 'source.weights.h5')
  run = tiny.replace(
    tiny.replace(run, 'optimization', learning_rate=1e-9),
    'network',
    weights=str(tmp_path / 'source.weights.h5'),
  )
  trained = start_and_train(tmp_path / 'run', run)
  own = network.build_model(run)
  kernel = lambda model, name: model.get_layer(name).conv.kernel.numpy()
  np.testing.assert_allclose(
    kernel(trained, 'Conv3d_1a_7x7'), kernel(source, 'Conv3d_1a_7x7'), atol=1e-6
  )
  np.testing.assert_allclose(kernel(trained, 'Logits'), kernel(own, 'Logits'), atol=1e-6)


def test_frozen_layers_keep_the_weights_that_they_started_from(tmp_path, records):
  weights = str(tmp_path / 'source.weights.h5')
  run = tiny.run(records, steps=4)
  source = network.build_model(tiny.replace(run, 'clips', seed=9))
  source.save_weights(weights)
  run = tiny.replace(run, 'network', weights=weights, freeze='MaxPool3d_3a_3x3')
  trained = start_and_train(tmp_path / 'run', run, checkpoint_every=2)
  read_again, step = network.restore_model(tmp_path / 'run', run)
  assert step == 4
  for variable, ours, again in zip(source.variables, trained.variables, read_again.variables):
    np.testing.assert_array_equal(ours.numpy(), again.numpy(), err_msg=variable.path)
    is_frozen = variable.path.startswith(('Conv3d', 'MaxPool3d'))
    if 'seed_generator' not in variable.path:
      assert np.array_equal(variable.numpy(), ours.numpy()) == is_frozen, variable.path


def test_a_seed_repeats_a_training_and_another_does_not(tmp_path, records):
  for name, seed in (('a', 1), ('b', 1), ('c', 2)):
    run = tiny.replace(tiny.run(records, steps=3), 'clips', seed=seed)
    start_and_train(tmp_path / name, run)
  a, b, c = (last_checkpoint(tmp_path / name) for name in 'abc')
  for name, value in a.items():
    np.testing.assert_allclose(value, b[name], rtol=1e-4, atol=1e-6, err_msg=name)
  assert any(np.abs(a[name] - c[name]).max() > 1e-3 for name in a if a[name].dtype == np.float32)


def test_a_killed_training_resumes_exactly(tmp_path, records):
  # A rate at which weights that were not restored would show in the losses.
  arguments = (
    *tiny.FLAGS,
    '--learning_rate=0.01',
    f'--records={records}',
    '--steps=12',
    '--checkpoint_every=3',
    '--log_every=1',
    '--run_dir=killed',
  )
  process = commands.start('tests.shallow', 'i3d_tf.train', *arguments, cwd=tmp_path)
  written = tmp_path / 'killed' / 'history.csv'
  commands.kill_when(
    process, lambda: written.exists() and len(written.read_text().splitlines()) > 5
  )
  killed_at = checkpoint_files.last_step(str(tmp_path / 'killed'))
  assert 3 <= killed_at < 12
  out, _ = commands.run('tests.shallow', 'i3d_tf.train', *arguments, cwd=tmp_path)
  assert f'resuming at step {killed_at} of 12' in out

  run = runs.load(str(tmp_path / 'killed'))
  start_and_train(tmp_path / 'whole', run, checkpoint_every=3, log_every=1)
  killed, whole = (last_checkpoint(tmp_path / name) for name in ('killed', 'whole'))
  model = network.build_model(run)  # Adam keeps two values for each that it trains
  values = len(model.variables) + 2 * len(model.trainable_variables)
  assert killed.keys() == whole.keys() and len(whole) > values
  for name, value in whole.items():
    # Not bit for bit: threads add up gradients in an order of their own.
    np.testing.assert_allclose(killed[name], value, rtol=1e-3, atol=1e-5, err_msg=name)
  rows = {name: history(tmp_path / name) for name in ('killed', 'whole')}
  assert [row['step'] for row in rows['killed']] == list(range(1, 13))
  np.testing.assert_allclose(
    [row['loss'] for row in rows['killed']], [row['loss'] for row in rows['whole']], rtol=1e-3
  )


def test_a_full_disk_is_one_line_and_the_run_resumes_when_there_is_room(tmp_path, records):
  arguments = (
    *tiny.FLAGS,
    f'--records={records}',
    '--steps=12',
    '--checkpoint_every=1',
    '--log_every=1',
    '--keep_checkpoints=12',
  )
  disk = tmp_path / 'disk'
  with small_disk.mounted(disk, '1m') as resize:
    message = commands.error(
      'tests.shallow', 'i3d_tf.train', *arguments, '--run_dir=disk/run', cwd=tmp_path
    )
    assert message.startswith('disk/run/')
    assert ': No space left on device' in message
    stopped_at = checkpoint_files.last_step(str(disk / 'run'))
    assert stopped_at is None or stopped_at < 12
    resize('64m')
    commands.run('tests.shallow', 'i3d_tf.train', *arguments, '--run_dir=disk/run', cwd=tmp_path)
    commands.run('tests.shallow', 'i3d_tf.train', *arguments, '--run_dir=whole', cwd=tmp_path)
    stopped, whole = last_checkpoint(disk / 'run'), last_checkpoint(tmp_path / 'whole')
  for name, value in whole.items():
    np.testing.assert_array_equal(stopped[name], value, name)


@pytest.mark.parametrize(
  'section, change, message',
  [
    ('data', {'mask': 'activity'}, "data.mask is 'none' there, 'activity' here"),
    ('clips', {'seed': 5}, 'clips.seed is 0 there, 5 here'),
    ('optimization', {'steps': 9}, 'optimization.steps is 4 there, 9 here'),
  ],
)
def test_a_run_directory_keeps_its_settings(tmp_path, records, section, change, message):
  run = tiny.run(records)
  runs.start(str(tmp_path), run)
  with pytest.raises(errors.UserError, match='holds a run with other settings: ' + message):
    runs.start(str(tmp_path), tiny.replace(run, section, **change))


def test_a_loss_that_explodes_is_an_error_and_is_not_saved(tmp_path, records):
  run = tiny.replace(
    tiny.run(records, steps=20), 'optimization', optimizer='sgd', learning_rate=1e30
  )
  with pytest.raises(errors.UserError, match='the loss is no longer finite at step'):
    start_and_train(tmp_path, run, log_every=20, checkpoint_every=5)
  assert checkpoint_files.last_step(str(tmp_path)) is None


def test_missing_flow_is_an_error(tmp_path, records):
  run = tiny.replace(tiny.run(records), 'clips', stream='flow')
  with pytest.raises(errors.UserError, match='expected flow for --stream=flow; 20 of 20 videos'):
    start_and_train(tmp_path, run)


def test_a_damaged_record_is_named(tmp_path):
  records = tiny.make_records(tmp_path)
  source = folders.open_folder(records)
  entries, _ = splits.load(source, 'train', 1)
  path = records / entries[3].shard
  data = bytearray(path.read_bytes())
  data[entries[3].offset + 2000] ^= 1
  path.write_bytes(data)
  with pytest.raises(
    errors.UserError,
    match=f'{path}: expected an intact record of '
    f'{entries[3].path} at byte {entries[3].offset}; its checksum is wrong',
  ):
    start_and_train(tmp_path / 'run', tiny.run(records, steps=20))


def test_a_record_whose_image_is_none_is_named(tmp_path):
  records = tiny.make_records(tmp_path)
  source = folders.open_folder(records)
  shard = source.entries[0].shard
  videos = []
  for serialized in tf.data.TFRecordDataset(str(records / shard)):
    example = tf.train.SequenceExample.FromString(serialized.numpy())
    for feature in example.feature_lists.feature_list['image/encoded'].feature[2:]:
      feature.bytes_list.value[0] = b'\xff' * len(feature.bytes_list.value[0])
    videos.append(example.SerializeToString(deterministic=True))
  with tf.io.TFRecordWriter(str(records / shard)) as writer:
    for video in videos:
      writer.write(video)
  with pytest.raises(errors.UserError, match='an image in it cannot be decoded'):
    start_and_train(tmp_path / 'run', tiny.run(records, steps=20))


def test_a_damaged_checkpoint_is_an_error(tmp_path, records):
  start_and_train(tmp_path, tiny.run(records, steps=2))
  checkpoints = tmp_path / 'checkpoints'
  (data,) = checkpoints.glob('*.data-*')
  data.write_bytes(data.read_bytes()[:1000])
  with pytest.raises(errors.UserError, match=r'ckpt-2: expected a complete checkpoint of this run'):
    loop.train(str(tmp_path), tiny.run(records, steps=2))


@pytest.mark.parametrize(
  'arguments, message',
  [
    (
      ('--mask=person',),
      'flag --mask=person: value should be one of <none|background|activity|both>',
    ),
    (('--mask', 'background', 'false'), 'expected flags only; received false'),
    (('--records=nowhere',), 'nowhere: expected a folder made by make_tfrecords'),
    (('--split=4',), '`split` must be one of 1, 2, 3; received 4'),
    (('--clip_frames=8',), '`clip_frames` must be at least 9; received 8'),
    (
      ('--eval_masks=black',),
      '`eval_masks` must be some of none, background, activity, both, '
      'some with a fill, place, shape or time such as activity-blur or background-box; '
      'received black',
    ),
    (
      ('--learning_rate_drops=20,ten',),
      'expected steps such as --learning_rate_drops=3000,4000; received 20,ten',
    ),
    (
      ('--records=r', '--warmup_steps=3'),
      '`warmup_steps` must be at least 0, fewer than steps, with schedule cosine; received 3',
    ),
    (
      ('--records=r', '--learning_rate_drops=20,10'),
      '`learning_rate_drops` must be rising steps, with schedule drops; received (20, 10)',
    ),
  ],
)
def test_bad_flags_are_one_line(tmp_path, arguments, message):
  assert message in commands.error('tests.shallow', 'i3d_tf.train', *arguments, cwd=tmp_path)
  assert os.listdir(tmp_path) == []


def test_training_obeys_the_verdicts_of_its_run(tmp_path, records, monkeypatch):
  source = folders.open_folder(records)
  trained_on, _ = splits.load(source, 'train', 1)
  judged = {entry.path: 'original' for entry in trained_on[::2]}
  run = tiny.run(records, mask='background', verdicts=verdicts.content_hash(judged))
  runs.start(str(tmp_path), run, verdicts=judged)
  seen = []

  def stop(source, entries, settings, start_step, **share):
    seen.extend(entries)
    raise KeyboardInterrupt

  monkeypatch.setattr(from_records, 'training', stop)
  with pytest.raises(KeyboardInterrupt):
    loop.train(str(tmp_path), run)
  assert [entry.path for entry in seen] == [entry.path for entry in trained_on]
  assert [entry.has_person for entry in seen] == [entry.path not in judged for entry in trained_on]


def test_the_command_obeys_verdicts_and_its_run_keeps_them(tmp_path, records):
  tested, _ = splits.load(folders.open_folder(records), 'test', 1)
  verdicts.write(tmp_path / 'v.csv', {tested[0].path: 'original', 'Nowhere/v.avi': 'fine'})
  arguments = (*tiny.FLAGS, f'--records={records}', '--steps=1', '--mask=activity', '--run_dir=run')
  out, _ = commands.run(
    'tests.shallow', 'i3d_tf.train', *arguments, '--verdicts=v.csv', cwd=tmp_path
  )
  assert out.count('verdicts on videos that are not in the records: 1') == 1
  os.remove(tmp_path / 'v.csv')
  outcome = evaluation.evaluate(str(tmp_path / 'run'), ['background'])
  assert outcome['background']['kept_original'] == [tested[0].path]
  message = commands.error('tests.shallow', 'i3d_tf.train', *arguments, cwd=tmp_path)
  assert re.search(
    r"holds a run with other settings: data\.verdicts is '\w{12}' there, None here", message
  )
