"""What a user asks of a report: the flags as data. Needs no more than NumPy."""

import dataclasses

from i3d_tf.statistics import resampling


@dataclasses.dataclass(frozen=True)
class ReportOptions:
  """Which results to report on, and how.

  Attributes:
    run_dir: folder that reproduce made.
    output: folder of the report.
    examples: names of videos for Figure 3; if none, they are chosen.
    draws, seed: of bootstrap and permutation tests.
    explanations: folders or CSV files that explain wrote; if none, those in `run_dir`.
  """

  run_dir: str
  output: str
  examples: tuple[str, ...] = ()
  draws: int = resampling.DRAWS
  seed: int = 0
  explanations: tuple[str, ...] = ()
