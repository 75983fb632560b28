"""Inputs that cannot be used, and the message that each must give: one table an area."""

import collections.abc
import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
  """An input that cannot be used, in one place of a set that can (`stage.make`).

  Attributes:
    name: what is wrong, in words.
    command: as a user types it in the folder of the stage, behind `python -m`.
    message: what it must say; several, if it must say several things.
    spoil: a function of the folder that makes the input bad; None where the command
      itself is.
    status: the exit status: 2 if the command cannot work, 1 if it left something out,
      0 for what must work.
  """

  name: str
  command: str
  message: str | tuple
  spoil: collections.abc.Callable | None = None
  status: int = 2
