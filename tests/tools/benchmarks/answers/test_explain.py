"""What explanations cost is measured in forward passes of the same clip."""

import pytest

from tests import shallow
from tools.benchmarks.answers import explain as benchmark
from tools.benchmarks.support import figure


def test_every_method_that_takes_gradients_has_a_bound():
  with shallow.network():
    figures = benchmark.measure(quick=True)
  bounded = [f for f in figures if f.bound is not None]
  assert [f.name for f in bounded] == [
    'gradcam and smoothgrad, the default, in forward passes',
    'Grad-CAM, in forward passes',
    'SmoothGrad, in forward passes',
    'integrated gradients, in forward passes',
  ]
  assert all((f.bound, f.higher_is_better) == (12, False) for f in bounded)
  assert all(f.value > 0 for f in figures) and figures[-1].unit == 's'


def test_passes_are_times_over_that_of_a_forward_pass():
  """Two turns, the second on a machine of half the speed: the ratios are the same."""
  seconds = {'forward': 2, 'gradient': 6, 'gradcam': 3, 'smoothgrad': 18, 'ig': 20}
  rates = {name: figure.Rates([1 / s, 1 / (2 * s)], [2 / s, 1 / s]) for name, s in seconds.items()}
  figures = benchmark._figures(rates, ('gradcam', 'smoothgrad'), 65, 3)
  found = {f.name: f for f in figures if f.name[0] != ' '}
  default = found['gradcam and smoothgrad, the default, in forward passes']
  assert (default.low, default.value, default.high) == pytest.approx((10.5, 10.5, 10.5))
  assert found['one gradient by the pixels, in forward passes'].value == pytest.approx(3)
  assert found['integrated gradients, in forward passes'].value == pytest.approx(10)
  assert not found['integrated gradients, in forward passes'].missed
  assert found['forward pass'].value == pytest.approx(3)  # the median of 2 and 4 seconds
