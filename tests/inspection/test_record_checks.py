"""Checks of single records: damage is named."""

import csv
import dataclasses

import pytest

from i3d_tf.inspection import inspect_folder
from i3d_tf.records import shards
from tests.inspection import samples


@pytest.mark.parametrize(
  'spoil, reason',
  [
    (lambda v: dataclasses.replace(v, label=7), 'expected a label from 0 to 2; it has 7'),
    (
      lambda v: dataclasses.replace(v, label_text='B'),
      "expected the class A with label 0; it has 'B'",
    ),
  ],
)
def test_check_record_names_what_is_wrong(tmp_path, spoil, reason):
  videos = [samples.video(1), spoil(samples.with_flow(samples.video(2))), samples.video(3, 1)]
  found = inspect_folder.inspect(samples.write(tmp_path, videos))
  (problem,) = found.problems
  offset = shards.read_index(str(tmp_path / shards.shard_name(0, 1)))[1].offset
  assert str(problem) == f'{shards.shard_name(0, 1)} at byte {offset}: {videos[1].path}: {reason}'
  assert len(found.videos) == 3


def _edit_index(folder, row, **values):
  path = folder / 'videos-00000-of-00001.csv'
  with open(path, newline='') as f:
    rows = list(csv.DictReader(f))
  rows[row].update(values)
  with open(path, 'w', newline='') as f:
    writer = csv.DictWriter(f, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)


@pytest.mark.parametrize(
  'values, reason',
  [
    ({'frames': '10'}, 'expected frames 10, as the index has it; it has 9'),
    ({'height': '35'}, 'expected height 35, as the index has it; it has 36'),
    ({'label': '1'}, 'expected label 1, as the index has it; it has 0'),
    ({'path': 'A/x.avi'}, 'expected path A/x.avi, as the index has it; it has A/v_A_g02_c01.avi'),
    ({'coverage': ''}, 'expected coverage None, as the index has it; it has 0.25'),
    ({'keep_original': '1'}, 'expected keep_original True, as the index has it; it has False'),
    ({'offset': '17'}, 'the checksum of its length is wrong: no record begins there'),
  ],
)
def test_check_record_names_a_contradiction_to_the_index(tmp_path, values, reason):
  folder = samples.write(tmp_path, [samples.video(1), samples.video(2)], lists=False)
  _edit_index(tmp_path, 1, **values)
  (problem,) = inspect_folder.inspect(folder, quick=True).problems
  assert problem.reason == reason
