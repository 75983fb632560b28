"""Flags of make_tfrecords: defaults of the library, and what is refused before anything starts."""

import re

import pytest

from flags.shared import flow
from flags.tools import make_tfrecords
from i3d_tf.common import errors
from i3d_tf.ingest import requests
from tests import flag_values


@pytest.fixture
def parse(monkeypatch, tmp_path):
  """A function from arguments to a request, in a folder that holds videos/, lists/ and a.csv."""
  (tmp_path / 'videos').mkdir()
  (tmp_path / 'lists').mkdir()
  (tmp_path / 'a.csv').touch()
  monkeypatch.chdir(tmp_path)

  def from_arguments(*arguments):
    modules = (flow, make_tfrecords)
    flag_values.parse(monkeypatch, make_tfrecords.define, modules, arguments)
    return make_tfrecords.request()

  return from_arguments


def test_request_has_the_defaults_of_the_library(parse):
  assert parse('--videos=videos', '--output=records') == requests.RecordsRequest(
    'records', 'videos', None, None, requests.DataSetOptions(), requests.EncodingSettings()
  )


def test_request_holds_every_flag(parse):
  request = parse(
    '--csv=a.csv',
    '--videos=videos',
    '--output=records',
    '--masks=videos',
    '--verdicts=a.csv',
    '--labels=a.csv',
    '--validation=2',
    '--test=0.1',
    '--split_seed=3',
    '--flow',
    '--flow_backend=xla',
    '--flow_format=jpeg',
    '--flow_jpeg_quality=80',
    '--short_side=128',
    '--frame_rate=12.5',
    '--jpeg_quality=70',
    '--shards=4',
    '--seed=5',
    '--workers=2',
    '--beam_options=--runner=A --name="b c"',
    '--retry_failed',
  )
  assert request == requests.RecordsRequest(
    'records',
    'videos',
    None,
    'a.csv',
    requests.DataSetOptions('videos', 'a.csv', 2, 0.1, 3, 'a.csv'),
    requests.EncodingSettings(128, 12.5, 70, 'tvl1', 4, 5, 'jpeg', 80, 'xla'),
    2,
    ('--runner=A', '--name=b c'),
    True,
  )


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--videos=videos',), 'expected --output, a folder for the records; it was not given'),
    (('--output=c',), 'expected --videos, a folder of class folders of videos, or --csv; neither'),
    (('--videos=a', '--output=c'), 'a: expected a folder of videos (--videos); no such file'),
    (('--csv=b.csv', '--output=c'), 'b.csv: expected a CSV file of videos (--csv); no such file'),
    (
      ('--videos=videos', '--lists=b', '--output=c'),
      "b: expected a folder of UCF101's lists (--lists); no such file or folder",
    ),
    (
      ('--videos=videos', '--masks=b', '--output=c'),
      'b: expected a folder of person masks (--masks); no such file or folder',
    ),
    (
      ('--videos=videos', '--verdicts=b', '--output=c'),
      'b: expected a CSV file of verdicts (--verdicts); no such file or folder',
    ),
    (
      ('--videos=videos', '--labels=b', '--output=c'),
      'b: expected a text file of class names (--labels); no such file or folder',
    ),
    (
      ('--videos=videos', '--flow=dis', '--flow_backend=xla', '--output=c'),
      "--flow, --flow_backend: `flow` must be 'tvl1' for flow_backend 'xla'; received 'dis'",
    ),
    (
      ('--videos=videos', '--flow_backend=xla', '--output=c'),
      'expected --flow with --flow_backend=xla; it was not given',
    ),
    (
      ('--videos=videos', '--lists=lists', '--csv=d', '--output=c'),
      'expected --lists or --csv; received both',
    ),
    (
      ('--videos=videos', '--lists=lists', '--test=2', '--output=c'),
      'expected no --test with --lists, which say it themselves; received 2.0',
    ),
    (
      ('--videos=videos', '--lists=lists', '--labels=a.csv', '--output=c'),
      'expected no --labels with --lists',
    ),
    (
      ('--videos=videos', '--output=c', '--beam_options="'),
      'expected --beam_options as a shell takes them; received "',
    ),
  ],
)
def test_request_rejects_missing_and_contradictory_flags(parse, arguments, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    parse(*arguments)


@pytest.mark.parametrize(
  'argument, message',
  [
    ('--flow=raft', 'expected --flow, --flow=tvl1 or --flow=dis'),
    ('--flow_jpeg_quality=0', 'flow_jpeg_quality'),
    ('--workers=0', 'workers'),
    ('--flow_format=gif', 'flow_format'),
  ],
)
def test_values_out_of_range_are_rejected(parse, argument, message):
  with pytest.raises(make_tfrecords.flags.IllegalFlagValueError, match=message):
    parse('--videos=videos', '--output=c', argument)
