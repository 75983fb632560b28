"""Maps by gradients, of networks of which it is known where their answers come from."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.attribution import maps
from i3d_tf.attribution import options
from i3d_tf.attribution.methods import explainers
from i3d_tf.attribution.methods import gradients
from tests.attribution import networks


def patch_explainer(square=False, **settings):
  return explainers.Explainer(
    networks.patch_classifier(square=square), options.MethodSettings(**settings)
  )


def some_clip(seed=0):
  return np.random.default_rng(seed).uniform(-1, 1, (6, 16, 16, 3)).astype(np.float32)


@pytest.fixture(scope='module')
def oracle():
  return explainers.Explainer(networks.classifier(), options.MethodSettings(samples=2))


def person_mask(where):
  mask = np.zeros((16, networks.SIDE, networks.SIDE), bool)
  mask[:, where, where] = True
  return mask


def test_grad_cam_of_a_person_oracle_is_on_the_person_alone(oracle):
  (found,) = oracle.explain('gradcam', networks.clip(person=['red']), [0])
  assert found.values.shape == (2, 3, 3)
  # 1 for the cell around the person, whose edges are 39.5 and 71.5.
  middle = found.edges[1][1:3]
  np.testing.assert_array_equal(middle, [39.5, 71.5])
  assert maps.share_inside(found, person_mask(slice(39, 72))).share == 1
  # Within the map's resolution: of the cell's 32 x 32 pixels, the person has 19 x 19.
  share = maps.share_inside(found, person_mask(networks.PATCH)).share
  assert share == pytest.approx((19 / 32) ** 2, rel=1e-6)
  assert found.peak[1:] == ((39.5, 71.5), (39.5, 71.5))


def test_grad_cam_of_a_place_oracle_is_off_the_person(oracle):
  # The answer of class red rests on the place, though the person, who is green, is there.
  clip = networks.clip(place=['red'])
  clip[:, 39:72, 39:72, :2] = 0
  # The cell that stands for the person sees 22 pixels around its center.
  clip[:, 33:79, 33:79, 0] = 0
  clip[:, networks.PATCH, networks.PATCH, 1] = 1
  (found,) = oracle.explain('gradcam', clip, [0])
  assert found.values.max() > 0
  assert maps.share_inside(found, person_mask(networks.PATCH)).share == 0
  (of_green,) = oracle.explain('gradcam', clip, [1])
  assert maps.share_inside(of_green, person_mask(networks.CELL)).share == 1


@pytest.mark.parametrize('endpoint', ['Conv3d_2c_3x3', 'Mixed_4b'])
def test_grad_cam_at_an_earlier_endpoint_has_finer_cells(endpoint):
  asked = explainers.Explainer(networks.classifier(), options.MethodSettings(endpoint=endpoint))
  (found,) = asked.explain('gradcam', networks.clip(person=['red']), [0])
  side = {'Conv3d_2c_3x3': 24, 'Mixed_4b': 6}[endpoint]
  assert found.values.shape[1:] == (side, side)
  around = person_mask(slice(46 - 12, 65 + 12))
  assert maps.share_inside(found, around).share == pytest.approx(1, abs=1e-6)


def test_pixel_gradients_of_a_person_oracle_are_on_the_person():
  clip = networks.clip(person=['red'])
  asked = explainers.Explainer(networks.classifier(), options.MethodSettings(samples=2, noise=0.0))
  for method in ('smoothgrad', 'ig'):
    (found,) = asked.explain(method, clip, [0])
    if method == 'ig':  # Of no baseline but 0 is the place of a network of positive values 0.
      signed = asked._by_pixels.integrated(clip, 0, 0.0, 2)
      found = gradients.pixel_map(signed)
    assert found.values.sum() > 0
    assert maps.share_inside(found, person_mask(networks.PATCH)).share == 1


@pytest.mark.parametrize('method', ['smoothgrad', 'ig'])
@pytest.mark.parametrize('square', [False, True])
def test_the_patch_that_a_network_answers_from_has_it_all(method, square):
  (found,) = patch_explainer(square).explain(method, some_clip(), [0])
  mask = networks.patch_mask((6, 16, 16))
  assert maps.share_inside(found, mask) == maps.Share(1.0, 32 / 1536)
  (t, _), (h, _), (w, _) = found.peak
  assert mask[int(t), int(h), int(w)]


@pytest.mark.parametrize('method', ['smoothgrad', 'ig'])
def test_the_defaults_are_three_gradients(monkeypatch, method):
  """Each takes about three forward passes: with Grad-CAM's one, below twelve."""
  asked, calls = patch_explainer(), []
  by_pixels = asked._by_pixels
  compute = by_pixels._compute
  monkeypatch.setattr(by_pixels, '_compute', lambda *a: calls.append(1) or compute(*a))
  asked.explain(method, some_clip(), [0])
  assert len(calls) == 3


def test_an_answer_that_rests_on_nothing_has_an_empty_map():
  constant = gradients.InputGradients(lambda clips: tf.zeros((len(clips), 2)))
  assert not constant.at(some_clip(), 1).any()


def test_the_gradient_of_a_mean_is_exact():
  signed = patch_explainer()._by_pixels.at(some_clip(), 0)
  expected = np.zeros_like(signed)
  expected[2:4, 4:8, 8:12, 0] = 1 / 32
  np.testing.assert_allclose(signed, expected, rtol=1e-6)
  # A class that nothing answers has a map of 0.
  assert not patch_explainer().explain('smoothgrad', some_clip(), [1])[0].values.any()


def test_integrated_gradients_are_complete():
  clip = some_clip()
  by_pixels = patch_explainer(square=True)._by_pixels
  signed = by_pixels.integrated(clip, 0, -1.0, 4)
  red = clip[2:4, 4:8, 8:12, 0].astype(float)
  # The midpoint rule is exact for squares.
  assert signed.sum(dtype=float) == pytest.approx((red**2).mean() - 1, rel=1e-5)


def test_smooth_grad_is_seeded_and_its_noise_has_the_deviation_asked_for():
  def noisy(seed, samples=3):
    return patch_explainer(True)._by_pixels.smoothed(some_clip(), 0, samples, 0.15, seed)

  np.testing.assert_array_equal(noisy(1), noisy(1))
  assert (noisy(1) != noisy(2)).any()
  # The gradient of a mean of squares is linear: what is added to it is the noise, of 0.3.
  clean = patch_explainer(True)._by_pixels.at(some_clip(), 0)
  added = np.concatenate([(noisy(seed, 1) - clean)[2:4, 4:8, 8:12, 0] * 16 for seed in range(40)])
  assert added.std() == pytest.approx(0.3, rel=0.1)


def test_pixels_of_all_channels_count_for_and_against():
  found = gradients.pixel_map(np.array([[[[1.0, -2.0, 0.5]]]]))
  assert found.values.tolist() == [[[3.5]]]
