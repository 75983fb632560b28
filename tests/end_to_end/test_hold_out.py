"""Choosing settings on groups of the training list: trained without them, tested on them."""

import csv
import os

from i3d_tf.records import ucf101
from i3d_tf.training import runs
from tests import commands
from tests import tiny


def test_train_tests_on_what_it_holds_out(tmp_path):
  arguments = (f'--records={tiny.make_records(tmp_path)}', '--steps=1', *tiny.FLAGS)
  commands.run(
    'tests.shallow', 'i3d_tf.train', *arguments, '--run_dir=run', '--hold_out=1', cwd=tmp_path
  )
  run = runs.load(tmp_path / 'run')
  assert run.data.hold_out == ('1',) and run.data.tested == 'validation'
  assert not os.path.exists(tmp_path / 'run' / 'results' / 'test1.none.csv')
  with open(tmp_path / 'run' / 'results' / 'validation1.none.csv', newline='') as f:
    assert len({ucf101.group(row['video']) for row in csv.DictReader(f)}) == 1
  _, err = commands.run(
    'tests.shallow', 'i3d_tf.train', *arguments, '--run_dir=run', cwd=tmp_path, status=2
  )
  assert 'holds a run with other settings' in err and 'hold_out' in err
  _, err = commands.run(
    'tests.shallow',
    'i3d_tf.train',
    *arguments,
    '--run_dir=other',
    '--hold_out=g77',
    cwd=tmp_path,
    status=2,
  )
  assert 'received g77' in err and not os.path.exists(tmp_path / 'other')


def _rows(path):
  with open(path, newline='') as f:
    return list(csv.DictReader(f))


def test_train_tests_on_the_way_stops_and_resumes(tmp_path):
  records = tiny.make_records(tmp_path)
  arguments = (
    f'--records={records}',
    '--hold_out=1',
    '--steps=9',
    '--learning_rate=1e-9',  # so that nothing gets better
    '--log_every=1',
    *tiny.FLAGS,
  )
  plain = (*arguments, '--run_dir=plain')
  tested = (*arguments, '--run_dir=run', '--validate_every=2', '--patience=2')
  commands.run('tests.shallow', 'i3d_tf.train', *plain, '--checkpoint_every=6', cwd=tmp_path)
  out, _ = commands.run('tests.shallow', 'i3d_tf.train', *tested, cwd=tmp_path)
  assert 'trained for 6 steps' in out and 'stopped there, of 9 steps' in out
  assert '--steps=2, without --hold_out' in out
  rows = _rows(tmp_path / 'run' / 'validation.csv')
  assert [int(row['step']) for row in rows] == [2, 4, 6]
  for row in rows:  # recounted from the answers that each test wrote
    folder = tmp_path / 'run' / 'validation' / f'step{row["step"]}'
    answers = _rows(folder / 'results' / 'validation1.none.csv')
    right = sum(int(answer['correct']) for answer in answers)
    assert right / len(answers) == float(row['accuracy']) and len(answers) == int(row['videos'])
  # The tests leave the training alone.
  losses = [
    [row['loss'] for row in _rows(tmp_path / name / 'history.csv') if int(row['step']) <= 6]
    for name in ('plain', 'run')
  ]
  assert losses[0] == losses[1] and len(losses[0]) == 6
  again, _ = commands.run('tests.shallow', 'i3d_tf.train', *tested, cwd=tmp_path)
  assert 'trained for 6 steps' in again
  # Whoever no longer wants to stop trains on.
  more, _ = commands.run('tests.shallow', 'i3d_tf.train', *tested[:-1], cwd=tmp_path)
  assert 'trained for 9 steps' in more
  rows = _rows(tmp_path / 'run' / 'validation.csv')
  assert [int(row['step']) for row in rows] == [2, 4, 6, 8, 9]
