"""The cost of records follows from the rates."""

import numpy as np
import pytest

from tools.benchmarks import records_cost


def test_the_cost_of_a_data_set_follows_from_the_rates():
  rates = records_cost.Rates(
    frame_seconds=0.004, flow_seconds=0.5, frame_bytes=20e3, flow_bytes=100e3, mask_bytes=1e3
  )
  found = records_cost.cost(records_cost.DataSet('S', 360, 10.0), rates, euros_per_core_hour=2.0)
  assert found == pytest.approx(
    {
      'frames': 90000,
      'hours': 0.1,
      'flow hours': 12.5,
      'frame GB': 1.8,
      'mask GB': 0.09,
      'flow GB': 9.0,
      'euros': 0.2,
      'flow euros': 25.0,
    }
  )


def test_the_table_has_a_row_per_data_set():
  rates = records_cost.Rates(0.004, 0.5, 20e3, 100e3, 1e3)
  text = records_cost.table(rates, 2.0, [records_cost.DataSet('S', 3600, 1000.0)])
  assert text.splitlines()[2:] == [
    '| S | 90.0 M | 100.0 | 12,600 | 1,800.0 | 90.0 | 9,000 | 200.00 | 25,200 |'
  ]


def test_each_worker_takes_the_next_file_as_soon_as_it_is_free():
  assert records_cost.makespan([3, 1, 1, 1], workers=2) == 3
  assert records_cost.makespan([1, 1, 1, 3], workers=2) == 4
  assert records_cost.makespan([2, 5], workers=9) == 5


_RATES = records_cost.Rates(0.001, 1.0, 20e3, 100e3, 0.0)


def test_no_work_is_lost_between_the_files_and_there_are_enough_of_them():
  even = records_cost.DataSet('S', 1000, 4.0)  # 100 frames each
  seconds = records_cost.file_seconds(even, _RATES, with_flow=True)
  assert len(seconds) == 80  # of 150 MB
  assert seconds.sum() == pytest.approx(1000 * 100 * 1.001)
  assert len(records_cost.file_seconds(even, _RATES, with_flow=True, workers=100)) == 200
  assert len(records_cost.file_seconds(even, _RATES, with_flow=True, workers=9999)) == 1000


def test_lengths_have_their_mean_and_the_longest_is_among_them():
  uneven = records_cost.DataSet('S', 20000, 10.0, longest=500.0)
  seconds = records_cost.file_seconds(uneven, _RATES, with_flow=True, workers=10000)
  assert seconds.sum() == pytest.approx(20000 * 250 * 1.001, rel=0.02)
  assert seconds.max() == pytest.approx(500 * 25 * 1.001)
  again = records_cost.file_seconds(uneven, _RATES, with_flow=True, workers=10000)
  np.testing.assert_array_equal(seconds, again)


def test_the_table_of_clusters_names_what_bounds():
  sets = [
    records_cost.DataSet('even', 100000, 10.0),
    records_cost.DataSet('one long', 20000, 10.0, longest=36000.0),
  ]
  clusters = [records_cost.Cluster(1), records_cost.Cluster(100)]
  rows = records_cost.cluster_table(_RATES, clusters, sets).splitlines()[2:]
  cells = [[cell.strip() for cell in row.strip('|').split('|')] for row in rows]
  assert [(row[0], row[1], row[2], row[-1]) for row in cells] == [
    ('even', '1 x 16', 'frames', 'cores'),
    ('even', '1 x 16', 'with flow', 'cores'),
    ('even', '100 x 16', 'frames', 'store'),
    ('even', '100 x 16', 'with flow', 'cores'),
    ('one long', '1 x 16', 'frames', 'longest file'),
    ('one long', '1 x 16', 'with flow', 'longest file'),
    ('one long', '100 x 16', 'frames', 'longest file'),
    ('one long', '100 x 16', 'with flow', 'longest file'),
  ]
  # 100,000 videos of 250 frames at 1.001 s, on 1,600 cores; 120 kB a frame at 1 GB/s.
  assert float(cells[3][5].replace(',', '')) == pytest.approx(4.34, abs=0.01)
  assert float(cells[3][6].replace(',', '')) == pytest.approx(0.83, abs=0.01)


def test_even_videos_that_do_not_divide_are_no_long_file():
  rows = records_cost.cluster_table(
    _RATES, [records_cost.Cluster(100)], [records_cost.DataSet('even', 10000, 10.0)]
  )
  assert [row.split('|')[-2].strip() for row in rows.splitlines()[2:]] == ['store', 'cores']
