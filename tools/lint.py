"""Checks the form of the code: lint and format by ruff, types by mypy.

    python -m tools.lint
    python -m tools.lint --fix

Prints what is wrong and ends with status 1, or with 0 if nothing is. With --fix, ruff
first mends what it can. pyproject.toml has the rules.
"""

from collections.abc import Sequence
import importlib.util
import os
import subprocess
import sys

from absl import flags

from i3d_tf.common import cli
from i3d_tf.common import errors

_ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_CHECKS = (('ruff', 'check', '.'), ('ruff', 'format', '--check', '.'), ('mypy',))
_FIXES = (('ruff', 'check', '--fix', '--quiet', '.'), ('ruff', 'format', '--quiet', '.'))


def check(folder: str, steps: Sequence[Sequence[str]] = _CHECKS) -> list[str]:
  """Runs checks in a folder; what they print goes to stdout.

  Args:
    folder: the root of a project.
    steps: modules of Python, each with its arguments.

  Returns:
    The steps that found something, as one types them.
  """
  return [
    ' '.join(step)
    for step in steps
    if subprocess.run([sys.executable, '-m', *step], cwd=folder, check=False).returncode
  ]


def define() -> None:
  """Defines the flags."""
  flags.DEFINE_bool('fix', False, 'First mend what ruff can mend.')


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  for tool in ('ruff', 'mypy'):
    if importlib.util.find_spec(tool) is None:
      raise errors.UserError(f'expected {tool}, which requirements.lock has; it is not installed')
  failed = check(_ROOT, (*_FIXES, *_CHECKS) if flags.FLAGS.fix else _CHECKS)
  return cli.fail(f'to be mended: {", ".join(failed)}', status=1) if failed else 0


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  define()
  cli.run(main)


if __name__ == '__main__':
  run()
