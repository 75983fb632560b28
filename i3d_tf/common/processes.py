"""Work on many items in several processes, any of which may die."""

from collections.abc import Callable, Iterable, Iterator
import concurrent.futures
from concurrent.futures import process
import multiprocessing
import os
import signal
import threading
from typing import Any


def num_cores() -> int:
  """The number of CPU cores that this process may use."""
  return len(os.sched_getaffinity(0))


def in_processes(
  function: Callable[[Any], Any],
  items: Iterable[Any],
  processes: int | None = None,
  start: Callable[[], None] | None = None,
) -> Iterator[tuple[Any, Any]]:
  """Calls a function on items in several processes.

  A process that dies, as may happen on a damaged file, costs only its item. All processes
  end with this one, however it ends.

  Args:
    function: called with one item; can be pickled.
    items: the items, which can be pickled.
    processes: number of processes; None for one per core.
    start: called without arguments in every new process; can be pickled. Or None.

  Yields:
    (item, result) in the order of completion; the result is None if the process died.
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
        for child in multiprocessing.active_children():
          child.kill()  # their current items may take long
        raise
    items = [item for number, item in enumerate(items) if number not in answered]
    # One of the in-flight items killed its process: retry them one at a time.
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
  # Spawned: the threads of OpenCV and FFmpeg do not survive a fork.
  return concurrent.futures.ProcessPoolExecutor(
    processes, multiprocessing.get_context('spawn'), _start_process, (start,)
  )


def _start_process(start: Callable[[], None] | None) -> None:
  import cv2  # only here: commands import this module before they check their flags

  cv2.setNumThreads(1)
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process

  def end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this runs in a worker
    parent.join()
    os._exit(1)

  threading.Thread(target=end_with_parent, daemon=True).start()
  if start is not None:
    start()
