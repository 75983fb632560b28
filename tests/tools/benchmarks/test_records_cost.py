"""The cost of records follows from the rates."""

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
