"""segment: finds the people in videos, with progress, and says what came of it."""

import functools
import os

from i3d_tf.common import cli
from i3d_tf.common import progress
from segmentation.people import options as options_lib
from segmentation.people import segment_folder


def run(options: options_lib.SegmentOptions) -> int:
  """Writes the masks of every video that has none yet.

  Args:
    options: where videos are, and how people are found.

  Returns:
    0; 1 if a video could not be used.

  Raises:
    UserError: there are no videos, the segmenter cannot be made, or the output folder has
      masks of other videos or settings.
  """
  bar = functools.partial(progress.progress_bar, desc='people', unit='video', unit_scale=True)
  outcome = segment_folder.segment_folder(
    options.videos,
    options.output,
    options.segmenter,
    options.settings,
    options.processes,
    bar,
    options.second_look,
    options.csv,
    options.beam_options,
  )
  for failure in outcome.failures:
    cli.fail(failure.reason)
  print(
    f'{options.output}: masks of {outcome.num_videos - len(outcome.failures)} of '
    f'{outcome.num_videos} videos'
  )
  if outcome.no_person:
    print(
      f'nobody was found in {len(outcome.no_person)} videos, which keep their original '
      f'frames: {os.path.join(options.output, segment_folder.NO_PERSON)}'
    )
  return 1 if outcome.failures else 0
