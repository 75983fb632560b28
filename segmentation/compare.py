"""Compares two folders of masks, or one with boxes: overlap, misses, for each video and overall.

    python -m segmentation.compare --masks=masks_a,masks_b --output=comparison.csv
    python -m segmentation.compare --masks=masks --boxes=boxes.csv

For each video that has masks in both: the IoU (intersection over union of all its pixels
that show people), the mean IoU of its frames, precision and recall of B where A is the truth, the
coverage of either, and the share of frames in which only one has found somebody.

With boxes that people drew: the share of the masks that is inside, the share of a box's rows
(height) and columns (width) that the mask reaches, and the share of boxes without any mask.

Prints the means, and the videos that differ most; the CSV file has all of them.
"""

from flags import compare as compare_flags
from i3d_tf.common import cli


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = compare_flags.options()
  from segmentation.people import comparison

  return comparison.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  compare_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
