"""Testing: several masks in one pass, rows that give the summary, resuming after a stop."""

import csv
import json
import os
import pathlib
import shutil

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import evaluation as evaluation_lib
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inputs import from_records
from i3d_tf.inputs import preprocess
from i3d_tf.inputs import treatments
from i3d_tf.records import folders
from i3d_tf.records import splits
from i3d_tf.training import loop
from i3d_tf.training import network
from i3d_tf.training import runs
from tests import commands
from tests import shallow
from tests import tiny

REGIONS = ('none', 'background', 'activity')


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  folder = tmp_path_factory.mktemp('demo')
  records = tiny.make_records(folder)
  run = tiny.run(records, steps=3)
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  return str(folder / 'run'), run


def test_every_region_gives_what_the_network_says_of_it(trained):
  run_dir, run = trained
  outcome = evaluation_lib.evaluate(run_dir, REGIONS)
  model, step = network.restore_model(run_dir, run)
  assert step == 3
  source = folders.open_folder(run.data.records)
  entries, _ = splits.load(source, 'test', 1)
  for region in REGIONS:
    rows = {row.video: row for row in results.read(results.path(run_dir, 'test1', region))}
    assert list(rows) == [entry.path for entry in entries]
    for batch in from_records.evaluation(source, entries, run.clips):
      logits = model(preprocess.network_input(batch, treatments.Treatment(region))).numpy()
      for place, expected in zip(batch['entry'].numpy(), logits):
        np.testing.assert_allclose(rows[entries[place].path].logits, expected, atol=1e-4)
    assert outcome[region]['videos'] == len(entries) == 10


def test_the_summary_can_be_recounted_from_the_rows(trained):
  run_dir, _ = trained
  outcome = evaluation_lib.evaluate(run_dir, ['background'])
  with open(results.path(run_dir, 'test1', 'background'), newline='') as f:
    rows = list(csv.DictReader(f))
  logits = np.array([[float(row[f'logit_{i}']) for i in range(10)] for row in rows])
  labels = np.array([int(row['label']) for row in rows])
  np.testing.assert_array_equal(logits.argmax(1), [int(row['prediction']) for row in rows])
  assert outcome['background']['correct'] == (logits.argmax(1) == labels).sum()
  assert outcome['background']['correct'] == sum(int(row['correct']) for row in rows)
  with open(results.path(run_dir, 'test1', 'background', '.json')) as f:
    assert json.load(f) == outcome['background']
  assert {row['group'] for row in rows} == {'g01'}
  assert all(0 < float(row['coverage']) < 1 for row in rows)


def test_people_are_pasted_on_places_of_other_classes_and_the_list_says_whose(trained):
  run_dir, _ = trained
  evaluation_lib.evaluate(run_dir, ['background-other', 'background-picture', 'activity-united'])
  rows = results.read(results.path(run_dir, 'test1', 'background-other'))
  assert all(row.place != row.class_name and row.place for row in rows if row.has_person)
  assert all(row.place_video.startswith(f'{row.place}/') for row in rows if row.has_person)
  again = results.read(results.path(run_dir, 'test1', 'background-picture'))
  assert [row.place_video for row in again] == [row.place_video for row in rows]  # one draw
  assert not any(
    row.place for row in results.read(results.path(run_dir, 'test1', 'activity-united'))
  )
  with open(results.path(run_dir, 'test1', 'background-other', '.pairs.csv'), newline='') as f:
    pairs = {row['video']: (row['place_video'], row['place']) for row in csv.DictReader(f)}
  assert pairs == {row.video: (row.place_video, row.place) for row in rows if row.has_person}
  assert not os.path.exists(results.path(run_dir, 'test1', 'activity-united', '.pairs.csv'))


def test_masks_grown_in_the_test_are_those_of_a_run_that_grows_them(trained):
  """The run's own growth is 0."""
  run_dir, _ = trained
  evaluation_lib.evaluate(run_dir, ['activity', 'activity-grown0', 'activity-grown9'])
  none, same, grown = (
    [row.logits for row in results.read(results.path(run_dir, 'test1', name))]
    for name in ('activity', 'activity-grown0', 'activity-grown9')
  )
  np.testing.assert_array_equal(none, same)
  assert not np.allclose(none, grown)


def test_a_class_with_one_test_video_has_no_other_place_of_its_own(trained):
  run_dir, _ = trained
  with pytest.raises(errors.UserError, match='expected two videos of every class or more'):
    evaluation_lib.evaluate(run_dir, ['background-same'])


def test_resumes_after_the_last_batch(trained, monkeypatch):
  run_dir, run = trained
  expected = evaluation_lib.evaluate(run_dir, ['none'])['none']
  seen = []
  evaluation = from_records.evaluation

  def stops(source, entries, settings, candidates):
    for number, batch in enumerate(evaluation(source, entries, settings, candidates)):
      if number == 1:
        raise KeyboardInterrupt
      yield batch

  def watched(source, entries, settings, candidates):
    seen.extend(entries)
    return evaluation(source, entries, settings, candidates)

  monkeypatch.setattr(from_records, 'evaluation', stops)
  with pytest.raises(KeyboardInterrupt):
    evaluation_lib.evaluate(run_dir, ['none'])
  monkeypatch.setattr(from_records, 'evaluation', watched)
  assert evaluation_lib.evaluate(run_dir, ['none'])['none'] == expected
  assert len(seen) == expected['videos'] - run.clips.batch_size


def test_the_training_list_can_be_tested_and_other_splits(trained):
  run_dir, _ = trained
  outcome = evaluation_lib.evaluate(
    run_dir, ['none'], test_set=test_sets.TestSet(subset='train', split=2)
  )
  assert outcome['none']['videos'] == 20
  assert outcome['none']['about']['list'] == 'train2'


def test_a_validation_list_can_be_tested(trained):
  run_dir, run = trained
  folder = pathlib.Path(run.data.records) / 'lists'
  lines = (folder / 'trainlist01.txt').read_text().splitlines(keepends=True)
  (folder / 'validationlist01.txt').write_text(''.join(lines[:4]))
  (folder / 'trainlist01.txt').write_text(''.join(lines[4:]))
  outcome = evaluation_lib.evaluate(
    run_dir, ['none'], test_set=test_sets.TestSet(subset='validation')
  )
  assert outcome['none']['videos'] == 4
  assert outcome['none']['about']['list'] == 'validation1'


@pytest.mark.parametrize('regions', [[], ['black'], ['none', 'person']])
def test_unknown_regions_are_refused(trained, regions):
  with pytest.raises(errors.UserError, match='`eval_masks` must be some of none, background'):
    evaluation_lib.evaluate(trained[0], regions)


@pytest.mark.parametrize(
  'arguments, message',
  [
    (
      (),
      'expected --run_dir, a folder that train made, or --classifier or --weights; none was given',
    ),
    (
      ('--run_dir=nowhere',),
      'nowhere: expected a directory made by train (--run_dir); it has no run.json',
    ),
    (('--run_dir=.', '--verdicts=none.csv'), 'none.csv: expected a CSV file of verdicts'),
    (('--run_dir=.', '--subset=dev'), 'value should be one of <test|train|validation>'),
  ],
)
def test_bad_flags_are_one_line(tmp_path, arguments, message):
  assert message in commands.error('tests.shallow', 'i3d_tf.evaluate', *arguments, cwd=tmp_path)


def test_logits_that_are_no_numbers_are_an_error(trained):
  run_dir, run = trained
  model, _ = network.restore_model(run_dir, run)
  model.get_layer('Logits').conv.bias.assign(np.full(10, np.nan))
  with pytest.raises(errors.UserError, match='the network gives logits that are not finite'):
    evaluation_lib.evaluate(run_dir, ['none'], model=model)


def test_a_run_without_a_checkpoint_is_an_error(tmp_path, trained):
  runs.start(str(tmp_path), trained[1])
  with pytest.raises(errors.UserError, match='expected a checkpoint; train has not written one'):
    evaluation_lib.evaluate(str(tmp_path), ['none'])


def test_the_command_prints_a_line_for_every_mask(trained):
  run_dir, run = trained
  out, _ = commands.run(
    'tests.shallow', 'i3d_tf.evaluate', f'--run_dir={run_dir}', cwd=run.data.records
  )
  assert [line.split()[0] for line in out.splitlines()[1:4]] == list(REGIONS)


def test_videos_judged_original_keep_their_frames_whatever_their_masks_show(trained):
  run_dir, _ = trained
  plain = evaluation_lib.evaluate(run_dir, REGIONS)
  rows = {region: results.read(results.path(run_dir, 'test1', region)) for region in REGIONS}
  assert all(not summary['kept_original'] for summary in plain.values())
  judged = {
    row.video: 'original' if number % 3 == 0 else 'fine' for number, row in enumerate(rows['none'])
  }
  outcome = evaluation_lib.evaluate(
    run_dir, REGIONS, test_set=test_sets.TestSet(verdicts={**judged, 'Gone/gone.avi': 'original'})
  )
  originals = [video for video, verdict in judged.items() if verdict == 'original']
  for region in REGIONS:
    assert outcome[region]['kept_original'] == originals
    assert outcome[region]['about']['unknown_verdicts'] == 1
    obeyed = results.read(results.path(run_dir, 'test1', region))
    for row, without, with_masks in zip(obeyed, rows['none'], rows[region]):
      expected = without if judged[row.video] == 'original' else with_masks
      np.testing.assert_allclose(row.logits, expected.logits, atol=1e-4)
      assert row.has_person == (judged[row.video] == 'fine')
  changed = [
    a.video
    for a, b in zip(rows['none'], rows['background'])
    if np.abs(np.subtract(a.logits, b.logits)).max() > 1e-2
  ]
  assert len(changed) == 10, 'masks must change what the network says, or this test says nothing'


def test_the_command_obeys_a_file_of_verdicts(trained, tmp_path):
  run_dir, _ = trained
  (tmp_path / 'v.csv').write_text(
    'video,verdict\nWaving/v_Waving_g01_c01.avi,original\nNowhere/v.avi,original\n'
  )
  out, _ = commands.run(
    'tests.shallow',
    'i3d_tf.evaluate',
    f'--run_dir={run_dir}',
    '--eval_masks=background',
    '--verdicts=v.csv',
    cwd=tmp_path,
  )
  assert out.splitlines()[0] == 'verdicts on videos that are not in the records: 1'
  assert out.splitlines()[2].split()[-1] == '1'  # kept original


def test_treatments_are_results_of_their_own_and_repeat(trained):
  run_dir, _ = trained
  names = [
    'none',
    'activity-blur',
    'activity-elsewhere',
    'background-noise',
    'both',
    'background-other',
  ]
  first = evaluation_lib.evaluate(run_dir, names)
  logits = {}
  for name in names:
    rows = results.read(results.path(run_dir, 'test1', name))
    logits[name] = np.array([row.logits for row in rows])
    assert first[name]['about']['mask'] == name
  for name in names[1:]:
    assert np.abs(logits[name] - logits['none']).max() > 1e-3, name
  assert evaluation_lib.evaluate(run_dir, names, batch_size=3)['background-other']['videos'] == 10
  for name in names:  # noise and partners belong to a video, not to its batch
    rows = results.read(results.path(run_dir, 'test1', name))
    np.testing.assert_allclose([row.logits for row in rows], logits[name], atol=1e-4)


def test_results_of_other_records_do_not_replace_the_runs_own(trained, tmp_path):
  run_dir, run = trained
  other = str(tmp_path / 'run')
  shutil.copytree(run_dir, other)
  path = os.path.join(other, 'run.json')
  with open(path) as f:
    content = json.load(f)
  evaluation_lib.evaluate(other, ['none'])
  with open(results.path(other, 'test1', 'none')) as f:
    own = f.read()
  # As if it had been trained on records with other videos or masks.
  content['data']['content'] = 'another'
  with open(path, 'w') as f:
    json.dump(content, f)
  (summary,) = evaluation_lib.evaluate(
    other, ['none'], test_set=test_sets.TestSet(records=run.data.records)
  ).values()
  name = summary['about']['list']
  assert name == f'test1.{summary["about"]["content"][:8]}'
  assert os.path.exists(results.path(other, name, 'none'))
  with open(results.path(other, 'test1', 'none')) as f:
    assert f.read() == own
