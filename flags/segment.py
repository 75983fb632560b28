"""Flags of segment."""

from absl import flags

from flags.shared import beam
from flags.shared import existing
from flags.shared import segmentation
from i3d_tf.common import errors
from i3d_tf.common import processes as processes_lib
from segmentation.people import options as options_lib

# One network of TensorFlow uses all cores by itself.
_USE_ALL_CORES = ('tfhub', 'model_garden', 'rvm')


def define() -> None:
  """Defines the flags; `options` reads them."""
  flags.DEFINE_string(
    'videos',
    None,
    'Folder with videos, at any depth; where it has none, with folders of frames (images, in the '
    'order of their numbers). Or one video file, or one folder of frames. With --csv, the folder '
    'that its paths are relative to; by default that of the CSV file.',
  )
  flags.DEFINE_string(
    'csv', None, 'CSV file with the columns path and label, as make_tfrecords --csv takes it.'
  )
  flags.DEFINE_string('output', None, 'Folder for the masks.')
  flags.DEFINE_integer(
    'processes',
    None,
    'Videos that are worked on at a time, each in a process with its own copy '
    'of the segmenter. By default one per core; one for a TensorFlow network, '
    'which uses all cores by itself.',
    lower_bound=1,
  )
  flags.DEFINE_bool(
    'second_look',
    None,
    'Show the segmenter the frames without the people it found, and store what it still finds: '
    'it may be people whom the masks missed. Takes twice the time. By default yes; no for coco, '
    'which reads masks and sees no frames.',
  )
  beam.define()
  segmentation.define()


def options() -> options_lib.SegmentOptions:
  """The flags as options.

  Raises:
    UserError: a flag is missing or contradicts another, or --videos does not exist.
  """
  values = flags.FLAGS
  for name in ('videos', 'output'):
    if values[name].value is None and not (name == 'videos' and values.csv is not None):
      raise errors.UserError(f'expected --{name}, which was not given')
  existing.check_path('--videos', values.videos, 'a folder with videos, or a video')
  existing.check_path('--csv', values.csv, 'a CSV file of videos')
  beam_options = beam.options()
  processes = values.processes
  if processes is None:
    alone = values.segmenter in _USE_ALL_CORES and not beam_options
    processes = 1 if alone else processes_lib.num_cores()
  second_look = values.second_look
  if second_look is None:
    second_look = values.segmenter != 'coco'
  elif second_look and values.segmenter == 'coco':
    raise errors.UserError(
      '--second_look needs a segmenter that sees frames; received --segmenter=coco, '
      'which reads masks'
    )
  return options_lib.SegmentOptions(
    values.videos,
    values.output,
    segmentation.maker(threads=None if processes == 1 and not beam_options else 1),
    segmentation.settings(),
    processes,
    second_look,
    values.csv,
    beam_options,
  )
