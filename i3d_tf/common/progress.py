"""Progress bars."""

from collections.abc import Iterable
import sys
from typing import Any
import warnings

import tqdm

# Shares of videos are added up: the last one may end at 1 + 1e-15.
warnings.filterwarnings('ignore', 'clamping frac', tqdm.TqdmWarning)


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
