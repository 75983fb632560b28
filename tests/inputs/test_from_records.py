"""Records to batches: which videos, in which order, and what a batch holds."""

import dataclasses
import itertools

import numpy as np
import pytest

from i3d_tf.inputs import from_records
from tests import fakes
from tests import visible_clips


@pytest.fixture(scope='module', name='numbered')
def _numbered(tmp_path_factory):
  """Records of seven videos of 20 numbered frames in three shards, with labels 0, 1, 2, 0, ..."""
  return fakes.open_records(
    tmp_path_factory.mktemp('numbered'),
    [
      fakes.video(name, label=n % 3, frames=visible_clips.levels(20))
      for n, name in enumerate(visible_clips.names(7))
    ],
    num_shards=3,
  )


def test_training_clips_are_consecutive_and_start_anywhere(numbered):
  settings = dataclasses.replace(visible_clips.SETTINGS, batch_size=20)
  clips = np.concatenate(
    [visible_clips.numbers(batch['frames']) for batch in visible_clips.train(numbered, 5, settings)]
  )
  np.testing.assert_array_equal(clips, clips[:, :1] + np.arange(9))
  assert set(clips[:, 0]) == set(range(12))


def test_short_videos_are_looped(tmp_path):
  source = fakes.open_records(
    tmp_path,
    [
      fakes.video(
        frames=visible_clips.levels(4),
        masks=np.zeros((4, visible_clips.HEIGHT, visible_clips.WIDTH), np.uint8),
      )
    ],
  )
  settings = dataclasses.replace(visible_clips.SETTINGS, clip_frames=11, batch_size=1)
  (batch,) = visible_clips.train(source, 1, settings)
  assert visible_clips.numbers(batch['frames']).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2]]
  assert batch['masks'].shape == (1, 11, visible_clips.SIZE, visible_clips.SIZE)
  (batch,) = visible_clips.evaluate(source, settings)
  assert visible_clips.numbers(batch['frames']).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0]]


def _same(left, right):
  return all(
    a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)
    for a, b in zip(left, right, strict=True)
  )


def test_seed_determines_batches(numbered):
  seeds = [0, 1]
  runs = [
    visible_clips.train(numbered, 4, dataclasses.replace(visible_clips.SETTINGS, seed=seed))
    for seed in seeds
  ]
  assert _same(
    runs[1],
    visible_clips.train(numbered, 4, dataclasses.replace(visible_clips.SETTINGS, seed=seeds[1])),
  )
  for key in ('entry', 'frames'):
    assert not all(np.array_equal(a[key], b[key]) for a, b in zip(*runs))


@pytest.fixture(scope='module', name='undisturbed')
def _undisturbed(numbered):
  return visible_clips.train(numbered, 12)


@pytest.mark.parametrize('start_step', [3, 10])
def test_training_from_start_step_has_the_same_batches(numbered, undisturbed, start_step):
  batches = visible_clips.train(numbered, 2, start_step=start_step)
  assert _same(batches, undisturbed[start_step : start_step + 2])


def test_each_pass_has_every_video_once_in_its_own_order(numbered):
  # Seven videos in batches of two: some batches span two passes.
  batches = visible_clips.train(numbered, 14)
  passes = np.concatenate([batch['entry'] for batch in batches]).reshape(4, 7)
  for entries in passes:
    assert sorted(entries) == list(range(7))
  assert len(set(map(tuple, passes))) == 4


def test_training_works_with_one_video(tmp_path):
  source = fakes.open_records(tmp_path, [fakes.video(frames=visible_clips.levels(9))])
  assert [batch['entry'].tolist() for batch in visible_clips.train(source, 2)] == [[0, 0], [0, 0]]


def test_entry_and_label_match_frames(tmp_path):
  # Videos of different gray levels in four shards; only some are requested, out of order.
  videos = [
    fakes.video(name, label=n % 3, frames=visible_clips.levels(9) * 0 + 30 * n)
    for n, name in enumerate(visible_clips.names(8))
  ]
  source = fakes.open_records(tmp_path, videos, num_shards=4)
  entries = [entry for entry in source.entries if entry.path in visible_clips.names(8)[1:7]][::-1]
  training = (
    from_records.training(source, entries, visible_clips.SETTINGS).take(6).as_numpy_iterator()
  )
  for batch in itertools.chain(training, visible_clips.evaluate(source, entries=entries)):
    for frames, label, entry in zip(batch['frames'], batch['label'], batch['entry']):
      number = int(entries[entry].path[7:9])
      np.testing.assert_allclose(frames.astype(int), 30 * number, atol=1)
      assert label == number % 3


def test_batches_have_documented_shapes_and_dtypes(numbered):
  for batch in (visible_clips.train(numbered, 1)[0], visible_clips.evaluate(numbered)[0]):
    length = batch['frames'].shape[1]
    assert {key: (value.dtype.name, value.shape) for key, value in batch.items()} == {
      'frames': ('uint8', (2, length, visible_clips.SIZE, visible_clips.SIZE, 3)),
      'masks': ('uint8', (2, length, visible_clips.SIZE, visible_clips.SIZE)),
      'has_person': ('bool', (2,)),
      'label': ('int64', (2,)),
      'entry': ('int64', (2,)),
    }


def test_evaluation_has_every_video_once_in_batches_of_equal_length(tmp_path):
  lengths = [9, 12, 4, 9, 12, 30, 20, 12, 9]
  source = fakes.open_records(
    tmp_path,
    [
      fakes.video(name, frames=visible_clips.levels(length))
      for name, length in zip(visible_clips.names(9), lengths)
    ],
  )
  batches = visible_clips.evaluate(source)
  assert sorted(np.concatenate([batch['entry'] for batch in batches])) == list(range(9))
  for batch in batches:
    seen = [min(max(lengths[entry], 9), 20) for entry in batch['entry']]
    assert seen == [batch['frames'].shape[1]] * len(seen)
  # 9, 9 | 9 and the looped one | 12, 12 | 12 | 20, 20, in some order.
  assert sorted(len(batch['entry']) for batch in batches) == [1, 2, 2, 2, 2]
