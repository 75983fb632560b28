"""Work in several processes: a death costs one item, an exception is passed on."""

import functools
import time

import pytest

from i3d_tf.common import processes

# `eval` and `exec`: a function of this file would make every process import pytest.


def test_a_process_that_dies_costs_only_its_item():
  items = [f'2 * {n}' for n in range(12)]
  items[3] = items[9] = '__import__("os").kill(__import__("os").getpid(), 9)'
  results = list(processes.in_processes(eval, items, processes=2))
  assert sorted(result for _, result in results if result is not None) == [
    2 * n for n in range(12) if n not in (3, 9)
  ]
  assert [item for item, result in results if result is None] == [items[3]] * 2


def test_an_exception_in_a_process_is_raised_here():
  with pytest.raises(ZeroDivisionError):
    list(processes.in_processes(eval, ['1 / 0'], processes=1))


def test_start_is_called_first_in_every_process():
  start = functools.partial(exec, 'import builtins; builtins.started = 7')
  results = list(
    processes.in_processes(eval, ['__import__("builtins").started'] * 3, processes=2, start=start)
  )
  assert [result for _, result in results] == [7] * 3


def _limited(code, seconds=60):
  """The values of an iterable of Python code, without the intervals in which there is none."""
  values = processes.in_limited_process(eval, (code,), seconds, interval=0.1)
  for value in values:
    if value is not None:
      yield value


def test_a_limited_process_yields_as_it_goes_and_waits_between():
  assert list(_limited('range(3)')) == [0, 1, 2]
  slow = processes.in_limited_process(
    eval, ('[__import__("time").sleep(1) or 7]',), 60, interval=0.1
  )
  assert list(slow).count(None) > 5


def test_a_limited_process_ends_in_time_with_all_that_it_started():
  code = (
    '(__import__("subprocess").Popen(["sleep", "600"]).pid if n else '
    '__import__("time").sleep(600) for n in (1, 0))'
  )
  values = _limited(code, seconds=5)
  pid = next(values)
  assert _runs(pid)
  with pytest.raises(processes.ProcessError, match='did not end within 5 s'):
    next(values)
  assert _ends(pid)


def test_a_limited_process_ends_with_its_reader():
  values = _limited('(__import__("os").getpid() for _ in iter(int, 1))')
  pid = next(values)
  values.close()
  del values
  assert _ends(pid)


def _ends(pid, seconds=20):
  """Whether a process that was killed ends; the kernel takes its time on a busy machine."""
  deadline = time.monotonic() + seconds
  while _runs(pid) and time.monotonic() < deadline:
    time.sleep(0.01)
  return not _runs(pid)


def _runs(pid):
  try:
    with open(f'/proc/{pid}/stat') as f:
      return f.read().rpartition(')')[2].split()[0] != 'Z'
  except OSError:
    return False


@pytest.mark.parametrize(
  'code, reason',
  [
    ('[1 / 0]', 'ZeroDivisionError: division by zero'),
    ('[__import__("os")._exit(3)]', 'died with exit status 3'),
    ('[__import__("os").kill(__import__("os").getpid(), 9)]', 'died with exit status -9'),
  ],
)
def test_a_limited_process_that_fails_says_how(code, reason):
  with pytest.raises(processes.ProcessError, match=reason):
    list(_limited(code))
