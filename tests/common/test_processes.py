"""Work in several processes: a death costs one item, an exception is passed on."""

import functools

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
