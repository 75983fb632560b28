"""Flagfiles with complete protocols: flags/*.flags."""

import os

from absl import flags

from i3d_tf.common import errors

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def use_as_defaults(name: str) -> None:
  """Makes the values of a flagfile the defaults of flags that were not given.

  Args:
    name: of a flagfile in flags/, such as 'demo.flags'.

  Raises:
    UserError: a line is not of the form --flag=value.
  """
  path = os.path.join(_FOLDER, name)
  with open(path) as f:
    for number, line in enumerate(f, 1):
      line = line.strip()
      if not line or line.startswith('#'):
        continue
      flag, equals, value = line.removeprefix('--').partition('=')
      if not line.startswith('--') or not equals or flag not in flags.FLAGS:
        raise errors.UserError(f'{path}:{number}: expected --flag=value; found {line}')
      flags.FLAGS.set_default(flag, value)
