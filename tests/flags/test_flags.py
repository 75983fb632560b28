"""Flags: their defaults are the library's, and a protocol fills in what was not given."""

import os
import re

import pytest

from flags import training
from flags.shared import data
from flags.shared import protocols
from i3d_tf.common import errors
from i3d_tf.inputs import clip_settings
from i3d_tf.training import run_settings
from tests import flag_values


@pytest.fixture
def parsed(monkeypatch):
  """A function that redefines train's flags and parses arguments."""

  def parse(*arguments):
    return flag_values.parse(monkeypatch, training.define, (data, training, protocols), arguments)

  return parse


def test_defaults_are_those_of_the_library(parsed):
  parsed('--mask=background')
  assert data.clips() == clip_settings.ClipSettings()
  assert training.network_settings() == run_settings.Network()
  assert training.optimization_settings() == run_settings.Optimization()


def test_a_protocol_is_the_default_of_what_was_not_given(parsed):
  values = parsed('--steps=7', '--frame_size=96')
  protocols.use_as_defaults('demo.flags')
  assert values.steps == 7 and values.frame_size == 96
  assert values.clip_frames == 16 and values.optimizer == 'adam'


def test_what_was_given_is_known(parsed):
  parsed('--steps=7')
  protocols.use_as_defaults('demo.flags')
  assert training.given() == {'steps': 7}


def test_every_protocol_names_flags_that_exist(parsed):
  parsed()
  folder = os.path.dirname(os.path.dirname(os.path.abspath(protocols.__file__)))
  names = [name for name in os.listdir(folder) if name.endswith('.flags')]
  assert names
  for name in names:
    protocols.use_as_defaults(name)


def test_a_bad_line_of_a_protocol_is_an_error(parsed, tmp_path):
  parsed()
  path = tmp_path / 'bad.flags'
  path.write_text('# fine\n--steps=3\n--stepz=3\n')
  with pytest.raises(
    errors.UserError, match=re.escape(f'{path}:3: expected --flag=value; found --stepz=3')
  ):
    protocols.use_as_defaults(str(path))


@pytest.mark.parametrize(
  'arguments, message',
  [
    (['--validate_every=10'], 'never on the test list: expected --hold_out=GROUPS'),
    (['--patience=2', '--hold_out=g08'], '--patience counts tests of --validate_every'),
    (
      ['--validate_every=10', '--hold_out=g08', '--strategy=mirrored'],
      'is for one device; received --strategy=mirrored',
    ),
  ],
)
def test_tests_on_the_way_need_held_out_videos_and_one_device(arguments, message, parsed):
  parsed(*arguments)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    training.request()


def test_tests_on_the_way_are_part_of_the_request(parsed):
  parsed('--hold_out=g08', '--validate_every=10', '--patience=2')
  request = training.request()
  assert (request.validate_every, request.patience) == (10, 2)
