"""Checks that maps mean something, made with a few videos: `randomized`, `curves`, agreement."""

from collections.abc import Mapping
import itertools

import numpy as np

from i3d_tf.attribution import curves
from i3d_tf.attribution import maps
from i3d_tf.attribution import randomized
from i3d_tf.attribution import row_files
from i3d_tf.attribution.methods import explainers
from i3d_tf.model import inception_i3d
from i3d_tf.statistics import correlation


def of_video(
  explainer: explainers.Explainer,
  clip: np.ndarray,
  mask: np.ndarray,
  target: int,
  found: Mapping[str, maps.AttributionMap],
) -> list[row_files.CheckRow]:
  """All checks of one video.

  Args:
    explainer: made the maps.
    clip: float32 [T, S, S, C] in [-1, 1].
    mask: [T, S, S], not 0 on the person.
    target: index of the class.
    found: the map of each method.

  Returns:
    Rows as `row_files.CHECK_COLUMNS` describes them, without the video.
  """
  return [
    *_randomised(explainer, clip, mask, target, found),
    *_curves(explainer, clip, target, found),
    *_agreement(found),
  ]


def _randomised(
  explainer: explainers.Explainer,
  clip: np.ndarray,
  mask: np.ndarray,
  target: int,
  found: Mapping[str, maps.AttributionMap],
) -> list[row_files.CheckRow]:
  """The share as the network is randomised, of methods that take gradients of I3D."""
  model, seed = explainer.classifier.network, explainer.settings.seed
  methods = [method for method in found if method != 'occlusion']
  if not isinstance(model, inception_i3d.InceptionI3D) or not methods:
    return []
  rows = [
    _row('randomised', method, row_files.TRAINED, maps.share_inside(found[method], mask).share)
    for method in methods
  ]
  with randomized.restored(model):
    for stage in randomized.stages(model):
      randomized.randomize(model, stage, seed)
      for method in methods:
        share = maps.share_inside(explainer.explain(method, clip, [target])[0], mask).share
        rows.append(_row('randomised', method, stage, share))
  return rows


def _curves(
  explainer: explainers.Explainer,
  clip: np.ndarray,
  target: int,
  found: Mapping[str, maps.AttributionMap],
) -> list[row_files.CheckRow]:
  nothing = curves.know_nothing(clip.shape[:3], explainer.settings.seed)
  rows = []
  for method, attribution in {**found, row_files.NOTHING: nothing}.items():
    of_map = curves.measure(explainer.logits, clip, attribution, target, explainer.stream)
    rows.append(_row('deletion', method, '', of_map.deletion_score))
    rows.append(_row('insertion', method, '', of_map.insertion_score))
  return rows


def _agreement(found: Mapping[str, maps.AttributionMap]) -> list[row_files.CheckRow]:
  return [
    _row('agreement', first, second, agreement(found[first], found[second]))
    for first, second in itertools.combinations(found, 2)
  ]


def agreement(first: maps.AttributionMap, second: maps.AttributionMap) -> float:
  """Spearman's rank correlation of two maps of a clip, over the cells of the coarser one.

  NaN if one of them is constant there.
  """
  coarser = min(first, second, key=lambda attribution: attribution.values.size)
  x, y = (maps.resampled(attribution, coarser.edges).ravel() for attribution in (first, second))
  # One group: cells of a map are not independent, so there is no interval to compute.
  return correlation.rank_correlation(x, y, np.zeros(x.size)).estimate


def _row(check: str, method: str, what: str, value: float) -> row_files.CheckRow:
  return {'check': check, 'method': method, 'what': what, 'value': value}
