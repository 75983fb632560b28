"""Features on disk: what is noted survives, what is not is written again."""

import glob

import numpy as np

from i3d_tf.fvd import feature_store

_ABOUT = {'resize': 'google'}


def rows(first, count):
  return np.arange(first, first + count * 3, dtype=np.float32).reshape(count, 3)


def store(folder, about=_ABOUT):
  return feature_store.FeatureStore(str(folder), about, 3)


def test_rows_come_back_in_the_order_of_the_names(tmp_path):
  first = store(tmp_path)
  first.add('b', rows(0, 2), {'sha256': 'x'})
  first.add('a', rows(100, 1), {})
  first.close()
  again = store(tmp_path)
  assert again.content('b') == {'sha256': 'x'} and again.content('c') is None
  again.add('c', rows(200, 3), {})
  features, groups = again.rows(['a', 'b', 'c'])
  again.close()
  assert features.shape == (6, 3) and groups.tolist() == [0, 1, 1, 2, 2, 2]
  expected = np.concatenate([rows(100, 1), rows(0, 2), rows(200, 3)])
  np.testing.assert_array_equal(features[0:6], expected)
  np.testing.assert_array_equal(features[1:4], expected[1:4])


def test_a_video_that_is_made_again_replaces_its_rows(tmp_path):
  first = store(tmp_path)
  first.add('a', rows(0, 2), {'sha256': 'old'})
  first.add('a', rows(50, 1), {'sha256': 'new'})
  first.close()
  again = store(tmp_path)
  assert again.content('a') == {'sha256': 'new'}
  np.testing.assert_array_equal(again.rows(['a'])[0][0:9], rows(50, 1))


def test_other_settings_have_other_features(tmp_path):
  first = store(tmp_path)
  first.add('a', rows(0, 1), {})
  first.close()
  assert store(tmp_path, {'resize': 'cdfvd'}).content('a') is None


def test_a_killed_process_leaves_whole_videos(tmp_path):
  first = store(tmp_path)
  first.add('a', rows(0, 2), {})
  first.add('b', rows(50, 2), {})
  first.close()
  (path,) = glob.glob(str(tmp_path / '*.f32'))
  with open(path, 'ab') as f:  # rows that were written, but not noted
    f.write(rows(90, 1).tobytes())
  again = store(tmp_path)
  again.add('c', rows(70, 1), {})
  np.testing.assert_array_equal(again.rows(['c', 'b'])[0][0:3], [*rows(70, 1), *rows(50, 2)])
  again.close()
  with open(path, 'rb+') as f:  # rows that were noted, but did not reach the disk
    f.truncate(3 * 12)
  damaged = store(tmp_path)
  assert damaged.content('a') is not None
  assert damaged.content('b') is None and damaged.content('c') is None


def test_no_names_give_no_rows(tmp_path):
  features, groups = store(tmp_path).rows([])
  assert features.shape == (0, 3) and groups.size == 0
