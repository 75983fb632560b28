"""Work on many items in several processes, of which one may die."""

from collections.abc import Callable, Iterable, Iterator
import concurrent.futures
from concurrent.futures import process
import multiprocessing
import os
import signal
import threading
from typing import Any

import cv2


def num_cores() -> int:
  """The processor cores that this process may use."""
  return len(os.sched_getaffinity(0))


def in_processes(
  function: Callable[[Any], Any],
  items: Iterable[Any],
  processes: int | None = None,
  start: Callable[[], None] | None = None,
) -> Iterator[tuple[Any, Any]]:
  """Calls a function on items in several processes.

  A process that dies, as some do on damaged files, costs one item and no more. All
  processes end with this one, in whatever way it ends.

  Args:
    function: can be pickled.
    items: a list.
    processes: number of processes; None for one a core.
    start: called without arguments in every new process; can be pickled. Or None.

  Yields:
    (item, result) as they come; the result is None where the process died.
  """
  if processes is None:
    processes = num_cores()
  items = list(items)
  while items:
    answered = set()
    with _pool(min(processes, len(items)), start) as pool:
      calls = {pool.submit(function, item): number for number, item in enumerate(items)}
      try:
        for call in concurrent.futures.as_completed(calls):
          result = call.result()
          answered.add(calls[call])
          yield items[calls[call]], result
      except process.BrokenProcessPool:
        pass
      except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():  # what they are at may take long
          child.kill()
        raise
    items = [item for number, item in enumerate(items) if number not in answered]
    # One of those under way was it: they are tried one by one.
    suspects = items[: 2 * processes + 1]
    items = items[len(suspects) :]
    for item in suspects:
      with _pool(1, start) as pool:
        try:
          result = pool.submit(function, item).result()
        except process.BrokenProcessPool:
          result = None
      yield item, result


def _pool(
  processes: int, start: Callable[[], None] | None
) -> concurrent.futures.ProcessPoolExecutor:
  # Not forked: OpenCV's and FFmpeg's threads do not survive that.
  return concurrent.futures.ProcessPoolExecutor(
    processes, multiprocessing.get_context('spawn'), _start_process, (start,)
  )


def _start_process(start: Callable[[], None] | None) -> None:
  cv2.setNumThreads(1)
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us

  def end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this runs in a worker
    parent.join()
    os._exit(1)

  threading.Thread(target=end_with_parent, daemon=True).start()
  if start is not None:
    start()
