"""Flags of predict."""

import dataclasses
import os

from absl import flags

from flags.shared import data
from flags.shared import existing
from flags.shared import network
from flags.shared import segmentation
from i3d_tf.common import errors
from i3d_tf.inference import options as options_lib
from i3d_tf.inputs import clip_settings
from i3d_tf.inputs import treatments
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.video import video_files


def define() -> None:
  """Defines the flags; `options` reads them."""
  network.define()
  network.define_classifier()
  flags.DEFINE_list(
    'video',
    [],
    'Video files, folders of videos, or folders of frames at 25 a second; several with commas.',
  )
  flags.DEFINE_string(
    'npy', None, 'In place of --video: network input, float32 [1, T, 224, 224, C] in [-1, 1].'
  )
  flags.DEFINE_list(
    'mask',
    ['none'],
    'Regions to replace: background leaves only the person, activity only the '
    'place. Several with commas give an answer each, such as '
    'none,background,activity.',
  )
  flags.DEFINE_string(
    'masks',
    None,
    'Person masks for --mask: the COCO file of the video, or a folder that has '
    'NAME.json for the video NAME.avi. By default --segmenter finds the people.',
  )
  segmentation.define()
  data.define_mask_dilation()
  flags.DEFINE_string(
    'picture',
    None,
    'File for a picture (.png or .jpg) of the video as the network saw it, with '
    'the answers for the original, the person only and the place only. With '
    'several videos a folder.',
  )
  flags.DEFINE_integer('top_k', 20, 'Classes to print.', lower_bound=1)
  flags.DEFINE_integer(
    'max_frames',
    clip_settings.ClipSettings().max_frames,
    'Frames that the network sees at a time; longer videos are averaged.',
    lower_bound=9,
  )
  flags.DEFINE_string('logits_out', None, 'File for the logits, float32 [1, N] (.npy).')
  flags.DEFINE_bool('json', False, 'Print one JSON object a video and mask in place of text.')


def options() -> options_lib.PredictOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing, wrong or contradicts another, or names a file that does not
      exist.
  """
  values = flags.FLAGS
  is_default = network.use_default()
  network.check()
  _check_inputs(values)
  _check_outputs(values)
  mask_settings = segmentation.settings()
  networks = dataclasses.replace(network.options(), is_default=is_default)
  existing.check_path('--npy', values.npy, 'network input')
  existing.check_path('--masks', values.masks, 'person masks')
  existing.check_any('--video', values.video, 'a video, a folder of videos or of frames')
  values.video = video_files.expand(values.video)
  # Again, since a folder may hold several videos.
  _check_inputs(values)
  _check_outputs(values)
  return options_lib.PredictOptions(
    networks,
    tuple(values.video),
    values.npy,
    tuple(values.mask),
    values.masks,
    segmentation.maker(),
    mask_settings,
    values.mask_dilation,
    values.max_frames,
    values.picture,
    values.logits_out,
    values.top_k,
    values.json,
  )


def _check_inputs(values: flags.FlagValues) -> None:
  """Raises a `UserError` unless the flags say what to ask about, and where the people are."""
  if bool(values.video) == (values.npy is not None):
    raise errors.UserError(
      'expected --video or --npy; received ' + ('both' if values.video else 'neither')
    )
  unknown = [region for region in values.mask if region not in treatments.REGIONS]
  if unknown or not values.mask:
    raise errors.UserError(
      f'--mask must be some of {", ".join(treatments.REGIONS)}; '
      f'received {", ".join(unknown) if unknown else "none of them"}'
    )
  dilation = values.mask_dilation
  if dilation and not (0 < dilation <= dilation_lib.MAX_DILATION and dilation % 2 == 1):
    raise errors.UserError(
      '--mask_dilation must be 0 or odd and positive, at most '
      f'{dilation_lib.MAX_DILATION}; received {dilation}'
    )
  if values.npy is not None:
    _check_npy(values)
  segmenter = values['segmenter'].present or values.segmenter_model is not None
  if values.masks is not None and segmenter:
    raise errors.UserError('expected --masks or a segmenter that finds the people; received both')
  if values.masks is not None and len(values.video) > 1 and not os.path.isdir(values.masks):
    raise errors.UserError(
      f'expected --masks to be a folder, with several videos; received {values.masks}'
    )


def _check_outputs(values: flags.FlagValues) -> None:
  """Raises a `UserError` if the answers cannot go where the flags say."""
  if (
    values.picture is not None
    and len(values.video) == 1
    and not values.picture.lower().endswith(('.png', '.jpg', '.jpeg'))
  ):
    raise errors.UserError(f'expected --picture to end in .png or .jpg; received {values.picture}')
  if values.logits_out is not None and (len(values.video) > 1 or len(values.mask) > 1):
    raise errors.UserError(
      'expected one video and one --mask for --logits_out; received '
      f'{len(values.video)} and {len(values.mask)}'
    )


def _check_npy(values: flags.FlagValues) -> None:
  if len(values.run_dir) > 1 or (values.weights and values.flow_weights):
    raise errors.UserError('expected one network for --npy; received two')
  for name in ('masks', 'picture'):
    if values[name].value is not None:
      raise errors.UserError(f'expected --video with --{name}; received --npy')
  if values.mask != ['none']:
    raise errors.UserError('expected --video with --mask; received --npy')
