"""Robust Video Matting, on networks of its signature whose answers follow from the pixels."""

import glob
import os

import cv2
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.masks import coco_files
from segmentation.backends import registry
from segmentation.backends import rvm
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import video_masks
from tests import commands
from tests import fakes

_SHAPE = (16, 24)
_STATE = tf.TensorSpec([None, None, None, None], tf.float32)


class _Network(tf.Module):
  """Alpha of frame n is its red channel if n is even, else the red of the frame before.

  State: r1 counts frames, r2 is the red before, r3 the largest downsample_ratio, r4 unused.
  """

  @tf.function(
    input_signature=[
      tf.TensorSpec([None, None, None, 3], tf.float32),
      *[_STATE] * 4,
      tf.TensorSpec([], tf.float32),
    ]
  )
  def run(self, src, r1i, r2i, r3i, r4i, downsample_ratio):
    red = src[..., :1]
    alpha = tf.where(r1i[0, 0, 0, 0] % 2 == 0, red, red * 0 + r2i)
    return {
      'fgr': src,
      'pha': alpha,
      'r1o': r1i + 1,
      'r2o': red,
      'r3o': tf.maximum(r3i, downsample_ratio),
      'r4o': r4i,
    }


class _Lacking(tf.Module):
  @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
  def run(self, src):
    return {'pha': src[..., :1]}


class _NotFinite(_Network):
  @tf.function(
    input_signature=[
      tf.TensorSpec([None, None, None, 3], tf.float32),
      *[_STATE] * 4,
      tf.TensorSpec([], tf.float32),
    ]
  )
  def run(self, src, r1i, r2i, r3i, r4i, downsample_ratio):
    ratio = downsample_ratio * 0
    return {'pha': src[..., :1] * np.nan + ratio, 'r1o': r1i, 'r2o': r2i, 'r3o': r3i, 'r4o': r4i}


def _save(folder, network):
  tf.saved_model.save(network, str(folder), signatures={'serving_default': network.run})
  return str(folder)


@pytest.fixture(scope='module')
def model(tmp_path_factory):
  return _save(tmp_path_factory.mktemp('models') / 'rvm', _Network())


def _frames(count, seed=0, shape=_SHAPE):
  return np.random.default_rng(seed).integers(0, 256, (count, *shape, 3), np.uint8)


def _expected(frames):
  """The masks, by another route: red above one half, of the frame or of the one before."""
  reds = frames[..., 0].astype(np.float64) / 255 > 0.5
  return np.stack([reds[n if n % 2 == 0 else n - 1] for n in range(len(frames))])


def test_masks_are_alpha_above_one_half_and_the_state_is_kept_between_batches(model):
  frames = _frames(7)
  source = rvm.create(model).for_video('a.avi')
  found = [*source.people(frames[:3]), *source.people(frames[3:4]), *source.people(frames[4:])]
  np.testing.assert_array_equal([person.mask for (person,) in found], _expected(frames))
  red = frames[0, ..., 0] / 255
  assert found[0][0].score == pytest.approx(red[red > 0.5].mean(), abs=1e-6)


def test_each_video_starts_from_its_own_state(model):
  network = rvm.create(model)
  first, second = network.for_video('a.avi'), network.for_video('b.avi')
  a, b = _frames(3, 1), _frames(3, 2)
  # By turns: neither sees the other's state.
  found = [(first.people(a[n : n + 1]), second.people(b[n : n + 1])) for n in range(3)]
  np.testing.assert_array_equal([f[0][0].mask for f, _ in found], _expected(a))
  np.testing.assert_array_equal([s[0][0].mask for _, s in found], _expected(b))


@pytest.mark.parametrize('shape, ratio', [((16, 24), 1.0), ((8, 512), 1.0), ((640, 16), 0.8)])
def test_large_frames_are_looked_at_in_512_pixels(model, shape, ratio):
  source = rvm.create(model).for_video('a.avi')
  source.people(_frames(1, shape=shape))
  assert source._state['r3i'].numpy().max() == pytest.approx(ratio)


def test_a_frame_without_people_has_none(model):
  source = rvm.create(model).for_video('a.avi')
  assert source.people(np.zeros((2, *_SHAPE, 3), np.uint8)) == [[], []]


def test_people_below_the_least_score_are_left_out(model):
  frames = np.full((1, *_SHAPE, 3), 153, np.uint8)  # alpha 0.6
  assert rvm.create(model, 0.7).for_video('a.avi').people(frames) == [[]]
  assert len(rvm.create(model, 0.5).for_video('a.avi').people(frames)[0]) == 1


def test_the_command_writes_the_masks_of_each_video(tmp_path, model):
  videos = {name: _frames(5, seed) for seed, name in enumerate(['v_A_g01_c01', 'v_A_g02_c01'])}
  for name, frames in videos.items():
    fakes.write_video(tmp_path / 'videos' / 'A' / f'{name}.avi', frames)
  commands.run(
    'segmentation.segment',
    '--videos=videos',
    '--output=masks',
    '--segmenter=rvm',
    f'--segmenter_model={model}',
    cwd=tmp_path,
  )
  for name, frames in videos.items():
    masks = coco_files.read(str(tmp_path / 'masks' / f'{name}.json'))
    np.testing.assert_array_equal([masks.decode(n) for n in range(5)], _expected(frames))


def test_skipping_frames_is_refused_with_the_reason(tmp_path, model):
  message = commands.error(
    'segmentation.segment',
    '--videos=.',
    '--output=masks',
    '--segmenter=rvm',
    f'--segmenter_model={model}',
    '--detect_every=2',
    cwd=tmp_path,
  )
  assert 'carries its state from each frame to the next, so it must see all of them' in message


def test_a_model_is_needed():
  with pytest.raises(segmenter_lib.SegmenterError, match='needs --segmenter_model: its TF2 Saved'):
    registry.create('rvm')


@pytest.mark.parametrize(
  'network, message',
  [
    (_Lacking, r'expected the TF2 SavedModel of Robust .* inputs lack downsample_ratio, r1i'),
    (_NotFinite, r'expected finite alpha of shape \(1, 16, 24, 1\); received .* 0% of it finite'),
  ],
)
def test_other_networks_are_refused(tmp_path, network, message):
  path = _save(tmp_path / 'model', network())
  with pytest.raises(errors.UserError, match=message):
    rvm.create(path).for_video('a.avi').people(_frames(1))


def test_a_missing_model_is_refused(tmp_path):
  with pytest.raises(errors.UserError, match=r'nowhere: no such model; .* Robust Video Matting'):
    rvm.create(str(tmp_path / 'nowhere'))


def _images(folder, count=24):
  paths = sorted(glob.glob(os.path.join(folder, '*.png')))[:count]
  return np.stack([cv2.imread(path)[..., ::-1] for path in paths])


def test_the_published_network_finds_the_people_of_real_clips():
  """Against DAVIS, whose outlines hold racket and shadow: what it finds is the person."""
  source = rvm.create(fakes.shared('models', 'rvm_mobilenetv3')).for_video('tennis')
  frames = _images(fakes.shared('real', 'davis', 'tennis'))
  truth = _images(fakes.shared('real', 'davis', 'tennis_mask'))[..., 0] > 0
  masks = video_masks.of_frames(frames, source)
  found = np.stack([masks.decode(n) for n in range(len(frames))])
  # The state has settled after some frames.
  precision = (found & truth)[6:].sum() / found[6:].sum()
  assert precision >= 0.99
