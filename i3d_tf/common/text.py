"""Wording of messages: shortened lists, plurals."""

from collections.abc import Sequence


def some(names: Sequence[str], most: int = 3) -> str:
  """Names in one line, at most `most` of them: 'a, b, c and 4 more'."""
  return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')


def count(number: int, one: str, many: str | None = None) -> str:
  """A number with its noun: '1 video', '2 videos'; `many` is the plural if it is not one + s."""
  return f'{number:,} {one if number == 1 else f"{one}s" if many is None else many}'
