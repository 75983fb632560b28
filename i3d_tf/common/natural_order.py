"""The order in which people number files: img_2 before img_10."""

import re


def key(name: str) -> tuple[tuple[str | int, ...], str]:
  """A key to sort names by: runs of digits count as numbers.

  Names that differ in leading zeros alone are in the order of their text.
  """
  # Text and numbers alternate, so that like is always compared with like.
  parts = re.split(r'([0-9]+)', name)
  return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), name
