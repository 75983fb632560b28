"""Makes a gallery on which a person checks the masks of a data set in minutes.

    python -m segmentation.review --videos=UCF-101 --masks=masks --output=review

Then open review/index.html: a strip of frames per video, the most suspicious first.
The verdicts that it exports go to --verdicts of make_tfrecords, train and evaluate,
and of review itself, to resume. Rerun, it looks only at videos that are new or changed.
"""

from flags import review as review_flags
from i3d_tf.common import cli


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = review_flags.options()
  from segmentation.gallery import review_masks

  return review_masks.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  review_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
