"""Networks of other kinds, tested on records: an export as its run; classes by name."""

import dataclasses

import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from i3d_tf.inference import classifier_evaluation
from i3d_tf.inference import evaluation
from i3d_tf.inference import results
from i3d_tf.inference import serving
from i3d_tf.inference import test_sets as sets
from i3d_tf.inference import trained_networks
from i3d_tf.training import loop
from i3d_tf.training import runs
from tests import commands
from tests import shallow
from tests import tiny

_TREATMENTS = ('none', 'background', 'activity')


@pytest.fixture(scope='module', autouse=True)
def _shallow():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """(folder, network of the run in it): records, run and its export."""
  folder = tmp_path_factory.mktemp('evaluation')
  run = tiny.run(tiny.make_records(folder), steps=2)
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  network = trained_networks.of_run(str(folder / 'run'))
  serving.write_saved_model(network, str(folder / 'export'))
  return folder, network


def _test_set(folder):
  return sets.TestSet(str(folder / 'records'), split=1)


def _rows(folder, name):
  return results.read(results.path(folder, 'test1', name))


def test_export_is_tested_as_its_run(trained, tmp_path):
  folder, _ = trained
  expected = evaluation.evaluate(str(folder / 'run'), _TREATMENTS)
  asked = trained_networks.of_classifier(discovery.ClassifierOptions(str(folder / 'export')))
  found = classifier_evaluation.evaluate(
    asked, tmp_path / 'out', _TREATMENTS, test_set=_test_set(folder)
  )
  for name in _TREATMENTS:
    assert found[name]['accuracy'] == expected[name]['accuracy']
    for ours, theirs in zip(_rows(folder / 'run', name), _rows(tmp_path / 'out', name)):
      assert (ours.video, ours.label, ours.class_name) == (
        theirs.video,
        theirs.label,
        theirs.class_name,
      )
      np.testing.assert_allclose(theirs.logits, ours.logits, rtol=1e-5, atol=1e-5)
  assert found['none']['about']['classifier'] == str(folder / 'export')


def test_a_run_on_trial_is_tested_as_it_was_trained(tmp_path):
  run = tiny.run(tiny.make_records(tmp_path), steps=1)
  run = dataclasses.replace(
    run, clips=dataclasses.replace(run.clips, resize='squash', mask_dilation=5)
  )
  runs.start(str(tmp_path / 'run'), run)
  loop.train(str(tmp_path / 'run'), run)
  evaluation.evaluate(str(tmp_path / 'run'), _TREATMENTS)
  asked = trained_networks.of_classifier(discovery.ClassifierOptions(str(tmp_path / 'run')))
  classifier_evaluation.evaluate(asked, tmp_path / 'out', _TREATMENTS, test_set=_test_set(tmp_path))
  for name in _TREATMENTS:
    for ours, theirs in zip(_rows(tmp_path / 'run', name), _rows(tmp_path / 'out', name)):
      np.testing.assert_allclose(theirs.logits, ours.logits, rtol=1e-5, atol=1e-5)


def test_classes_go_by_name_in_whatever_order(trained, tmp_path):
  folder, network = trained
  names = ('something else', *reversed(network.label_names))

  def ask(clips, training=False):
    logits = network.model(clips, training=False).numpy()
    return np.concatenate([np.full((len(logits), 1), -100), logits[:, ::-1]], axis=1)

  class Reversed(trained_networks.ClassifierModel):
    def __init__(self):
      self.frame_size, self.channels, self.fingerprint = 32, 3, 'theirs'

    def __call__(self, clips, training=False):
      return trained_networks.tf.constant(ask(clips), 'float32')

  asked = trained_networks.TrainedNetwork('theirs', Reversed(), 'rgb', names, mask_dilation=0)
  found = classifier_evaluation.evaluate(asked, tmp_path, ['none'], test_set=_test_set(folder))
  expected = evaluation.evaluate(str(folder / 'run'), ['none'])
  assert found['none']['correct'] == expected['none']['correct']
  assert {row.class_name for row in _rows(tmp_path, 'none')} <= set(names)
  assert all(names[row.label] == row.class_name for row in _rows(tmp_path, 'none'))


def test_other_classes_and_results_of_others_are_refused(trained, tmp_path):
  folder, network = trained
  other = dataclasses.replace(network, label_names=('a', *network.label_names[1:]))
  test_set = _test_set(folder)
  with pytest.raises(errors.UserError, match='expected a network that knows the classes of .* no '):
    classifier_evaluation.evaluate(other, tmp_path / 'a', ['none'], test_set=test_set)
  assert not (tmp_path / 'a').exists()
  classifier_evaluation.evaluate(network, tmp_path / 'b', ['none'], test_set=test_set)
  other = dataclasses.replace(network, resize='squash')
  with pytest.raises(errors.UserError, match='is of network .*Choose another --output'):
    classifier_evaluation.evaluate(other, tmp_path / 'b', ['none'], test_set=test_set)
  with pytest.raises(errors.UserError, match='expected records to test on'):
    classifier_evaluation.evaluate(network, tmp_path / 'c', ['none'], test_set=sets.TestSet())


def test_command_tests_a_function_of_a_module_in_the_current_folder(trained):
  folder, network = trained
  (folder / 'theirs.py').write_text(
    'import numpy as np\n'
    'def first(clips):\n'
    '  return np.eye(10)[np.zeros(len(clips), int)]\n'
    f'first.class_names = {list(network.label_names)!r}\n'
    'first.size, first.value_range = 48, (0, 1)\n'
  )
  out, err = commands.run(
    'i3d_tf.evaluate',
    '--classifier=theirs:first',
    '--records=records',
    '--output=theirs',
    '--eval_masks=none,activity',
    cwd=folder,
  )
  assert 'theirs:first: Python function, 10 classes' in err
  for name in ('none', 'activity'):
    rows = _rows(folder / 'theirs', name)
    assert {row.prediction for row in rows} == {0}
    assert f'{name:<20}{0.1:>7.4f}' in out
