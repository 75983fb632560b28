"""Makes TFRecords of a folder of videos: frames, person masks, optical flow.

    python -m tools.make_tfrecords --videos=UCF-101 --lists=ucfTrainTestlist --output=records
    python -m tools.make_tfrecords --csv=kinetics.csv --videos=kinetics --output=records
    python -m tools.make_tfrecords --videos=folder_of_class_folders --output=records

All processor cores work. Stopped and called again with the same flags, it goes on
with the files of records that are not whole, and brings those up to date of which
a video, mask or verdict has changed. tools/README.md tells the rest.
"""

import os
import shlex
import sys

from absl import flags

from flags import flow as flow_flags
from i3d_tf.common import cli  # first: it quiets TensorFlow's start
from i3d_tf.common import errors
from i3d_tf.common import processes
from i3d_tf.common import progress
from i3d_tf.ingest import build
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import sources

_DEFAULTS = encode_video.EncodingSettings()


def define_flags():
  flags.DEFINE_string(
    'videos',
    None,
    'Folder of class folders of videos; with --csv, the folder '
    'that its paths start from (default: that of the CSV file).',
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
    'In place of --lists: a CSV file with the columns path, label and perhaps '
    'start, end (seconds) and split (train, validation, test).',
  )
  flags.DEFINE_string(
    'labels',
    None,
    'File of class names, one a line, in the order of their labels. By default '
    'those of the data set are sorted. Not with --lists, which has its own.',
  )
  flags.DEFINE_string(
    'masks',
    None,
    'Folder of person masks, one COCO file (v_Class_g01_c01.json) a video. '
    'Videos without one are stored without masks and listed.',
  )
  flags.DEFINE_string(
    'verdicts',
    None,
    'CSV file of verdicts on masks; videos judged "original" keep their original '
    'frames in every condition.',
  )
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
    f'{sources.TEST_SHARE:g} by default; 0 for no test list.',
  )
  flags.DEFINE_integer('split_seed', 0, 'Seed of what is held out.', lower_bound=0)
  flags.DEFINE_string('output', None, 'Folder of the records.')

  flow_flags.define()
  flags.DEFINE_enum(
    'flow_format',
    _DEFAULTS.flow_format,
    ['png', 'jpeg'],
    'How flow is stored: png loses nothing more than its 8 bits do.',
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
    'frame_rate', _DEFAULTS.frame_rate, 'Frames a second to store.', lower_bound=1, upper_bound=1000
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
    'Number of files; by default they have about 150 MB.',
    lower_bound=1,
    upper_bound=99999,
  )
  flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of the order of the videos.', lower_bound=0)

  flags.DEFINE_integer('workers', None, 'Processes; by default one a core.', lower_bound=1)
  flags.DEFINE_string(
    'beam_options',
    None,
    'Flags for Apache Beam, in one string: --beam_options="--runner=FlinkRunner '
    '--flink_master=host:8081".',
  )
  flags.DEFINE_bool(
    'retry_failed', False, 'Try again what could not be used before, also if its file is the same.'
  )


def main():
  values = flags.FLAGS
  if values.output is None:
    raise errors.UserError('expected --output, folder of the records. It was not given')
  flow, flow_backend = flow_flags.method_and_backend()
  settings = encode_video.EncodingSettings(
    short_side=values.short_side,
    frame_rate=values.frame_rate,
    jpeg_quality=values.jpeg_quality,
    flow=flow,
    flow_backend=flow_backend,
    num_shards=values.shards,
    seed=values.seed,
    flow_format=values.flow_format,
    flow_jpeg_quality=values.flow_jpeg_quality,
  )
  data = _data_set(values)
  for note in data.notes:
    print(f'note: {note}')
  workers = processes.num_cores() if values.workers is None else values.workers
  with progress.progress_bar(desc='videos to records', unit='video') as bar:

    def show(done, total):
      if bar.total is None:
        bar.total, bar.initial = total, done  # what was done before says nothing about the rate
      bar.update(done - bar.n)

    failures = build.build_data_set(
      data,
      values.output,
      settings,
      show,
      workers=workers,
      beam_options=_beam_options(values.beam_options),
      retry_failed=values.retry_failed,
      tell=bar.write,
    )
  for path in data.without_masks:
    print(f'without masks: {path}')
  kept = [source.path for source in data.sources if source.keep_original]
  for path in kept:
    print(f'kept original by verdict: {path}')
  if kept:
    print(f'{len(kept)} of {len(data.sources)} videos keep their original frames by verdict')
  for failure in failures:
    print(f'left out: {failure.path}: {failure.reason}', file=sys.stderr)
  if failures:
    return cli.fail(
      f'{len(failures)} videos could not be used ('
      f'{os.path.join(values.output, build.FAILURES)} lists them); the '
      f'others are in {values.output}',
      1,
    )
  print(f'{values.output}: whole')
  return 0


def _beam_options(text):
  try:
    return shlex.split('' if text is None else text)
  except ValueError as e:
    raise errors.UserError(
      f'expected --beam_options as a shell takes them; received {text} ({e})'
    ) from e


def _data_set(values):
  """The `sources.DataSet` that the flags describe."""
  common = {
    'masks': values.masks,
    'verdicts': values.verdicts,
    'validation': values.validation,
    'seed': values.split_seed,
  }
  if values.csv is not None and values.lists is not None:
    raise errors.UserError('expected --lists or --csv; received both')
  if values.videos is None and values.csv is None:
    raise errors.UserError(
      'expected --videos, folder of class folders of videos, or --csv. Neither was given'
    )
  if values.lists is not None:
    for name in ('labels', 'test'):
      if values[name].value is not None:
        raise errors.UserError(
          f'expected no --{name} with --lists, which say it themselves; '
          f'received {values[name].value}'
        )
    return sources.from_ucf101(values.videos, values.lists, **common)
  more = {'test': values.test, 'labels': values.labels}
  if values.csv is not None:
    return sources.from_csv(values.csv, values.videos, **common, **more)
  return sources.from_folders(values.videos, **common, **more)


if __name__ == '__main__':
  define_flags()
  cli.run(main)
