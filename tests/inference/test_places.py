"""Results of people on the places of other videos: whose place it was is kept with them."""

import csv
import dataclasses

import numpy as np

from i3d_tf.inference import results

_NAMES = ['A', 'B', 'C']


def _row(name, label):
  logits = np.eye(3, dtype=np.float32)[label]
  return results.Row(f'{name}/v_{name}_g01_c01.avi', label, name, 20, True, 0.5, logits)


def _assert_same(left, right):
  for a, b in zip(left, right, strict=True):
    np.testing.assert_array_equal(a.logits, b.logits)
    assert dataclasses.replace(a, logits=None) == dataclasses.replace(b, logits=None)


def test_whose_place_makes_the_round_trip_and_pairs_have_a_file(tmp_path):
  rows = [_row(name, label) for label, name in enumerate(_NAMES)]
  rows[0] = dataclasses.replace(rows[0], place='B', place_video=rows[1].video)
  rows[1] = dataclasses.replace(rows[1], place='C', place_video=rows[2].video)
  results.write(tmp_path, 'test1', 'background-other', rows, _NAMES, {})
  _assert_same(results.read(results.path(tmp_path, 'test1', 'background-other')), rows)
  with open(tmp_path / 'results' / 'test1.background-other.pairs.csv', newline='') as f:
    assert list(csv.reader(f)) == [
      ['video', 'place_video', 'place'],
      [rows[0].video, rows[1].video, 'B'],
      [rows[1].video, rows[2].video, 'C'],
    ]
  journal = results.RowJournal(str(tmp_path / 'journal'), {})
  journal.add('background-other', rows)
  journal.close()
  again = results.RowJournal(str(tmp_path / 'journal'), {})
  _assert_same(again.rows.values(), rows)
  again.close(delete=True)
