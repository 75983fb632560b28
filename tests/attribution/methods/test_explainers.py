"""Which maps can be made of which classifier, whatever form of clips it takes."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution.methods import explainers
from i3d_tf.classifiers import protocol
from i3d_tf.common import errors
from tests.attribution import networks


def explainer(classifier, **settings):
  return explainers.Explainer(classifier, options.MethodSettings(**settings))


def clip(frames=6):
  return np.random.default_rng(0).uniform(-1, 1, (frames, 16, 16, 3)).astype(np.float32)


def test_methods_are_those_that_the_classifier_allows():
  i3d, keras_model = networks.classifier(), networks.patch_classifier()
  function = networks.patch_classifier(gradients=False)
  assert explainer(i3d).chosen(()) == ('gradcam', 'smoothgrad')
  assert explainer(keras_model).chosen(()) == ('smoothgrad',)
  assert explainer(function).chosen(()) == ('occlusion',)
  assert explainer(keras_model).chosen(('ig', 'occlusion', 'ig')) == ('ig', 'occlusion')
  with pytest.raises(errors.UserError, match='patch: --methods=gradcam needs I3D; this network'):
    explainer(keras_model).chosen(('gradcam',))
  with pytest.raises(errors.UserError, match='needs a network of Keras, which gives gradients'):
    explainer(function).chosen(('smoothgrad',))


@pytest.mark.parametrize('method', ['smoothgrad', 'ig', 'occlusion'])
def test_every_method_finds_the_patch(method):
  mask = networks.patch_mask((6, 16, 16))
  asked = explainer(networks.patch_classifier(), boxes=(3, 4, 4), noise=0.1)
  values = clip()
  values[2:4, 4:8, 8:12] = 0.9
  found = asked.explain(method, values, [0, 1])
  assert len(found) == 2 and maps.share_inside(found[0], mask).share == 1
  assert all(mask[int(t), int(h), int(w)] for t, h, w in [[at[0] for at in found[0].peak]])


@pytest.mark.parametrize(
  'form',
  [
    {},
    {'low': 0, 'high': 255},
    {'frames': 4},
    {'frames': 9},
    {'rate': 12.5},
    {'batch': 2},
    {'frames': 4, 'rate': 50, 'batch': 3, 'low': 0.0, 'high': 1.0},
  ],
)
def test_operations_are_what_the_classifier_computes(form):
  classifier = networks.patch_classifier(square=True, **form)
  clips = clip(8)[np.newaxis]
  computed = explainers.operations(classifier)(tf.constant(clips)).numpy()
  np.testing.assert_allclose(computed, classifier.logits(clips), rtol=1e-5)


def test_probabilities_are_explained_by_their_logarithm():
  probabilities = lambda clips, training=False: tf.nn.softmax(
    tf.stack([tf.reduce_mean(clips, axis=(1, 2, 3, 4)), tf.zeros(len(clips))], axis=1)
  )
  classifier = protocol.Classifier(
    'soft',
    networks.CLASSES,
    protocol.ClipForm(16, layout='BCTHW'),
    lambda clips: probabilities(clips).numpy(),
    network=probabilities,
  )
  computed = explainers.operations(classifier)(tf.constant(clip()[np.newaxis])).numpy()
  np.testing.assert_allclose(computed, classifier.logits(clip()[np.newaxis]), rtol=1e-5)
  assert (computed < 0).all()


def test_occlusion_says_what_it_costs():
  asked = explainer(networks.patch_classifier(gradients=False), boxes=(2, 3, 4))
  assert asked.cost(clip(), 10).startswith('occlusion: 25 forward passes of ')
  assert 'for 10 videos' in asked.cost(clip(), 10) and 'videos' not in asked.cost(clip(), 1)
