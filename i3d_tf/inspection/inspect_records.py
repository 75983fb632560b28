"""inspect_tfrecords: inspects a folder of records, prints a report and draws a contact sheet."""

import sys

from i3d_tf.common import cli
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.inspection import contact_sheet
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import requests
from i3d_tf.inspection import summary
from i3d_tf.inspection import text_report
from i3d_tf.video import drawing


def inspect_and_print(request: requests.InspectionRequest) -> int:
  """Inspects records, shows progress, and prints and writes what was found.

  Args:
    request: what to do.

  Returns:
    The exit status: 1 if there are problems or a video could not be drawn.

  Raises:
    UserError: the folder cannot be inspected, or a file cannot be written.
  """
  with progress.progress_bar(desc='records', unit='video') as bar:

    def show(done: int, total: int, done_bytes: int) -> None:
      bar.total = total
      bar.set_postfix_str(f'{done_bytes / 1e6:.0f} MB', refresh=False)
      bar.update(done - bar.n)

    inspection = inspect_folder.inspect(request.records, request.quick, show, request.workers)
  print(text_report.text(inspection, request.all_classes))
  if request.json is not None:
    files.write_json(request.json, summary.summary(inspection), indent=1)
  status = 1 if inspection.problems else 0
  if request.sheet is not None:
    status = max(status, _draw(inspection, request.sheet))
  return status


def _draw(inspection: inspect_folder.Inspection, request: requests.SheetRequest) -> int:
  """Draws the contact sheet; returns the exit status."""
  if request.names is None:
    chosen = contact_sheet.choose(inspection.videos, request.num_videos, request.seed)
  else:
    chosen = contact_sheet.named(inspection.videos, request.names)
  sheet, skipped = contact_sheet.draw(inspection.folder, chosen, inspection.label_names)
  for path, reason in skipped:
    print(f'not drawn: {path}: {reason}', file=sys.stderr)
  if sheet is None:
    return cli.fail(f'{request.path}: not written; no video could be drawn', 1)
  drawing.write(request.path, sheet)
  print(f'{request.path}: {text.count(len(chosen) - len(skipped), "video")} drawn')
  return 1 if skipped else 0
