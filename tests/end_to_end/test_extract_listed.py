"""The command extract_features --csv: a file a row, parts of videos, and several lists."""

import os
import shutil

import h5py
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import extract
from i3d_tf.inference import feature_files
from i3d_tf.inference import features
from i3d_tf.inference import options
from i3d_tf.inference import trained_networks
from tests import commands
from tests import fakes
from tests import networks
from tests import shallow

_ROWS = """path,label,start,end
a.avi,run,,
a.avi,run,0.4,1.2
a.avi,sit,1.2,
a.mp4,run,,
images,sit,0.2,0.8
nowhere.avi,sit,,
a.avi,sit,7,8
"""
_SETTINGS = options.FeatureSettings(window=9, stride=4)


@pytest.fixture(scope='module', autouse=True)
def _network():
  with shallow.network(block='Mixed_5c'):
    yield


@pytest.fixture
def videos(tmp_path):
  """A folder with two videos of one stem, a folder of frames, and the list of their rows."""
  frames = fakes.moving(50, 40, 56)
  fakes.write_video(tmp_path / 'videos' / 'a.avi', frames)
  fakes.write_video(tmp_path / 'b.avi', fakes.moving(20, 40, 56, seed=1))
  shutil.move(tmp_path / 'b.avi', tmp_path / 'videos' / 'a.mp4')
  fakes.write_frames(tmp_path / 'videos' / 'images', frames[:30])
  (tmp_path / 'list.csv').write_text(_ROWS)
  return tmp_path


@pytest.fixture
def run(videos, monkeypatch):
  """Runs the command in the folder of `videos` with a tiny network: its exit status."""
  monkeypatch.chdir(videos)
  monkeypatch.setattr(trained_networks, 'load', lambda network: [networks.network()])

  def run_(csv='list.csv', folder='videos', output='out', format='npz', settings=_SETTINGS):
    return extract.run(
      options.ExtractOptions(options.NetworkOptions(), (), folder, output, format, settings, 4, csv)
    )

  return run_


def read(path):
  return np.load(path)['features']


def test_each_row_gets_a_file_of_its_part_and_a_bad_one_stops_no_other(videos, run, capsys):
  assert run() == 1
  out, err = capsys.readouterr()
  assert 'out: features of 5 videos' in out and '2 of 7 videos could not be used' in err
  assert 'videos/nowhere.avi: no such video file' in err
  assert 'videos/a.avi: expected frames from 7 s to 8 s; the video has none there' in err
  found = sorted(
    os.path.relpath(os.path.join(parent, name), 'out')
    for parent, _, names in os.walk('out')
    for name in names
    if name.endswith('.npz')
  )
  assert found == [
    'run/a.avi.npz',
    'run/a.mp4.npz',
    'run/a_0.4-1.2.npz',
    'sit/a_1.2-end.npz',
    'sit/images_0.2-0.8.npz',
  ]
  # Independently: videos of the frames of the parts alone.
  frames = fakes.moving(50, 40, 56)
  of = {
    'run/a.avi': frames,
    'run/a.mp4': fakes.moving(20, 40, 56, seed=1),
    'run/a_0.4-1.2': frames[10:30],
    'sit/a_1.2-end': frames[30:],
    'sit/images_0.2-0.8': frames[5:20],
  }
  for name, shown in of.items():
    path = fakes.write_video(videos / 'cut.avi', shown)
    expected, starts, _ = features.of_video(networks.network(), path, _SETTINGS)
    np.testing.assert_allclose(read(f'out/{name}.npz'), expected, rtol=1e-4, atol=1e-6)
    assert np.load(f'out/{name}.npz')['start'].tolist() == starts.tolist()
  assert np.load('out/sit/images_0.2-0.8.npz')['part'].tolist() == [0.2, 0.8]


def test_a_stopped_call_ends_as_one_that_was_not(videos, run, monkeypatch):
  run(output='whole')
  write, calls = feature_files.write, []

  def interrupted(*arguments):
    calls.append(arguments)
    if len(calls) == 3:
      raise KeyboardInterrupt
    write(*arguments)

  monkeypatch.setattr(feature_files, 'write', interrupted)
  with pytest.raises(KeyboardInterrupt):
    run()
  run()
  assert len(calls) == 3 + 5 - 2  # two were there
  for name in ('run/a.avi', 'run/a_0.4-1.2', 'sit/a_1.2-end', 'run/a.mp4', 'sit/images_0.2-0.8'):
    np.testing.assert_array_equal(read(f'out/{name}.npz'), read(f'whole/{name}.npz'))
  before = os.stat('out/run/a.avi.npz').st_mtime_ns
  run()
  assert os.stat('out/run/a.avi.npz').st_mtime_ns == before


def test_another_list_adds_its_rows_and_never_takes_the_place_of_one(videos, run, capsys):
  (videos / 'one.csv').write_text('path,label,start,end\na.avi,run,0,1\n')
  (videos / 'two.csv').write_text('path,label,start,end\na.avi,run,1,2\na.avi,run,0,1\n')
  assert run('one.csv', format='hdf5') == 0 and run('two.csv', format='hdf5') == 0
  assert run('one.csv', format='hdf5') == 0
  with h5py.File('out/features.h5') as whole:
    assert sorted(whole['run']) == ['a_0-1', 'a_1-2']  # also what this list does not name
    assert whole['run/a_1-2'].attrs['part'].tolist() == [1, 2]
  kept = read('out/run/a_0-1.npz')
  # The same name, in a folder of other videos; and a whole video that is called like a part.
  fakes.write_video(videos / 'others' / 'a.avi', fakes.moving(50, 40, 56, seed=7))
  capsys.readouterr()
  assert run('two.csv', folder='others') == 1
  _, err = capsys.readouterr()
  assert (
    f'out/run/a_0-1.npz: expected features of others/a.avi from 0 s to 1 s; it holds those of '
    f'{videos}/videos/a.avi from 0 s to 1 s, which another list or folder names. Give another'
  ) in err
  shutil.copy('videos/a.mp4', 'videos/a_0-1.mp4')
  (videos / 'three.csv').write_text('path,label\na_0-1.mp4,run\na.mp4,run\n')
  assert run('three.csv') == 1
  assert 'a_0-1.mp4; it holds those of' in capsys.readouterr().err
  np.testing.assert_array_equal(read('out/run/a_0-1.npz'), kept)
  assert len(read('out/run/a.npz'))


def test_a_video_that_was_replaced_is_computed_again_and_one_that_moved_is_not(videos, run, capsys):
  (videos / 'one.csv').write_text('path,label,start,end\na.avi,run,0,1\n')
  run('one.csv')
  before = os.stat('out/run/a_0-1.npz').st_mtime_ns
  shutil.move('videos', 'moved')
  assert run('one.csv', folder='moved') == 0
  assert os.stat('out/run/a_0-1.npz').st_mtime_ns == before
  shutil.move('moved', 'videos')
  first = read('out/run/a_0-1.npz')
  fakes.write_video(videos / 'videos' / 'a.avi', fakes.moving(50, 40, 56, seed=3))
  assert run('one.csv') == 0
  assert 'made again' in capsys.readouterr().err
  assert np.abs(read('out/run/a_0-1.npz') - first).max() > 1e-3


def test_a_list_of_other_settings_is_refused(videos, run):
  (videos / 'one.csv').write_text('path,label\na.avi,run\n')
  run('one.csv')
  with pytest.raises(errors.UserError, match='out holds other features: stride is 4 there, 8 here'):
    run('one.csv', settings=options.FeatureSettings(window=9, stride=8))


def test_mistakes_in_flags_are_one_line(tmp_path):
  (tmp_path / 'a.csv').write_text('path,label\n')
  call = ('i3d_tf.extract_features', '--weights=a.csv', '--output=out', '--csv=a.csv')
  assert commands.error(*call, '--video=a.avi', cwd=tmp_path) == (
    'expected --video or --csv; received both'
  )
  assert commands.error(*call, cwd=tmp_path) == ('a.csv: expected one row per video; found none')
