"""What a user asks of a report: the flags as data. Needs nothing but Python."""

import dataclasses

DRAWS = 10_000


@dataclasses.dataclass(frozen=True)
class ReportOptions:
  """Which results to report on, and how.

  Attributes:
    run_dir: folder that reproduce made.
    output: folder of the report.
    examples: names of videos for Figure 3; if none, they are chosen.
    draws, seed: of bootstrap and permutation tests.
  """

  run_dir: str
  output: str
  examples: tuple[str, ...] = ()
  draws: int = DRAWS
  seed: int = 0
