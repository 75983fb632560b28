"""The explanation of a clip: which classes, and its rows."""

import numpy as np
import pytest

from i3d_tf.attribution import answers
from i3d_tf.attribution import options
from i3d_tf.attribution import row_files
from i3d_tf.attribution.methods import explainers
from i3d_tf.common import errors
from i3d_tf.inference import trained_networks
from tests.attribution import networks


@pytest.fixture(scope='module')
def oracle():
  """(explainer, network) that answers red and green by how much of them there is."""
  classifier = networks.classifier()
  model = trained_networks.ClassifierModel(classifier)
  asked = trained_networks.TrainedNetwork('oracle', model, 'rgb', networks.CLASSES)
  return explainers.Explainer(classifier, options.MethodSettings(samples=1)), asked


def clip(person=('red',), place=(), accepted=(1,), has_person=True):
  values = networks.clip(person=person, place=place, frames=9)
  if place:  # Nothing of it is in sight of the cell of the person.
    values[:, 33:79, 33:79] = 0
  mask = np.zeros(values.shape[:3], np.uint8)
  if has_person:
    # A person who is the cell, or within it.
    person_at = networks.PATCH if place else networks.CELL
    mask[:, person_at, person_at] = 1
  frames = np.floor((values + 1) * 127.5).astype(np.uint8)
  return answers.Clip('A/v.avi', frames, mask, 'Greens', accepted, 'A/g01')


def test_the_rows_of_a_person_oracle(oracle):
  explainer, asked = oracle
  targets = ('true', 'predicted', 'red')
  found = answers.explain(explainer, asked, clip(), ('gradcam',), targets)
  assert found.targets == {'true': 1, 'predicted': 0, 'red': 0}
  true, predicted, named = found.rows
  assert (predicted.explained, predicted.share) == ('red', 1)
  assert predicted.area == pytest.approx((33 / 96) ** 2) and predicted.counts
  assert predicted.ratio == pytest.approx((96 / 33) ** 2)
  # Of the class that nothing shows, the map is 0 everywhere.
  assert true.explained == 'green' and np.isnan(true.share) and not true.counts
  assert (true.correct, named.target, named.share) == (False, 'red', 1)
  # Without the person nothing speaks for either class; without the place nothing is lost.
  assert predicted.probability > 0.5
  assert predicted.without_person == pytest.approx(0.5)
  assert predicted.without_place == pytest.approx(predicted.probability, abs=1e-3)
  assert found.maps['predicted', 'gradcam'] is found.maps['red', 'gradcam']


def test_a_place_oracle_loses_nothing_with_the_person(oracle):
  explainer, asked = oracle
  found = answers.explain(
    explainer, asked, clip(person=(), place=('green',)), ('gradcam',), ('true',)
  )
  (row,) = found.rows
  assert row.correct and row.without_person == pytest.approx(row.probability, rel=0.05)
  assert row.without_place == pytest.approx(0.5)
  assert row.probability > 0.6 and row.share == 0


def test_of_several_right_classes_the_likelier_one_is_explained(oracle):
  explainer, asked = oracle
  found = answers.explain(explainer, asked, clip(accepted=(1, 0)), ('gradcam',), ('true',))
  assert found.targets == {'true': 0} and found.rows[0].correct


def test_a_clip_without_a_person_keeps_its_answer_and_does_not_count(oracle):
  explainer, asked = oracle
  found = answers.explain(
    explainer, asked, clip(accepted=(), has_person=False), ('gradcam',), ('predicted',)
  )
  (row,) = found.rows
  assert (row.area, row.correct, row.counts) == (0, None, False) and np.isnan(row.ratio)
  assert row.without_person == row.without_place == row.probability
  cells = dict(zip(row_files.COLUMNS, row.cells()))
  assert (cells['video'], cells['class'], cells['ratio']) == ('A/v.avi', 'Greens', None)


def test_classes_that_the_network_lacks_are_refused():
  names = ('abseiling', 'archery')
  answers.check_targets(('true', 'predicted', 'archery'), names, True)
  with pytest.raises(errors.UserError, match="received 'absailing' .near: abseiling"):
    answers.check_targets(('absailing',), names, True)
  with pytest.raises(errors.UserError, match='--target=true is for videos whose class is known'):
    answers.check_targets(('true',), names, False)
