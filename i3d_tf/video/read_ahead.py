"""Reads ahead in a thread, so that videos are decoded while a network computes."""

from collections.abc import Iterable, Iterator
import queue
import threading
from typing import TypeVar

Item = TypeVar('Item')
_POLL = 0.1  # seconds after which a thread that waits looks whether anybody still reads


class _End:
  """What follows the last item: the error that ended the reading, or None."""

  def __init__(self, error: BaseException | None) -> None:
    self.error = error


def read_ahead(items: Iterable[Item], depth: int) -> Iterator[Item]:
  """Iterates over items that a thread makes ahead of time.

  At most `depth` + 1 items wait, whatever their number is. The thread starts with the first item
  that is asked for, and ends by itself when nobody asks for more: after the item that it is at.

  Args:
    items: what to iterate over, in that thread alone.
    depth: how many items may wait, at least 1.

  Yields:
    The items in their order.

  Raises:
    BaseException: what `items` raises, behind the items before it.
  """
  if depth < 1:
    raise ValueError(f'expected a `depth` of at least 1; received {depth}')
  waiting: queue.Queue[Item | _End] = queue.Queue(depth)
  is_over = threading.Event()

  def put(entry: Item | _End) -> bool:
    while not is_over.is_set():
      try:
        waiting.put(entry, timeout=_POLL)
        return True
      except queue.Full:
        continue
    return False

  def work() -> None:
    error = None
    try:
      for item in items:
        if not put(item):
          return
    except BaseException as e:  # it is the reader's
      error = e
    put(_End(error))

  # A daemon: an interrupted command need not wait for the end of an item.
  threading.Thread(target=work, name='read_ahead', daemon=True).start()
  try:
    while not isinstance(entry := waiting.get(), _End):
      yield entry
    if entry.error is not None:
      raise entry.error
  finally:
    is_over.set()
