"""Flags of inspect_tfrecords."""

import os

from absl import flags

from flags.shared import data
from flags.shared import existing
from i3d_tf.common import errors
from i3d_tf.inspection import requests

_PICTURES = ('.png', '.jpg', '.jpeg')


def define() -> None:
  """Defines the flags; `request` reads them."""
  data.define_records('Folder of records, made by make_tfrecords.')
  flags.DEFINE_bool(
    'quick',
    False,
    'Skip decoding: checksums, counts and labels are checked, images and black bars are not.',
  )
  flags.DEFINE_string('json', None, 'File to write all findings to, as JSON.')
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
    'Videos on the contact sheet, by name (v_Archery_g01_c01), instead of a choice by --seed.',
  )
  flags.DEFINE_integer(
    'seed', 0, 'Seed of the choice of videos for the contact sheet.', lower_bound=0
  )
  flags.DEFINE_integer(
    'workers', None, 'Number of threads; by default one per core.', lower_bound=1
  )


def request() -> requests.InspectionRequest:
  """The flags as a request.

  Raises:
    UserError: a flag is missing or wrong, contradicts another, or names a folder that does not
      exist.
  """
  values = flags.FLAGS
  if values.records is None:
    raise errors.UserError('expected --records, a folder of records; it was not given')
  if values.contact_sheet is not None and (
    os.path.splitext(values.contact_sheet)[1].lower() not in _PICTURES
  ):
    raise errors.UserError(
      f'expected --contact_sheet to end in .png or .jpg; received {values.contact_sheet}'
    )
  if values.videos is not None and values.contact_sheet is None:
    raise errors.UserError(
      f'expected --contact_sheet with --videos={",".join(values.videos)}; it was not given'
    )
  existing.check_records('--records', values.records)
  sheet = None
  if values.contact_sheet is not None:
    names = None if values.videos is None else tuple(values.videos)
    sheet = requests.SheetRequest(values.contact_sheet, values.sheet_videos, names, values.seed)
  return requests.InspectionRequest(
    values.records, values.quick, values.workers, values.classes, values.json, sheet
  )
