"""The measurement of two sets: equal to Python's, resumable, with its warnings and refusals."""

import json
import os
import re

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.fvd import embedding
from i3d_tf.fvd import functions
from i3d_tf.fvd import known_value
from i3d_tf.fvd import measure
from i3d_tf.fvd import options
from i3d_tf.video import decoding
from tests import fakes
from tests import networks


@pytest.fixture
def network(monkeypatch, tmp_path):
  """A tiny network in place of FVD's, which passes the check: counts the clips that it sees."""
  embedder = embedding.Embedder(networks.network().model, 'google', ('tiny: loaded',))
  compute, seen = embedder._compute, []
  monkeypatch.setattr(embedder, '_compute', lambda clips: seen.append(len(clips)) or compute(clips))
  monkeypatch.setattr(embedding, 'load', lambda weights, resize: embedder)
  monkeypatch.setattr(known_value, 'check', lambda embedder, weights: 151.39)
  monkeypatch.chdir(tmp_path)
  embedder.seen = seen
  functions._embedder.cache_clear()
  yield embedder
  functions._embedder.cache_clear()


@pytest.fixture
def sets(tmp_path):
  """Two folders of three videos of 30 frames."""
  for folder, seed in (('a', 0), ('b', 10)):
    for number in range(3):
      frames = fakes.moving(30, 32, 32, seed=seed + number)
      fakes.write_video(tmp_path / folder / f'{number}.avi', frames)
  return tmp_path


def asked(**changes):
  return options.FvdOptions(
    **{'real': 'a', 'generated': 'b', 'output': 'out', 'resamples': 20, **changes}
  )


def result():
  with open('out/fvd.json') as f:
    return json.load(f)


def frames(path):
  return np.stack(list(decoding.decode(path)))


def test_the_number_is_pythons_and_the_printed_one(network, sets, capsys):
  which = options.ClipOptions(10, 8)
  assert measure.run(asked(clips=which)) == 0
  features = []
  for folder in 'ab':
    clips = [
      clip[start : start + 10]
      for clip in (frames(f'{folder}/{number}.avi') for number in range(3))
      for start in (0, 8, 16)
    ]
    features.append(functions.features(clips, weights='tiny'))
    np.testing.assert_allclose(features[-1], network(np.stack(clips)), rtol=1e-4, atol=1e-5)
  expected = functions.fvd(*features)
  found = result()
  assert found['estimate'] == pytest.approx(expected, rel=1e-4) and expected > 0
  assert found['clips'] == [9, 9] and found['videos'] == [3, 3]
  assert 0 <= found['low'] < found['high'] and found['options']['clips']['stride'] == 8
  out, err = capsys.readouterr()
  assert out.startswith(f'FVD: {found["estimate"]:.2f} (95% interval {found["low"]:.2f} to ')
  assert 'a: 9 clips of 3 videos' in out and 'tiny: loaded' in err
  assert 'check: 30 black frames against white ones give 151.39; published: 151.39' in err


def test_a_second_call_computes_only_what_has_changed(network, sets):
  measure.run(asked())
  first = result()['estimate']
  assert sum(network.seen) == 6
  measure.run(asked(divisor='n', resamples=0))
  assert sum(network.seen) == 6 and result()['estimate'] != first and result()['low'] is None
  fakes.write_video(sets / 'b' / '1.avi', fakes.moving(30, 32, 32, seed=99))
  measure.run(asked())
  assert sum(network.seen) == 7 and result()['estimate'] != pytest.approx(first)
  measure.run(asked(clips=options.ClipOptions(12)))
  assert sum(network.seen) == 13


def test_an_interrupted_call_ends_as_one_that_was_not(network, sets, monkeypatch):
  measure.run(asked(output='whole', batch_size=1))
  with open('whole/fvd.json') as f:
    expected = json.load(f)['estimate']
  compute, calls = network._compute, []

  def interrupted(clips):
    calls.append(1)
    if len(calls) == 5:
      raise KeyboardInterrupt
    return compute(clips)

  monkeypatch.setattr(network, '_compute', interrupted)
  with pytest.raises(KeyboardInterrupt):
    measure.run(asked(batch_size=1))
  before = len(network.seen)
  measure.run(asked(batch_size=1))
  assert result()['estimate'] == expected and len(network.seen) - before == 2


def test_a_video_that_cannot_be_used_is_named_and_left_out(network, sets, capsys):
  (sets / 'a' / 'bad.avi').write_text('no video')
  fakes.write_video(sets / 'b' / 'short.avi', fakes.moving(12, 32, 32))
  assert measure.run(asked()) == 1
  _, err = capsys.readouterr()
  assert 'a/bad.avi: expected a video file' in err
  assert 'b/short.avi: expected at least 16 frames for a clip; found 12' in err
  assert 'error: 2 videos could not be used' in err
  assert result()['failed'] == [1, 1] and result()['clips'] == [3, 3]


def test_a_set_equals_itself_in_any_form(network, sets):
  np.save('a.npy', np.stack([frames(f'a/{number}.avi') for number in range(3)]))
  np.savez('features.npz', features=network(np.load('a.npy')[:, :16]))
  for other in ('a', 'a.npy', 'features.npz'):
    measure.run(asked(generated=other))
    assert result()['estimate'] == pytest.approx(0, abs=1e-3), other


def test_features_made_before_need_no_network(tmp_path, monkeypatch, capsys):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(embedding, 'load', lambda *a: pytest.fail('loaded a network'))
  first, second = np.random.default_rng(0).normal(size=(2, 30, 4))
  np.save('a.npy', first)
  np.save('b.npy', second)
  measure.run(asked(real='a.npy', generated='b.npy'))
  assert result()['estimate'] == functions.fvd(first, second)
  assert 'what made them is not known here' in capsys.readouterr().err


def test_other_weights_are_refused_or_their_number_is_not_called_fvd(
  network, sets, monkeypatch, capsys
):
  def refuse(embedder, weights):
    raise known_value.NotFvdError('their.pt: these give 3.00')

  monkeypatch.setattr(known_value, 'check', refuse)
  with pytest.raises(errors.UserError, match=r'these give 3.00. --any_weights compares sets'):
    measure.run(asked())
  assert not os.path.exists('out/fvd.json')
  measure.run(asked(any_weights=True))
  out, err = capsys.readouterr()
  assert out.startswith('Fréchet distance, not FVD: ')
  assert 'warning: their.pt: these give 3.00; what follows is no FVD' in err
  assert result()['measure'] == 'Fréchet distance, not FVD'


def test_warnings_say_what_the_number_lacks(network, sets, capsys):
  measure.run(asked(clips=options.ClipOptions(9)))
  assert 'warning: clips of 9 frames; FVD asks for at least 10' in capsys.readouterr().err
  measure.run(asked(clips=options.ClipOptions(10)))
  assert 'asks for at least' not in capsys.readouterr().err
  assert measure.warnings([('a', 2048), ('b', 4096)], 400) == []
  few, some, unequal = measure.warnings([('a', 400), ('b', 2047)], 400)
  assert few.startswith('a: 400 clips are too few for the covariance of 400 features')
  assert some.startswith('b: 2,047 clips; FVDs are published with 2,048 or more')
  assert unequal.startswith('the sets have 400 and 2,047 clips')


@pytest.mark.parametrize(
  'arrays, message',
  [
    ((np.zeros((3, 4)), np.zeros((3, 5))), 'as many features per row in both sets; found 4 and 5'),
    ((np.zeros((3, 400)), np.zeros((2, 20, 8, 8, 3), np.uint8)), 'in both sets; found 400 and 5'),
    (
      (np.zeros((1, 20, 8, 8, 3), np.uint8), np.zeros((2, 20, 8, 8, 3), np.uint8)),
      'a.npy: expected at least two clips of 16 frames; found 1',
    ),
  ],
)
def test_sets_that_cannot_be_compared_are_refused(network, arrays, message):
  for name, array in zip('ab', arrays):
    np.save(f'{name}.npy', array)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    measure.run(asked(real='a.npy', generated='b.npy'))
