"""A network on trial: the rows that only test, their results and the report."""

import csv
import json

import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import reproduce_paper
from i3d_tf.experiments import requests
from i3d_tf.experiments import trial
from i3d_tf.inference import results
from i3d_tf.reporting import load_results
from tests import tiny

# It answers 'dark' where part of a clip is quite black.
_MODULE = """
import numpy as np
calls = []
def by_brightness(clips):
  calls.append(len(clips))
  dark = (clips < -0.99).mean(axis=(1, 2, 3, 4)) > 0.05
  return np.stack([dark, ~dark, np.full(len(clips), 0.5)], axis=1) * 4.0
by_brightness.class_names = ['dark', 'bright', 'neither']
by_brightness.size, by_brightness.value_range = 32, (-1, 1)
"""


@pytest.fixture(scope='module')
def records(tmp_path_factory):
  return str(tiny.make_records(tmp_path_factory.mktemp('trial')))


@pytest.fixture
def folder(tmp_path, monkeypatch, records):
  """A folder with the network and a class map: half of the classes are 'bright', half 'dark'."""
  (tmp_path / f'net_{tmp_path.name}.py').write_text(_MODULE)
  monkeypatch.syspath_prepend(tmp_path)
  with open(f'{records}/manifest.json') as f:
    names = json.load(f)['label_names']
  rows = [(name, 'bright' if i < 5 else 'dark') for i, name in enumerate(names)]
  with open(tmp_path / 'map.csv', 'w', newline='') as f:
    csv.writer(f).writerows([('class', 'accepted'), *rows])
  return tmp_path


@pytest.fixture
def without_report(monkeypatch):
  """Leaves out the report, of which one test looks at the page."""
  monkeypatch.setattr(reproduce_paper, 'make_report', lambda run_dir: False)


def _request(folder, records, names=('1b-rgb', '2a', '3a'), **changes):
  values = {
    'classifier': discovery.ClassifierOptions(f'net_{folder.name}:by_brightness'),
    'accepted_file': str(folder / 'map.csv'),
    'records': records,
    'demo_dir': str(folder / 'demo'),
    'run_dir': str(folder / 'paper'),
    'conditions': conditions.select(names, False),
    'splits': (1,),
    'dry_run': False,
    'verdicts': None,
    'batch_size': None,
  }
  return requests.TrialRequest(**{**values, **changes})


def _calls(folder):
  return sum(__import__(f'net_{folder.name}').calls)


def test_rows_are_asked_once_and_end_in_the_report(folder, records, capsys, monkeypatch):
  assert trial.run(_request(folder, records)) == 0
  out = capsys.readouterr().out
  assert 'left out, since they train a network of their own or are of another stream: 3a' in out
  # 2a shows the person on black: dark, and right for the second half of the classes.
  for name, expected in (('1b-rgb', 'bright'), ('2a', 'dark')):
    rows = results.read(str(folder / 'paper' / 'results' / f'{name}.split1.seed0.csv'))
    assert len(rows) == 10
    assert {('dark', 'bright', 'neither')[row.prediction] for row in rows} == {expected}
    assert np.mean([row.is_correct for row in rows]) == 0.5
  page = (folder / 'paper' / 'report' / 'index.html').read_text()
  assert f'The network on trial is <b>net_{folder.name}:by_brightness</b>' in page
  monkeypatch.setattr(reproduce_paper, 'make_report', lambda run_dir: False)
  asked = _calls(folder)
  assert trial.run(_request(folder, records)) == 0
  assert _calls(folder) == asked  # nothing was left to ask
  assert trial.run(_request(folder, records, ('2b',))) == 0
  assert asked < _calls(folder)
  paper = load_results.read(str(folder / 'paper'))
  assert [condition.name for condition in paper.tested] == ['1b-rgb', '2a', '2b']


def test_rows_that_the_list_does_not_allow_fail_alone(folder, records, capsys):
  """The test list has one video of every class."""
  assert trial.run(_request(folder, records, ('2a-same',))) == 1
  assert 'failed: background-same, split 1: ' in capsys.readouterr().out
  assert not _calls(folder)
  assert trial.run(_request(folder, records, ('1b-rgb', '2a-same'))) == 1
  assert 'expected two videos of every class' in capsys.readouterr().out
  paper = load_results.read(str(folder / 'paper'))
  assert [condition.name for condition in paper.tested] == ['1b-rgb']


@pytest.mark.usefixtures('without_report')
def test_results_are_by_the_classes_of_the_videos(folder, records):
  trial.run(_request(folder, records))
  paper = load_results.read(str(folder / 'paper'))
  result = paper.results['2a', 1, 0]
  right = result.labels >= 5
  np.testing.assert_array_equal(result.correct, right)
  np.testing.assert_array_equal(result.predictions[right], result.labels[right])
  assert set(result.answers) == {'dark'}
  logits = np.exp([4.0, 0.0, 2.0])
  np.testing.assert_allclose(
    result.probabilities, np.where(right, logits[0], logits[1]) / logits.sum(), rtol=1e-6
  )


@pytest.mark.usefixtures('without_report')
def test_an_answer_that_is_no_class_of_the_videos_is_wrong_and_named(folder, records):
  path = folder / 'map.csv'
  path.write_text(path.read_text().replace('dark', 'neither'))
  trial.run(_request(folder, records))
  result = load_results.read(str(folder / 'paper')).results['2a', 1, 0]
  assert set(result.predictions) == {-1} and set(result.answers) == {'dark'}
  assert not result.correct.any()


@pytest.mark.usefixtures('without_report')
def test_a_folder_of_other_results_is_refused(folder, records):
  trial.run(_request(folder, records, ('1b-rgb',)))
  other = folder / f'net_{folder.name}.py'
  (folder / f'other_{folder.name}.py').write_text(other.read_text())
  with pytest.raises(errors.UserError, match=r'holds results of the network net_.*--run_dir'):
    classifier = discovery.ClassifierOptions(f'other_{folder.name}:by_brightness')
    trial.run(_request(folder, records, ('1b-rgb',), classifier=classifier))
  path = folder / 'paper' / 'conditions.json'
  content = json.loads(path.read_text())
  del content['network']
  path.write_text(json.dumps(content))
  with pytest.raises(errors.UserError, match='holds results of networks that reproduce trained'):
    trial.run(_request(folder, records, ('1b-rgb',)))


def test_nothing_is_asked_where_no_row_is_left_or_in_a_dry_run(folder, records, capsys):
  with pytest.raises(errors.UserError, match='expected rows that only test .*; none is left'):
    trial.run(_request(folder, records, ('1b-flow', '3b', '1b-plain')))
  assert trial.run(_request(folder, records, dry_run=True)) == 0
  assert 'to test, on 1 split: 1b-rgb, 2a' in capsys.readouterr().out
  assert not (folder / 'paper').exists()


@pytest.mark.usefixtures('without_report')
def test_another_class_map_or_other_verdicts_need_another_folder(folder, records):
  trial.run(_request(folder, records, ('1b-rgb',)))
  with pytest.raises(errors.UserError, match='or was asked otherwise.*--run_dir'):
    verdicts = {'Bowing/v_Bowing_g01_c01.avi': 'original'}
    trial.run(_request(folder, records, ('2a',), verdicts=verdicts))
  path = folder / 'map.csv'
  path.write_text(path.read_text().replace('dark', 'neither'))
  with pytest.raises(errors.UserError, match='or was asked otherwise.*--run_dir'):
    trial.run(_request(folder, records, ('2a',)))


def test_a_network_of_other_classes_leaves_nothing_behind(folder, records):
  with pytest.raises(errors.UserError, match='expected a network that knows the classes of'):
    trial.run(_request(folder, records, accepted_file=None))
  assert not (folder / 'paper').exists()
