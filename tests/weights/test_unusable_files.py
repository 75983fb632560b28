"""Files of weights that cannot be used: the error names the file, and no variable is set."""

import os
import shutil

import keras
import numpy as np
import pytest

from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from i3d_tf.weights import readers
from tests import checkpoints


def _spoil(path, *, keep):
  """Truncates a file to a fraction of its length."""
  os.truncate(path, int(os.path.getsize(path) * keep))


def _without(variables, part):
  return {name: value for name, value in variables.items() if part not in name}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Files that cannot be used, and a good one, rgb/model.ckpt."""
  folder = tmp_path_factory.mktemp('bad')
  model = checkpoints.narrow(seed=1)
  good = checkpoints.published(model, 'RGB/inception_i3d/')
  checkpoints.save(folder / 'rgb/model.ckpt', good)
  for name, variables in {
    'extra': {**good, 'RGB/inception_i3d/Mixed_6a/w': np.zeros(3, np.float32)},
    'fewer': _without(good, 'Mixed_4d/Branch_1'),
    'headless': _without(good, 'Logits'),
    'half_head': _without(good, 'Logits/Conv3d_0c_1x1/conv_3d/b'),
    'other': {'model/dense/kernel': np.zeros(3, np.float32)},
    'training': {'_CHECKPOINTABLE_OBJECT_GRAPH': np.zeros(3, np.float32)},
    'ranks': {**good, 'RGB/inception_i3d/Conv3d_2b_1x1/conv_3d/w': np.zeros((8, 8), np.float32)},
    'short_index': good,
    'short_data': good,
    'no_data': good,
    'no_index': good,
  }.items():
    checkpoints.save(folder / name / 'model.ckpt', variables)
  data = 'model.ckpt.data-00000-of-00001'
  _spoil(folder / 'short_index/model.ckpt.index', keep=0.5)
  _spoil(folder / 'short_data' / data, keep=0.5)
  os.remove(folder / 'no_data' / data)
  os.remove(folder / 'no_index/model.ckpt.index')
  (folder / 'empty').mkdir()
  checkpoints.save(folder / 'two/a', {'a': np.zeros(3)})
  checkpoints.save(folder / 'two/b', {'b': np.zeros(3)})
  model.save_weights(folder / 'short.weights.h5')
  model.save(folder / 'short.keras')
  _spoil(folder / 'short.weights.h5', keep=0.5)
  _spoil(folder / 'short.keras', keep=0.5)
  keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(folder / 'other.keras')
  np.savez(folder / 'arrays.npz', a=np.zeros(3))
  (folder / 'page.pt').write_text('<html>not found</html>')
  (folder / 'nothing.pt').write_bytes(b'')
  (folder / 'checkpoint').write_text('model_checkpoint_path: "/gone/model.ckpt"\n')
  return folder


@pytest.mark.parametrize(
  'path, message',
  [
    ('gone/model.ckpt', 'no such file; expected a TensorFlow checkpoint of DeepMind'),
    ('empty', 'expected one checkpoint (*.index) in the folder; found none'),
    ('two', 'expected one checkpoint (*.index) in the folder; found a, b'),
    ('checkpoint', 'is a list of checkpoints; expected one of the checkpoints'),
    ('page.pt', 'unknown content, or a truncated checkpoint; expected'),
    ('nothing.pt', 'unknown content, or a truncated checkpoint; expected'),
    ('arrays.npz', 'holds no weights of I3D, only a; expected'),
    ('short_index/model.ckpt', 'its index cannot be read to the end (truncated or damaged): '),
    ('short_data/model.ckpt', 'its data cannot be read to the end (truncated or damaged): '),
    ('no_data/model.ckpt', 'its data cannot be read to the end (truncated or damaged): '),
    ('no_index/model.ckpt', 'model.ckpt.index next to the data of the checkpoint; it is missing'),
    ('short.weights.h5', 'it cannot be read to the end (truncated or damaged): '),
    ('short.keras', 'it cannot be read to the end (truncated or damaged): '),
    ('other.keras', 'holds no weights of I3D, only layers/dense/vars/0, layers/dense/vars/1'),
    ('other/model.ckpt', 'holds no weights of I3D, only model/dense/kernel; expected'),
    ('training/model.ckpt', 'is a tf.train.Checkpoint, from which training resumes; expected'),
    ('extra', 'has variables that I3D lacks: RGB/inception_i3d/Mixed_6a/w'),
    (
      'fewer',
      'checkpoint lacks RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/conv_3d/w, '
      'RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/batch_norm/beta, '
      'RGB/inception_i3d/Mixed_4d/Branch_1/Conv3d_0a_1x1/batch_norm/moving_mean '
      'and 5 more',
    ),
    ('half_head', 'checkpoint lacks RGB/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/b'),
    ('headless', 'has no logits. To train new logits, pass new_head (--new_head)'),
    ('ranks', 'RGB/inception_i3d/Conv3d_2b_1x1/conv_3d/w has the unexpected shape (8, 8)'),
  ],
)
def test_load_names_unusable_files_and_sets_nothing(folder, path, message):
  model = checkpoints.narrow()
  before = checkpoints.values(model)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(model, folder / path)
  assert message in str(e.value) and str(folder / path) in str(e.value)
  assert '\n' not in str(e.value)
  checkpoints.assert_equal(checkpoints.values(model), before)


def test_load_detects_flipped_bit(folder, tmp_path):
  shutil.copytree(folder / 'rgb', tmp_path / 'rgb')
  with open(tmp_path / 'rgb/model.ckpt.data-00000-of-00001', 'r+b') as f:
    f.seek(1000)
    byte = f.read(1)[0]
    f.seek(1000)
    f.write(bytes([byte ^ 1]))
  with pytest.raises(arrays.WeightsError, match='truncated or damaged'):
    assign.load(checkpoints.narrow(), tmp_path / 'rgb')


def test_read_rejects_empty_keras_file(tmp_path):
  keras.Sequential([keras.Input((3,)), keras.layers.ReLU()]).save_weights(tmp_path / 'a.weights.h5')
  with pytest.raises(
    arrays.WeightsError, match=r'a\.weights\.h5: holds no weights; expected a Tens'
  ):
    readers.read(tmp_path / 'a.weights.h5')
