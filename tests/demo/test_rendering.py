"""The drawing of the demo set: persons, masks, scenes."""

import dataclasses

import numpy as np
import pytest

from i3d_tf.demo import actions
from i3d_tf.demo import rendering
from i3d_tf.demo import scene
from i3d_tf.demo.plan import DemoSettings
from i3d_tf.demo.plan import plan

_SETTINGS = DemoSettings(num_groups=3, clips_per_group=2, num_frames=4)
_CLASSES = [action.name for action in actions.ACTIONS]


def _clip(class_name='Waving', group=1, number=1, settings=_SETTINGS):
  wanted = (class_name, group, number)
  return next(clip for clip in plan(settings) if (clip.class_name, clip.group, clip.clip) == wanted)


@pytest.mark.parametrize('num_frames, height, width', [(3, 40, 70), (1, 32, 32), (400, 50, 32)])
def test_render_returns_the_requested_size(num_frames, height, width):
  settings = dataclasses.replace(_SETTINGS, num_frames=num_frames, height=height, width=width)
  frames, masks = rendering.render(_clip(settings=settings), settings)
  assert frames.shape == (num_frames, height, width, 3) and frames.dtype == np.uint8
  assert masks.shape == (num_frames, height, width) and masks.dtype == bool
  assert np.all(frames.std(axis=(1, 2)) > 1)


def test_render_is_deterministic():
  once, again = (rendering.render(_clip(), _SETTINGS) for _ in range(2))
  np.testing.assert_array_equal(once[0], again[0])
  np.testing.assert_array_equal(once[1], again[1])


@pytest.mark.parametrize(
  'other',
  [
    _clip(number=2),
    _clip(group=2),
    _clip('Clapping'),
    _clip(settings=dataclasses.replace(_SETTINGS, seed=1)),
  ],
)
def test_render_differs_between_clips_and_seeds(other):
  frames, masks = rendering.render(_clip(), _SETTINGS)
  other_frames, other_masks = rendering.render(other, _SETTINGS)
  assert np.mean(frames != other_frames) > 0.5
  assert np.any(masks != other_masks)


@pytest.mark.parametrize('near', [False, True])
@pytest.mark.parametrize('class_name', _CLASSES)
def test_person_is_visible_and_leaves_no_trace_outside_the_mask(class_name, near):
  clip = dataclasses.replace(_clip(class_name), near=near)
  frames, masks = rendering.render(clip, _SETTINGS)
  scenes, _ = rendering.render_scene(clip, _SETTINGS)
  np.testing.assert_array_equal(frames[~masks], scenes[~masks])
  assert np.all(masks.any(axis=(1, 2)))
  # And the mask is no larger than the person: almost all of it differs from the scene.
  assert np.mean(np.any(frames[masks] != scenes[masks], axis=-1)) > 0.95


@pytest.mark.parametrize('near, low, high', [(True, 0.2, 0.4), (False, 0.035, 0.085)])
def test_person_covers_more_when_near_than_when_far(near, low, high):
  settings = dataclasses.replace(_SETTINGS, num_frames=24)
  coverage = [
    rendering.render(dataclasses.replace(_clip(class_name, group), near=near), settings)[1].mean()
    for class_name in ('Clapping', 'Waving', 'Kicking', 'JumpingJack')
    for group in (1, 2)
  ]
  assert low < min(coverage) and max(coverage) < high


@pytest.mark.parametrize('class_name', _CLASSES)
def test_person_moves(class_name):
  settings = dataclasses.replace(_SETTINGS, num_frames=24)
  _, masks = rendering.render(_clip(class_name), settings)
  assert np.mean(masks[0] != masks[8]) > 0.005


def test_clips_of_a_group_share_clothes_and_place():
  clips = [_clip(number=number) for number in (1, 2)]
  means = []
  for clip in clips:
    frames, masks = rendering.render(clip, _SETTINGS)
    means.append([frames[masks].mean(axis=0), frames[~masks].mean(axis=0)])
  other_frames, other_masks = rendering.render(_clip(group=2), _SETTINGS)
  other = [other_frames[other_masks].mean(axis=0), other_frames[~other_masks].mean(axis=0)]
  for first, second, foreign in zip(*means, other):
    assert np.abs(first - second).max() < np.abs(first - foreign).max()


@pytest.mark.parametrize('family', list(scene.FAMILIES))
def test_draw_gives_textured_scenes_that_differ_by_instance(family):
  instances = [
    scene.draw(family, np.random.default_rng([7, number]), 60, 80) for number in range(3)
  ]
  for image in instances:
    assert image.shape == (60, 80, 3) and image.dtype == np.uint8
    assert image.std() > 10
  assert np.mean(np.abs(instances[0].astype(int) - instances[1])) > 5


@pytest.mark.parametrize('size', [(32, 32), (32, 200), (200, 32)])
def test_draw_works_at_any_size(size):
  for family in scene.FAMILIES:
    assert scene.draw(family, np.random.default_rng(0), *size).shape == (*size, 3)


def test_performer_looks_similar_in_every_class():
  looks = []
  for class_name, group in (('Waving', 1), ('Clapping', 1), ('Waving', 2)):
    frames, masks = rendering.render(_clip(class_name, group), _SETTINGS)
    looks.append(np.histogram(frames[masks], bins=8, range=(0, 256), density=True)[0])
  same, other = looks[0] - looks[1], looks[0] - looks[2]
  assert np.abs(same).sum() < np.abs(other).sum()
