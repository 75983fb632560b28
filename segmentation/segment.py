"""Finds the people in every video of a folder: one COCO file of masks a video.

    python -m segmentation.segment --videos=UCF-101 --output=masks
    python -m segmentation.segment --videos=UCF-101 --output=masks --segmenter=tflite \\
        --segmenter_model=deeplabv3.tflite --detect_every=2

Writes masks/v_Class_g01_c01.json for UCF-101/Class/v_Class_g01_c01.avi, as make_tfrecords
--masks reads it: every person of every frame with a score. Beside them no_person.csv
lists the videos in which nobody was found (they keep their original frames in every
condition) and failures.csv those that could not be read. Stopped and called again it
makes what is missing. segmentation/README.md tells which segmenter is for whom.
"""

import functools
import os

from absl import flags

from flags import segmentation as segmentation_flags
from i3d_tf.common import cli  # first: it quiets TensorFlow's start
from i3d_tf.common import errors
from i3d_tf.common import processes as processes_lib
from i3d_tf.common import progress
from segmentation.people import segment_folder


def define_flags() -> None:
  flags.DEFINE_string('videos', None, 'Folder with videos, at any depth; or one video file.')
  flags.DEFINE_string('output', None, 'Folder for the masks.')
  flags.DEFINE_integer(
    'processes',
    None,
    'Videos that are worked on at a time, each in a process with its own copy '
    'of the segmenter. By default one a core; one for a TensorFlow network, '
    'which uses all cores by itself.',
    lower_bound=1,
  )
  segmentation_flags.define()


def main() -> int:
  values = flags.FLAGS
  for name in ('videos', 'output'):
    if values[name].value is None:
      raise errors.UserError(f'expected --{name}, which was not given')
  settings = segmentation_flags.settings()
  processes = values.processes
  if processes is None:
    heavy = values.segmenter in ('tfhub', 'model_garden')
    processes = 1 if heavy else processes_lib.num_cores()
  make = segmentation_flags.maker(threads=None if processes == 1 else 1)
  bar = functools.partial(progress.progress_bar, desc='people', unit='video', unit_scale=True)
  outcome = segment_folder.segment_folder(
    values.videos, values.output, make, settings, processes, bar
  )
  for failure in outcome.failures:
    cli.fail(failure.reason)
  print(
    f'{values.output}: masks of {outcome.num_videos - len(outcome.failures)} of '
    f'{outcome.num_videos} videos'
  )
  if outcome.no_person:
    print(
      f'nobody was found in {len(outcome.no_person)} videos, which keep their original '
      f'frames: {os.path.join(values.output, segment_folder.NO_PERSON)}'
    )
  return 1 if outcome.failures else 0


if __name__ == '__main__':
  define_flags()
  cli.run(main)
