"""Runs a command: absl flags, one line for an error, an exit status that tells.

Import this before TensorFlow, whose start-up messages it keeps down.
"""

import logging as std_logging
import math
import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
# TensorFlow turns oneDNN on by itself only where the processor has AVX512_VNNI; elsewhere a
# training step takes twice as long, one of a single clip fifty times. The user's setting wins.
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')

from absl import app
from absl import flags
from absl import logging
import tqdm

from i3d_tf.common import errors


def run(main):
  """Calls `main()` with absl's flags parsed, and exits.

  The exit status is main's value, or 0 for None; 2 after an error that the user
  can mend, which is printed as one line.

  Args:
    main: a function without arguments.
  """
  def wrapped(argv):
    if not flags.FLAGS['verbosity'].present:
      logging.set_verbosity(logging.WARNING)
      # Between the progress bars, TensorFlow takes functions made in a loop for a mistake.
      std_logging.getLogger('tensorflow').setLevel(std_logging.ERROR)
    try:
      if len(argv) > 1:
        # `--flag false` would otherwise be --flag, silently true.
        raise errors.UserError(
            f'expected flags only; received {" ".join(argv[1:])} (values go as --flag=value)')
      _check_values()
      return main()
    except (errors.UserError, OSError) as e:
      message = errors.message(e)
      if message is None:
        raise
      return fail(message)
    except KeyboardInterrupt:
      return fail('interrupted; the same command goes on where it stopped', 130)

  # --help shows the flags of the main module: those that it shares are its, too.
  for module, defined in flags.FLAGS.flags_by_module_dict().items():
    if module.startswith('flags.'):
      for flag in defined:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  app.run(wrapped, flags_parser=_parse)


def fail(message, status=2):
  """Prints an error as one line; returns the exit status."""
  print(f'{_name()}: error: {message}', file=sys.stderr)
  return status


def _parse(argv):
  try:
    return flags.FLAGS(argv)
  except (flags.Error, ValueError) as e:  # ValueError: --noflag=true
    fail(f'{e} (--help lists the flags)')
    sys.exit(2)


def _check_values():
  """Refuses what no flag can mean: nothing at all, NaN and infinity, numbers beyond 31 bits."""
  for name in flags.FLAGS:
    flag = flags.FLAGS[name]
    if not flag.present:
      continue
    for value in flag.value if isinstance(flag.value, list) else [flag.value]:
      if value == '':
        raise errors.UserError(f'--{name} must not be empty')
      if isinstance(value, float) and not math.isfinite(value):
        raise errors.UserError(f'--{name} must be a finite number; received {value}')
      if isinstance(value, int) and abs(value) >= 2 ** 31:
        raise errors.UserError(f'--{name} must be below {2 ** 31}; received {value}')


def _name():
  return os.path.splitext(os.path.basename(sys.argv[0]))[0]


def progress(iterable=None, **kwargs):
  """A tqdm progress bar with rate and time left, on stderr.

  Redrawn twice a second on a terminal and every ten seconds in a log.
  """
  return tqdm.tqdm(
      iterable, mininterval=0.5 if sys.stderr.isatty() else 10, dynamic_ncols=True, **kwargs)
