"""A step of the training: its gradients, and what the optimizer makes of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.inputs import clip_settings
from i3d_tf.training import network
from i3d_tf.training import run_settings
from i3d_tf.training import step
from tests import shallow

_RATE = 0.25


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network():
    yield


@pytest.fixture(scope='module', name='run')
def _run():
  return run_settings.Run(
    run_settings.Data('', mask='background'),
    clip_settings.ClipSettings(frame_size=32, clip_frames=10, batch_size=2),
    run_settings.Network(width=0.125, dropout=0.0),
    run_settings.Optimization(steps=10, optimizer='sgd', momentum=0.0, learning_rate=_RATE),
    tuple('abc'),
  )


@pytest.fixture(scope='module', name='batch')
def _batch():
  rng = np.random.default_rng(0)
  masks = np.zeros([2, 10, 32, 32], np.uint8)
  masks[:, :, 8:24, 8:24] = 1
  return {
    'frames': tf.constant(rng.integers(0, 256, [2, 10, 32, 32, 3], np.uint8)),
    'masks': tf.constant(masks),
    'has_person': tf.constant([True, True]),
    'label': tf.constant([2, 0], tf.int64),
    'entry': tf.constant([0, 1], tf.int64),
  }


def _network(run):
  keras.utils.set_random_seed(0)
  return network.build_model(run)


def test_plain_sgd_subtracts_the_gradients(run, batch):
  seeds, strategy = tf.constant([1, 2], tf.int64), tf.distribute.get_strategy()
  model = _network(run)
  before = [variable.numpy() for variable in model.trainable_variables]
  gradients, sums = step.build_gradients(strategy, model, run, seeds)(batch)
  model = _network(run)
  optimizer = step.build_optimizer(run.optimization)
  optimizer.build(model.trainable_variables)
  np.testing.assert_allclose(
    step.build_train_step(strategy, model, optimizer, run, seeds)(batch), sums, rtol=1e-5
  )
  moved = 0
  for variable, start, gradient in zip(model.trainable_variables, before, gradients):
    np.testing.assert_allclose(variable, start - _RATE * gradient, atol=1e-5, err_msg=variable.path)
    moved += np.abs(variable - start).max() > 1e-4
  assert moved > len(before) / 2


def test_the_network_sees_the_treatment(run, batch):
  seen = step.network_input(batch, run, tf.constant([1, 2], tf.int64)).numpy()
  inside = batch['masks'].numpy().astype(bool)
  assert np.ptp(seen[inside]) > 1.9
  assert (seen[:, :, 0, 0] == -1).all()


@pytest.mark.parametrize(
  'settings, rates',
  [
    ({'schedule': 'cosine'}, {0: 1.0, 5: 0.5, 10: 0.0}),
    ({'schedule': 'cosine', 'warmup_steps': 5}, {0: 0.0, 5: 1.0, 10: 0.0}),
    ({'schedule': 'drops', 'learning_rate_drops': (3,)}, {3: 1.0, 4: 0.1, 10: 0.1}),
  ],
)
def test_schedules(settings, rates):
  optimizer = step.build_optimizer(
    run_settings.Optimization(steps=10, learning_rate=1.0, optimizer='sgd', **settings)
  )
  optimizer.build([keras.Variable(0.0)])
  for number, rate in rates.items():
    optimizer.iterations.assign(number)
    np.testing.assert_allclose(optimizer.learning_rate, rate, atol=1e-6)
