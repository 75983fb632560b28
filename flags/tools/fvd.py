"""Flags of fvd."""

from absl import flags

from flags.shared import existing
from flags.shared import weights_folder
from i3d_tf.common import errors
from i3d_tf.fvd import options as options_lib
from i3d_tf.statistics import frechet

_DEFAULTS = options_lib.FvdOptions('', '')
_SET = (
  'a folder of videos or of folders of frames, or a .npy or .npz file of videos, uint8 '
  '[N, T, H, W, 3], or of features [N, D].'
)


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string('real', None, f'One set: {_SET}')
  flags.DEFINE_string('generated', None, f'The other set: {_SET}')
  flags.DEFINE_string(
    'output',
    _DEFAULTS.output,
    'Folder for features and the result; a call that was interrupted resumes there.',
  )
  flags.DEFINE_string(
    'weights',
    _DEFAULTS.weights,
    f"Weights of the network: by default FVD's. A file, {weights_folder.NAMES_HELP}.",
  )
  weights_folder.define()
  flags.DEFINE_bool(
    'any_weights',
    _DEFAULTS.any_weights,
    "Accept weights that do not give FVD's known number; the result is then not called FVD.",
  )
  flags.DEFINE_enum(
    'resize',
    _DEFAULTS.resize,
    list(options_lib.RESIZES),
    '; '.join(f'{name}: {what}' for name, what in options_lib.RESIZES.items()) + '.',
  )
  flags.DEFINE_integer('length', _DEFAULTS.clips.length, 'Frames of a clip; at least 9.')
  flags.DEFINE_integer(
    'stride',
    _DEFAULTS.clips.stride,
    'Frames from the start of one clip to the start of the next; by default, each video has one '
    'clip, at its beginning.',
  )
  flags.DEFINE_integer(
    'every', _DEFAULTS.clips.every, 'Of the frames of the file, a clip takes one in so many.'
  )
  flags.DEFINE_enum(
    'divisor',
    _DEFAULTS.divisor,
    list(frechet.DIVISORS),
    'Of the covariances of n clips: n-1 as in the original, n as in cd-fvd and StyleGAN-V.',
  )
  flags.DEFINE_integer(
    'resamples', _DEFAULTS.resamples, 'Resamples of videos for the interval; 0 for none.'
  )
  flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of the resamples.', lower_bound=0)
  flags.DEFINE_integer(
    'batch_size', _DEFAULTS.batch_size, 'Clips that are computed together.', lower_bound=1
  )


def options() -> options_lib.FvdOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing or wrong, or names something that does not exist.
  """
  values = flags.FLAGS
  for name in ('real', 'generated'):
    if values[name].value is None:
      raise errors.UserError(f'expected --{name}, a set of videos; it was not given')
    existing.check_path(f'--{name}', values[name].value, 'a set of videos')
  existing.check_no_file('--output', values.output)
  weights_folder.use()
  existing.check_weights('--weights', values.weights)
  return options_lib.FvdOptions(
    values.real,
    values.generated,
    values.output,
    values.weights,
    values.any_weights,
    values.resize,
    options_lib.ClipOptions(values.length, values.stride, values.every),
    values.divisor,
    values.resamples,
    values.seed,
    values.batch_size,
  )
