"""Accuracies without videos whose masks missed people. `test_tables.py` recomputes the others."""

import csv
import statistics

import pytest

from i3d_tf.common import errors
from i3d_tf.reporting import load_results
from i3d_tf.reporting import tables as tables_lib
from tests import paper_results


def _write(path, rows):
  rows = list(rows)
  with open(path, 'w', newline='') as f:
    writer = csv.DictWriter(f, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)


def test_videos_whose_masks_missed_people_are_left_out_on_demand(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('1b-rgb', '2b'), groups=2, clips=2)
  assert tables_lib.make(load_results.read(tmp_path), draws=100).seen_again.rows == ()
  shares = ('', '0.15', '0.1501', '1.0')  # the second is at the limit
  expected = {}
  for path in sorted((tmp_path / 'results').glob('*.csv')):
    rows = list(csv.DictReader(path.read_text().splitlines()))
    kept = [row for index, row in enumerate(rows) if index % 4 < 2]
    expected[path.name.split('.')[0]] = statistics.mean(int(row['correct']) for row in kept)
    _write(path, ({**row, 'seen_again': shares[i % 4]} for i, row in enumerate(rows)))
  found = {row['row']: row for row in tables_lib.make(load_results.read(tmp_path)).seen_again.rows}
  row = found['2b']
  assert (row['videos'], row['looked'], row['missed']) == (40, 30, 20)
  assert row['without'] == pytest.approx(100 * expected['2b'])
  assert row['without_low'] <= row['without'] <= row['without_high']


def test_a_share_of_people_seen_again_beyond_1_is_refused(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('2b',), groups=2, clips=1)
  (path,) = (tmp_path / 'results').glob('2b*.csv')
  rows = list(csv.DictReader(path.read_text().splitlines()))
  _write(path, ({**row, 'seen_again': '1.5'} for row in rows))
  with pytest.raises(errors.UserError, match='expected a seen_again from 0 to 1; found 1.5 for'):
    load_results.read(tmp_path)
