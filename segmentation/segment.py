"""Finds the people in every video of a folder: one COCO file of masks per video.

    python -m segmentation.segment --videos=UCF-101 --output=masks
    python -m segmentation.segment --videos=UCF-101 --output=masks --segmenter=tflite \\
        --segmenter_model=deeplabv3.tflite --detect_every=2
    python -m segmentation.segment --csv=clips.csv --videos=videos --output=masks

Writes masks/v_Class_g01_c01.json for UCF-101/Class/v_Class_g01_c01.avi, as make_tfrecords
--masks reads it: every person of every frame with a score. Next to them, no_person.csv
lists the videos in which nobody was found (they keep their original frames in every
condition) and failures.csv those that could not be read. Rerun
after an interruption, it makes what is missing. segmentation/README.md says which segmenter
suits whom.
"""

from flags import segment as segment_flags
from i3d_tf.common import cli


def main() -> int:
  """Runs the command with the flags as parsed: the exit status."""
  options = segment_flags.options()
  from segmentation.people import segment_videos

  return segment_videos.run(options)


def run() -> None:
  """Defines the flags and runs the command; for console scripts, too."""
  segment_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
