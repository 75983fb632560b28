"""Flags of extract_features."""

from absl import flags

from flags.shared import existing
from flags.shared import network
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.model import architecture

_DEFAULTS = options_lib.FeatureSettings()


def define() -> None:
  """Defines the flags; `options` reads them."""
  network.define()
  flags.DEFINE_list(
    'video', [], 'Video files, or folders of frames at 25 a second; several with commas.'
  )
  flags.DEFINE_string('videos', None, 'Folder of videos; those in its subfolders, too.')
  flags.DEFINE_string('output', None, 'Folder for the features.')
  flags.DEFINE_enum(
    'endpoint', _DEFAULTS.endpoint, architecture.ENDPOINTS, 'Layer to take them from.'
  )
  flags.DEFINE_enum(
    'pool',
    _DEFAULTS.pool,
    list(options_lib.POOLS),
    'What to average: none keeps time, height, width and channels of each window, '
    'space keeps time and channels, all keeps the channels.',
  )
  flags.DEFINE_integer(
    'window', _DEFAULTS.window, 'Frames that the network sees at a time, at 25 a second.'
  )
  flags.DEFINE_integer(
    'stride', _DEFAULTS.stride, 'Frames from the start of one window to the start of the next.'
  )
  flags.DEFINE_integer('batch_size', 4, 'Windows that are computed together.', lower_bound=1)
  flags.DEFINE_enum(
    'format',
    'npz',
    options_lib.FORMATS,
    'npz: features with the place of each window; npy: the features alone.',
  )


def options() -> options_lib.ExtractOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing or wrong, or names a file that does not exist.
  """
  values = flags.FLAGS
  network.check(most=1)
  if not values.video and values.videos is None:
    raise errors.UserError('expected --video or --videos; received neither')
  if values.output is None:
    raise errors.UserError('expected --output, a folder for the features; it was not given')
  settings = options_lib.FeatureSettings(values.endpoint, values.pool, values.window, values.stride)
  networks = network.options(most=1)
  existing.check_any('--video', values.video, 'a video or a folder of frames')
  existing.check_path('--videos', values.videos, 'a folder of videos')
  return options_lib.ExtractOptions(
    networks,
    tuple(values.video),
    values.videos,
    values.output,
    values.format,
    settings,
    values.batch_size,
  )
