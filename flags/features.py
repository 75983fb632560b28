"""Flags of extract_features."""

import dataclasses

from absl import flags

from flags.shared import existing
from flags.shared import network
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.model import architecture
from i3d_tf.training import run_settings

_DEFAULTS = options_lib.FeatureSettings()


def define() -> None:
  """Defines the flags; `options` reads them."""
  network.define()
  _define_videos()
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
  flags.DEFINE_enum(
    'preset',
    None,
    list(options_lib.PRESETS),
    'Features as networks that read them expect them: window, stride, rate, ends, layer and '
    'pooling (docs/features.md).',
  )
  flags.DEFINE_enum(
    'rate',
    _DEFAULTS.rate,
    options_lib.RATES,
    'Frames a second of the video that windows count: 25, or native, each frame of the file.',
  )
  flags.DEFINE_enum(
    'ends',
    _DEFAULTS.ends,
    list(clip_settings.ENDS),
    '; '.join(f'{name}: {what}' for name, what in clip_settings.ENDS.items()) + '.',
  )
  flags.DEFINE_integer('window', _DEFAULTS.window, 'Frames that the network sees at a time.')
  flags.DEFINE_integer(
    'stride', _DEFAULTS.stride, 'Frames from the start of one window to the start of the next.'
  )
  flags.DEFINE_enum(
    'precision',
    None,
    list(run_settings.PRECISIONS),
    'In which I3D computes: float32 by default; mixed_bfloat16 is faster on some accelerators.',
  )
  flags.DEFINE_integer('batch_size', 4, 'Windows that are computed together.', lower_bound=1)
  flags.DEFINE_enum(
    'format',
    'npz',
    options_lib.FORMATS,
    'npz: features with the place of each window; npy: the features alone; hdf5: npz, and '
    'features.h5 with those of all videos.',
  )


def _define_videos() -> None:
  flags.DEFINE_list(
    'video',
    [],
    'Video files, folders of frames at 25 a second, or folders of videos; several with commas.',
  )
  flags.DEFINE_string(
    'videos',
    None,
    'Folder of videos, at any depth; where it has none, of folders of frames (images, in the order '
    'of their numbers). With --csv, the folder that its paths are relative to; by default that of '
    'the CSV file.',
  )
  flags.DEFINE_string(
    'csv',
    None,
    'CSV file with the columns path and label, and perhaps start and end in seconds, as '
    'make_tfrecords --csv takes it; each row gets a file, label/name_start-end.',
  )


def options() -> options_lib.ExtractOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing or wrong, or names a file that does not exist.
  """
  values = flags.FLAGS
  network.check()
  if not values.video and values.videos is None and values.csv is None:
    raise errors.UserError('expected --video, --videos or --csv; received none of them')
  if values.video and values.csv is not None:
    raise errors.UserError('expected --video or --csv; received both')
  if values.output is None:
    raise errors.UserError('expected --output, a folder for the features; it was not given')
  settings = _settings()
  networks = network.options()
  is_one_axis = settings.pool == 'all' or settings.endpoint == 'Logits'
  if not is_one_axis and _joins(networks):
    raise errors.UserError(
      f'expected --pool=all to join the features of two networks; received {settings.pool}'
    )
  existing.check_any('--video', values.video, 'a video or a folder of frames')
  existing.check_path('--videos', values.videos, 'a folder of videos')
  existing.check_path('--csv', values.csv, 'a CSV file of videos')
  return options_lib.ExtractOptions(
    networks,
    tuple(values.video),
    values.videos,
    values.output,
    values.format,
    settings,
    values.batch_size,
    values.csv,
  )


def _joins(networks: options_lib.NetworkOptions) -> bool:
  weights = (networks.weights, networks.flow_weights)
  return len(networks.run_dirs) + sum(path is not None for path in weights) > 1


def _settings() -> options_lib.FeatureSettings:
  values = flags.FLAGS
  names = [field.name for field in dataclasses.fields(options_lib.FeatureSettings)]
  if values.preset is None:
    return options_lib.FeatureSettings(**{name: values[name].value for name in names})
  contradicted = [name for name in names if values[name].present]
  if contradicted:
    raise errors.UserError(
      f'--preset={values.preset} sets --{contradicted[0]}; received --{contradicted[0]}='
      f'{values[contradicted[0]].value}, too'
    )
  return options_lib.PRESETS[values.preset]
