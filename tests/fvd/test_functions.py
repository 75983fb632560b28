"""FVD from Python with FVD's own network: known values, and real clips that get worse.

`pytest -s tests/fvd/test_functions.py` prints the table of docs/fvd.md.
"""

import re

import cv2
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.fvd import functions
from i3d_tf.fvd import options
from i3d_tf.fvd import video_sets
from i3d_tf.statistics import frechet
from tests import fakes

_LENGTH = 16


@pytest.fixture(scope='module')
def features(tmp_path_factory):
  """A function from clips to features, by DeepMind's rgb_scratch."""
  weights = fakes.shared('weights', 'rgb_scratch')
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
    yield lambda clips, resize='google': functions.features(clips, resize, weights)


def test_black_against_white_gives_the_published_number(features):
  black = np.zeros((2, 30, 64, 48, 3), np.uint8)
  for resize in options.RESIZES:
    found = functions.fvd(features(black, resize), features(black + 255, resize))
    assert found == pytest.approx(151.39, abs=0.005), resize


def test_fifteen_frames_give_what_their_embeddings_say(features):
  # The original's example says "around 131" of 15 frames. Frames of one colour are the same in any
  # resize, and equal clips have no covariance: nothing but the network is left to differ.
  black = np.zeros((2, 15, 64, 64, 3), np.uint8)
  assert functions.fvd(features(black), features(black + 255)) == pytest.approx(133.91, abs=0.01)


@pytest.fixture(scope='module')
def real_clips():
  """The first 16 frames of each real video: a list of uint8 [16, H, W, 3]."""
  which = options.ClipOptions(_LENGTH)
  clips = []
  for folder in ('kinetics', 'ucf101'):
    videos = video_sets.Folder(fakes.shared('real', folder))
    clips += [next(video_sets.clips(name, videos.frames(name), which)) for name in videos.names]
  return clips


def _blurred(clip, sigma, rng):
  del rng
  return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in clip])


def _noisy(clip, sigma, rng):
  return np.clip(np.rint(clip + rng.normal(0, sigma, clip.shape)), 0, 255).astype(np.uint8)


def _shuffled(clip, count, rng):
  """`count` of the frames, drawn by lot, change places."""
  moved = rng.choice(len(clip), count, replace=False)
  order = np.arange(len(clip))
  order[np.sort(moved)] = moved
  return clip[order]


@pytest.mark.parametrize(
  'change, amounts', [(_blurred, (1, 2, 4)), (_noisy, (10, 20, 40)), (_shuffled, (4, 8, 16))]
)
def test_fvd_grows_as_real_clips_get_worse(features, real_clips, change, amounts):
  original = features(real_clips)
  found = [functions.fvd(original, original)]
  assert found[0] == pytest.approx(0, abs=0.1)
  for amount in amounts:
    rng = np.random.default_rng(0)
    found.append(
      functions.fvd(original, features([change(clip, amount, rng) for clip in real_clips]))
    )
  print(f'\n{len(real_clips)} clips, {change.__name__[1:]} {amounts}: {np.round(found[1:], 1)}')
  assert found == sorted(found) and found[1] > 1


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
