"""Flow from videos to answers: trained, tested and asked on the same kind of flow.

Of the flow stream, and of RGB networks that see noise carried by the flow.
"""

import os
import shutil

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.demo import plan
from i3d_tf.demo import writing
from i3d_tf.experiments import conditions
from i3d_tf.experiments import reproduction as reproduction_lib
from i3d_tf.experiments import run_conditions
from i3d_tf.inference import evaluation
from i3d_tf.inference import prediction
from i3d_tf.inference import results
from i3d_tf.inference import test_sets
from i3d_tf.inference import trained_networks
from i3d_tf.ingest import build
from i3d_tf.ingest import requests
from i3d_tf.records import folders
from i3d_tf.training import runs
from tests import commands
from tests import shallow
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network():
    yield


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Videos, records of them with DIS flow and of a few with TV-L1, a network trained on DIS."""
  folder = tmp_path_factory.mktemp('flow')
  settings = plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=37, width=48)
  writing.write_videos(settings, folder)
  shutil.copytree(folder / 'lists', folder / 'few')
  for path in (folder / 'few').glob('t*list0*.txt'):
    path.write_text(path.read_text().splitlines(keepends=True)[0])
  for method, lists in (('dis', 'lists'), ('tvl1', 'few')):
    build.build_ucf101(
      folder / 'videos',
      folder / lists,
      folder / method,
      requests.EncodingSettings(short_side=37, num_shards=2, flow=method),
    )
  commands.run(
    'tests.shallow',
    'i3d_tf.train',
    *tiny.FLAGS,
    '--records=dis',
    '--stream=flow',
    '--steps=2',
    '--run_dir=run',
    cwd=folder,
  )
  return folder


def test_a_run_says_which_flow_it_was_trained_on(folder):
  assert runs.load(folder / 'run').data.flow == 'dis'
  assert trained_networks.of_run(str(folder / 'run')).flow == 'dis'


def test_a_video_gives_the_logits_of_its_record(folder):
  network = trained_networks.of_run(str(folder / 'run'))
  rows = results.read(results.path(folder / 'run', 'test1', 'none'))
  assert len(rows) == 10 and rows[0].frames == 9
  for row in rows[:2]:
    answer = prediction.of_video(network, os.path.join(folder, 'videos', row.video))
    # The record's frames went through JPEG after its flow had been computed.
    np.testing.assert_allclose(answer.logits['none'][0], row.logits, rtol=1e-4, atol=1e-5)


def test_a_training_that_cannot_start_leaves_no_run(folder):
  # Masks that are added later are other content, which the run would then refuse.
  message = commands.error(
    'i3d_tf.train',
    *tiny.FLAGS,
    '--records=dis',
    '--mask=background',
    '--run_dir=masked',
    cwd=folder,
  )
  assert 'expected person masks' in message
  assert not (folder / 'masked' / 'run.json').exists()


def test_another_flow_is_refused(folder):
  with pytest.raises(
    errors.UserError, match='expected records with flow of dis, which .* found tvl1'
  ):
    evaluation.evaluate(
      str(folder / 'run'), ['none'], test_set=test_sets.TestSet(str(folder / 'tvl1'))
    )
  assert folders.open_folder(folder / 'tvl1').entries[0].flow == 9


# === Noise that flow carries ===


@pytest.fixture(scope='module')
def masked(tmp_path_factory):
  """Records with masks, with and without flow."""
  folder = tmp_path_factory.mktemp('masked')
  settings = plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64)
  writing.write_videos(settings, folder)
  for name, method in (('masked', 'dis'), ('flowless', None)):
    build.build_ucf101(
      folder / 'videos',
      folder / 'lists',
      folder / name,
      requests.EncodingSettings(short_side=37, num_shards=2, flow=method),
      masks=folder / 'masks',
    )
  return folder


def _reproduction(records, run_dir):
  run = tiny.run(records, steps=2)
  return reproduction_lib.Reproduction(
    str(run_dir),
    conditions.select(['1b-rgb', '2-carried', '3-carried'], False),
    (1,),
    (0,),
    {None: str(records)},
    run.clips,
    run.network,
    run.optimization,
  )


def test_rows_of_carried_noise_train_and_test_on_it(masked, tmp_path):
  reproduction = _reproduction(masked / 'masked', tmp_path)
  assert run_conditions.run(reproduction) == []
  read = lambda name: results.read(str(tmp_path / 'results' / f'{name}.split1.seed0.csv'))
  plain, tested, trained = map(read, ('1b-rgb', '2-carried', '3-carried'))
  assert len(plain) == len(tested) == len(trained) == 10
  for one, other in zip(plain, tested):
    assert one.video == other.video and not np.array_equal(one.logits, other.logits)
  run = runs.load(tmp_path / 'runs' / 'rgb_both-carried_squash_split1_seed0')
  assert run.data.flow == 'dis' and run.clips.with_flow and run.clips.stream == 'rgb'
  # Tested again, it sees the same noise.
  again = evaluation.evaluate(
    str(tmp_path / 'runs' / 'rgb_none_split1_seed0'),
    ['both-carried', 'activity-carried'],
    test_set=test_sets.TestSet(str(masked / 'masked')),
  )
  assert again['both-carried']['correct'] == sum(row.is_correct for row in tested)


def test_records_without_flow_refuse_carried_noise_in_one_line_and_alone(masked, tmp_path):
  failures = dict(run_conditions.run(_reproduction(masked / 'flowless', tmp_path)))
  assert set(failures) == {
    'rgb_none_split1_seed0, tested on both-carried',
    'rgb_both-carried_squash_split1_seed0',
  }
  for reason in failures.values():
    assert 'expected flow for fill carried' in reason and '\n' not in reason
  assert (tmp_path / 'results' / '1b-rgb.split1.seed0.csv').exists()
  message = commands.error(
    'i3d_tf.train',
    *tiny.FLAGS,
    '--records=flowless',
    '--mask=both',
    '--fill=carried',
    '--run_dir=carried',
    cwd=masked,
  )
  assert 'flowless: expected flow for fill carried; these records were made without' in message
  assert not (masked / 'carried').exists()
