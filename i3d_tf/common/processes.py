"""Work on many items in several processes, any of which may die."""

from collections.abc import Callable, Iterable, Iterator
import concurrent.futures
from concurrent.futures import process
import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from typing import Any


def num_cores() -> int:
  """The number of CPU cores that this process may use."""
  return len(os.sched_getaffinity(0))


def free_bytes() -> float:
  """Memory that can be used without swapping, in bytes."""
  with open('/proc/meminfo') as f:
    for line in f:
      if line.startswith('MemAvailable:'):
        return int(line.split()[1]) * 1024
  return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')


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


class ProcessError(Exception):
  """A process of `in_limited_process` failed, or did not end in time; the message says how."""


def in_limited_process(
  function: Callable[..., Iterable[Any]],
  arguments: Iterable[Any],
  seconds: float,
  interval: float = 0.5,
) -> Iterator[Any]:
  """Iterates over what a function yields in a process of its own, for a limited time.

  The process and all that it starts are killed when the time is over, and whenever the caller stops
  iterating or ends. So nothing that the function does can hang the caller.

  Args:
    function: a generator function; it, its arguments and what it yields can be pickled.
    arguments: its arguments.
    seconds: how long it may take, from the start of the process to the end of the generator.
    interval: seconds.

  Yields:
    What `function` yields as soon as it does, and None whenever `interval` passes without.

  Raises:
    ProcessError: the function raised an exception, the process died, or the time is over.
  """
  context = multiprocessing.get_context('spawn')  # threads do not survive a fork
  receiver, sender = context.Pipe(duplex=False)
  child = context.Process(target=_send_all, args=(sender, function, tuple(arguments)))
  deadline = time.monotonic() + seconds
  child.start()
  sender.close()  # so that the end of the child's copy is the end of the pipe
  try:
    while True:
      wait = deadline - time.monotonic()
      if wait <= 0:
        raise ProcessError(f'did not end within {seconds:g} s')
      if not receiver.poll(min(interval, wait)):
        yield None
        continue
      try:
        kind, value = receiver.recv()
      except EOFError:
        child.join(1)
        raise ProcessError(f'its process died with exit status {child.exitcode}') from None
      if kind == 'failed':
        raise ProcessError(value)
      if kind == 'ended':
        return
      yield value
  finally:
    receiver.close()
    assert child.pid is not None  # it was started
    _kill_group(child.pid)
    child.kill()  # where it was too young to have a group
    child.join()


def _send_all(sender: Any, function: Callable[..., Iterable[Any]], arguments: tuple) -> None:
  """Sends what a function yields; the work of a process of `in_limited_process`."""
  os.setsid()  # a group of its own, so that what it starts ends with it

  def end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this runs in a child
    parent.join()
    _kill_group(os.getpid())

  threading.Thread(target=end_with_parent, daemon=True).start()
  try:
    for value in function(*arguments):
      sender.send(('value', value))
    sender.send(('ended', None))
  except Exception as e:
    traceback.print_exc()
    sender.send(('failed', f'{type(e).__name__}: {e}'))


def _kill_group(group: int) -> None:
  """Kills a process and what it started."""
  with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended
    os.killpg(group, signal.SIGKILL)


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
