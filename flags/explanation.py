"""Flags of explain."""

from absl import flags

from flags.shared import data
from flags.shared import existing
from flags.shared import listed
from flags.shared import network
from flags.shared import segmentation
from flags.shared import weights_folder
from i3d_tf.attribution import options as options_lib
from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.model import architecture
from i3d_tf.video import video_files
from i3d_tf.weights.published import releases

_DEFAULTS = options_lib.MethodSettings()
_EXAMPLES, _PICTURED = 4, 8
_OF_LISTS = (
  'records',
  'csv',
  'videos',
  'class_map',
  'verdicts',
  'subset',
  'split',
  'examples',
  'pictures',
)
_ANIMATIONS, _PICTURES = ('.mp4', '.gif'), ('.png', '.jpg', '.jpeg')


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string('run_dir', None, 'The network: folder of a run that train made.')
  flags.DEFINE_string(
    'weights', None, f'The network: weights of I3D, a file, {weights_folder.NAMES_HELP}.'
  )
  network.define_classifier()
  weights_folder.define()
  network.define_class_names()
  _define_videos()
  _define_maps()
  segmentation.define()


def _define_videos() -> None:
  """Which videos are explained, and where the people are."""
  flags.DEFINE_list(
    'video',
    [],
    'Video files, folders of videos, or folders of frames at 25 a second; several with commas.',
  )
  flags.DEFINE_string(
    'masks',
    None,
    'Person masks: the COCO file of --video, or a folder that has NAME.json for the video '
    'NAME.avi; by default --segmenter finds the people. With --csv the folder of the masks.',
  )
  data.define_records(
    'In place of --video: folder of records, whose list --subset is explained. By default the one '
    'that the run was trained on, or the demo set (in --demo_dir).'
  )
  flags.DEFINE_string('demo_dir', 'demo', 'Where the demo set is made, or already is.')
  flags.DEFINE_string(
    'csv', None, 'In place of --records: CSV file of videos and their classes, as for evaluate.'
  )
  flags.DEFINE_string('videos', None, 'Folder that the paths of --csv are relative to.')
  data.define_verdicts('By default those that the run was trained with.')
  flags.DEFINE_enum('subset', 'test', ['test', 'train', 'validation'], 'Which list of the split.')
  flags.DEFINE_integer('split', None, 'Split; by default that of the run, or 1.')
  flags.DEFINE_integer(
    'max_frames',
    options_lib.MAX_FRAMES,
    'Frames of a video that are explained, from its first.',
    lower_bound=architecture.MIN_FRAMES,
  )
  data.define_mask_dilation()
  flags.DEFINE_string(
    'output',
    None,
    'Of one video the file of an animation (.mp4 or .gif), of several a folder for an animation '
    'and a sheet of each; of a list the folder for the results, by default "explained".',
  )
  flags.DEFINE_string('picture', None, 'File (.png or .jpg) for a sheet of one --video.')


def _define_maps() -> None:
  """Which maps, of which classes."""
  flags.DEFINE_list(
    'target',
    [options_lib.PREDICTED],
    'Classes to explain: predicted, true (what a video of a list shows) or names of classes; '
    'several with commas.',
  )
  flags.DEFINE_list(
    'methods',
    [],
    'How maps are made, several with commas: '
    + '; '.join(f'{name}: {what}' for name, what in options_lib.METHOD_HELP.items())
    + '. By default gradcam and smoothgrad for I3D, else smoothgrad, or occlusion where a network '
    'gives no gradients.',
  )
  flags.DEFINE_enum(
    'endpoint', _DEFAULTS.endpoint, list(architecture.BELOW_LOGITS), 'The layer of Grad-CAM.'
  )
  flags.DEFINE_integer(
    'samples',
    _DEFAULTS.samples,
    'Noisy clips of smoothgrad, and steps of ig. Each takes about three forward passes.',
    lower_bound=1,
  )
  flags.DEFINE_float(
    'noise',
    _DEFAULTS.noise,
    'Standard deviation of the noise of smoothgrad, as a fraction of the range of pixels.',
    lower_bound=0,
    upper_bound=1,
  )
  flags.DEFINE_list(
    'boxes',
    list(map(str, _DEFAULTS.boxes)),
    'Boxes of occlusion along time, height and width; each takes a forward pass.',
  )
  flags.DEFINE_enum(
    'fill',
    _DEFAULTS.fill,
    options_lib.FILLS,
    'What fills the boxes of occlusion, and the person or the place where they are replaced; see '
    'train --fill.',
  )
  flags.DEFINE_integer(
    'batch_size', _DEFAULTS.batch_size, 'Occluded clips that are computed together.', lower_bound=1
  )
  flags.DEFINE_integer(
    'examples',
    _EXAMPLES,
    'With how many videos of a list, drawn at random, the checks are made. Those of one video take '
    'about as long as 100 answers.',
    lower_bound=0,
  )
  flags.DEFINE_integer(
    'pictures', _PICTURED, 'Of how many videos of a list pictures are made.', lower_bound=0
  )
  flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of everything random.', lower_bound=0)


def options() -> options_lib.ExplainOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing, wrong or contradicts another, or names a file that does not
      exist.
  """
  values = flags.FLAGS
  of_list = None if values.video else _of_list(values)
  of_videos = _of_videos(values) if values.video else None
  if values.mask_dilation is not None:
    clip_settings.ClipSettings(mask_dilation=values.mask_dilation)  # Refuses what is none.
  named, is_default = _network(values)
  return options_lib.ExplainOptions(
    named,
    is_default,
    tuple(values.methods),
    tuple(values.target),
    _settings(values),
    values.max_frames,
    values.mask_dilation,
    of_list,
    of_videos,
  )


def _network(values: flags.FlagValues) -> tuple[discovery.ClassifierOptions, bool]:
  """(the network, whether it is the default)."""
  given = [name for name in ('run_dir', 'weights', 'classifier') if values[name].value is not None]
  if len(given) > 1:
    raise errors.UserError(
      f'expected one of --run_dir, --weights and --classifier; received --{" and --".join(given)}'
    )
  if values.run_dir is not None:
    existing.check_run('--run_dir', values.run_dir)
  weights_folder.use()
  source = values[given[0]].value if given else releases.DEFAULT
  found = network.classifier(source)
  assert found is not None
  return found, not given


def _settings(values: flags.FlagValues) -> options_lib.MethodSettings:
  try:
    t, h, w = map(int, values.boxes)
  except ValueError as e:
    raise errors.UserError(
      f'expected three numbers such as --boxes=2,7,7; received {",".join(values.boxes)}'
    ) from e
  return options_lib.MethodSettings(
    values.endpoint,
    values.samples,
    values.noise,
    (t, h, w),
    values.fill,
    values.batch_size,
    values.seed,
  )


def _of_list(values: flags.FlagValues) -> options_lib.ListOptions:
  if values.picture is not None:
    raise errors.UserError('--picture is for --video; it was not given')
  if values.records is not None and values.csv is not None:
    raise errors.UserError('expected --records or --csv; received both')
  test_set = listed.test_set()
  listed.check_videos_of_csv(beside='--video')
  return options_lib.ListOptions(
    test_set,
    values.demo_dir,
    listed.videos(),
    values.class_map,
    'explained' if values.output is None else values.output,
    values.examples,
    values.pictures,
  )


def _of_videos(values: flags.FlagValues) -> options_lib.VideoOptions:
  for name in _OF_LISTS:
    if values[name].present:
      raise errors.UserError(f'--{name} is for a list of videos; received --video, too')
  if values.masks is not None and (
    values['segmenter'].present or values.segmenter_model is not None
  ):
    raise errors.UserError('expected --masks or a segmenter that finds the people; received both')
  existing.check_path('--masks', values.masks, 'person masks')
  existing.check_any('--video', values.video, 'a video, a folder of videos or of frames')
  videos = tuple(video_files.expand(values.video))
  output, picture = values.output, values.picture
  is_file = output is not None and output.lower().endswith(_ANIMATIONS)
  if len(videos) == 1 and output is not None and not is_file:
    existing.check_no_file('--output', output)
  if len(videos) > 1 and (is_file or picture is not None):
    raise errors.UserError('expected --output to be a folder, and no --picture, for several videos')
  if picture is not None and not picture.lower().endswith(_PICTURES):
    raise errors.UserError(f'expected --picture to end in .png or .jpg; received {picture}')
  return options_lib.VideoOptions(
    videos, values.masks, segmentation.maker(), segmentation.settings(), output, picture
  )
