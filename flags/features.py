"""Flags of extract_features."""

from absl import flags

from flags import network
from i3d_tf.common import errors
from i3d_tf.inference import features
from i3d_tf.model import inception_i3d

_DEFAULTS = features.Settings()


def define():
  network.define()
  flags.DEFINE_list('video', [],
                    'Video files, or folders of frames at 25 a second; several with commas.')
  flags.DEFINE_string('videos', None, 'Folder of videos; those in its subfolders, too.')
  flags.DEFINE_string('output', None, 'Folder for the features.')
  flags.DEFINE_enum('endpoint', _DEFAULTS.endpoint, inception_i3d.ENDPOINTS, 'Layer to take them from.')
  flags.DEFINE_enum('pool', _DEFAULTS.pool, list(features.POOLS),
                    'What to average: none keeps time, height, width and channels of each window, '
                    'space keeps time and channels, all keeps the channels.')
  flags.DEFINE_integer('window', _DEFAULTS.window,
                       'Frames that the network sees at a time, at 25 a second.')
  flags.DEFINE_integer('stride', _DEFAULTS.stride,
                       'Frames from the start of one window to the start of the next.')
  flags.DEFINE_integer('batch_size', 4, 'Windows that are computed together.', lower_bound=1)
  flags.DEFINE_enum('format', 'npz', features.FORMATS,
                    'npz: features with the place of each window; npy: the features alone.')


def check():
  """Raises a `UserError` unless the flags say what to use, on what, and where it goes."""
  values = flags.FLAGS
  network.check(most=1)
  if not values.video and values.videos is None:
    raise errors.UserError('expected --video or --videos; received neither')
  if values.output is None:
    raise errors.UserError('expected --output, a folder for the features; it was not given')
