"""Python functions on trial: oracles of place and person, whose answers are known."""

import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import functions
from i3d_tf.common import errors
from i3d_tf.inference import prediction
from i3d_tf.inference import trained_networks
from i3d_tf.masks import coco_files
from tests import fakes
from tests.classifiers import oracles

_MODULE = 'tests.classifiers.oracles'
_RGB = np.eye(3, dtype=np.uint8) * 255


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
  """[(path, masks, color of the place, color of the person)], all pairs of colors."""
  folder = tmp_path_factory.mktemp('videos')
  drawn = np.zeros((12, 64, 64), bool)
  drawn[:, 16:48, 16:48] = True
  found = []
  for place in range(3):
    for person in range(3):
      frames = np.where(drawn[..., np.newaxis], _RGB[person], _RGB[place])
      path = fakes.write_video(folder / f'{place}{person}.avi', frames.astype(np.uint8))
      masks = f'{path.removesuffix(".avi")}.json'
      coco_files.write(masks, drawn, video=f'{place}{person}')
      found.append((path, coco_files.read(masks, path), place, person))
  return found


def _accuracies(videos, oracle, truth):
  """The share of right answers by region; `truth` is 'place' or 'person'."""
  network = trained_networks.of_classifier(discovery.ClassifierOptions(f'{_MODULE}:{oracle}'))
  regions = ('none', 'background', 'activity')
  right = {region: [] for region in regions}
  for path, masks, place, person in videos:
    answer = prediction.of_video(network, path, regions, masks)
    for region in regions:
      logits = answer.logits[region][0]
      # All alike is no answer: right once in three times.
      certain = logits.max() - logits.min() > 0.5
      ok = logits.argmax() == (place if truth == 'place' else person)
      right[region].append(float(ok) if certain else 1 / 3)
  return {region: np.mean(values) for region, values in right.items()}


def test_place_oracle_needs_the_place_and_nothing_else(videos):
  found = _accuracies(videos, 'place', 'place')
  assert found['none'] == found['activity'] == 1  # Only the place is left.
  assert found['background'] == pytest.approx(1 / 3)  # Chance: only the person is left.


def test_person_oracle_needs_the_person_and_nothing_else(videos):
  found = _accuracies(videos, 'person', 'person')
  assert found['none'] == found['background'] == 1
  assert found['activity'] == pytest.approx(1 / 3)


def test_function_of_another_form_sees_its_form(videos):
  network = trained_networks.of_classifier(discovery.ClassifierOptions(f'{_MODULE}:scaled'))
  path, _, place, person = next(v for v in videos if v[2] != v[3])
  logits = prediction.of_video(network, path).logits['none'][0]
  probabilities = np.exp(logits) / np.exp(logits).sum()
  # A quarter of the frame is the person; a third of what the crop leaves.
  assert 0.3 < probabilities[person] < 0.37
  assert probabilities[place] + probabilities[person] == pytest.approx(1, abs=0.01)


def test_functions_say_what_they_are():
  classifier = functions.open_function(discovery.ClassifierOptions(f'{_MODULE}:scaled'))
  assert classifier.class_names == oracles.COLORS
  assert (classifier.form.layout, classifier.form.frames) == ('BCTHW', 8)
  assert classifier.form.channels == 3


@pytest.mark.parametrize(
  'source, message',
  [
    ('tests.classifiers.nothing:place', r'tests\.classifiers\.nothing cannot be imported: Module'),
    (f'{_MODULE}:nobody', f'expected a function nobody in {_MODULE}; found none'),
    (f'{_MODULE}:CONSTANT', f'expected a function CONSTANT in {_MODULE}; found none'),
    ('os:getcwd', 'does not say the height and width of its frames; expected --classifier_size'),
  ],
)
def test_unusable_functions_are_one_line(source, message):
  with pytest.raises(errors.UserError, match=message):
    functions.open_function(discovery.ClassifierOptions(source))


def test_logits_that_are_not_finite_are_one_line(videos):
  network = trained_networks.of_classifier(discovery.ClassifierOptions(f'{_MODULE}:not_finite'))
  with pytest.raises(errors.UserError, match='not_finite: expected finite logits; received NaN'):
    prediction.of_video(network, videos[0][0])
