"""The command extract_features: a file a video, resumable, bad videos listed."""

import json
import os
from unittest import mock

import h5py
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import extract
from i3d_tf.inference import features
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from i3d_tf.training import loop
from i3d_tf.training import runs
from tests import commands
from tests import fakes
from tests import networks
from tests import shallow
from tests import tiny


@pytest.fixture(scope='module', autouse=True)
def _network():
  """Networks are shallow; their last block is the one that features are taken from."""
  with pytest.MonkeyPatch.context() as patch, shallow.network(block='Mixed_5c'):
    patch.setenv('I3D_TEST_BLOCK', 'Mixed_5c')
    yield


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  folder = tmp_path_factory.mktemp('run')
  run = tiny.run(tiny.make_records(folder), steps=1)
  runs.start(str(folder / 'run'), run)
  loop.train(str(folder / 'run'), run)
  for name in ('A/a.avi', 'A/b.avi', 'B/a.mkv'):
    networks.video(folder / 'mine' / name, 20)
  return folder


def test_each_video_gets_its_file_and_a_second_call_only_what_is_missing(run):
  (run / 'mine' / 'B' / 'bad.avi').write_text('no video')
  call = (
    'tests.shallow',
    'i3d_tf.extract_features',
    '--run_dir=run',
    '--videos=mine',
    '--output=out',
    '--window=9',
    '--stride=9',
    '--endpoint=Conv3d_2c_3x3',
    '--pool=space',
  )
  out, err = commands.run(*call, cwd=run, status=1)
  assert 'out: features of 3 videos' in out
  assert 'mine/B/bad.avi: expected a video file' in err
  assert 'error: 1 of 4 videos could not be used' in err and 'Traceback' not in err
  network = trained_networks.of_run(str(run / 'run'))
  settings = options.FeatureSettings('Conv3d_2c_3x3', 'space', 9, 9)
  for name in ('A/a', 'A/b', 'B/a'):
    video = run / 'mine' / f'{name}.{"mkv" if name[0] == "B" else "avi"}'
    expected, starts, _ = features.of_video(network, str(video), settings)
    found = np.load(run / 'out' / f'{name}.npz')
    np.testing.assert_allclose(found['features'], expected, rtol=1e-4, atol=1e-6)
    assert found['start'].tolist() == starts.tolist() == [0, 9, 11]

  (run / 'mine' / 'B' / 'bad.avi').unlink()
  (run / 'out' / 'A' / 'b.npz').unlink()
  before = os.stat(run / 'out' / 'A' / 'a.npz').st_mtime_ns
  commands.run(*call, cwd=run)
  assert os.stat(run / 'out' / 'A' / 'a.npz').st_mtime_ns == before
  assert (run / 'out' / 'A' / 'b.npz').exists()

  message = commands.error(*call[:-1], '--pool=all', cwd=run)
  assert message == (
    'out holds other features: pool is space there, all here. Give another --output'
  )


def files_of(*arguments):
  return {target.video: target.file for target in extract.targets(*arguments)}


def test_files_are_named_after_the_videos(tmp_path):
  for name in ('A/a.avi', 'B/a.avi'):
    networks.video(tmp_path / name, 1)
  assert files_of(['x/c.avi', 'frames/'], str(tmp_path), 'out', 'npy') == {
    'x/c.avi': 'out/c.npy',
    'frames/': 'out/frames.npy',
    f'{tmp_path}/A/a.avi': 'out/A/a.npy',
    f'{tmp_path}/B/a.avi': 'out/B/a.npy',
  }
  assert files_of([str(tmp_path)], None, 'out', 'npz') == {
    f'{tmp_path}/A/a.avi': 'out/A/a.npz',
    f'{tmp_path}/B/a.avi': 'out/B/a.npz',
  }


def test_folders_of_frames_get_files_of_their_names(tmp_path):
  for name in ('Run/v1.0', 'Run/v1.1'):
    fakes.write_frames(tmp_path / name, fakes.moving(2, 8, 8))
  assert files_of([], str(tmp_path), 'out', 'npz') == {
    f'{tmp_path}/Run/v1.0': 'out/Run/v1.0.npz',
    f'{tmp_path}/Run/v1.1': 'out/Run/v1.1.npz',
  }


def test_videos_of_one_name_get_files_of_their_folders():
  assert files_of(['x/a.avi', 'y/a.mp4', 'y/b.avi'], None, 'out', 'npz') == {
    'x/a.avi': 'out/x/a.npz',
    'y/a.mp4': 'out/y/a.npz',
    'y/b.avi': 'out/b.npz',
  }
  with pytest.raises(errors.UserError, match='x/a.avi and x/a.mp4 would both become out/a.npz'):
    extract.targets(['x/a.avi', 'x/a.mp4'], None, 'out', 'npz')


def test_features_of_another_video_of_the_name_are_made_again(run):
  for name, seed in (('cat/000.avi', 1), ('dog/000.avi', 2)):
    networks.video(run / name, 12)
    fakes.write_video(run / name, fakes.moving(12, 48, 64, seed=seed))
  call = (
    'tests.shallow',
    'i3d_tf.extract_features',
    '--run_dir=run',
    '--window=9',
    '--stride=9',
    '--output=apart',
  )
  commands.run(*call, '--video=cat/000.avi', cwd=run)
  first = np.load(run / 'apart/000.npz')['features']
  _, err = commands.run(*call, '--video=cat/000.avi', cwd=run)
  assert 'made again' not in err
  # Another video of the name, and a video that was replaced in place.
  _, err = commands.run(*call, '--video=dog/000.avi', cwd=run)
  assert 'apart/000.npz: is of another video than dog/000.avi now is; made again' in err
  second = np.load(run / 'apart/000.npz')['features']
  assert np.abs(first - second).max() > 1e-3
  (run / 'dog/000.avi').write_bytes((run / 'cat/000.avi').read_bytes())
  commands.run(*call, '--video=dog/000.avi', cwd=run)
  np.testing.assert_allclose(np.load(run / 'apart/000.npz')['features'], first, atol=1e-6)


def test_features_that_do_not_know_their_video_are_kept_and_named(run):
  networks.video(run / 'old.avi', 12)
  call = ('tests.shallow', 'i3d_tf.extract_features', '--run_dir=run', '--window=9', '--output=old')
  commands.run(*call, '--video=old.avi', cwd=run)
  (run / 'old/sources.jsonl').unlink()
  _, err = commands.run(*call, '--video=old.avi', cwd=run)
  assert 'kept without knowing of which video: 1 file, old/old.npz' in err


def test_presets_of_one_or_two_networks_into_one_file(run):
  # The run's RGB network, and a flow network of the same classes.
  for name, count in (('C/a.avi', 12), ('b.avi', 14)):
    networks.video(run / 'few' / name, count)
  call = (
    'tests.shallow',
    'i3d_tf.extract_features',
    '--run_dir=run',
    '--videos=few',
    '--preset=mstcn',
  )
  out, _ = commands.run(*call, '--format=hdf5', '--output=frames', cwd=run)
  assert 'frames/features.h5: written' in out
  with h5py.File(run / 'frames' / 'features.h5') as read:
    assert sorted(read) == ['C', 'b'] and read['C/a'].attrs['frame_rate'] == 'native'
    for name, count in (('C/a', 12), ('b', 14)):
      assert read[name]['features'].shape == (count, 128)
      assert read[name]['start'][:].tolist() == list(range(-10, count - 10))
  message = commands.error(*call, '--stride=2', '--output=other', cwd=run)
  assert message == '--preset=mstcn sets --stride; received --stride=2, too'
  message = commands.error(*call[:-1], '--output=frames', cwd=run)
  assert message.startswith('frames holds other features: window is 21 there, 16 here; ')
  assert 'ends is zeros there, last here' in message


def test_two_networks_join_features_of_one_axis_alone(run):
  call = ('i3d_tf.extract_features', '--weights=run', '--flow_weights=run', '--video=mine/A/a.avi')
  message = commands.error(*call, '--pool=space', '--output=two', cwd=run)
  assert message == 'expected --pool=all to join the features of two networks; received space'


def test_two_networks_give_joined_features(run):
  networks.video(run / 'one.avi', 14)
  both = [trained_networks.of_run(str(run / 'run')), networks.network('flow')]
  asked = options.ExtractOptions(
    options.NetworkOptions(), (str(run / 'one.avi'),), None, str(run / 'joined'), 'npz',
    options.FeatureSettings(window=9, stride=2, rate='native', ends='drop'), 4,
  )  # fmt: skip
  with mock.patch.object(trained_networks, 'load', lambda network: both):
    assert extract.run(asked) == 0
  found = np.load(run / 'joined' / 'one.npz')
  parts = [features.of_video(n, str(run / 'one.avi'), asked.settings)[0] for n in both]
  assert [len(part) for part in parts] == [3, 3] and str(found['stream']) == 'rgb+flow'
  np.testing.assert_allclose(found['features'], np.concatenate(parts, axis=1), atol=1e-6)


def test_a_folder_from_before_ends_and_precision_could_be_chosen_is_continued(tmp_path):
  about = features.describe([networks.network()], options.FeatureSettings())
  before = {key: about[key] for key in about if key not in ('ends', 'precision')}
  (tmp_path / 'features.json').write_text(json.dumps(before))
  extract.claim(str(tmp_path), about)
  with pytest.raises(errors.UserError, match='ends is last there, drop here'):
    extract.claim(str(tmp_path), {**about, 'ends': 'drop'})


def test_a_folder_of_something_else_is_refused(tmp_path):
  (tmp_path / 'features.json').write_text('{')
  with pytest.raises(errors.UserError, match='expected what extract_features writes'):
    extract.claim(str(tmp_path), {})
