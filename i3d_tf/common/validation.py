"""Checks of settings: one way to refuse a value, one form of message."""

from collections.abc import Collection
from typing import Any

from i3d_tf.common import errors


def check(name: str, value: Any, expected: str, ok: bool) -> None:
  """Raises a `UserError` unless a value is accepted.

  Args:
    name: of the setting.
    value: what was received.
    expected: which values are accepted, in words that follow "must be".
    ok: whether this value is.
  """
  if not ok:
    raise errors.UserError(f'`{name}` must be {expected}; received {value!r}')


def check_choice(name: str, value: Any, choices: Collection[Any]) -> None:
  """Raises a `UserError` unless a value is one of some choices."""
  check(name, value, f'one of {", ".join(map(str, choices))}', value in choices)
