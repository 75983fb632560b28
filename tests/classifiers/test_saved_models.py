"""SavedModels as classifiers: our export, and others'."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import saved_models
from i3d_tf.common import errors
from i3d_tf.inference import prediction
from i3d_tf.inference import serving
from i3d_tf.inference import trained_networks
from i3d_tf.masks import coco_files
from tests import networks
from tests import shallow


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network():
    yield


def _open(path, **said):
  return saved_models.open_saved_model(discovery.ClassifierOptions(str(path), **said))


def test_export_on_trial_answers_as_its_network(tmp_path):
  network = networks.network()
  serving.write_saved_model(network, str(tmp_path / 'export'))
  exported = trained_networks.of_classifier(discovery.ClassifierOptions(str(tmp_path / 'export')))
  assert exported.label_names == networks.CLASSES
  video = networks.video(tmp_path / 'a.avi')
  masks = coco_files.read(networks.masks_file(tmp_path / 'a.json'), video)
  regions = ('none', 'background', 'activity')
  exported = networks.replace(exported, mask_dilation=network.mask_dilation)
  expected = prediction.of_video(network, video, regions, masks)
  found = prediction.of_video(exported, video, regions, masks)
  for region in regions:
    difference = np.abs(found.logits[region] - expected.logits[region]).max()
    assert difference <= 1e-5 * np.abs(expected.logits[region]).max()


class _Theirs(tf.Module):
  """Takes bytes, channels first; its logits are the means of the channels, in an odd place."""

  @tf.function(input_signature=[tf.TensorSpec([None, 3, 8, 16, 16], tf.uint8, name='x')])
  def means(self, x):
    return {'probabilities_not': tf.reduce_mean(tf.cast(x, tf.float32), [2, 3, 4])}

  @tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32, name='x')])
  def image(self, x):
    return {'logits': tf.reduce_mean(x, [1, 2])}

  @tf.function(input_signature=[tf.TensorSpec([], tf.float32)] * 2)
  def two(self, x, y):
    return {'a': x, 'b': y}


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
  path, module = str(tmp_path_factory.mktemp('saved') / 'theirs'), _Theirs()
  signatures = {name: getattr(module, name) for name in ('means', 'image', 'two')}
  tf.saved_model.save(module, path, signatures=signatures)
  return path


def test_signature_is_discovered_or_named(theirs, tmp_path):
  (tmp_path / 'labels.txt').write_text('a\nb\nc\n')
  classifier = _open(theirs, signature='means', labels=str(tmp_path / 'labels.txt'))
  assert classifier.class_names == ('a', 'b', 'c')
  assert (classifier.form.layout, classifier.form.high) == ('BCTHW', 255)
  clips = np.random.default_rng(0).uniform(-1, 1, (2, 8, 16, 16, 3)).astype(np.float32)
  expected = np.rint((clips + 1) * 127.5).mean(axis=(1, 2, 3))
  np.testing.assert_allclose(classifier.logits(clips), expected, rtol=1e-5)


@pytest.mark.parametrize(
  'said, message',
  [
    ({}, 'expected the signature clip or serving_default; found image, means, two. --classifier_s'),
    ({'signature': 'none'}, 'expected the signature none; found image, means, two'),
    ({'signature': 'image'}, 'expected an input of 5 axes'),
    ({'signature': 'two'}, 'expected a signature with one input, clips; two has x, y'),
  ],
)
def test_a_model_without_a_usable_signature_is_one_line(theirs, said, message):
  with pytest.raises(errors.UserError, match=message):
    _open(theirs, **said)


def test_a_folder_that_is_none_is_one_line(tmp_path):
  (tmp_path / 'saved_model.pb').write_text('nothing')
  with pytest.raises(errors.UserError, match='expected a SavedModel; '):
    _open(tmp_path)
