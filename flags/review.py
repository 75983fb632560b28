"""Flags of review."""

from absl import flags

from flags.shared import existing
from i3d_tf.common import errors
from segmentation.gallery import options as options_lib
from segmentation.gallery import strips

_DEFAULTS = strips.StripSettings()


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string(
    'videos',
    None,
    'Folder of class folders of videos; where they have none, of folders of frames (images).',
  )
  flags.DEFINE_string(
    'masks', None, 'Folder of person masks, one COCO file (v_Class_g01_c01.json) per video.'
  )
  flags.DEFINE_string('output', 'review', 'Folder of the gallery; index.html is the page.')
  flags.DEFINE_string(
    'verdicts', None, 'CSV file of verdicts that the page exported, to resume from.'
  )
  flags.DEFINE_integer(
    'strip_frames',
    _DEFAULTS.frames,
    'Frames of a strip, spread over the video.',
    lower_bound=1,
    upper_bound=50,
  )
  flags.DEFINE_integer(
    'strip_height',
    _DEFAULTS.height,
    'Height of a strip in pixels.',
    lower_bound=16,
    upper_bound=1080,
  )
  flags.DEFINE_integer(
    'jpeg_quality', _DEFAULTS.quality, 'JPEG quality of strips.', lower_bound=1, upper_bound=100
  )
  flags.DEFINE_integer(
    'processes', None, 'Number of processes; by default one per core.', lower_bound=1
  )


def options() -> options_lib.ReviewOptions:
  """The flags as options.

  Raises:
    UserError: --videos or --masks was not given, or a path does not exist.
  """
  values = flags.FLAGS
  for name in ('videos', 'masks'):
    if values[name].value is None:
      raise errors.UserError(
        f'expected --{name}, {values[name].help[0].lower()}{values[name].help[1:]} It was not given'
      )
  existing.check_path('--videos', values.videos, 'a folder of class folders of videos')
  existing.check_path('--masks', values.masks, 'a folder of person masks')
  existing.check_path('--verdicts', values.verdicts, 'a CSV file of verdicts')
  return options_lib.ReviewOptions(
    values.videos,
    values.masks,
    values.output,
    values.verdicts,
    strips.StripSettings(values.strip_frames, values.strip_height, values.jpeg_quality),
    values.processes,
  )
