"""Looks into a folder of records: what it holds, whether it is whole, what needs attention.

    python -m tools.inspect_tfrecords --records=records --contact_sheet=sheet.png

Counts videos and frames of each class and list, measures sizes and how much of the
pictures persons cover, finds videos without masks and with black bars, and checks
every record, image and checksum. Damaged ones are listed with shard, offset and
reason; the exit status is then 1.
"""

import json
import os
import sys

from absl import flags

from flags import data
from i3d_tf.common import cli  # first: it quiets TensorFlow's start
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.inspection import contact_sheet
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import summary
from i3d_tf.video import drawing


def define_flags():
  data.define_records('Folder of records, made by make_tfrecords.')
  flags.DEFINE_bool(
    'quick',
    False,
    'Leave out decoding: checksums, counts and labels are checked, images and black bars are not.',
  )
  flags.DEFINE_string('json', None, 'File to write everything to that was found, as JSON.')
  flags.DEFINE_bool('classes', False, 'Show every class, however many there are.')
  flags.DEFINE_string(
    'contact_sheet',
    None,
    'Picture (.png or .jpg) to draw of a few videos: frames with the person outlined, and flow.',
  )
  flags.DEFINE_integer('sheet_videos', 6, 'Videos on the contact sheet.', lower_bound=1)
  flags.DEFINE_list(
    'videos',
    None,
    'Videos on the contact sheet, by name (v_Archery_g01_c01), instead of some chosen by --seed.',
  )
  flags.DEFINE_integer(
    'seed', 0, 'Seed of the choice of videos for the contact sheet.', lower_bound=0
  )
  flags.DEFINE_integer('workers', None, 'Number of threads; by default one a core.', lower_bound=1)


def main():
  values = flags.FLAGS
  if values.records is None:
    raise errors.UserError('expected --records, a folder of records, which was not given')
  if values.contact_sheet is not None and (
    os.path.splitext(values.contact_sheet)[1].lower() not in ('.png', '.jpg', '.jpeg')
  ):
    raise errors.UserError(
      f'expected --contact_sheet to end in .png or .jpg; received {values.contact_sheet}'
    )
  if values.videos is not None and values.contact_sheet is None:
    raise errors.UserError('--videos says what is drawn on --contact_sheet, which was not given')
  with progress.progress_bar(desc='records', unit='video') as bar:

    def show(done, total, done_bytes):
      bar.total = total
      bar.set_postfix_str(f'{done_bytes / 1e6:.0f} MB', refresh=False)
      bar.update(done - bar.n)

    found = inspect_folder.inspect(values.records, values.quick, show, values.workers)
  print(summary.text(found, values.classes))
  if values.json is not None:
    with files.replacing(values.json) as temporary, open(temporary, 'w') as f:
      json.dump(summary.summary(found), f, indent=1)
  status = 1 if found.problems else 0
  if values.contact_sheet is not None:
    status = max(status, _draw(found))
  return status


def _draw(found):
  """Draws the contact sheet; returns the exit status."""
  values = flags.FLAGS
  chosen = (
    contact_sheet.choose(found.videos, values.sheet_videos, values.seed)
    if values.videos is None
    else contact_sheet.named(found.videos, values.videos)
  )
  sheet, skipped = contact_sheet.draw(found.folder, chosen, found.label_names)
  for path, reason in skipped:
    print(f'not drawn: {path}: {reason}', file=sys.stderr)
  if sheet is None:
    return cli.fail(f'{values.contact_sheet}: not written; no video could be drawn', 1)
  drawing.write(values.contact_sheet, sheet)
  print(f'{values.contact_sheet}: {len(chosen) - len(skipped)} videos drawn')
  return 1 if skipped else 0


if __name__ == '__main__':
  define_flags()
  cli.run(main)
