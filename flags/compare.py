"""Flags of compare."""

import os

from absl import flags

from flags.shared import existing
from i3d_tf.common import errors
from segmentation.people import options as options_lib


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_list('masks', [], 'The two folders of masks, A,B; the one folder with --boxes.')
  flags.DEFINE_string(
    'boxes',
    None,
    'CSV file (.gz, too) of boxes of people to hold the masks against, with the columns video, '
    'frame0 (from 0 on), x, y, w, h in pixels.',
  )
  flags.DEFINE_string('output', None, 'CSV file to write, one row per video.')


def options() -> options_lib.CompareOptions:
  """The flags as options.

  Raises:
    UserError: --masks is not two folders, or with --boxes not one, or the file is missing.
  """
  values = flags.FLAGS
  what = 'two folders, --masks=A,B' if values.boxes is None else 'one folder, --masks=A --boxes=B'
  if len(values.masks) != (2 if values.boxes is None else 1):
    raise errors.UserError(f'expected {what}; received {",".join(values.masks)}')
  for folder in values.masks:
    if not os.path.isdir(folder):
      raise errors.UserError(f'--masks must be folders; received {folder}')
  existing.check_path('--boxes', values.boxes, 'a CSV file of boxes')
  return options_lib.CompareOptions(tuple(values.masks), values.output, values.boxes)
