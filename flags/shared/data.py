"""Flags that say which data a command reads, and how."""

from collections.abc import Mapping

from absl import flags

from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments
from i3d_tf.masks import verdicts as verdicts_lib

_DEFAULTS = clip_settings.ClipSettings()


def define_records(records_help: str) -> None:
  """Defines --records."""
  flags.DEFINE_string(
    'records', None, f'{records_help} An address in a store will do: s3://bucket/records.'
  )


def define_verdicts(default_help: str) -> None:
  """Defines --verdicts; `verdicts` reads it."""
  flags.DEFINE_string(
    'verdicts',
    None,
    'CSV file of verdicts on masks, which review exports: videos judged original '
    f'keep their original frames in every condition. {default_help}',
  )


def verdicts() -> dict[str, str] | None:
  """The verdicts in the file of --verdicts, a dict from video to verdict; None if not given."""
  path = flags.FLAGS.verdicts
  return None if path is None else verdicts_lib.read(path)


def define_mask_dilation() -> None:
  """Defines --mask_dilation of a network that is trained, which may know its own."""
  flags.DEFINE_integer(
    'mask_dilation',
    None,
    'Diameter in pixels by which masks are grown, odd or 0; by default '
    f'{_DEFAULTS.mask_dilation}, or as the run was trained.',
  )


def define_clips() -> None:
  """How training clips are cut and shown; `clip_settings` collects them."""
  flags.DEFINE_enum(
    'stream',
    _DEFAULTS.stream,
    clip_settings.STREAMS,
    'What the network sees: colour frames, or optical flow.',
  )
  _define_treatment()
  flags.DEFINE_enum(
    'resize',
    _DEFAULTS.resize,
    clip_settings.RESIZES,
    'crop: cut a square, random in training and central in the test; '
    'squash: resize the full frame, without keeping its aspect ratio.',
  )
  flags.DEFINE_integer(
    'frame_size',
    _DEFAULTS.frame_size,
    'Height and width in pixels of the frames that the network sees.',
  )
  flags.DEFINE_integer(
    'clip_frames', _DEFAULTS.clip_frames, 'Frames of a training clip; shorter videos are looped.'
  )
  flags.DEFINE_integer(
    'max_frames', _DEFAULTS.max_frames, 'Frames of a test video that are seen, from its first.'
  )
  flags.DEFINE_bool(
    'augment',
    _DEFAULTS.augment,
    'Crop and mirror training clips at random; otherwise the centre is cut.',
  )
  flags.DEFINE_integer('batch_size', _DEFAULTS.batch_size, 'Clips a training step.')
  flags.DEFINE_integer(
    'seed', _DEFAULTS.seed, 'Seed of everything random. The same seed gives the same training.'
  )


def _define_treatment() -> None:
  """What is replaced in the clips, and by what."""
  flags.DEFINE_enum(
    'mask',
    'none',
    treatments.ALL_REGIONS,
    'Region that is replaced in training and, unless --eval_masks says otherwise, '
    'in the test: background leaves only the person, activity only the place, '
    'both a white silhouette on black.',
  )
  flags.DEFINE_enum(
    'fill',
    'black',
    treatments.FILLS,
    f'What replaces the region: {_in_words(treatments.FILL_HELP)}.',
  )
  flags.DEFINE_enum(
    'mask_place',
    'person',
    treatments.PLACES,
    'Where the mask is put: on the person, where the person is half a clip earlier, '
    'or elsewhere: shifted to where it covers the person least.',
  )
  flags.DEFINE_enum(
    'mask_shape', 'outline', treatments.SHAPES, f'Its shape: {_in_words(treatments.SHAPE_HELP)}.'
  )
  flags.DEFINE_enum(
    'time', 'forward', treatments.TIMES, f'The frames: {_in_words(treatments.TIME_HELP)}.'
  )
  flags.DEFINE_integer(
    'mask_dilation',
    _DEFAULTS.mask_dilation,
    'Diameter in pixels of the stored frames by which masks are grown; '
    'odd, or 0 for the mask as the segmenter gave it.',
  )


def _in_words(choices: Mapping[str, str]) -> str:
  return '; '.join(f'{name}: {what}' for name, what in choices.items())


def treatment() -> treatments.Treatment:
  """The treatment of the training, as the flags of `define_clips` say.

  Raises:
    UserError: its parts do not go together.
  """
  values = flags.FLAGS
  return treatments.Treatment(
    values.mask, values.fill, values.mask_place, values.mask_shape, values.time
  )


def clips() -> clip_settings.ClipSettings:
  """The flags of `define_clips` as `clip_settings.ClipSettings`."""
  values = flags.FLAGS
  return clip_settings.ClipSettings(
    stream=values.stream,
    frame_size=values.frame_size,
    resize=values.resize,
    clip_frames=values.clip_frames,
    max_frames=values.max_frames,
    with_masks=values.mask != 'none',
    mask_dilation=values.mask_dilation,
    with_partners=treatment().needs_partner,
    with_twins=treatment().needs_twin,
    with_flow=treatment().needs_flow,
    augment=values.augment,
    batch_size=values.batch_size,
    seed=values.seed,
  )
