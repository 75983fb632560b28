"""TensorFlow's oneDNN kernels, which make training on a CPU fast. Needs no TensorFlow.

`import i3d_tf` sets TF_ENABLE_ONEDNN_OPTS=1 unless the variable is set.
"""

from collections.abc import Mapping
import os
import sys

VARIABLE = 'TF_ENABLE_ONEDNN_OPTS'
# What TensorFlow reads as false, in any case.
_OFF = ('0', 'false')


def warning(environment: Mapping[str, str] = os.environ) -> str | None:
  """One line that says what it costs that oneDNN is off; None if it is not.

  Args:
    environment: the environment variables of the process.
  """
  value = environment.get(VARIABLE)
  if value is None or value.lower() not in _OFF:
    return None
  return (
    f'warning: {VARIABLE}={value} turns oneDNN off: on a CPU, a training step takes twice as long, '
    'and one on a single clip may take fifty times as long; unset the variable to have it on'
  )


def warn() -> None:
  """Prints the `warning` of this process to stderr, if there is one."""
  line = warning()
  if line is not None:
    print(line, file=sys.stderr)
