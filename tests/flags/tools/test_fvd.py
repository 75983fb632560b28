"""Flags of fvd."""

import re

import pytest

from flags.shared import weights_folder
from flags.tools import fvd
from i3d_tf.common import errors
from i3d_tf.fvd import options
from tests import flag_values


@pytest.fixture
def parse(monkeypatch, tmp_path):
  """A function from arguments to options, in a folder that holds the folders a and b."""
  for name in 'ab':
    (tmp_path / name).mkdir()
  (tmp_path / 'file').touch()
  monkeypatch.chdir(tmp_path)

  def from_arguments(*arguments):
    flag_values.parse(monkeypatch, fvd.define, (fvd, weights_folder), arguments)
    return fvd.options()

  return from_arguments


def test_defaults_are_those_of_the_options(parse):
  assert parse('--real=a', '--generated=b') == options.FvdOptions('a', 'b')
  assert options.FvdOptions('a', 'b').weights == 'rgb_scratch'


def test_flags_become_options(parse):
  found = parse(
    '--real=a',
    '--generated=b',
    '--output=c',
    '--weights=rgb_imagenet',
    '--any_weights',
    '--resize=cdfvd',
    '--length=20',
    '--stride=5',
    '--every=2',
    '--divisor=n',
    '--resamples=0',
    '--seed=3',
    '--batch_size=8',
  )
  assert found == options.FvdOptions(
    *('a', 'b', 'c', 'rgb_imagenet', True, 'cdfvd'), options.ClipOptions(20, 5, 2), *('n', 0, 3, 8)
  )
  assert found.clips.span == 39


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--generated=b',), 'expected --real, a set of videos; it was not given'),
    (('--real=a',), 'expected --generated, a set of videos; it was not given'),
    (('--real=x', '--generated=b'), 'x: expected a set of videos (--real); no such file or folder'),
    (('--real=a', '--generated=b', '--output=file'), 'file: expected a folder (--output); it is a'),
    (('--real=a', '--generated=b', '--weights=x'), 'x: expected weights (--weights)'),
    (('--real=a', '--generated=b', '--length=8'), '`length` must be at least 9; received 8'),
    (('--real=a', '--generated=b', '--stride=0'), '`stride` must be at least 1; received 0'),
    (('--real=a', '--generated=b', '--every=0'), '`every` must be at least 1; received 0'),
    (('--real=a', '--generated=b', '--resamples=-1'), '`resamples` must be at least 0'),
  ],
)
def test_mistakes_are_refused(parse, arguments, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    parse(*arguments)
