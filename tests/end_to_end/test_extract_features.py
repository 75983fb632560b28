"""The command extract_features: a file a video, resumable, bad videos listed."""

import os

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
from tests import networks
from tests import tiny


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
    'i3d_tf.extract_features',
    '--run_dir=run',
    '--videos=mine',
    '--output=out',
    '--window=9',
    '--stride=9',
    '--endpoint=Mixed_4f',
    '--pool=space',
  )
  out, err = commands.run(*call, cwd=run, status=1)
  assert 'out: features of 3 videos' in out
  assert 'mine/B/bad.avi: expected a video file' in err
  assert 'error: 1 of 4 videos could not be used' in err and 'Traceback' not in err
  network = trained_networks.of_run(str(run / 'run'))
  settings = options.FeatureSettings('Mixed_4f', 'space', 9, 9)
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


def test_files_are_named_after_the_videos(tmp_path):
  for name in ('A/a.avi', 'B/a.avi'):
    networks.video(tmp_path / name, 1)
  assert extract.targets(['x/c.avi', 'frames/'], str(tmp_path), 'out', 'npy') == {
    'x/c.avi': 'out/c.npy',
    'frames/': 'out/frames.npy',
    f'{tmp_path}/A/a.avi': 'out/A/a.npy',
    f'{tmp_path}/B/a.avi': 'out/B/a.npy',
  }


def test_two_videos_of_one_name_are_refused():
  with pytest.raises(errors.UserError, match='x/a.avi and y/a.mp4 would both become out/a.npz'):
    extract.targets(['x/a.avi', 'y/a.mp4'], None, 'out', 'npz')


def test_a_folder_of_something_else_is_refused(tmp_path):
  (tmp_path / 'features.json').write_text('{')
  with pytest.raises(errors.UserError, match='expected what extract_features writes'):
    extract.claim(str(tmp_path), {})
