"""Checks of settings, which all reject a value with the same form of message."""

from collections.abc import Collection
from typing import Any

from i3d_tf.common import errors


def check(name: str, value: Any, expected: str, ok: bool) -> None:
  """Raises a `UserError` unless a value is accepted.

  Args:
    name: the name of the setting.
    value: the value that was received.
    expected: which values are accepted, worded to follow "must be".
    ok: whether this value is accepted.
  """
  if not ok:
    raise errors.UserError(f'`{name}` must be {expected}; received {value!r}')


def check_choice(name: str, value: Any, choices: Collection[Any]) -> None:
  """Raises a `UserError` unless a value is among the choices."""
  check(name, value, f'one of {", ".join(map(str, choices))}', value in choices)
