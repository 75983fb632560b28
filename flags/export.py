"""Flags of export."""

from absl import flags

from flags import network
from i3d_tf.common import errors
from i3d_tf.model import inception_i3d


def define():
  network.define()
  flags.DEFINE_string('output', None, 'Folder of the SavedModel, or file (.tflite), to make.')
  flags.DEFINE_enum('format', 'saved_model', ['saved_model', 'tflite'],
                    'saved_model: any number of videos of any length and size; tflite: one clip '
                    'of --frames frames of network input at a time.')
  flags.DEFINE_integer('frames', 64, 'Frames of a clip, for --format=tflite.',
                       lower_bound=inception_i3d.MIN_FRAMES)


def check():
  """Raises a `UserError` unless the flags say what to export, and where to."""
  values = flags.FLAGS
  network.check(most=1)
  if values.output is None:
    raise errors.UserError('expected --output, the folder or file to make; it was not given')
  if values['frames'].present and values.format != 'tflite':
    raise errors.UserError('--frames is for --format=tflite: a SavedModel takes any number; '
                           f'received --format={values.format}')
  if (values.format == 'tflite') != values.output.endswith('.tflite'):
    raise errors.UserError(f'expected --output to end in .tflite with --format=tflite, and only '
                           f'then; received {values.output} with {values.format}')
