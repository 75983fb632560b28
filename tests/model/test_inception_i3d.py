"""The network: its shape, arguments, saving and initial weights, and training in bfloat16."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from tests import shallow


def small(**kwargs):
  return inception_i3d.InceptionI3D(
    **{'num_classes': 5, 'frame_size': 64, 'width': 0.125, 'seed': 0, **kwargs}
  )


def random_clip(batch=1, frames=9, size=64, channels=3, seed=0):
  rng = np.random.default_rng(seed)
  return rng.uniform(-1, 1, (batch, frames, size, size, channels)).astype(np.float32)


@pytest.fixture(scope='module', name='model')
def _model():
  """A network that no test changes."""
  return small()


@pytest.mark.parametrize('channels, parameters', [(3, 12_704_544), (2, 12_682_592)])
def test_model_has_published_number_of_parameters(channels, parameters):
  assert inception_i3d.InceptionI3D(400, channels).count_params() == parameters


def test_layers_are_named_after_endpoints_in_order(model):
  names = [layer.name for layer in model.layers]
  assert [name for name in names if name in architecture.ENDPOINTS] == list(architecture.ENDPOINTS)


@pytest.mark.parametrize('frames', [9, 10, 16, 17])
def test_model_returns_logits_for_any_length(model, frames):
  assert model(random_clip(2, frames)).shape == (2, 5)


def test_logits_of_larger_frames_are_averaged_over_positions(model):
  features = keras.Model(model.input, model.get_layer('Mixed_5c').output)
  clip = random_clip(size=128)
  pooled = keras.layers.AveragePooling3D((2, 2, 2), strides=1)(features(clip))
  conv = model.get_layer('Logits').conv
  by_position = (
    np.einsum('bthwc,cn->bthwn', pooled, conv.kernel.numpy()[0, 0, 0]) + conv.bias.numpy()
  )
  assert by_position.shape[2:4] == (3, 3)
  np.testing.assert_allclose(model(clip), by_position.mean((1, 2, 3)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('frames, size', [(8, 64), (9, 32)])
def test_model_rejects_clips_smaller_than_average_pool(model, frames, size):
  with pytest.raises(ValueError, match='clips must have at least 9 frames'):
    model(random_clip(1, frames, size))


@pytest.mark.parametrize(
  'argument, value, expected',
  [
    ('num_classes', 0, 'at least 1'),
    ('channels', 0, 'at least 1'),
    ('dropout', 1.0, 'in [0, 1)'),
    ('dropout', -0.1, 'in [0, 1)'),
    ('frame_size', 31, 'at least 32'),
    ('width', 0, 'positive'),
    ('batch_norm_momentum', 1.0, 'in [0, 1)'),
    ('batch_norm_momentum', -0.1, 'in [0, 1)'),
  ],
)
def test_model_rejects_arguments_out_of_range(argument, value, expected):
  with pytest.raises(errors.UserError) as error:
    small(**{argument: value})
  assert str(error.value) == f'`{argument}` must be {expected}; received {value}'


def test_width_scales_all_layers_in_multiples_of_8():
  channels = [layer.output.shape[-1] for layer in small(width=0.5).layers[1:]]
  assert all(c % 8 == 0 for c in channels[:-1])
  assert channels[0] == 32


def test_config_and_keras_file_round_trip(tmp_path):
  model = small(dtype='mixed_bfloat16', dropout=0.25, batch_norm_momentum=0.9)
  again = inception_i3d.InceptionI3D.from_config(model.get_config())
  assert again.get_config() == model.get_config()
  model.save(tmp_path / 'model.keras')
  loaded = keras.saving.load_model(tmp_path / 'model.keras')
  np.testing.assert_array_equal(loaded(random_clip()), model(random_clip()))


def _step(model, clips):
  """A graph function that trains a model by a step and returns the loss."""
  optimizer = keras.optimizers.SGD(0.05)
  variables, labels = model.trainable_variables, np.arange(len(clips))
  optimizer.build(variables)

  @tf.function
  def step():
    with tf.GradientTape(watch_accessed_variables=False) as tape:
      tape.watch([variable.value for variable in variables])
      logits = model(clips, training=True)
      loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    optimizer.apply_gradients(zip(gradients, variables))
    return loss

  return step


@pytest.mark.parametrize('endpoint', ['Conv3d_1a_7x7', 'MaxPool3d_4a_3x3', 'Mixed_5c'])
def test_frozen_layers_stay_as_they_are_and_the_others_train(endpoint):
  model, clips = small(), random_clip(2, 16)
  model.freeze(endpoint)
  before = {v.path: v.numpy() for v in model.variables}
  frozen = architecture.BELOW_LOGITS[: architecture.BELOW_LOGITS.index(endpoint) + 1]
  _step(model, clips)()
  for variable in model.variables:
    if 'seed_generator' in variable.path:
      continue
    same = np.array_equal(variable.numpy(), before[variable.path])
    assert same == (variable.path.split('/')[0] in frozen), variable.path


def test_frozen_layers_compute_in_training_as_in_inference():
  model, clips = small(), random_clip(2)
  rng = np.random.default_rng(0)
  for variable in model.variables:
    if variable.name == 'moving_variance':
      variable.assign(rng.uniform(0.3, 0.5, variable.shape))
  model.freeze('Mixed_3c')
  features = keras.Model(model.input, model.get_layer('Mixed_3c').output)
  np.testing.assert_allclose(
    features(clips, training=True), features(clips, training=False), rtol=1e-6
  )


def test_nothing_is_computed_backwards_through_frozen_layers():
  model = small()
  model.freeze('Mixed_3c')
  step = _step(model, random_clip(2)).get_concrete_function()
  # What the runtime executes: the graph after TensorFlow has removed what nobody reads.
  graph = step.graph.as_graph_def()
  kinds = [node.op for node in graph.node]
  units = [v for v in model.variables if v.name == 'kernel']
  trained = [v for v in model.trainable_variables if v.name == 'kernel']
  assert (len(units), len(trained)) == (58, 43)
  assert kinds.count('Conv3DBackpropFilterV2') == len(trained)


def test_freeze_rejects_what_is_no_layer_below_the_logits():
  with pytest.raises(errors.UserError, match='`endpoint` must be one of Conv3d_1a_7x7, .*Logits'):
    small().freeze('Logits')


def test_seed_determines_weights_and_dropout():
  def trained_logits(seed):
    return small(seed=seed)(random_clip(), training=True).numpy()

  np.testing.assert_array_equal(trained_logits(3), trained_logits(3))
  assert np.abs(trained_logits(3) - trained_logits(4)).max() > 1e-3


def test_initial_kernels_have_the_distribution_of_sonnet():
  kernel = inception_i3d.InceptionI3D(400).get_layer('Conv3d_2c_3x3').conv.kernel.numpy()
  bound = 1 / np.sqrt(27 * 64)
  # A normal of stddev `bound`, cut at two of them, has a stddev of 0.8796 `bound`.
  assert np.abs(kernel).max() <= 2 * bound * (1 + 1e-5)
  np.testing.assert_allclose(kernel.std(), 0.8796 * bound, rtol=0.01)


@pytest.mark.parametrize('frames, whole', [(9, True), (16, False), (17, False)])
def test_model_trains_in_mixed_bfloat16(frames, whole):
  # test_layers.py compares gradients of each number of frames that any layer may have. There is
  # little to compute, because processors without bfloat16 take minutes for it.
  with shallow.network(whole):
    model = small(frame_size=32, dtype='mixed_bfloat16', dropout=0.0)
  optimizer = keras.optimizers.SGD(0.2)
  clips, labels = random_clip(2, frames, 32), np.arange(2)

  @tf.function
  def step():
    with tf.GradientTape() as tape:
      logits = model(clips, training=True)
      loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    optimizer.apply_gradients(
      zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    )
    return loss

  losses = [float(step()) for _ in range(6)]
  assert np.isfinite(losses).all()
  assert losses[-1] < losses[0] / 2
