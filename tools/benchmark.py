"""Measures how near to this machine's limits the parts of i3d_tf come: one table.

    python -m tools.benchmark --only=input_pipeline,records_cost --output=benchmark.json

Every bound is on a ratio within the run: what was achieved over what the machine was
measured to reach, both by turns. On a machine that others use, look at the ratios.
A figure that misses its bound is marked; the exit status is 0 all the same, and 1 if
something could not be measured.
"""

import dataclasses
import importlib
import json
import os
import pkgutil
import platform
import sys
import traceback

from absl import flags

from i3d_tf.common import cli  # first: it quiets TensorFlow's start
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import progress
from tools import benchmarks
from tools.benchmarks.support import figure

# Files beside the subjects that are none; accelerator is a command of its own, without TensorFlow.
_HELPERS = ('accelerator', 'figure', 'flops', 'footage', 'pytorch_peer', 'small_training')


def subjects():
  """The names of what can be measured: one file of tools/benchmarks each."""
  return sorted(
    module.name
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if not module.ispkg and module.name not in _HELPERS
  )


def define_flags():
  flags.DEFINE_list('only', None, f'Subjects to measure: {", ".join(subjects())}; all by default.')
  flags.DEFINE_bool('quick', False, 'Few repeats and little data: to see that it runs.')
  flags.DEFINE_string('output', 'benchmark.json', 'File to write the figures to, as JSON.')


def machine():
  """What the figures depend on: a dict. It names no host."""
  import cv2  # pylint: disable=g-import-not-at-top
  import numpy as np  # pylint: disable=g-import-not-at-top
  import tensorflow as tf  # pylint: disable=g-import-not-at-top

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


def _cpu():
  try:
    with open('/proc/cpuinfo') as f:
      for line in f:
        if line.startswith('model name'):
          return line.split(':', 1)[1].strip()
  except OSError:
    pass
  return platform.machine()


def run(names, quick=False, progress=None):
  """Measures subjects, one after the other.

  Args:
    names: of `subjects()`.
    quick: whether to do little.
    progress: wraps an iterable of names, as `tqdm.tqdm` does; or None.

  Returns:
    (subject -> list of `figure.Figure`, subject -> why it could not be measured).
  """
  measured, failed = {}, {}
  for name in names if progress is None else progress(names):
    try:
      subject = importlib.import_module(f'tools.benchmarks.{name}')
      measured[name] = figure.as_figures(subject.measure(quick=quick))
    except Exception as e:  # pylint: disable=broad-except; the other subjects can be measured
      traceback.print_exc()
      failed[name] = f'{type(e).__name__}: {e}'
  return measured, failed


def main():
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
  measured, failed = run(
    names,
    values.quick,
    lambda items: progress.progress_bar(items, desc='benchmark', unit='subject'),
  )
  print(figure.table(measured))
  with files.replacing(values.output) as temporary, open(temporary, 'w') as f:
    json.dump(
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
      f,
      indent=1,
    )
  print(f'{values.output}: written')
  for name, reason in failed.items():
    print(f'not measured: {name}: {reason}', file=sys.stderr)
  return 1 if failed else 0


if __name__ == '__main__':
  define_flags()
  cli.run(main)
