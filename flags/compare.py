"""Flags of compare."""

import os

from absl import flags

from i3d_tf.common import errors
from segmentation.people import options as options_lib


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_list('masks', [], 'The two folders of masks, A,B.')
  flags.DEFINE_string('output', None, 'CSV file to write, one row per video.')


def options() -> options_lib.CompareOptions:
  """The flags as options.

  Raises:
    UserError: --masks is not two folders.
  """
  values = flags.FLAGS
  if len(values.masks) != 2:
    raise errors.UserError(f'expected two folders, --masks=A,B; received {",".join(values.masks)}')
  for folder in values.masks:
    if not os.path.isdir(folder):
      raise errors.UserError(f'--masks must be folders; received {folder}')
  return options_lib.CompareOptions(tuple(values.masks), values.output)
