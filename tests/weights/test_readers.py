"""Weights of others in our network: right to the last variable, or not at all."""

import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import inception_i3d
from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from tests import fakes
from tests import reference

_CHECKPOINTS = {  # index: (stream of tests.reference, scope)
  'index_rgb_imagenet.txt': ('rgb', 'RGB/inception_i3d/'),
  'index_flow_imagenet.txt': ('flow', 'Flow/inception_i3d/'),
  'index_rgb_scratch_kin600.txt': ('rgb600', ''),
}


def _narrow(num_classes=5, channels=3, width=0.125, seed=0):
  return inception_i3d.InceptionI3D(num_classes, channels, width=width, seed=seed)


def _values(model):
  return {name: v.numpy() for name, v in assign.variables_by_original_name(model).items()}


def _published(model, scope):
  """The variables as DeepMind's files have them; without a scope, as Kinetics-600 has them."""
  variables = {}
  for name, value in _values(model).items():
    if '/batch_norm/' in name and not scope:
      value = value.reshape(1, 1, 1, 1, -1)
    variables[scope + name] = value
    if not scope and not name.rsplit('/', 1)[1].startswith('moving_'):
      variables[f'{name}/Momentum'] = np.zeros_like(value)
  return variables


def _slim(model):
  """Random weights by TF-Slim's names, 2-D, for a model of the same width."""
  rng = np.random.default_rng(0)
  variables = {
    'InceptionV1/Logits/Conv2d_0c_1x1/weights': np.ones((1, 1, 128, 1001), np.float32),
    'InceptionV1/Logits/Conv2d_0c_1x1/biases': np.ones(1001, np.float32),
    'global_step': np.int64(7),
  }
  for name, value in _values(model).items():
    if not name.startswith('Logits'):
      for ours, theirs in (
        ('Conv3d', 'Conv2d'),
        ('conv_3d/w', 'weights'),
        ('batch_norm', 'BatchNorm'),
      ):
        name = name.replace(ours, theirs)
      shape = value.shape[1:] if value.ndim == 5 else value.shape
      variables[f'InceptionV1/{name}'] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
  return variables


def _save(prefix, variables):
  os.makedirs(os.path.dirname(prefix), exist_ok=True)
  tf.raw_ops.SaveV2(
    prefix=str(prefix),
    tensor_names=list(variables),
    tensors=list(variables.values()),
    shape_and_slices=[''] * len(variables),
  )
  return str(prefix)


def _assert_equal(actual, expected, names=None):
  for name in expected if names is None else names:
    np.testing.assert_array_equal(actual[name], expected[name], name)


# === DeepMind ===


@pytest.fixture(scope='module', params=list(_CHECKPOINTS))
def published(request):
  """A stream, its checkpoint's variables and the values that they hold."""
  stream, scope = _CHECKPOINTS[request.param]
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(model, stream)
  return request.param, stream, _published(model, scope), _values(model)


def test_the_checkpoints_of_these_tests_are_like_the_published_ones(published):
  index, _, variables, _ = published
  expected = {}
  with open(os.path.join(fakes.shared('reference'), index)) as f:
    for line in f:
      if not line.startswith('#'):
        name, _, shape = line.split('\t')[:3]
        expected[name] = tuple(int(n) for n in shape.strip('()').split(',') if n.strip())
  assert {name: value.shape for name, value in variables.items()} == expected


def test_loads_every_variable_of_the_published_checkpoints(published, tmp_path):
  _, stream, variables, values = published
  prefix = _save(tmp_path / 'model.ckpt', variables)
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  said = assign.load(model, prefix)
  _assert_equal(_values(model), values)
  assert f"({stream.removesuffix('600')}, {classes} classes): 230 of the network's 230" in said
  assert ('not taken: optimizer slots (116 variables)' in said) == (stream == 'rgb600')
  if stream == 'rgb':
    expected = reference.golden('inference_rgb')['T9.logits']
    actual = model(reference.clip(7, 9, channels)).numpy()
    assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4


def test_names_every_variable_of_the_model_once():
  model = _narrow()
  named = [v.path for v in assign.variables_by_original_name(model).values()]
  states = [v.path for v in model.variables if v.name == 'seed_generator_state']
  assert sorted(named + states) == sorted(v.path for v in model.variables)
  assert len(set(named)) == len(named) == 230


def test_a_checkpoint_of_tf1s_saver_is_read(tmp_path):
  source, model = _narrow(seed=1), _narrow()
  variables = _published(source, 'RGB/inception_i3d/')
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    for name, value in variables.items():
      tf.compat.v1.get_variable(name, initializer=value, use_resource=False)
    session.run(tf.compat.v1.global_variables_initializer())
    tf.compat.v1.train.Saver().save(session, str(tmp_path / 'model.ckpt'))
  assign.load(model, tmp_path / 'model.ckpt')
  _assert_equal(_values(model), _values(source))


@pytest.mark.parametrize(
  'path', ['rgb/model.ckpt', 'rgb/model.ckpt.index', 'rgb/model.ckpt.data-00000-of-00001', 'rgb']
)
def test_a_checkpoint_is_found_by_prefix_file_or_folder(tmp_path, path):
  source, model = _narrow(seed=1), _narrow()
  _save(tmp_path / 'rgb/model.ckpt', _published(source, 'RGB/inception_i3d/'))
  (tmp_path / 'rgb/checkpoint').write_text('model_checkpoint_path: "/gone/model.ckpt"\n')
  assign.load(model, tmp_path / path)
  _assert_equal(_values(model), _values(source))


# === TF-Slim ===


@pytest.mark.parametrize('version', [1, 2])  # TF-Slim publishes single files, of version 1
def test_slims_2d_network_is_repeated_over_time(tmp_path, version):
  model = _narrow()
  before, variables = _values(model), _slim(model)
  path = str(tmp_path / 'inception_v1.ckpt')
  if version == 1:
    tf.raw_ops.Save(filename=path, tensor_names=list(variables), data=list(variables.values()))
  else:
    _save(path, variables)
  said = assign.load(model, path)
  assert "(rgb, no classes): 228 of the network's 230 variables set" in said
  assert 'the logits of ImageNet (2 variables)' in said and 'global_step' in said
  assert 'left as initialised: the logits' in said

  after = _values(model)
  _assert_equal(after, before, [name for name in before if name.startswith('Logits')])
  for ours, theirs in (
    ('Conv3d_1a_7x7', 'Conv2d_1a_7x7'),
    ('Mixed_3b/Branch_2/Conv3d_0b_3x3', 'Mixed_3b/Branch_2/Conv2d_0b_3x3'),
    ('Mixed_5b/Branch_2/Conv3d_0a_3x3', 'Mixed_5b/Branch_2/Conv2d_0a_3x3'),
  ):
    np.testing.assert_allclose(
      after[f'{ours}/conv_3d/w'].sum(axis=0), variables[f'InceptionV1/{theirs}/weights'], rtol=1e-6
    )
    assert np.ptp(after[f'{ours}/conv_3d/w'], axis=0).max() == 0
    for leaf in ('beta', 'moving_mean', 'moving_variance'):
      np.testing.assert_array_equal(
        after[f'{ours}/batch_norm/{leaf}'], variables[f'InceptionV1/{theirs}/BatchNorm/{leaf}']
      )


def test_a_still_picture_gives_the_2d_networks_activations(tmp_path):
  model = _narrow()
  variables = _slim(model)
  assign.load(model, _save(tmp_path / 'inception_v1.ckpt', variables))

  def unit(x, name, stride):
    kernel, beta, mean, variance = (
      variables[f'InceptionV1/{name}/{leaf}']
      for leaf in (
        'weights',
        'BatchNorm/beta',
        'BatchNorm/moving_mean',
        'BatchNorm/moving_variance',
      )
    )
    x = tf.nn.conv2d(x, kernel, stride, 'SAME')
    return tf.nn.relu((x - mean) / np.sqrt(variance + 1e-3) + beta)

  picture = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
  x = tf.nn.max_pool2d(unit(picture, 'Conv2d_1a_7x7', 2), 3, 2, 'SAME')
  expected = unit(unit(x, 'Conv2d_2b_1x1', 1), 'Conv2d_2c_3x3', 1)

  features = keras.Model(model.input, model.get_layer('Conv3d_2c_3x3').output)
  actual = features(np.repeat(picture[:, np.newaxis], 16, axis=1)).numpy()
  np.testing.assert_allclose(actual[:, 4], expected, rtol=1e-4, atol=1e-4)


# === Our own files ===


@pytest.mark.parametrize('name', ['net.weights.h5', 'net.keras'])
def test_our_own_files_are_known_by_their_content(tmp_path, name):
  source, model = _narrow(seed=1), _narrow()
  source.compile('adam')
  source.optimizer.build(source.trainable_variables)
  if name.endswith('.keras'):
    source.save(tmp_path / name)
  else:
    source.save_weights(tmp_path / name)
  os.rename(tmp_path / name, tmp_path / 'weights')
  said = assign.load(model, tmp_path / 'weights')
  assert 'Keras file of this project (rgb, 5 classes)' in said
  _assert_equal(_values(model), _values(source))


def test_a_new_head_keeps_the_logits_of_the_model(tmp_path):
  source, model = _narrow(5, seed=1), _narrow(101, seed=2)
  prefix = _save(tmp_path / 'model.ckpt', _published(source, 'RGB/inception_i3d/'))
  before = _values(model)
  said = assign.load(model, prefix, new_head=True)
  assert "228 of the network's 230" in said and 'not taken: its logits' in said
  after = _values(model)
  head = {name for name in before if name.startswith('Logits')}
  _assert_equal(after, before, head)
  _assert_equal(after, _values(source), set(after) - head)


# === Errors ===


def _spoil(path, *, keep):
  """Cuts a file to a share of its length."""
  os.truncate(path, int(os.path.getsize(path) * keep))


def _without(variables, part):
  return {name: value for name, value in variables.items() if part not in name}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Files that cannot be used, and rgb/model.ckpt, a good one."""
  folder = tmp_path_factory.mktemp('bad')
  model = _narrow(seed=1)
  good = _published(model, 'RGB/inception_i3d/')
  _save(folder / 'rgb/model.ckpt', good)
  for name, variables in {
    'extra': {**good, 'RGB/inception_i3d/Mixed_6a/w': np.zeros(3, np.float32)},
    'fewer': _without(good, 'Mixed_4d/Branch_1'),
    'headless': _without(good, 'Logits'),
    'half_head': _without(good, 'Logits/Conv3d_0c_1x1/conv_3d/b'),
    'other': {'model/dense/kernel': np.zeros(3, np.float32)},
    'training': {'_CHECKPOINTABLE_OBJECT_GRAPH': np.zeros(3, np.float32)},
    'ranks': {**good, 'RGB/inception_i3d/Conv3d_2b_1x1/conv_3d/w': np.zeros((8, 8), np.float32)},
    'short_index': good,
    'short_data': good,
    'no_data': good,
    'no_index': good,
  }.items():
    _save(folder / name / 'model.ckpt', variables)
  data = 'model.ckpt.data-00000-of-00001'
  _spoil(folder / 'short_index/model.ckpt.index', keep=0.5)
  _spoil(folder / 'short_data' / data, keep=0.5)
  os.remove(folder / 'no_data' / data)
  os.remove(folder / 'no_index/model.ckpt.index')
  (folder / 'empty').mkdir()
  _save(folder / 'two/a', {'a': np.zeros(3)})
  _save(folder / 'two/b', {'b': np.zeros(3)})
  model.save_weights(folder / 'short.weights.h5')
  model.save(folder / 'short.keras')
  _spoil(folder / 'short.weights.h5', keep=0.5)
  _spoil(folder / 'short.keras', keep=0.5)
  keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(folder / 'other.keras')
  np.savez(folder / 'arrays.npz', a=np.zeros(3))
  (folder / 'page.pt').write_text('<html>not found</html>')
  (folder / 'nothing.pt').write_bytes(b'')
  (folder / 'checkpoint').write_text('model_checkpoint_path: "/gone/model.ckpt"\n')
  return folder


@pytest.mark.parametrize(
  'path, message',
  [
    ('gone/model.ckpt', 'no such file; expected a TensorFlow checkpoint of DeepMind'),
    ('empty', 'expected one checkpoint (*.index) in the folder; there is none'),
    ('two', 'expected one checkpoint (*.index) in the folder; there are a, b'),
    ('checkpoint', 'is a list of checkpoints; expected one of the checkpoints'),
    ('page.pt', 'unknown content, or a truncated checkpoint; expected'),
    ('nothing.pt', 'unknown content, or a truncated checkpoint; expected'),
    ('arrays.npz', 'a zip archive, but not of PyTorch'),
    ('short_index/model.ckpt', 'its index cannot be read to the end (truncated or damaged): '),
    ('short_data/model.ckpt', 'its data cannot be read to the end (truncated or damaged): '),
    ('no_data/model.ckpt', 'its data cannot be read to the end (truncated or damaged): '),
    ('no_index/model.ckpt', 'model.ckpt.index beside the data of the checkpoint; there is none'),
    ('short.weights.h5', 'it cannot be read to the end (truncated or damaged): '),
    ('short.keras', 'it cannot be read to the end (truncated or damaged): '),
    ('other.keras', 'holds no weights of I3D, but layers/dense/vars/0, layers/dense/vars/1'),
    ('other/model.ckpt', 'holds no weights of I3D, but model/dense/kernel; expected'),
    ('training/model.ckpt', 'is a tf.train.Checkpoint, as training keeps it to go on'),
    ('extra', 'with variables that I3D does not have: RGB/inception_i3d/Mixed_6a/w'),
    (
      'fewer',
      'checkpoint without RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/conv_3d/w, '
      'RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/batch_norm/beta, '
      'RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/batch_norm/moving_mean '
      'and 5 more',
    ),
    ('half_head', 'checkpoint without RGB/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/b'),
    ('headless', 'has no logits. For logits to be learned anew, pass new_head (--new_head)'),
    ('ranks', 'RGB/inception_i3d/Conv3d_2b_1x1/conv_3d/w has the unexpected shape (8, 8)'),
  ],
)
def test_a_file_that_cannot_be_used_is_named_and_nothing_is_set(folder, path, message):
  model = _narrow()
  before = _values(model)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(model, folder / path)
  assert message in str(e.value) and str(folder / path) in str(e.value)
  assert '\n' not in str(e.value)
  _assert_equal(_values(model), before)


@pytest.mark.parametrize(
  'arguments, message',
  [
    ({'channels': 2}, 'its first convolution takes 3 channels, rgb; expected 2 channels, flow'),
    (
      {'num_classes': 7},
      'has 5 classes; expected 7. For 7 classes to be learned anew, pass new_head (--new_head)',
    ),
    (
      {'width': 0.25},
      'Conv3d_1a_7x7/conv_3d/w has the shape (7, 7, 7, 3, 8); expected '
      '(7, 7, 7, 3, 16) and 197 more like it. '
      'Published weights fit a network of width 1',
    ),
  ],
)
def test_weights_that_do_not_fit_the_network_say_why(folder, arguments, message):
  model = _narrow(**arguments)
  before = _values(model)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(model, folder / 'rgb/model.ckpt')
  assert message in str(e.value)
  _assert_equal(_values(model), before)


def test_weights_that_a_headless_network_cannot_take_are_named(folder):
  model = _narrow()
  features = keras.Model(model.input, model.get_layer('Mixed_5c').output)
  with pytest.raises(arrays.WeightsError, match='the network has no Logits/Conv3d_0c_1x1'):
    assign.load(features, folder / 'rgb/model.ckpt')
  assert "228 of the network's 228" in assign.load(
    features, folder / 'rgb/model.ckpt', new_head=True
  )


def test_a_headless_file_serves_for_a_new_head(folder):
  assert "228 of the network's 230" in assign.load(_narrow(), folder / 'headless', new_head=True)


def test_a_flipped_bit_is_found(folder, tmp_path):
  shutil.copytree(folder / 'rgb', tmp_path / 'rgb')
  with open(tmp_path / 'rgb/model.ckpt.data-00000-of-00001', 'r+b') as f:
    f.seek(1000)
    byte = f.read(1)[0]
    f.seek(1000)
    f.write(bytes([byte ^ 1]))
  with pytest.raises(arrays.WeightsError, match='truncated or damaged'):
    assign.load(_narrow(), tmp_path / 'rgb')
