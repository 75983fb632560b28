"""Accuracies of rows of the table in per cent, as all tables of the report hold them."""

from collections.abc import Sequence
import dataclasses

from i3d_tf.reporting import load_results
from i3d_tf.reporting import stats


@dataclasses.dataclass(frozen=True)
class Statistic:
  """How intervals are drawn: `draws` and `seed` as in `stats`."""

  draws: int
  seed: int

  def accuracy(self, outcomes: load_results.Outcomes) -> tuple[float, float, float]:
    """(mean of splits, low, high) of the accuracy of `paper_results.Outcomes`, in per cent."""
    interval = stats.accuracy(
      outcomes.correct, outcomes.groups, outcomes.splits, draws=self.draws, seed=self.seed
    )
    return 100 * interval.estimate, 100 * interval.low, 100 * interval.high


def named(name: str, values: Sequence[float]) -> dict[str, float]:
  """An estimate and its bounds as a row of a `paper_table.Table` holds them: a dict."""
  return dict(zip((name, f'{name}_low', f'{name}_high'), values))
