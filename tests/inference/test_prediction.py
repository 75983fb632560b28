"""Answers about videos: averaged over windows, whole or with a region replaced."""

import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inference import prediction
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.masks import coco_files
from i3d_tf.video import drawing
from tests import networks
from tests import shallow


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module', params=['crop', 'squash'])
def network(request):
  return networks.network(resize=request.param, dilation=3)


def expected_logits(network, window, treatment='none', found=True):
  """A window through the functions of the pipeline, one by one."""
  treatment = treatments.Treatment.parse(treatment)
  frames = preprocess.center(window.frames, 32, network.resize)
  masks = None
  if window.masks is not None:
    masks = preprocess.center(window.masks[..., np.newaxis], 32, network.resize, 'nearest')
    masks = masks.numpy()[np.newaxis, ..., 0]
  clip = preprocess.network_input(
    {'frames': frames.numpy()[np.newaxis], 'masks': masks, 'has_person': [found]}, treatment
  )
  return network.model(clip, training=False).numpy()


def test_a_video_of_one_window_gives_the_networks_logits(tmp_path, network):
  path = networks.video(tmp_path / 'a.avi')
  (window,) = from_videos.windows(path, 'rgb', 32, 250)
  answer = prediction.of_video(network, path)
  np.testing.assert_allclose(answer.logits['none'], expected_logits(network, window), atol=1e-5)
  assert answer.logits['none'].dtype == np.float32 and answer.logits['none'].shape == (1, 5)
  assert (answer.frames, answer.has_person, answer.coverage) == (12, False, None)


def test_longer_videos_are_averaged_by_new_frames(tmp_path, network):
  path = networks.video(tmp_path / 'a.avi', 25)
  windows = list(from_videos.windows(path, 'rgb', 32, 10))
  assert [window.new for window in windows] == [10, 10, 5]
  expected = sum(w.new * expected_logits(network, w) for w in windows) / 25
  seen = []
  answer = prediction.of_video(network, path, max_frames=10, progress=seen.append)
  np.testing.assert_allclose(answer.logits['none'], expected, atol=1e-5)
  assert seen == [10, 10, 5] and answer.frames == 25


def test_each_region_is_replaced_as_in_a_test(tmp_path, network):
  path = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json'))
  (window,) = from_videos.windows(path, 'rgb', 32, 250, masks, dilation=3)
  answer = prediction.of_video(network, path, ('none', 'background', 'activity'), masks)
  for region, logits in answer.logits.items():
    np.testing.assert_allclose(logits, expected_logits(network, window, region), atol=1e-5)
  differences = [
    np.abs(answer.logits[a] - answer.logits[b]).max()
    for a, b in (('none', 'background'), ('none', 'activity'), ('background', 'activity'))
  ]
  assert min(differences) > 0.01 * np.abs(answer.logits['none']).max()
  assert answer.has_person
  np.testing.assert_allclose(answer.coverage, window.masks.mean())
  # What is black in one picture is not in the other.
  black = {region: np.stack(images).max(-1) == 0 for region, images in answer.seen.items()}
  assert (black['background'] ^ black['activity']).mean() > 0.99
  assert 0.1 < black['activity'].mean() < 0.9


class _Counting:
  """A model that counts how often it is traced."""

  def __init__(self, model):
    self.frame_size, self.channels, self.traces = model.frame_size, model.channels, 0
    self._model = model

  def __call__(self, clips, training):
    self.traces += 1
    return self._model(clips, training=training)


def test_time_and_place_of_the_training_are_those_of_the_answer(tmp_path):
  path = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json'))
  plain = networks.network(dilation=3)
  trained = dataclasses.replace(plain, mask_place='earlier', time='reversed')
  (window,) = from_videos.windows(path, 'rgb', 32, 250, masks, dilation=3)
  answer = prediction.of_video(trained, path, ('none', 'activity'), masks)
  for region, name in (('none', 'none-reversed'), ('activity', 'activity-earlier-reversed')):
    assert trained.treatment(region).name == name
    np.testing.assert_allclose(
      answer.logits[region], expected_logits(plain, window, name), atol=1e-5
    )
  other = prediction.of_video(plain, path, ('activity',), masks)
  assert np.abs(other.logits['activity'] - answer.logits['activity']).max() > 1e-3


@pytest.mark.parametrize('parts', [{'fill': 'other'}, {'fill': 'same'}, {'mask_shape': 'united'}])
def test_a_network_that_takes_from_other_videos_says_so_in_one_line(tmp_path, parts):
  path = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json'))
  trained = dataclasses.replace(networks.network(), **parts)
  prediction.of_video(trained, path, ('none',))
  with pytest.raises(errors.UserError, match='take from other videos: evaluate asks it so') as e:
    prediction.of_video(trained, path, ('background',), masks)
  assert '\n' not in str(e.value)


def test_a_network_is_compiled_once_for_all_regions_and_lengths(tmp_path):
  model = _Counting(networks.network().model)
  network = networks.replace(networks.network(), model=model)
  for count in (12, 15):
    path = networks.video(tmp_path / f'{count}.avi', count)
    masks = coco_files.read(networks.masks_file(tmp_path / f'{count}.json', count))
    prediction.of_video(network, path, ('none', 'background', 'activity'), masks)
  assert model.traces == 1


def test_without_a_person_the_original_frames_are_kept(tmp_path):
  network = networks.network()
  path = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json', empty=True))
  answer = prediction.of_video(network, path, ('none', 'background'), masks)
  assert not answer.has_person and answer.coverage == 0
  np.testing.assert_array_equal(answer.logits['none'], answer.logits['background'])


def test_two_streams_add_their_logits(tmp_path):
  path = networks.video(tmp_path / 'a.avi')
  answers = [prediction.of_video(networks.network(stream), path) for stream in ('rgb', 'flow')]
  both = prediction.together(answers)
  np.testing.assert_array_equal(
    both.logits['none'], answers[0].logits['none'] + answers[1].logits['none']
  )
  assert np.abs(answers[1].logits['none']).max() > 0


def test_replacing_needs_masks(tmp_path):
  with pytest.raises(ValueError, match='`masks` must be given to replace background'):
    prediction.of_video(networks.network(), 'a.avi', ('background',))


@pytest.mark.parametrize('count', [9, 60, 500])
def test_pictures_show_frames_spread_over_the_video(count):
  thinned = prediction._Thinned()
  clip = np.arange(count, dtype=np.float32)[:, np.newaxis, np.newaxis, np.newaxis] / count
  for start in range(0, count, 50):
    part = clip[start : start + 50]
    thinned.add(tf.constant(np.broadcast_to(part, (len(part), 2, 2, 3))), start)
  values = [int(image[0, 0, 0]) for image in thinned.images()]
  assert len(values) == 6 and values == sorted(values)
  assert values[0] == 128 and values[-1] > 128 + 127 * 0.85


def test_top_sorts_by_logit():
  rows = prediction.top(np.array([[0.0, 2.0, 1.0]], np.float32), ['a', 'b', 'c'], 2)
  assert [row['class'] for row in rows] == ['b', 'c']
  np.testing.assert_allclose(rows[0]['probability'], np.exp(2) / (1 + np.exp(1) + np.exp(2)))


def test_a_picture_has_a_row_for_each_answer(tmp_path):
  network = networks.network()
  path = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json'))
  answer = prediction.of_video(network, path, ('none', 'background', 'activity'), masks)
  drawn = prediction.picture(answer, network.label_names, 'a title')
  assert drawn.shape[0] > 3 * 160 and drawn.shape[1] > 6 * 160
  alone = prediction.picture(prediction.of_video(network, path), network.label_names, 'a title')
  assert alone.shape[0] < drawn.shape[0] / 2
  drawing.write(tmp_path / 'a.png', drawn)


def test_rows_say_that_nobody_was_found(tmp_path):
  path = networks.video(tmp_path / 'a.avi')
  answer = prediction.of_video(networks.network(), path)
  assert prediction.left('activity', answer) == prediction.LEFT['activity']  # nobody looked
  answer = dataclasses.replace(answer, coverage=0.0, has_person=False)
  said = 'no person was found, nothing is replaced'
  assert [prediction.left(region, answer) for region in ('background', 'activity')] == [said] * 2
  assert prediction.left('none', answer) == prediction.LEFT['none']


@pytest.mark.parametrize(
  'array, message',
  [
    (
      np.zeros((9, 32, 32, 3), np.float32),
      'expected an array of shape [1, T, H, W, C]; found [9, 32, 32, 3]',
    ),
    (np.zeros((1, 9, 0, 32, 3), np.float32), 'found [1, 9, 0, 32, 3]'),
    (np.zeros((1, 8, 32, 32, 3), np.float32), 'expected at least 9 frames; found 8'),
    (np.full((1, 9, 32, 32, 3), 200.0, np.float32), 'expected values in [-1, 1]; found 200.0'),
    (np.full((1, 9, 32, 32, 3), np.nan, np.float32), 'expected values in [-1, 1]; found nan'),
    (np.zeros((1, 9, 32, 32, 3), np.uint8), 'expected float32 in [-1, 1]; found uint8'),
  ],
)
def test_unsuitable_network_input_is_refused(tmp_path, array, message):
  path = str(tmp_path / 'clip.npy')
  np.save(path, array)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    prediction.read_clip(path)


@pytest.mark.parametrize('shape', [(1, 9, 32, 32, 2), (1, 9, 33, 32, 3)])
def test_a_clip_of_another_network_is_refused(shape):
  with pytest.raises(
    errors.UserError,
    match=re.escape(
      f'a.npy: expected a shape of [1, T, 32, 32, 3], as the network takes it; found {list(shape)}'
    ),
  ):
    prediction.logits_of_clip(networks.network().model, np.zeros(shape, np.float32), 'a.npy')


def test_a_file_without_an_array_is_refused(tmp_path):
  (tmp_path / 'a.npy').write_text('no array')
  with pytest.raises(errors.UserError, match="a.npy: expected an array in NumPy's format"):
    prediction.read_clip(str(tmp_path / 'a.npy'))
  np.savez(tmp_path / 'a.npz', np.zeros(3))
  with pytest.raises(errors.UserError, match='found several arrays'):
    prediction.read_clip(str(tmp_path / 'a.npz'))
