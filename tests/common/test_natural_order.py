"""Names in the order of their numbers."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from i3d_tf.common import natural_order


@pytest.mark.parametrize(
  'names',
  [
    ['img_1.png', 'img_2.png', 'img_10.png', 'img_11.png'],
    ['0.png', '1.png', '2.jpg', '10.png', '100.png'],
    ['a1b2', 'a1b10', 'a2b1', 'b0'],
    ['frame', 'frame01', 'frame1', 'frame2'],
    ['1', '1a', 'a', 'a1'],
  ],
)
def test_numbers_count_as_numbers(names):
  backwards = names[::-1]
  assert sorted(backwards, key=natural_order.key) == names


@given(st.lists(st.text(max_size=8), max_size=12))
def test_any_names_can_be_sorted(names):
  backwards = names[::-1]
  assert sorted(names, key=natural_order.key) == sorted(backwards, key=natural_order.key)


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_names_that_differ_in_their_number_are_in_its_order(numbers):
  names = [f'clip7_{number}.jpg' for number in numbers]
  assert sorted(names, key=natural_order.key) == [f'clip7_{n}.jpg' for n in sorted(numbers)]
