"""Measured figures, and how to measure figures that can be compared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import statistics
import time
from typing import Any

# Calls its argument when the measured work begins; returns the amount of work done since.
Measured = Callable[[Callable[[], None]], float]


@dataclasses.dataclass(frozen=True)
class Figure:
  """One row of the benchmark's table.

  Attributes:
    name: what was measured, in words.
    value: the median of the repeats.
    unit: the unit of the value; '' for a ratio.
    bound: what the value must reach, or None.
    higher_is_better: whether the bound is a lower bound.
    low, high: the lowest and highest of the repeats; None if there was only one.
    how: how it was measured, in one sentence.
    note: any other remark.
  """

  name: str
  value: float
  unit: str = ''
  bound: float | None = None
  higher_is_better: bool = True
  low: float | None = None
  high: float | None = None
  how: str = ''
  note: str = ''

  @property
  def missed(self) -> bool:
    """Whether the value misses its bound."""
    if self.bound is None:
      return False
    missed = self.value < self.bound if self.higher_is_better else self.value > self.bound
    return bool(missed)  # JSON cannot write numpy's booleans


def from_values(name: str, values: Sequence[float], **kwargs: Any) -> Figure:
  """The figure of repeated measurements: their median and range."""
  return Figure(name, statistics.median(values), low=min(values), high=max(values), **kwargs)


def as_figures(measured: Iterable[Figure] | Mapping[str, float]) -> list[Figure]:
  """Figures as a list.

  Args:
    measured: what a subject's `measure` returned: figures, or a dict from name to number.
  """
  if isinstance(measured, Mapping):
    return [Figure(name, float(value)) for name, value in measured.items()]
  return list(measured)


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
  """Figures as JSON: their attributes, and whether they miss their bound."""
  return [{**dataclasses.asdict(f), 'missed': f.missed} for f in figures]


def table(measured: Mapping[str, Sequence[Figure]]) -> str:
  """The figures as text, one per line; those that miss their bound are marked.

  Args:
    measured: a dict from subject to figures.
  """
  width = max((len(f.name) for figures in measured.values() for f in figures), default=0)
  lines = []
  for subject, figures in measured.items():
    lines += ['', f'{subject:{width}} {"median":>10} {"lowest":>10} {"highest":>10} {"bound":>9}']
    for f in figures:
      low, high = ('' if value is None else _number(value) for value in (f.low, f.high))
      bound = '' if f.bound is None else f'{">=" if f.higher_is_better else "<="} {f.bound:g}'
      mark = '' if f.bound is None else '  MISSED' if f.missed else '  reached'
      lines.append(
        f'{f.name:{width}} {_number(f.value):>10} {low:>10} {high:>10} '
        f'{bound:>9}{mark}{"  " + f.unit if f.unit else ""}'.rstrip()
      )
  return '\n'.join(lines[1:])


def _number(value: float) -> str:
  if value and abs(value) < 100:
    return f'{value:.3g}'
  return f'{value:,.0f}'


@dataclasses.dataclass
class Rates:
  """Amounts per second, one number per repeat.

  On a machine with other users, CPU time is the more reliable.

  Attributes:
    wall: per second of wall-clock time.
    cpu: per second of the process's CPU time.
  """

  wall: list[float] = dataclasses.field(default_factory=list)
  cpu: list[float] = dataclasses.field(default_factory=list)

  def over(self, other: 'Rates') -> 'Rates':
    """The ratios to the rates of `other`, repeat by repeat."""
    divided = lambda a, b: [x / y for x, y in zip(a, b)]
    return Rates(divided(self.wall, other.wall), divided(self.cpu, other.cpu))


def interleaved(functions: Mapping[str, Measured], repeats: int) -> dict[str, Rates]:
  """Measures functions alternately, so that other load on the machine affects all alike.

  Args:
    functions: a dict from name to function, see `Measured`.
    repeats: the number of measurements of each, after one call that is not measured.

  Returns:
    A dict from name to rates.
  """
  for function in functions.values():
    function(lambda: None)
  rates = {name: Rates() for name in functions}
  for repeat in range(repeats):
    names = list(functions)
    # Forward, then backward, so that none always follows the same other.
    for name in names if repeat % 2 == 0 else names[::-1]:
      started: list[float] = []
      begin = lambda started=started: started.extend([time.perf_counter(), time.process_time()])
      count = functions[name](begin)
      wall, cpu = started
      rates[name].wall.append(count / (time.perf_counter() - wall))
      rates[name].cpu.append(count / (time.process_time() - cpu))
  return rates
