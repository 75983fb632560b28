"""Published weights in our network: correct in every variable."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign
from tests import checkpoints
from tests import fakes
from tests import reference

_CHECKPOINTS = {  # index: (stream of tests.reference, scope)
  'index_rgb_imagenet.txt': ('rgb', 'RGB/inception_i3d/'),
  'index_flow_imagenet.txt': ('flow', 'Flow/inception_i3d/'),
  'index_rgb_scratch_kin600.txt': ('rgb600', ''),
}


# === DeepMind ===


@pytest.fixture(scope='module', params=list(_CHECKPOINTS))
def published(request):
  """(index, stream, variables of the checkpoint, arrays by original name)."""
  stream, scope = _CHECKPOINTS[request.param]
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  reference.set_weights(model, stream)
  return request.param, stream, checkpoints.published(model, scope), checkpoints.values(model)


def test_fake_checkpoints_have_names_and_shapes_of_published_ones(published):
  index, _, variables, _ = published
  expected = {}
  with open(os.path.join(fakes.shared('reference'), index)) as f:
    for line in f:
      if not line.startswith('#'):
        name, _, shape = line.split('\t')[:3]
        expected[name] = tuple(int(n) for n in shape.strip('()').split(',') if n.strip())
  assert {name: value.shape for name, value in variables.items()} == expected


def test_load_sets_all_variables_from_published_checkpoints(published, tmp_path):
  _, stream, variables, values = published
  prefix = checkpoints.save(tmp_path / 'model.ckpt', variables)
  channels, classes, _ = reference.STREAMS[stream]
  model = inception_i3d.InceptionI3D(classes, channels)
  summary = assign.load(model, prefix)
  checkpoints.assert_equal(checkpoints.values(model), values)
  assert f"({stream.removesuffix('600')}, {classes} classes): 230 of the network's 230" in summary
  assert ('not taken: optimizer slots (116 variables)' in summary) == (stream == 'rgb600')
  if stream == 'rgb':
    expected = reference.golden('inference_rgb')['T9.logits']
    actual = model(reference.clip(7, 9, channels)).numpy()
    assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-4


def test_read_supports_checkpoints_of_tf1_saver(tmp_path):
  source, model = checkpoints.narrow(seed=1), checkpoints.narrow()
  variables = checkpoints.published(source, 'RGB/inception_i3d/')
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    for name, value in variables.items():
      tf.compat.v1.get_variable(name, initializer=value, use_resource=False)
    session.run(tf.compat.v1.global_variables_initializer())
    tf.compat.v1.train.Saver().save(session, str(tmp_path / 'model.ckpt'))
  assign.load(model, tmp_path / 'model.ckpt')
  checkpoints.assert_equal(checkpoints.values(model), checkpoints.values(source))


@pytest.mark.parametrize(
  'path', ['rgb/model.ckpt', 'rgb/model.ckpt.index', 'rgb/model.ckpt.data-00000-of-00001', 'rgb']
)
def test_read_finds_checkpoint_by_prefix_file_or_folder(tmp_path, path):
  source, model = checkpoints.narrow(seed=1), checkpoints.narrow()
  checkpoints.save(tmp_path / 'rgb/model.ckpt', checkpoints.published(source, 'RGB/inception_i3d/'))
  (tmp_path / 'rgb/checkpoint').write_text('model_checkpoint_path: "/gone/model.ckpt"\n')
  assign.load(model, tmp_path / path)
  checkpoints.assert_equal(checkpoints.values(model), checkpoints.values(source))


# === TF-Slim ===


@pytest.mark.parametrize('version', [1, 2])  # TF-Slim publishes single files, which are version 1.
def test_read_repeats_kernels_of_slim_over_time(tmp_path, version):
  model = checkpoints.narrow()
  before, variables = checkpoints.values(model), checkpoints.slim(model)
  path = str(tmp_path / 'inception_v1.ckpt')
  if version == 1:
    tf.raw_ops.Save(filename=path, tensor_names=list(variables), data=list(variables.values()))
  else:
    checkpoints.save(path, variables)
  summary = assign.load(model, path)
  assert "(rgb, no classes): 228 of the network's 230 variables set" in summary
  assert 'the logits of ImageNet (2 variables)' in summary and 'global_step' in summary
  assert 'left as initialized: the logits' in summary

  after = checkpoints.values(model)
  checkpoints.assert_equal(after, before, [name for name in before if name.startswith('Logits')])
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


def test_slim_weights_give_activations_of_2d_network_for_still_images(tmp_path):
  model = checkpoints.narrow()
  variables = checkpoints.slim(model)
  assign.load(model, checkpoints.save(tmp_path / 'inception_v1.ckpt', variables))

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

  image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
  x = tf.nn.max_pool2d(unit(image, 'Conv2d_1a_7x7', 2), 3, 2, 'SAME')
  expected = unit(unit(x, 'Conv2d_2b_1x1', 1), 'Conv2d_2c_3x3', 1)

  features = keras.Model(model.input, model.get_layer('Conv3d_2c_3x3').output)
  actual = features(np.repeat(image[:, np.newaxis], 16, axis=1)).numpy()
  np.testing.assert_allclose(actual[:, 4], expected, rtol=1e-4, atol=1e-4)


# === Our own files ===


@pytest.mark.parametrize('name', ['net.weights.h5', 'net.keras'])
def test_read_recognizes_keras_files_by_content(tmp_path, name):
  source, model = checkpoints.narrow(seed=1), checkpoints.narrow()
  source.compile('adam')
  source.optimizer.build(source.trainable_variables)
  if name.endswith('.keras'):
    source.save(tmp_path / name)
  else:
    source.save_weights(tmp_path / name)
  os.rename(tmp_path / name, tmp_path / 'weights')
  summary = assign.load(model, tmp_path / 'weights')
  assert 'Keras file of this project (rgb, 5 classes)' in summary
  checkpoints.assert_equal(checkpoints.values(model), checkpoints.values(source))
