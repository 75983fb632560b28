"""Flags of export."""

import os
from typing import Any

from absl import flags

from flags.shared import network
from i3d_tf.common import errors
from i3d_tf.model import architecture


def define() -> None:
  """Defines the flags; `options` reads them."""
  network.define()
  flags.DEFINE_string('output', None, 'Folder of the SavedModel, or file (.tflite), to make.')
  flags.DEFINE_enum(
    'format',
    'saved_model',
    ['saved_model', 'tflite'],
    'saved_model: any number of videos of any length and size; tflite: one clip '
    'of --frames frames of network input at a time.',
  )
  flags.DEFINE_integer(
    'frames', 64, 'Frames of a clip, for --format=tflite.', lower_bound=architecture.MIN_FRAMES
  )


def arguments() -> dict[str, Any]:
  """The flags as arguments of `serving.export`.

  Raises:
    UserError: a flag is missing, contradicts another, or names a file that does not exist.
  """
  values = flags.FLAGS
  network.check(most=1)
  if values.output is None:
    raise errors.UserError('expected --output, the folder or file to make; it was not given')
  if values['frames'].present and values.format != 'tflite':
    raise errors.UserError(
      '--frames is for --format=tflite: a SavedModel takes any number; '
      f'received --format={values.format}'
    )
  if (values.format == 'tflite') != values.output.endswith('.tflite'):
    raise errors.UserError(
      f'expected --output to end in .tflite with --format=tflite, and only '
      f'then; received {values.output} with {values.format}'
    )
  if values.format == 'saved_model' and os.path.exists(values.output):
    raise errors.UserError(f'{values.output}: expected a folder that does not exist yet')
  return {
    'network': network.options(most=1),
    'output': values.output,
    'file_format': values.format,
    'frames': values.frames,
  }
