"""Inspects a folder of records: what it holds, whether it is intact, what needs attention.

Example:

    python -m tools.inspect_tfrecords --records=records --contact_sheet=sheet.png

Counts videos and frames of each class and list, measures sizes and how much of the
frames persons cover, finds videos without masks and with black bars, and checks
every record, image and checksum. Damaged ones are listed with shard, offset and
reason; the exit status is then 1.
"""

from flags.tools import inspection as inspection_flags
from i3d_tf.common import cli


def main() -> int:
  """Checks the flags and inspects the records; returns the exit status."""
  request = inspection_flags.request()
  from i3d_tf.inspection import inspect_records

  return inspect_records.inspect_and_print(request)


def run() -> None:
  """The command."""
  inspection_flags.define()
  cli.run(main)


if __name__ == '__main__':
  run()
