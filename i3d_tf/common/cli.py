"""The bootstrap of every command: absl flags, one-line errors, exit status.

A command's module imports nothing that imports TensorFlow: its `main` checks the flags first
and imports the rest afterwards. So `--help` and mistakes in flags are answered at once.
"""

from collections.abc import Callable
import logging as std_logging
import math
import os
import sys
import warnings

from absl import app
from absl import flags
from absl import logging

from i3d_tf.common import errors


def run(main: Callable[[], int | None]) -> None:
  """Parses absl's flags, calls `main()` and exits.

  The exit status is what `main` returns, or 0 for None. It is 2 after an error that the user
  can fix, which is printed as one line.

  Args:
    main: a function without arguments, which itself imports TensorFlow if it needs it.
  """
  # Before TensorFlow is imported, whose start-up messages it silences.
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

  def checked_main(argv: list[str]) -> int | None:
    if not flags.FLAGS['verbosity'].present:
      logging.set_verbosity(logging.WARNING)
      # TensorFlow's warnings about retraced functions would break up the progress bars.
      std_logging.getLogger('tensorflow').setLevel(std_logging.ERROR)
    try:
      if len(argv) > 1:
        # absl reads `--flag false` as --flag, which is true, and a leftover argument.
        raise errors.UserError(
          f'expected flags only; received {" ".join(argv[1:])} (values go as --flag=value)'
        )
      _check_values()
      return main()
    except BrokenPipeError:
      raise  # see below
    except (errors.UserError, OSError) as e:
      message = errors.user_message(e)
      if message is None:
        raise
      return fail(message)
    except KeyboardInterrupt:
      return fail('interrupted; rerun the same command to resume', 130)

  # Users need the line, not the place in the code that warns.
  warnings.formatwarning = lambda message, *_, **__: f'warning: {message}\n'
  # absl shows the docstring of the main module, but a console script has none.
  sys.modules['__main__'].__doc__ = sys.modules[main.__module__].__doc__
  # --help shows only the key flags of the main module: add those that commands share.
  for module, defined in flags.FLAGS.flags_by_module_dict().items():
    if module.startswith('flags.'):
      for flag in defined:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
  try:
    try:
      app.run(checked_main, flags_parser=_parse)
    finally:
      sys.stdout.flush()
  except BrokenPipeError:
    # What reads the output has ended, such as `| head`. Python would complain at its exit, too.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def fail(message: object, status: int = 2) -> int:
  """Prints an error as one line; returns the exit status."""
  print(f'{_name()}: error: {message}', file=sys.stderr)
  return status


def _parse(argv: list[str]) -> list[str]:
  """Parses flags; exits with one line for a mistake in them."""
  try:
    return flags.FLAGS(argv)
  except (flags.Error, ValueError) as e:  # ValueError: --noflag=true
    fail(f'{e} (--help lists the flags)')
    sys.exit(2)


def _check_values() -> None:
  """Rejects values that no flag accepts: empty, not finite, or integers beyond 31 bits."""
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
  """The name of the command, for messages."""
  return os.path.splitext(os.path.basename(sys.argv[0]))[0]
