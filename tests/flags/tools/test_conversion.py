"""Flags of convert_weights."""

import re

import pytest

from flags.tools import conversion
from i3d_tf.common import errors
from i3d_tf.weights import arrays
from tests import flag_values


@pytest.fixture
def parse(monkeypatch, tmp_path):
  """A function from arguments to those of `convert.convert`, in a folder that holds a.pt."""
  (tmp_path / 'a.pt').touch()
  monkeypatch.chdir(tmp_path)

  def from_arguments(*arguments):
    flag_values.parse(monkeypatch, conversion.define, (conversion,), arguments)
    return conversion.arguments()

  return from_arguments


def test_arguments_leave_everything_to_the_weights_by_default(parse):
  assert parse('--weights=a.pt', '--output=b.keras') == {
    'path': 'a.pt',
    'output': 'b.keras',
    'channels': None,
    'num_classes': None,
    'new_head': False,
    'seed': 0,
  }


@pytest.mark.parametrize('channels, stream', arrays.STREAMS.items())
def test_arguments_translate_the_stream(parse, channels, stream):
  arguments = parse('--weights=a.pt', '--output=b.weights.h5', f'--stream={stream}')
  assert arguments['channels'] == channels


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --weights; it was not given'),
    (('--weights=a.pt',), 'expected --output; it was not given'),
    (
      ('--weights=a.pt', '--output=b.h5'),
      'expected --output to end in .weights.h5 or .keras; received b.h5',
    ),
    (('--weights=gone.ckpt', '--output=b.keras'), 'gone.ckpt: expected weights (--weights)'),
  ],
)
def test_arguments_rejects_missing_and_wrong_flags(parse, arguments, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    parse(*arguments)
