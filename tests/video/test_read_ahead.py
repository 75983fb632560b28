"""What a thread reads ahead: in order, no more than asked, errors in their place."""

import threading

import pytest

from i3d_tf.video import decoding
from i3d_tf.video import read_ahead


def _counted(count, made, error=None):
  for item in range(count):
    made.append(item)
    yield item
  if error is not None:
    raise error


def _readers():
  return [thread for thread in threading.enumerate() if thread.name == 'read_ahead']


@pytest.mark.parametrize('depth', [1, 3, 100])
def test_what_is_read_ahead_comes_in_order(depth):
  assert list(read_ahead.read_ahead(_counted(20, []), depth)) == list(range(20))
  assert list(read_ahead.read_ahead([], depth)) == []


def test_the_next_items_are_made_while_the_reader_is_busy_and_no_more_than_that():
  made, is_third = [], threading.Event()

  def items():
    for item in _counted(50, made):
      if item == 3:
        is_third.set()
      yield item

  reader = read_ahead.read_ahead(items(), 2)
  assert next(reader) == 0
  # Two wait, and the thread holds a third. Nobody has asked for them.
  assert is_third.wait(60)
  for item in range(1, 50):
    assert next(reader) == item and made[-1] <= item + 3
  assert list(reader) == []


def test_an_error_comes_behind_the_items_before_it():
  reader = read_ahead.read_ahead(_counted(3, [], decoding.VideoError('a.avi is cut off')), 2)
  assert [next(reader) for _ in range(3)] == [0, 1, 2]
  with pytest.raises(decoding.VideoError, match='a.avi is cut off'):
    next(reader)


def test_a_reader_that_stops_ends_the_thread():
  made = []
  reader = read_ahead.read_ahead(_counted(10**9, made), 2)
  assert next(reader) == 0
  threads = _readers()
  reader.close()
  for thread in threads:
    thread.join(60)
  assert threads and not any(thread.is_alive() for thread in threads) and len(made) < 10


def test_a_depth_of_nothing_is_refused():
  with pytest.raises(ValueError, match='`depth` of at least 1; received 0'):
    next(read_ahead.read_ahead([1], 0))
