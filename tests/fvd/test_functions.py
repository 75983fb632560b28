"""FVD from Python with FVD's own network: known values, and real clips that get worse."""

import csv
import dataclasses
import os
import re

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.fvd import functions
from i3d_tf.fvd import options
from i3d_tf.statistics import frechet
from tests import fakes
from tests.fvd import worse_clips


@pytest.fixture(scope='module')
def features(tmp_path_factory):
  """A function from clips to features, by DeepMind's rgb_scratch."""
  weights = fakes.shared('weights', 'rgb_scratch')
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
    yield lambda clips, resize='google': functions.features(clips, resize, weights)


def black_and_white(features, shape, resize='google'):
  """Features of two equal black clips and of two white ones, each computed once."""
  black, white = features(np.stack([np.full(shape, color, np.uint8) for color in (0, 255)]), resize)
  return np.stack([black, black]), np.stack([white, white])


def test_black_against_white_gives_the_published_number(features):
  for resize in options.RESIZES:
    found = functions.fvd(*black_and_white(features, (30, 64, 48, 3), resize))
    assert found == pytest.approx(151.39, abs=0.005), resize


def test_fifteen_frames_give_what_their_embeddings_say(features):
  # The original's example says "around 131" of 15 frames. Frames of one colour are the same in any
  # resize, and equal clips have no covariance: nothing but the network is left to differ.
  found = functions.fvd(*black_and_white(features, (15, 64, 64, 3)))
  assert found == pytest.approx(133.91, abs=0.01)


@pytest.fixture(scope='module')
def real_clips(features):
  """(clips, their features)."""
  clips = worse_clips.real_clips()
  return clips, features(clips)


@pytest.mark.parametrize('change', worse_clips.CHANGES, ids=lambda change: change.name)
def test_fvd_grows_as_real_clips_get_worse(features, real_clips, change):
  two = dataclasses.replace(change, amounts=change.amounts[::2])  # the others take minutes more
  found = list(worse_clips.measure(*real_clips, features, two))
  assert found[0] == (0, pytest.approx(0, abs=0.1))
  numbers = [fvd for _, fvd in found]
  assert numbers == sorted(numbers) and numbers[1] > 1
  # And they are those of the table: the same weights and clips, whatever computes.
  assert numbers[1:] == pytest.approx(
    [float(row['fvd']) for row in table() if row['change'] == change.name][1::2], rel=5e-3
  )


def table():
  path = os.path.join(os.path.dirname(__file__), '..', '..', 'docs', worse_clips.CSV)
  with open(path, newline='', encoding='utf-8') as f:
    return list(csv.DictReader(f))


def test_the_table_and_its_figure_show_every_change():
  rows = table()
  assert [(row['change'], float(row['amount'])) for row in rows] == [
    (change.name, amount) for change in worse_clips.CHANGES for amount in (0, *change.amounts)
  ]
  figure = worse_clips.draw([[row[key] for key in worse_clips.COLUMNS] for row in rows])
  assert [axis.get_title() for axis in figure.axes] == [c.name for c in worse_clips.CHANGES]
  for axis, change in zip(figure.axes, worse_clips.CHANGES):
    drawn = axis.lines[0].get_ydata().tolist()
    expected = [float(r['fvd']) for r in rows if r['change'] == change.name and float(r['amount'])]
    assert drawn == expected == sorted(expected)


def test_numbers_are_those_of_the_library():
  rng = np.random.default_rng(0)
  first, second = rng.normal(size=(9, 4)).astype(np.float32), rng.normal(size=(7, 4))
  for divisor in frechet.DIVISORS:
    assert functions.fvd(first, second, divisor) == (
      frechet.distance(frechet.moments(first), frechet.moments(second), divisor)
    )


@pytest.mark.parametrize(
  'first, second, message',
  [
    (np.zeros((1, 4)), np.zeros((3, 4)), '`features_a`: expected features, numbers [N, D] with N'),
    (np.zeros((3, 4)), np.zeros(4), '`features_b`: expected features'),
    (np.zeros((3, 4)), np.full((3, 4), np.nan), '`features_b`: expected finite features'),
    (np.zeros((3, 4)), np.zeros((3, 5)), 'as many features per row in both sets; found 4 and 5'),
    (np.zeros((3, 4), 'U1'), np.zeros((3, 4)), '`features_a`: expected features'),
  ],
)
def test_bad_features_are_refused(first, second, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    functions.fvd(first, second)


@pytest.mark.parametrize(
  'clips, message',
  [
    ([], '`videos` must hold at least one clip; received none'),
    (np.zeros((1, 8, 4, 4, 3), np.uint8), '`length` must be at least 9; received 8'),
    (np.zeros((1, 9, 4, 4, 3)), '`videos[0]`: expected videos, uint8 [N, T, H, W, 3]; found float'),
    (np.zeros(4, np.uint8), '`length` must be at least 9; received 0'),
  ],
)
def test_bad_clips_are_refused(clips, message):
  with pytest.raises(errors.UserError, match=re.escape(message)):
    functions.features(clips)
