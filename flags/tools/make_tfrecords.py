"""Flags of make_tfrecords."""

from absl import flags

from flags.shared import beam
from flags.shared import existing
from flags.shared import flow
from i3d_tf.common import errors
from i3d_tf.ingest import requests

_DEFAULTS = requests.EncodingSettings()


def define() -> None:
  """Defines the flags; `request` reads them."""
  _define_inputs()
  _define_splits()
  flags.DEFINE_string('output', None, 'Folder of the records, or its address: s3://bucket/records.')
  _define_encoding()
  flags.DEFINE_integer('workers', None, 'Processes; by default one per core.', lower_bound=1)
  beam.define()
  flags.DEFINE_bool(
    'retry_failed', False, 'Retry videos that failed before, even if their files have not changed.'
  )


def _define_inputs() -> None:
  flags.DEFINE_string(
    'videos',
    None,
    'Folder of class folders of videos, or of folders of frames (images, 25 a second); with '
    '--csv, the folder that its paths are relative to (default: that of the CSV file). This and '
    'the other inputs may be in a store, too: s3://bucket/videos.',
  )
  flags.DEFINE_string(
    'lists',
    None,
    "Folder of UCF101's classInd.txt, trainlist01.txt, testlist01.txt, ...; the "
    'videos that they name are stored.',
  )
  flags.DEFINE_string(
    'csv',
    None,
    'Instead of --lists: a CSV file with the columns path, label and perhaps '
    'start, end (seconds) and split (train, validation, test).',
  )
  flags.DEFINE_string(
    'labels',
    None,
    'File of class names, one per line, in the order of their labels. By default '
    'those of the data set are sorted. Not with --lists, which has its own.',
  )
  flags.DEFINE_string(
    'masks',
    None,
    'Folder of person masks, one COCO file (v_Class_g01_c01.json) per video. '
    'Videos without one are stored without masks and listed.',
  )
  flags.DEFINE_string(
    'verdicts',
    None,
    'CSV file of verdicts on masks; videos judged "original" keep their original '
    'frames in every condition.',
  )


def _define_splits() -> None:
  flags.DEFINE_float(
    'validation',
    None,
    'Groups (gNN, or else videos) of the training lists to hold out as validation '
    'lists: a number, or a share below 1.',
  )
  flags.DEFINE_float(
    'test',
    None,
    'The same for the test list, where the data set names no test videos; '
    f'{requests.TEST_SHARE:g} by default; 0 for no test list.',
  )
  flags.DEFINE_bool(
    'allow_shared_sources',
    False,
    'Store the data set although videos of one source (a file, or parts of one) are in both the '
    'training and the test list.',
  )
  flags.DEFINE_bool(
    'shared_groups',
    _DEFAULTS.shared_groups,
    'Say that a group (gNN) is the same people or place in all classes, as in Weizmann, where '
    'everybody acts in every class: intervals are then over groups of all classes. By default a '
    'group belongs to its class, as in UCF101.',
  )
  flags.DEFINE_integer('split_seed', 0, 'Seed of what is held out.', lower_bound=0)


def _define_encoding() -> None:
  flow.define()
  flags.DEFINE_enum(
    'flow_format',
    _DEFAULTS.flow_format,
    requests.FLOW_FORMATS,
    'How flow is stored: png loses no more than the rounding to 8 bits does.',
  )
  flags.DEFINE_integer(
    'flow_jpeg_quality',
    _DEFAULTS.flow_jpeg_quality,
    'JPEG quality of flow, 1 to 100.',
    lower_bound=1,
    upper_bound=100,
  )
  flags.DEFINE_integer(
    'short_side',
    _DEFAULTS.short_side,
    "Pixels of the stored frames' shorter side.",
    lower_bound=32,
    upper_bound=4096,
  )
  flags.DEFINE_float(
    'frame_rate',
    _DEFAULTS.frame_rate,
    'Frames per second to store.',
    lower_bound=1,
    upper_bound=1000,
  )
  flags.DEFINE_integer(
    'jpeg_quality',
    _DEFAULTS.jpeg_quality,
    'JPEG quality, 1 to 100.',
    lower_bound=1,
    upper_bound=100,
  )
  flags.DEFINE_integer(
    'shards',
    None,
    'Number of files; by default each has about 150 MB.',
    lower_bound=1,
    upper_bound=99999,
  )
  flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of the order of the videos.', lower_bound=0)


def request() -> requests.RecordsRequest:
  """The flags as a request.

  Raises:
    UserError: a flag is missing or wrong, contradicts another, or names a file that does not exist.
  """
  values = flags.FLAGS
  if values.output is None:
    raise errors.UserError('expected --output, a folder for the records; it was not given')
  method, backend = flow.method_and_backend()
  _check_inputs()
  return requests.RecordsRequest(
    values.output,
    values.videos,
    values.lists,
    values.csv,
    requests.DataSetOptions(
      masks=values.masks,
      verdicts=values.verdicts,
      validation=values.validation,
      test=values.test,
      seed=values.split_seed,
      labels=values.labels,
      allow_shared_sources=values.allow_shared_sources,
    ),
    requests.EncodingSettings(
      short_side=values.short_side,
      frame_rate=values.frame_rate,
      jpeg_quality=values.jpeg_quality,
      flow=method,
      flow_backend=backend,
      num_shards=values.shards,
      seed=values.seed,
      flow_format=values.flow_format,
      flow_jpeg_quality=values.flow_jpeg_quality,
      shared_groups=values.shared_groups,
    ),
    values.workers,
    beam.options(),
    values.retry_failed,
  )


def _check_inputs() -> None:
  """Raises a UserError unless the flags name one data set, which exists."""
  values = flags.FLAGS
  if values.csv is not None and values.lists is not None:
    raise errors.UserError('expected --lists or --csv; received both')
  if values.videos is None and values.csv is None:
    raise errors.UserError(
      'expected --videos, a folder of class folders of videos, or --csv; neither was given'
    )
  if values.lists is not None:
    for name in ('labels', 'test'):
      if values[name].value is not None:
        raise errors.UserError(
          f'expected no --{name} with --lists, which say it themselves; '
          f'received {values[name].value}'
        )
  existing.check_input('--videos', values.videos, 'a folder of videos')
  existing.check_input('--lists', values.lists, "a folder of UCF101's lists")
  existing.check_input('--csv', values.csv, 'a CSV file of videos')
  existing.check_input('--masks', values.masks, 'a folder of person masks')
  existing.check_input('--verdicts', values.verdicts, 'a CSV file of verdicts')
  existing.check_input('--labels', values.labels, 'a text file of class names')
  existing.check_output('--output', values.output)
