"""Measures how near the parts of i3d_tf come to this machine's limits: one table.

    python -m tools.benchmark --only=input_pipeline,records_cost --output=benchmark.json

Every bound applies to a ratio within the run: the measurement over what the machine can do,
both measured alternately. On a machine with other users, rely on the ratios. A figure that
misses its bound is marked, but the exit status is 1 only if something could not be measured.
"""

from collections.abc import Callable, Iterable, Sequence
import importlib
import os
import pkgutil
import platform
import sys
import traceback
from typing import Any

from absl import flags

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import processes
from i3d_tf.common import progress as progress_lib
from tools import benchmarks
from tools.benchmarks.support import figure

# A module among the subjects that is a command of its own, without TensorFlow.
_COMMAND = 'accelerator'


def subjects() -> list[str]:
  """The names of the subjects: the modules of tools/benchmarks."""
  return sorted(
    module.name
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if not module.ispkg and module.name != _COMMAND
  )


def define_flags() -> None:
  """Defines the flags of the command."""
  flags.DEFINE_list('only', None, f'Subjects to measure: {", ".join(subjects())}; all by default.')
  flags.DEFINE_bool('quick', False, 'Few repeats and little data, as a smoke test.')
  flags.DEFINE_string('output', 'benchmark.json', 'File to write the figures to, as JSON.')


def machine() -> dict[str, Any]:
  """The properties of the machine that figures depend on, without its name."""
  import cv2
  import numpy as np
  import tensorflow as tf

  return {
    'cpu': _cpu(),
    'cores': processes.num_cores(),
    'system': platform.system(),
    'python': platform.python_version(),
    'tensorflow': tf.__version__,
    'numpy': np.__version__,
    'opencv': cv2.__version__,
    'gpus': len(tf.config.list_physical_devices('GPU')),
    'load_average': [round(load, 2) for load in os.getloadavg()],
  }


def _cpu() -> str:
  """The name of the CPU model."""
  try:
    with open('/proc/cpuinfo') as f:
      for line in f:
        if line.startswith('model name'):
          return line.split(':', 1)[1].strip()
  except OSError:
    pass
  return platform.machine()


def run(
  names: Sequence[str],
  quick: bool = False,
  progress: Callable[[Iterable[str]], Iterable[str]] | None = None,
) -> tuple[dict[str, list[figure.Figure]], dict[str, str]]:
  """Measures subjects, one after the other.

  Args:
    names: some of `subjects()`.
    quick: whether to use few repeats and little data.
    progress: wraps an iterable of names, as `tqdm.tqdm` does; or None.

  Returns:
    ({subject: its figures}, {subject: why it could not be measured}).
  """
  measured, failed = {}, {}
  for name in names if progress is None else progress(names):
    try:
      subject = importlib.import_module(f'tools.benchmarks.{name}')
      measured[name] = figure.as_figures(subject.measure(quick=quick))
    except Exception as e:  # the other subjects can still be measured
      traceback.print_exc()
      failed[name] = f'{type(e).__name__}: {e}'
  return measured, failed


def main() -> int:
  """Measures, prints the table and writes the figures as JSON: the exit status."""
  values = flags.FLAGS
  known = subjects()
  names = known if values.only is None else values.only
  unknown = [name for name in names if name not in known]
  if unknown or not names:
    raise errors.UserError(
      f'expected --only of {", ".join(known)}; received {", ".join(unknown) or "none"}'
    )
  before = machine()
  print(', '.join(f'{key} {value}' for key, value in before.items()))
  measured, failed = run(
    names,
    values.quick,
    lambda items: progress_lib.progress_bar(items, desc='benchmark', unit='subject'),
  )
  print(figure.table(measured))
  files.write_json(
    values.output,
    {
      'machine': before,
      'load_average_after': machine()['load_average'],
      'quick': values.quick,
      'figures': {name: figure.as_json(figures) for name, figures in measured.items()},
      'failed': failed,
    },
  )
  print(f'{values.output}: written')
  for name, reason in failed.items():
    print(f'not measured: {name}: {reason}', file=sys.stderr)
  return 1 if failed else 0


if __name__ == '__main__':
  define_flags()
  cli.run(main)
