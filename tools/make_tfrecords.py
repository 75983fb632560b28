"""Makes TFRecords of a folder of videos: frames, person masks, optical flow.

    python -m tools.make_tfrecords --videos=UCF-101 --lists=ucfTrainTestlist --output=records

The videos lie as UCF101's do (Class/v_Class_g01_c01.avi) and the lists name them
(classInd.txt, trainlist01.txt, testlist01.txt, ...). Stopped and called again, it
goes on with the first file of records that is not whole.
"""

from i3d_tf import app  # first: it quiets TensorFlow's start

import sys

from absl import flags

from i3d_tf import build_records
from i3d_tf import errors

_DEFAULTS = build_records.Settings()


def define_flags():
  flags.DEFINE_string('videos', None, 'Folder of class folders of videos.')
  flags.DEFINE_string('lists', None,
                      'Folder of classInd.txt and of the training and test lists; the videos that '
                      'they name are stored.')
  flags.DEFINE_string('masks', None,
                      'Folder of person masks, one COCO file (v_Class_g01_c01.json) a video. '
                      'Videos without one are stored without masks and listed.')
  flags.DEFINE_bool('flow', False,
                    'Store TV-L1 optical flow, too: 0.4 to 1.4 seconds a frame and core.')
  flags.DEFINE_string('output', None, 'Folder of the records.')
  flags.DEFINE_integer('short_side', _DEFAULTS.short_side,
                       'Pixels of the stored frames\' shorter side.', lower_bound=32)
  flags.DEFINE_float('frame_rate', _DEFAULTS.frame_rate, 'Frames a second to store.',
                     lower_bound=1)
  flags.DEFINE_integer('jpeg_quality', _DEFAULTS.jpeg_quality, 'JPEG quality, 1 to 100.',
                       lower_bound=1, upper_bound=100)
  flags.DEFINE_integer('shards', _DEFAULTS.num_shards, 'Number of files.', lower_bound=1)
  flags.DEFINE_integer('seed', _DEFAULTS.seed, 'Seed of the order of the videos.')


def main():
  values = flags.FLAGS
  for name in ('videos', 'lists', 'output'):
    if values[name].value is None:
      raise errors.UserError(f'expected --{name}, {values[name].help[0].lower()}'
                             f'{values[name].help[1:]} It was not given')
  settings = build_records.Settings(
      short_side=values.short_side, frame_rate=values.frame_rate,
      jpeg_quality=values.jpeg_quality, flow='tvl1' if values.flow else None,
      num_shards=values.shards, seed=values.seed)
  with app.progress(desc='videos to records', unit='video') as bar:
    def show(done, total):
      bar.total = total
      bar.update(done - bar.n)

    failures, without = build_records.build_ucf101(
        values.videos, values.lists, values.output, settings, values.masks, show)
  for path in without:
    print(f'without masks: {path}')
  for failure in failures:
    print(f'left out: {failure.path}: {failure.reason}', file=sys.stderr)
  if failures:
    return app.fail(f'{len(failures)} videos could not be used; the others are in {values.output}', 1)
  print(f'{values.output}: whole')
  return 0


if __name__ == '__main__':
  define_flags()
  app.run(main)
