"""The stopwatch measures the time spent waiting for batches."""

import time

import pytest

from tools.benchmarks import waiting


def slow_batches(seconds):
  while True:
    time.sleep(seconds)
    yield 'batch'


@pytest.mark.parametrize('repeat, low, high', [(False, 0.4, 0.85), (True, 0, 0.1)])
def test_waiting_is_the_time_between_request_and_receipt(repeat, low, high):
  watch = waiting._Stopwatch(slow_batches(0.06), repeat)
  for number, batch in enumerate(watch):
    assert batch == 'batch'
    time.sleep(0.04)
    if number == 10:
      break
  assert low < watch.waited() < high
  assert watch.seconds() >= (0.04 if repeat else 0.1)
