"""Flags of review."""

from absl import flags

from i3d_tf.common import errors
from segmentation.gallery import strips

_DEFAULTS = strips.StripSettings()


def define() -> None:
  flags.DEFINE_string('videos', None, 'Folder of class folders of videos.')
  flags.DEFINE_string(
    'masks', None, 'Folder of person masks, one COCO file (v_Class_g01_c01.json) a video.'
  )
  flags.DEFINE_string('output', 'review', 'Folder of the gallery; index.html is the page.')
  flags.DEFINE_string(
    'verdicts', None, 'CSV file of verdicts that the page exported: the review goes on from there.'
  )
  flags.DEFINE_integer(
    'strip_frames',
    _DEFAULTS.frames,
    'Frames of a strip, from the whole video.',
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
    'processes', None, 'Number of processes; by default one a core.', lower_bound=1
  )


def strip_settings() -> strips.StripSettings:
  """The flags that say how strips are drawn, as `strips.StripSettings`.

  Raises:
    UserError: --videos or --masks was not given.
  """
  values = flags.FLAGS
  for name in ('videos', 'masks'):
    if values[name].value is None:
      raise errors.UserError(
        f'expected --{name}, {values[name].help[0].lower()}{values[name].help[1:]} It was not given'
      )
  return strips.StripSettings(values.strip_frames, values.strip_height, values.jpeg_quality)
