"""What a training costs, from what was measured of it: known measurements give known costs."""

import types

import pytest

from i3d_tf.experiments import costs

# A step of 4 x 16 frames, an answer about 30, a device of 1 TFLOP/s.
_WORK = costs.Arithmetic(0, training=6.4e12, answer=1e12, rate=1e12, base_bytes=1000, built=2.0)


def _measurement(part, clips, frames, operations, first, later, beside=0.0, peak_bytes=0, run=0):
  return costs.Measurement(run, part, clips, frames, operations, first, later, beside, peak_bytes)


def test_the_real_batches_give_their_own_times():
  found = [
    _WORK,
    _measurement('training', 4, 16, 6.4e12, 12.0, 4.0, 2.0, 3000),
    _measurement('test', 5, 30, 5e12, 4.0, 1.5, 0.1),
  ]
  cost = costs.from_measurements(found, 0, batch_size=4, clip_frames=16)
  assert cost.source == 'measured'
  assert (cost.step, cost.bytes) == pytest.approx((4, 3000))
  # 2 s to build, 8 s to trace, 7 steps; 2.5 s to trace, ten videos read and asked three times.
  assert cost.seconds(7, 10, 3) == pytest.approx(10 + 28 + 2.5 + 10 * (0.1 + 3 * 1.5 / 5))


def test_start_and_report_take_three_imports():
  assert costs.Start(5.0).beside == 15


def test_what_is_done_costs_nothing():
  found = [
    _WORK,
    _measurement('training', 4, 16, 6.4e12, 9.0, 1.0, 2.0),
    _measurement('test', 5, 30, 5e12, 2.0, 1.0),
  ]
  cost = costs.from_measurements(found, 0, 4, 16)
  assert cost.seconds(0, 10, 0) == 0
  assert cost.seconds(0, 10, 1) == pytest.approx(1 + 10 / 5)
  assert cost.seconds(5, 10, 0) == pytest.approx(2 + 8 + 5)


def test_a_larger_batch_costs_in_proportion_to_its_arithmetic():
  found = [_WORK, _measurement('training', 1, 16, 1.6e12, 9.0, 8.0, peak_bytes=2000)]
  cost = costs.from_measurements(found, 0, 4, 16)
  assert cost.source == 'by its arithmetic, from a measured step of 1 x 16 frames'
  assert cost.step == pytest.approx(32) and cost.bytes == pytest.approx(5000)
  # No test was measured: it computes at the pace of the training, 5 s per 1e12 operations.
  assert cost.answer == pytest.approx(5) and cost.test_setup == 3


def test_a_training_goes_at_the_pace_of_the_test_if_it_must():
  found = [_WORK, _measurement('test', 5, 30, 5e12, 4.0, 2.5, 0.1)]
  cost = costs.from_measurements(found, 0, 4, 16)
  assert cost.source == 'NOT MEASURED in time: the counted arithmetic at the rate of a test'
  assert cost.step == pytest.approx(3.2) and cost.setup == 16


def test_a_run_goes_at_the_pace_of_another():
  other = costs.Arithmetic(1, training=3.2e12, answer=0.5e12, rate=1e12, base_bytes=1000, built=2.0)
  traced = _measurement('training', 4, 16, 6.4e12, 12.0, 4.0, 2.0, 3000)
  found = [_WORK, other, traced, _measurement('test', 5, 30, 5e12, 4.0, 1.5, 0.1)]
  first, second = (costs.from_measurements(found, run, 4, 16) for run in (0, 1))
  assert second.step == pytest.approx(first.step / 2)
  assert second.answer == pytest.approx(first.answer / 2)
  assert (second.setup, second.test_setup) == (first.setup, first.test_setup)
  assert second.source == 'by its arithmetic, from the steps of another stream'
  assert second.bytes is None


def test_what_could_not_be_measured_goes_at_the_pace_of_a_product():
  cost = costs.from_measurements([_WORK], 0, 4, 16)
  assert cost.step == pytest.approx(6.4) and cost.answer == pytest.approx(1)
  assert (cost.setup, cost.test_setup) == (16, 3)
  assert cost.source.startswith('NOT MEASURED') and cost.bytes is None
  assert costs.from_measurements([_WORK], 1, 4, 16) is None


def test_the_size_of_a_test():
  entries = [types.SimpleNamespace(frames=frames) for frames in (10, 10, 10, 40, 300)]
  assert costs.test_size(entries, max_frames=50) == costs.TestSize(5, 24, 1)
  # 10, 10 and 10, then 40 and 50, each alone: five videos in four batches.
  assert costs.test_size(entries, 50, batch_size=2) == costs.TestSize(5, 24, 1)
  assert costs.test_size(entries[:4], 50, batch_size=8) == costs.TestSize(4, 18, 2)
