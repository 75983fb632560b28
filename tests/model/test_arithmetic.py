"""The count of the network's arithmetic agrees with a manual count and with the published one."""

import pytest

from i3d_tf.model import arithmetic
from i3d_tf.model import inception_i3d


@pytest.fixture(scope='module')
def original():
  return inception_i3d.InceptionI3D(400)


def test_the_first_layers_agree_with_a_manual_count(original):
  counts = arithmetic.convolutions(original, (1, 64, 224, 224, 3))
  assert len(counts) == 58
  assert counts[0] == 32 * 112 * 112 * 7**3 * 3 * 64
  assert counts[1] == 32 * 56 * 56 * 64 * 64  # after a pool over height and width only
  assert counts[2] == 32 * 56 * 56 * 27 * 64 * 192
  positions = 32 * 28 * 28
  assert counts[3:9] == [  # Mixed_3b, branch by branch
    positions * 192 * 64,
    positions * 192 * 96,
    positions * 27 * 96 * 128,
    positions * 192 * 16,
    positions * 27 * 16 * 32,
    positions * 192 * 32,
  ]
  assert counts[-1] == 7 * 1024 * 400  # 8 time steps leave 7 pooled ones, 1 x 1 position each


def test_the_sum_agrees_with_the_published_one(original):
  # 107.9 G multiply-adds for 64 frames of 224 x 224 (Xie et al., S3D, 2018). They do not state
  # how they count borders; without zero padding, it would be 104.4 G.
  counted = sum(arithmetic.convolutions(original, (1, 64, 224, 224, 3)))
  assert counted == pytest.approx(107.9e9, rel=0.035)


def test_the_count_grows_with_the_batch_and_the_frame_size(original):
  one = arithmetic.inference(original, (1, 16, 224, 224, 3))
  assert arithmetic.inference(original, (3, 16, 224, 224, 3)) == 3 * one
  larger = arithmetic.convolutions(original, (1, 16, 256, 256, 3))
  assert larger[-1] == 1 * 2 * 2 * 1024 * 400  # 8 x 8 positions leave 2 x 2 pooled ones


def test_a_training_step_is_three_inferences_minus_the_gradient_of_the_clip(original):
  shape = (2, 16, 224, 224, 3)
  first = 2 * 2 * 8 * 112 * 112 * 7**3 * 3 * 64
  assert (
    arithmetic.training_step(original, shape) == 3 * arithmetic.inference(original, shape) - first
  )


def test_frozen_layers_only_go_forward(original):
  shape = (2, 16, 224, 224, 3)
  frozen = arithmetic.convolutions(original, shape, 'Mixed_3c')
  assert len(frozen) == 3 + 2 * 6
  assert frozen == arithmetic.convolutions(original, shape)[: len(frozen)]
  above = arithmetic.inference(original, shape) - 2 * sum(frozen)
  step = arithmetic.training_step(original, shape, freeze='Mixed_3c')
  assert step == 2 * sum(frozen) + 3 * above
