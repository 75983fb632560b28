"""The order of frames."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inputs import times
from i3d_tf.inputs import treatments

_SEEDS = tf.constant([3, 4, 3], tf.int64)


def _order(name, count=9):
  return times.TIMES[name](tf.constant(count), _SEEDS).numpy()


def test_every_time_of_the_grammar_has_a_function():
  assert tuple(times.TIMES) == treatments.TIMES


def test_orders():
  np.testing.assert_array_equal(_order('forward'), [range(9)] * 3)
  np.testing.assert_array_equal(_order('reversed'), [range(8, -1, -1)] * 3)
  np.testing.assert_array_equal(_order('still'), np.full((3, 9), 4))
  np.testing.assert_array_equal(_order('still', 4), np.full((3, 4), 2))


def test_shuffling_is_an_order_of_its_own_for_every_seed():
  first, other, again = _order('shuffled')
  np.testing.assert_array_equal(first, again)
  assert not np.array_equal(first, other)
  assert sorted(first) == sorted(other) == list(range(9))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32, bool])
def test_reordering_keeps_shape_and_type_with_unknown_sizes(dtype):
  clips = (np.arange(3 * 9 * 2).reshape(3, 9, 2) % 7).astype(dtype)
  reorder = tf.function(
    times.reorder,
    input_signature=[tf.TensorSpec([None, None, 2], dtype), tf.TensorSpec([None, None], tf.int32)],
  )
  back = reorder(reorder(clips, _order('reversed')), _order('reversed'))
  assert back.dtype == dtype
  np.testing.assert_array_equal(back, clips)
