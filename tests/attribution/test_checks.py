"""The checks of a video, and their means over videos."""

import numpy as np
import pytest

from i3d_tf.attribution import checks
from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution import randomized
from i3d_tf.attribution import row_files
from i3d_tf.attribution.methods import explainers
from i3d_tf.classifiers import i3d
from i3d_tf.classifiers import protocol
from i3d_tf.model import inception_i3d
from tests.attribution import networks


def by(rows, check):
  return {(row['method'], row['what']): row['value'] for row in rows if row['check'] == check}


def test_of_an_oracle():
  """The share falls from 1, the patch is deleted first, and the methods agree."""
  asked = explainers.Explainer(
    networks.classifier(), options.MethodSettings(samples=1, noise=0.0, seed=3)
  )
  clip = networks.clip(person=['red'], frames=9)
  # Blue, which the oracle does not see.
  clip[..., 2] = np.random.default_rng(0).uniform(-1, 1, clip.shape[:3])
  mask = np.zeros(clip.shape[:3], bool)
  mask[:, networks.CELL, networks.CELL] = True
  found = {m: asked.explain(m, clip, [0])[0] for m in ('gradcam', 'smoothgrad')}
  before = [np.array(v) for v in asked.classifier.network.variables]
  rows = checks.of_video(asked, clip, mask, 0, found)
  for variable, value in zip(asked.classifier.network.variables, before):
    np.testing.assert_array_equal(variable, value)
  shares = by(rows, 'randomised')
  stages = [row_files.TRAINED, *randomized.stages(asked.classifier.network)]
  assert list(shares) == [
    (method, stage) for stage in stages for method in ('gradcam', 'smoothgrad')
  ]
  assert shares['gradcam', row_files.TRAINED] == 1 and shares['smoothgrad', row_files.TRAINED] == 1
  assert shares['smoothgrad', 'Conv3d_1a_7x7'] < 0.6  # Of a random network it is all over.
  deletion = by(rows, 'deletion')
  assert deletion['gradcam', ''] < deletion[row_files.NOTHING, '']
  assert set(by(rows, 'insertion')) == {(m, '') for m in (*found, row_files.NOTHING)}
  agreement = by(rows, 'agreement')
  assert list(agreement) == [('gradcam', 'smoothgrad')]
  assert agreement['gradcam', 'smoothgrad'] > 0.5  # Ties of the cells that are 0.


def test_a_random_network_has_about_the_share_of_the_area():
  """What the check of Adebayo et al. compares with: noise, and weights as before training."""
  model = inception_i3d.InceptionI3D(2, dropout=0.0, frame_size=32, width=0.125)
  randomized.randomize(model, 'Conv3d_1a_7x7', 5)
  form = protocol.ClipForm(32, min_frames=9)
  classifier = protocol.Classifier(
    'random', networks.CLASSES, form, i3d.function_of(model), network=model
  )
  asked = explainers.Explainer(classifier, options.MethodSettings(samples=1))
  rng = np.random.default_rng(0)
  shares = []
  for _ in range(4):
    clip = rng.uniform(-1, 1, (9, 96, 96, 3)).astype(np.float32)
    mask = np.zeros(clip.shape[:3], bool)
    mask[:, 24:72, 24:72] = True
    shares.append(maps.share_inside(asked.explain('smoothgrad', clip, [0])[0], mask).ratio)
  assert np.mean(shares) == pytest.approx(1, abs=0.5)


def test_other_networks_have_no_weights_to_randomise():
  asked = explainers.Explainer(
    networks.patch_classifier(gradients=False), options.MethodSettings(boxes=(3, 4, 4))
  )
  clip = np.full((6, 16, 16, 3), 0.5, np.float32)
  found = {'occlusion': asked.explain('occlusion', clip, [0])[0]}
  rows = checks.of_video(asked, clip, networks.patch_mask((6, 16, 16)), 0, found)
  assert {row['check'] for row in rows} == {'deletion', 'insertion'}


def test_agreement_is_over_the_cells_of_the_coarser_map():
  coarse = maps.on_grid(np.arange(8).reshape(2, 2, 2), (4, 8, 8))
  fine = maps.on_grid(coarse.at_pixels() + 0.1, (4, 8, 8))
  turned = maps.on_grid(10 - fine.values, (4, 8, 8))
  assert checks.agreement(coarse, fine) == pytest.approx(1)
  assert checks.agreement(turned, coarse) == pytest.approx(-1)
  assert np.isnan(checks.agreement(coarse, maps.on_grid(np.ones((1, 1, 1)), (4, 8, 8))))
