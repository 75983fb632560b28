"""Files of features: what is written is read, by NumPy and by h5py."""

import os
import re

import h5py
import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.inference import feature_files
from i3d_tf.inference import features
from i3d_tf.inference import options
from i3d_tf.inputs import from_videos
from tests import networks


def write(path, value=1.0, rows=2, part=from_videos.WHOLE):
  os.makedirs(os.path.dirname(path), exist_ok=True)
  about = features.describe([networks.network()], options.FeatureSettings())
  starts = 16 * np.arange(rows)
  feature_files.write(str(path), np.full((rows, 3), value, np.float32), starts, 16, about, part)
  return str(path)


@pytest.mark.parametrize('suffix', ['npz', 'npy'])
def test_what_is_written_is_read_by_numpy(tmp_path, suffix):
  read = np.load(write(tmp_path / f'a.{suffix}'))
  np.testing.assert_array_equal(read['features'] if suffix == 'npz' else read, np.ones((2, 3)))
  if suffix == 'npz':
    assert read['start'].tolist() == [0, 16] and read['frames'] == 16
    assert read['frame_rate'] == 25 and read['endpoint'] == 'Mixed_5c' and read['pool'] == 'all'


def test_one_file_holds_the_features_of_all(tmp_path):
  parts = {
    'A': write(tmp_path / 'A.npz', 1),
    'A/b': write(tmp_path / 'A' / 'b.npz', 2, rows=3),
    'c': write(tmp_path / 'c.npz', 3),
  }
  feature_files.gather(str(tmp_path / 'all.h5'), parts)
  with h5py.File(tmp_path / 'all.h5') as read:
    for name, part in parts.items():
      expected = np.load(part)
      np.testing.assert_array_equal(read[name]['features'], expected['features'])
      np.testing.assert_array_equal(read[name]['start'], expected['start'])
      for key in ('frames', 'frame_rate', 'endpoint', 'pool', 'stream'):
        assert read[name].attrs[key] == expected[key].item()
      assert read[name]['features'].dtype == np.float32


def test_a_part_of_a_video_says_so(tmp_path):
  paths = {
    'a': write(tmp_path / 'a.npz', part=from_videos.Part(1.5, 4)),
    'b': write(tmp_path / 'b.npz', part=from_videos.Part(None, 4)),
    'c': write(tmp_path / 'c.npz'),
  }
  assert np.load(paths['a'])['part'].tolist() == [1.5, 4]
  np.testing.assert_array_equal(np.load(paths['b'])['part'], [np.nan, 4])
  assert 'part' not in np.load(paths['c'])
  feature_files.gather(str(tmp_path / 'all.h5'), paths)
  with h5py.File(tmp_path / 'all.h5') as read:
    assert read['a'].attrs['part'].tolist() == [1.5, 4] and 'part' not in read['c'].attrs


def test_names_and_parts_that_do_not_fit_are_refused(tmp_path):
  parts = {'A': write(tmp_path / 'A.npz'), 'A/start': write(tmp_path / 'b.npz')}
  message = f'{tmp_path}/b.npz: expected features that {tmp_path}/all.h5 can hold as A/start'
  with pytest.raises(errors.UserError, match=re.escape(message)):
    feature_files.gather(str(tmp_path / 'all.h5'), parts)
  (tmp_path / 'c.npz').write_text('no array')
  with pytest.raises(errors.UserError, match='c.npz: expected features'):
    feature_files.gather(str(tmp_path / 'all.h5'), {'c': str(tmp_path / 'c.npz')})
  assert not os.path.exists(tmp_path / 'all.h5')
