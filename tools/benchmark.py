"""Measures how near to this machine's limits the parts of i3d_tf come: one table.

    python -m tools.benchmark --only=input_pipeline,records_cost --output=benchmark.json

Every bound is on a ratio within the run: what was achieved over what the machine was
measured to reach, alternately. On a machine that others use, look at the ratios.
A figure that misses its bound is marked; the exit status is 0 all the same, and 1 if
something could not be measured. Every subject runs in a process of its own, which is ended
after --time_limit seconds: the figures that it has given by then, and all others, stay.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import importlib
import os
import pkgutil
import platform
import sys
from typing import Any

from absl import flags

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import processes
from i3d_tf.common import progress
from tools import benchmarks
from tools.benchmarks.support import figure


def modules() -> dict[str, str]:
  """What can be measured, {name: module}: one file of tools/benchmarks or a folder in it each."""
  shared = f'{benchmarks.__name__}.support.'
  found = pkgutil.walk_packages(benchmarks.__path__, f'{benchmarks.__name__}.')
  names = (m.name for m in found if not m.ispkg and not m.name.startswith(shared))
  return {name.rpartition('.')[2]: name for name in names}


def subjects() -> list[str]:
  """The names of what can be measured."""
  return sorted(modules())


def define() -> None:
  """Defines the flags."""
  flags.DEFINE_list('only', None, f'Subjects to measure: {", ".join(subjects())}; all by default.')
  flags.DEFINE_bool('quick', False, 'Few repeats and little data: to see that it runs.')
  flags.DEFINE_float(
    'time_limit', 1200, 'Seconds that a subject may take; its process is then ended.', 1
  )
  flags.DEFINE_string('output', 'benchmark.json', 'File to write the figures to, as JSON.')


def machine() -> dict[str, Any]:
  """What the figures depend on: a dict. It names no host."""
  import cv2
  import numpy as np
  import tensorflow as tf

  return {
    'cpu': _cpu(),
    'cores': os.cpu_count(),
    'system': platform.system(),
    'python': platform.python_version(),
    'tensorflow': tf.__version__,
    'numpy': np.__version__,
    'opencv': cv2.__version__,
    'gpus': len(tf.config.list_physical_devices('GPU')),
    'load_average': [round(load, 2) for load in os.getloadavg()],
  }


def _cpu() -> str:
  try:
    with open('/proc/cpuinfo') as f:
      for line in f:
        if line.startswith('model name'):
          return line.split(':', 1)[1].strip()
  except OSError:
    pass
  return platform.machine()


def measure_here(name: str, quick: bool) -> Iterator[figure.Figure]:
  """Measures a subject in this process; its figures as soon as it gives them."""
  measured = importlib.import_module(modules()[name]).measure(quick=quick)
  yield from figure.as_figures(measured) if isinstance(measured, Mapping) else measured


def measure(
  names: Sequence[str],
  quick: bool = False,
  wrap: Callable[[Sequence[str]], Iterable[str]] | None = None,
  *,
  time_limit: float = 1200,
  measure_subject: Callable[[str, bool], Iterator[figure.Figure]] = measure_here,
) -> tuple[dict[str, list[figure.Figure]], dict[str, str]]:
  """Measures subjects, one after the other, each in a process of its own.

  Args:
    names: of `subjects()`.
    quick: whether to do little.
    wrap: shows progress over the names, as `tqdm.tqdm` does; or None.
    time_limit: seconds that a subject may take.
    measure_subject: called in the process; can be pickled.

  Returns:
    (subject -> its figures, subject -> why it could not be measured). A subject whose time
    was over may be in both.
  """
  measured: dict[str, list[figure.Figure]] = {}
  failed = {}
  for name in names if wrap is None else wrap(names):
    found = []
    try:
      for value in processes.in_limited_process(measure_subject, (name, quick), time_limit):
        if value is not None:
          found.append(value)
    except processes.ProcessError as e:  # The other subjects can be measured.
      failed[name] = str(e)
    if found or name not in failed:
      measured[name] = found
  return measured, failed


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  values = flags.FLAGS
  known = subjects()
  names = known if values.only is None else values.only
  unknown = [name for name in names if name not in known]
  if unknown or not names:
    raise errors.UserError(
      f'expected --only of {", ".join(known)}; received {", ".join(unknown) if unknown else "none"}'
    )
  before = machine()
  print(', '.join(f'{key} {value}' for key, value in before.items()))
  measured, failed = measure(
    names,
    values.quick,
    lambda items: progress.progress_bar(items, desc='benchmark', unit='subject'),
    time_limit=values.time_limit,
  )
  print(figure.table(measured))
  files.write_json(
    values.output,
    {
      'machine': before,
      'load_average_after': machine()['load_average'],
      'quick': values.quick,
      'figures': {
        name: [{**dataclasses.asdict(f), 'missed': f.missed} for f in figures]
        for name, figures in measured.items()
      },
      'failed': failed,
    },
    indent=1,
  )
  print(f'{values.output}: written')
  for name, reason in failed.items():
    print(f'not measured: {name}: {reason}', file=sys.stderr)
  return 1 if failed else 0


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  define()
  cli.run(main)


if __name__ == '__main__':
  run()
