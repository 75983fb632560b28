"""Progress bars."""

from collections.abc import Callable, Iterable
import sys
from typing import Any

import tqdm

# Shares of an item are rounded down to multiples of 1 / _STEPS, a power of two: floating-point
# numbers add these exactly, so that a bar ends at its total and not at 1 + 1e-15 times it.
_STEPS = 1 << 16


def progress_bar(iterable: Iterable[Any] | None = None, **kwargs: Any) -> tqdm.tqdm:
  """A tqdm progress bar with rate and time left, on stderr.

  It is redrawn twice a second on a terminal and every ten seconds in a log file.

  Args:
    iterable: what to iterate over, or None for a bar that is updated by hand.
    **kwargs: passed to `tqdm.tqdm`.
  """
  return tqdm.tqdm(
    iterable, mininterval=0.5 if sys.stderr.isatty() else 10, dynamic_ncols=True, **kwargs
  )


class ItemShares:
  """Moves a bar of items by shares of one of them, which add up to exactly one item.

  Args:
    update: takes the share that is shown now, such as `tqdm.tqdm.update`.
  """

  def __init__(self, update: Callable[[float], Any]) -> None:
    self._update = update
    self._done, self._shown = 0.0, 0

  def add(self, share: float) -> None:
    """Adds a share of the item, above 0; what is beyond the whole item does not count."""
    self._done = min(self._done + share, 1.0)
    self._show(int(self._done * _STEPS))

  def finish(self) -> None:
    """Adds what is left of the item."""
    self._show(_STEPS)

  def _show(self, steps: int) -> None:
    if steps > self._shown:
      self._update((steps - self._shown) / _STEPS)
      self._shown = steps
