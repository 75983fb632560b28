"""Makes TFRecords of a folder of videos: frames, person masks, optical flow.

Examples:

    python -m tools.make_tfrecords --videos=UCF-101 --lists=ucfTrainTestlist --output=records
    python -m tools.make_tfrecords --csv=kinetics.csv --videos=kinetics --output=records
    python -m tools.make_tfrecords --videos=folder_of_class_folders --output=records

All processor cores work. Rerun with the same flags after an interruption: it makes the files of
records that are incomplete, and updates those of which a video, mask or verdict has changed.
See tools/README.md for the rest.
"""

from flags.tools import make_tfrecords as make_flags
from i3d_tf.common import cli


def main() -> int:
  """Checks the flags and makes the records; returns the exit status."""
  request = make_flags.request()
  from i3d_tf.ingest import make_records

  return make_records.make_and_print(request)


def run() -> None:
  """The command."""
  make_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
