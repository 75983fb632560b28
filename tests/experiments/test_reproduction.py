"""Running conditions: what is shared, what is kept after a stop, what fails alone."""

import dataclasses
import json
import os

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.experiments import conditions
from i3d_tf.experiments import costs
from i3d_tf.experiments import plan
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import run_conditions
from i3d_tf.inference import evaluation
from i3d_tf.inference import results
from i3d_tf.records import folders
from i3d_tf.records import splits
from i3d_tf.records import ucf101
from i3d_tf.reporting import report
from i3d_tf.training import loop
from i3d_tf.training import run_settings
from i3d_tf.training import runs
from tests import commands
from tests import shallow
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def records(tmp_path_factory):
  return tiny.make_records(tmp_path_factory.mktemp('demo'))


def _reproduction(records, run_dir, *names, conditions_of=None):
  run = tiny.run(records if conditions_of is None else conditions_of, steps=2)
  return reproduction_lib.Reproduction(
    str(run_dir),
    conditions.select(names, False),
    (1,),
    (0,),
    {None: str(records)},
    run.clips,
    run.network,
    run.optimization,
  )


def _result(run_dir, name):
  return results.read(os.path.join(run_dir, 'results', f'{name}.split1.seed0.csv'))


@pytest.fixture(scope='module')
def done(records, tmp_path_factory):
  run_dir = tmp_path_factory.mktemp('paper')
  failures = run_conditions.run(
    _reproduction(records, run_dir, '1a', '1b-rgb', '1b-flow', '2a', '2a-pasted', '3-silhouette')
  )
  return run_dir, failures


def test_every_stream_starts_from_weights_of_its_own(records, tmp_path):
  source = folders.open_folder(records)
  source = dataclasses.replace(source, settings={**source.settings, 'flow': 'tvl1'})
  reproduction = dataclasses.replace(
    _reproduction(records, tmp_path, '1a'), flow_network=run_settings.Network(weights='flow.keras')
  )
  weights = {
    model.stream: reproduction.run(model, source).network.weights for model in reproduction.tests()
  }
  assert weights == {'rgb': None, 'flow': 'flow.keras'}


def test_a_failing_model_does_not_stop_the_others(done):
  run_dir, failures = done
  assert [name for name, _ in failures] == ['flow_none_split1_seed0']  # records without flow
  assert 'expected flow' in failures[0][1]
  assert {name for name in os.listdir(run_dir / 'results') if name.endswith('.csv')} == {
    '2a-pasted.split1.seed0.pairs.csv',  # who was pasted where
    *(f'{name}.split1.seed0.csv' for name in ('1b-rgb', '2a', '2a-pasted', '3-silhouette')),
  }


def test_rows_have_the_logits_of_the_model_and_a_summary(done):
  run_dir, _ = done
  model = run_dir / 'runs' / 'rgb_none_split1_seed0'
  for name, treatment in (
    ('1b-rgb', 'none'),
    ('2a', 'background'),
    ('2a-pasted', 'background-other'),
  ):
    expected = results.read(results.path(model, 'test1', treatment))
    for row, other in zip(_result(run_dir, name), expected, strict=True):
      assert row.video == other.video
      np.testing.assert_array_equal(row.logits, other.logits)
  content = json.loads((run_dir / 'conditions.json').read_text())
  assert [c['name'] for c in content['conditions']] == [
    '1a',
    '1b-rgb',
    '1b-flow',
    '2a',
    '3-silhouette',
    '2a-pasted',
  ]
  assert content['conditions'][3]['published'] == {'1': 19.16, '2': 18.31, '3': 23.53}
  assert len(content['label_names']) == 10


def test_what_is_held_out_is_tested_on_in_place_of_the_test_list(records, tmp_path):
  test, train = _videos(records, 'test'), _videos(records, 'train')
  group = sorted({ucf101.group(video) for video in train})[0]
  reproduction = dataclasses.replace(
    _reproduction(records, tmp_path, '1b-rgb', '2b'), hold_out=(group,)
  )
  assert run_conditions.run(reproduction) == []
  tested = {row.video for row in _result(tmp_path, '2b')}
  assert tested == {video for video in train if ucf101.group(video) == group}
  assert not tested & test
  run = runs.load(reproduction.model_dir(next(iter(reproduction.tests()))))
  assert run.data.hold_out == (group,)
  report.make(str(tmp_path), str(tmp_path / 'report'))
  page = (tmp_path / 'report' / 'index.html').read_text()
  assert 'These are not results on the test list.' in page and f'({group})' in page
  # Neither are they taken for those of the test list, nor the other way round.
  on_test = dataclasses.replace(reproduction, hold_out=())
  assert on_test.untested(next(iter(on_test.tests())), ['none']) == ['none']
  with pytest.raises(errors.UserError, match=f'results of --hold_out={group}, not of test lists'):
    run_conditions.run(on_test)


def _videos(records, subset):
  return {entry.path for entry in splits.load(folders.open_folder(records), subset, 1)[0]}


def test_every_row_keeps_the_records_that_it_was_made_from(records, tmp_path):
  run_conditions.write_conditions(_reproduction(records, tmp_path, '1b-rgb', '2a'))
  other = tiny.make_records(tmp_path)
  later = dataclasses.replace(
    _reproduction(records, tmp_path, '1b-rgb'),
    records={3: str(other)},
    conditions=conditions.select(['1b-diversity3'], True),
  )
  run_conditions.write_conditions(later)
  rows = json.loads((tmp_path / 'conditions.json').read_text())['conditions']
  assert [(row['name'], row['records']) for row in rows] == [
    ('1b-rgb', str(records)),
    ('2a', str(records)),
    ('1b-diversity3', str(other)),
  ]


def test_results_of_other_classes_keep_their_folder(records, tmp_path):
  run_conditions.write_conditions(_reproduction(records, tmp_path, '1b-rgb'))
  path = tmp_path / 'conditions.json'
  content = {**json.loads(path.read_text()), 'label_names': ['Archery', 'Biking']}
  path.write_text(json.dumps(content))
  with pytest.raises(
    errors.UserError,
    match=r'holds results of other classes \(Archery, Biking, '
    r'\.\.\.\) than .*/records \(Bowing, .* Give another --run_dir',
  ):
    run_conditions.write_conditions(_reproduction(records, tmp_path, '2a'))
  assert json.loads(path.read_text()) == content


def test_results_of_other_videos_keep_their_folder(records, tmp_path):
  run_conditions.write_conditions(_reproduction(records, tmp_path, '1b-rgb'))
  path = tmp_path / 'conditions.json'
  content = json.loads(path.read_text())
  content['conditions'][0]['content'] = '0' * 64
  path.write_text(json.dumps(content))
  with pytest.raises(
    errors.UserError,
    match='1b-rgb was made from other videos or masks .* than '
    '.*/records now holds. Give another --run_dir',
  ):
    run_conditions.write_conditions(_reproduction(records, tmp_path, '2a'))
  assert json.loads(path.read_text()) == content


def test_records_that_are_half_made_have_no_content_yet(records, tmp_path):
  half = tmp_path / 'records'
  half.mkdir()
  manifest = json.loads((records / 'manifest.json').read_text())
  (half / 'manifest.json').write_text(json.dumps({**manifest, 'complete': False}))
  reproduction = _reproduction(half, tmp_path / 'paper', '1b-rgb', conditions_of=records)
  assert reproduction.content(None, 'rgb') is None
  (model,) = reproduction.tests()
  assert reproduction.untested(model, ['none']) == ['none']


def test_results_of_other_masks_or_verdicts_do_not_count(done, records):
  run_dir, _ = done
  reproduction = _reproduction(records, run_dir, '1b-rgb')
  (model,) = reproduction.tests()
  assert not reproduction.untested(model, ['none'])
  assert dataclasses.replace(reproduction, verdicts={'a': 'original'}).untested(model, ['none'])
  summary = run_dir / 'runs' / model.name / 'results' / 'test1.none.json'
  before = summary.read_text()
  about = json.loads(before)
  about['about']['content'] = '0' * 64
  summary.write_text(json.dumps(about))
  assert reproduction.untested(model, ['none']) == ['none']
  summary.write_text(before)


@pytest.mark.parametrize(
  'changes, name',
  [
    ({'flow_network': run_settings.Network(weights='typo.keras')}, '1b-flow'),
    ({}, '1b-flow'),
    ({'weights': 'typo.keras'}, '2a'),
  ],
)
def test_a_model_that_cannot_start_leaves_no_run(records, tmp_path, changes, name):
  reproduction = _reproduction(records, tmp_path, name)
  if 'weights' in changes:
    changes = {'network': dataclasses.replace(reproduction.network, **changes)}
  reproduction = dataclasses.replace(reproduction, **changes)
  ((model, reason),) = run_conditions.run(reproduction)
  assert ('expected flow' if name == '1b-flow' else 'typo.keras') in reason
  assert not os.path.exists(os.path.join(reproduction.run_dir, 'runs', model, 'run.json'))


def test_a_damaged_summary_does_not_stop_the_other_models(records, tmp_path):
  folder = tmp_path / 'runs' / 'rgb_none_split1_seed0' / 'results'
  folder.mkdir(parents=True)
  (folder / 'test1.none.json').write_text('')
  reproduction = _reproduction(records, tmp_path, '1b-rgb', '3a')
  assert plan.time_left(reproduction, costs.TestSize(10, 10)) == ''
  (name, reason), *more = run_conditions.run(reproduction)
  assert name == 'rgb_none_split1_seed0' and 'expected the summary of a result' in reason
  assert [n for n, _ in more] == ['1b-rgb.split1.seed0']
  assert (tmp_path / 'results' / '3a.split1.seed0.csv').exists()


def test_what_is_there_is_not_made_again(done, records, monkeypatch):
  run_dir, _ = done

  def never(*_, **__):
    raise AssertionError('must not be called')

  monkeypatch.setattr(loop, 'train', never)
  monkeypatch.setattr(evaluation, 'evaluate', never)
  assert not run_conditions.run(_reproduction(records, run_dir, '1b-rgb', '2a'))


def test_the_table_holds_the_accuracies_of_the_rows(done, records):
  run_dir, _ = done
  head, rgb, flow = run_conditions.table(_reproduction(records, run_dir, '1b-rgb', '1b-flow'))
  rows = _result(run_dir, '1b-rgb')
  expected = 100 * sum(row.prediction == row.label for row in rows) / len(rows)
  assert head.split()[:4] == ['accuracy,', '%', 'split', '1']
  assert rgb.split()[:2] == ['1b-rgb', f'{expected:.2f}'] and flow.split()[:2] == ['1b-flow', '-']


def test_logits_of_streams_are_added(done):
  run_dir, _ = done
  first, second = _result(run_dir, '1b-rgb'), _result(run_dir, '2a')
  fused = run_conditions.fuse([first, second])
  for row, a, b in zip(fused, first, second, strict=True):
    np.testing.assert_array_equal(row.logits, a.logits + b.logits)
    assert row.prediction == np.argmax(a.logits + b.logits)
  with pytest.raises(ValueError, match='the same videos'):
    run_conditions.fuse([first, second[:-1]])


def test_a_killed_command_resumes_to_the_same_results_and_report(records, tmp_path):
  arguments = (
    *tiny.FLAGS,
    f'--records={records}',
    '--steps=2',
    '--conditions=1b-rgb,2a',
    '--checkpoint_every=1',
  )
  arguments = ('tests.shallow', 'i3d_tf.reproduce', *arguments)
  commands.run(*arguments, '--run_dir=whole', cwd=tmp_path)
  process = commands.start(*arguments, '--run_dir=killed', cwd=tmp_path)
  model = tmp_path / 'killed' / 'runs' / 'rgb_none_split1_seed0'
  commands.kill_when(process, (model / 'checkpoints' / 'checkpoint').exists)
  out, _ = commands.run(*arguments, '--run_dir=killed', cwd=tmp_path)
  assert 'results: killed/results, one row per video' in out
  assert '2a ' in out and 'split 1' in out
  assert 'report: open killed/report/index.html' in out
  assert 'Person or place' in (tmp_path / 'killed' / 'report' / 'index.html').read_text()
  for name in ('1b-rgb', '2a'):
    for a, b in zip(
      _result(tmp_path / 'whole', name), _result(tmp_path / 'killed', name), strict=True
    ):
      assert a.video == b.video
      np.testing.assert_allclose(a.logits, b.logits, atol=1e-3)


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--conditions=2c',), 'received 2c'),
    (('--splits=4',), '--splits must be some of 1, 2, 3; received 4'),
    (('--seeds=a',), '--seeds must be numbers; received a'),
    (('--mask=background',), '--mask is decided by --conditions'),
  ],
)
def test_bad_flags_are_one_line(tmp_path, arguments, message):
  assert message in commands.error('tests.shallow', 'i3d_tf.reproduce', *arguments, cwd=tmp_path)


def test_two_calls_on_one_folder_train_a_model_once(records, tmp_path):
  arguments = (
    'tests.shallow',
    'i3d_tf.reproduce',
    *tiny.FLAGS,
    f'--records={records}',
    '--steps=2',
    '--conditions=1b-rgb',
    '--run_dir=paper',
  )
  calls = [commands.start(*arguments, cwd=tmp_path) for _ in range(2)]
  outs = [call.communicate(timeout=300) for call in calls]
  assert [call.returncode for call in calls] == [0, 0], outs
  assert sorted('computes on' in out for out, _ in outs) == [False, True]


def test_results_of_other_settings_are_refused_and_not_shown_as_these(records, tmp_path):
  arguments = (
    'tests.shallow',
    'i3d_tf.reproduce',
    *tiny.FLAGS,
    f'--records={records}',
    '--steps=2',
    '--conditions=1b-rgb',
    '--run_dir=paper',
  )
  commands.run(*arguments, cwd=tmp_path)
  for other in ('--learning_rate=0.5', '--dropout=0.25', '--frame_size=48'):
    out, err = commands.run(*arguments, other, cwd=tmp_path, status=1)
    assert 'holds a run with other settings' in out + err
    out, _ = commands.run(*arguments, other, '--dry_run', cwd=tmp_path)
    assert 'REFUSED: the run there has other settings' in out
