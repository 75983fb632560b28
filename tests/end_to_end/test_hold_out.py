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
