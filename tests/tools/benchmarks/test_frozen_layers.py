"""The benchmark of frozen layers."""

from tests import shallow
from tools.benchmarks import frozen_layers


def test_a_step_with_frozen_layers_is_compared_with_a_full_one():
  with shallow.network():
    ratio, cpu, step = frozen_layers.measure(quick=True)
  assert (ratio.bound, ratio.higher_is_better) == (0.5, False)
  assert 0 < cpu.value < 1  # in CPU time: on a busy machine a call may take any wall-clock time
  assert step.value > 0
