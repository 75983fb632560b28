"""Flags of inspect_tfrecords."""

import re

import pytest

from flags.shared import data
from flags.tools import inspection
from i3d_tf.common import errors
from i3d_tf.inspection import requests
from tests import flag_values


@pytest.fixture
def parse(monkeypatch, tmp_path):
  """A function from arguments to a request, in a folder that holds records/."""
  (tmp_path / 'records').mkdir()
  monkeypatch.chdir(tmp_path)

  def from_arguments(*arguments):
    flag_values.parse(monkeypatch, inspection.define, (data, inspection), arguments)
    return inspection.request()

  return from_arguments


def test_request_has_the_defaults_of_the_library(parse):
  assert parse('--records=records') == requests.InspectionRequest('records')


def test_request_accepts_any_case_of_a_picture(parse):
  sheet = parse('--records=records', '--contact_sheet=a.PNG').sheet
  assert sheet == requests.SheetRequest('a.PNG')


def test_request_holds_every_flag(parse):
  assert parse(
    '--records=records',
    '--quick',
    '--workers=2',
    '--classes',
    '--json=a.json',
    '--contact_sheet=a.jpg',
    '--sheet_videos=3',
    '--videos=a,b',
    '--seed=4',
  ) == requests.InspectionRequest(
    'records', True, 2, True, 'a.json', requests.SheetRequest('a.jpg', 3, ('a', 'b'), 4)
  )


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --records, a folder of records; it was not given'),
    (('--records=none',), 'none: expected a folder made by make_tfrecords (--records); no such'),
    (
      ('--records=records', '--contact_sheet=a.gif'),
      'expected --contact_sheet to end in .png or .jpg; received a.gif',
    ),
    (
      ('--records=records', '--videos=a,b'),
      'expected --contact_sheet with --videos=a,b; it was not given',
    ),
  ],
)
def test_request_rejects_missing_and_contradictory_flags(parse, arguments, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    parse(*arguments)
