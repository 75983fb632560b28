"""A measured figure, and how to measure figures that can be compared."""

import dataclasses
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Figure:
  """One row of the benchmark's table.

  Attributes:
    name: what was measured, in words.
    value: the median of the repeats.
    unit: of the value; '' for a ratio.
    bound: what the value has to reach; None where nothing is asked.
    higher_is_better: which way the bound is to be read.
    low, high: least and greatest of the repeats; None if there was one only.
    how: how it was measured, in a sentence.
    note: whatever else one should know.
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
  def missed(self):
    """Whether the value falls short of its bound."""
    if self.bound is None:
      return False
    missed = self.value < self.bound if self.higher_is_better else self.value > self.bound
    return bool(missed)  # of numpy's numbers, too, whose truth values JSON does not know


def from_values(name, values, **kwargs):
  """The `Figure` of repeated measurements: their median and range."""
  return Figure(name, statistics.median(values), low=min(values), high=max(values), **kwargs)


def as_figures(measured):
  """What a subject's `measure` returned as a list of `Figure`s.

  Args:
    measured: `Figure`s, or a dict from name to number, of which nothing else is known.
  """
  if isinstance(measured, dict):
    return [Figure(name, float(value)) for name, value in measured.items()]
  return list(measured)


def table(measured):
  """The figures as text: one line each, those that miss their bound marked."""
  width = max((len(f.name) for figures in measured.values() for f in figures), default=0)
  lines = []
  for subject, figures in measured.items():
    lines += ['', f'{subject:{width}} {"median":>10} {"lowest":>10} {"highest":>10} {"bound":>9}']
    for f in figures:
      spread = ('', '') if f.low is None else (_number(f.low), _number(f.high))
      bound = '' if f.bound is None else f'{">=" if f.higher_is_better else "<="} {f.bound:g}'
      mark = '' if f.bound is None else '  MISSED' if f.missed else '  reached'
      lines.append(
        f'{f.name:{width}} {_number(f.value):>10} {spread[0]:>10} {spread[1]:>10} '
        f'{bound:>9}{mark}{"  " + f.unit if f.unit else ""}'.rstrip()
      )
  return '\n'.join(lines[1:])


def _number(value):
  if value and abs(value) < 100:
    return f'{value:.3g}'
  return f'{value:,.0f}'


@dataclasses.dataclass
class Rates:
  """Things a second, one number a repeat: of wall-clock time, and of the process's CPU time.

  On a machine that others use, too, the second is the one to trust.
  """

  wall: list = dataclasses.field(default_factory=list)
  cpu: list = dataclasses.field(default_factory=list)

  def over(self, other):
    """The ratios to the rates of `other`, repeat by repeat: a `Rates`."""
    divided = lambda a, b: [x / y for x, y in zip(a, b)]
    return Rates(divided(self.wall, other.wall), divided(self.cpu, other.cpu))


def interleaved(functions, repeats):
  """Calls functions in turn, several times, so that a busy machine disturbs all alike.

  Args:
    functions: name -> function that calls its argument when what is to be measured begins,
      and returns the number of things done since.
    repeats: how often each is measured, after one call that is not.

  Returns:
    name -> `Rates`.
  """
  for function in functions.values():
    function(lambda: None)
  rates = {name: Rates() for name in functions}
  for repeat in range(repeats):
    names = list(functions)
    # Forwards, then backwards: neither always comes after the other.
    for name in names if repeat % 2 == 0 else names[::-1]:
      started = []
      count = functions[name](lambda: started.extend([time.perf_counter(), time.process_time()]))
      wall, cpu = started
      rates[name].wall.append(count / (time.perf_counter() - wall))
      rates[name].cpu.append(count / (time.process_time() - cpu))
  return rates
