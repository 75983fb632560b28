"""The bootstrap of every command: absl flags, one line for an error, an exit status.

A command imports nothing at the top that imports TensorFlow: its `main` checks the flags and
imports the rest then. So `--help` and every mistake in the flags are answered at once.
"""

from collections.abc import Callable
import logging as std_logging
import math
import os
import sys

from absl import app
from absl import flags
from absl import logging

from i3d_tf.common import errors


def run(main: Callable[[], int | None]) -> None:
  """Calls `main()` with absl's flags parsed, and exits.

  The exit status is main's value, or 0 for None; 2 after an error that the user
  can fix, which is printed as one line.

  Args:
    main: a function without arguments. It imports TensorFlow, if at all, itself.
  """
  # Before TensorFlow is imported, whose start-up messages it silences.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

  def checked_main(argv: list[str]) -> int | None:
    if not flags.FLAGS['verbosity'].present:
      logging.set_verbosity(logging.WARNING)
      # TensorFlow warns of functions that are traced in a loop, between the progress bars.
      std_logging.getLogger('tensorflow').setLevel(std_logging.ERROR)
    try:
      if len(argv) > 1:
        # `--flag false` would otherwise be --flag, silently true.
        raise errors.UserError(
          f'expected flags only; received {" ".join(argv[1:])} (values go as --flag=value)'
        )
      _check_values()
      return main()
    except (errors.UserError, OSError) as e:
      message = errors.user_message(e)
      if message is None:
        raise
      return fail(message)
    except KeyboardInterrupt:
      return fail('interrupted; rerun the same command to resume', 130)

  # absl takes the text of --help from the main module, which a console script's is not.
  sys.modules['__main__'].__doc__ = sys.modules[main.__module__].__doc__
  # --help shows the flags of the main module: those that commands share are its own, too.
  for module, defined in flags.FLAGS.flags_by_module_dict().items():
    if module.startswith('flags.'):
      for flag in defined:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  app.run(checked_main, flags_parser=_parse)


def fail(message: object, status: int = 2) -> int:
  """Prints an error as one line; returns the exit status."""
  print(f'{_name()}: error: {message}', file=sys.stderr)
  return status


def _parse(argv: list[str]) -> list[str]:
  try:
    return flags.FLAGS(argv)
  except (flags.Error, ValueError) as e:  # ValueError: --noflag=true
    fail(f'{e} (--help lists the flags)')
    sys.exit(2)


def _check_values() -> None:
  """Refuses values that no flag accepts: empty ones, NaN and infinity, numbers beyond 31 bits."""
  for name in flags.FLAGS:
    flag = flags.FLAGS[name]
    if not flag.present:
      continue
    for value in flag.value if isinstance(flag.value, list) else [flag.value]:
      if value == '':
        raise errors.UserError(f'--{name} must not be empty')
      if isinstance(value, float) and not math.isfinite(value):
        raise errors.UserError(f'--{name} must be a finite number; received {value}')
      if isinstance(value, int) and abs(value) >= 2**31:
        raise errors.UserError(f'--{name} must be below {2**31}; received {value}')


def _name() -> str:
  return os.path.splitext(os.path.basename(sys.argv[0]))[0]
