"""Files of weights of every kind that can be read, and label maps next to them."""

import collections
import os
import pickle

import h5py
import keras
import numpy as np
import tensorflow as tf

from i3d_tf.weights import formats
from tests import tiny
from tests.bad_inputs import Row
from tests.bad_inputs import stage

_CONVERT = 'tools.convert_weights --output=new.weights.h5 --weights='
_TRAIN = f'i3d_tf.train --records=records --run_dir=new {" ".join(tiny.FLAGS)} --weights='


def _arrays(names, **changed):
  """Arrays of one channel for the names of a kind of file; some of them replaced."""
  arrays = {
    name: np.ones((1, 1, 1, 3, 1) if original.endswith('/w') else 1, np.float32)
    for name, (original, _) in names.items()
  }
  for name, array in changed.items():
    arrays[name.replace('__', '/')] = array
  return arrays


def _keras(**changed):
  """A .weights.h5 file of this project, with one channel everywhere."""

  def do(folder):
    with h5py.File(folder / 'a.weights.h5', 'w') as file:
      for name, array in _arrays(formats.keras_file().names, **changed).items():
        file[name] = array

  return do


def _other_architecture(folder):
  keras.Sequential([keras.Input([4]), keras.layers.Dense(3)]).save(folder / 'a.keras')


def _checkpoint(folder):
  """A checkpoint as DeepMind's, with one channel everywhere."""
  arrays = _arrays(formats.deepmind('RGB/inception_i3d/').names)
  os.makedirs(folder / 'checkpoints')
  tf.raw_ops.SaveV2(
    prefix=str(folder / 'checkpoints/a.ckpt'),
    tensor_names=list(arrays),
    tensors=list(arrays.values()),
    shape_and_slices=[''] * len(arrays),
  )


class _Runs:
  """What unpickles by running a command: it leaves a file that no command may leave."""

  def __reduce__(self):
    return os.system, ('touch .partial_the_pickle_was_run',)


def _pickle(content):
  return stage.write('a.pt', pickle.dumps(content))


_DATA, _INDEX = (f'checkpoints/a.ckpt.{suffix}' for suffix in ('data-00000-of-00001', 'index'))
_FIRST = next(iter(formats.keras_file().names)).replace('/', '__')

ROWS = (
  Row(
    'weights that are not there',
    f'{_CONVERT}nowhere',
    'nowhere: expected weights (--weights): a file, a Te',
  ),
  Row(
    'weights of no bytes',
    f'{_CONVERT}a.pt',
    'a.pt: unknown content, or a truncated checkpoin',
    stage.write('a.pt', ''),
  ),
  Row(
    'weights of text',
    f'{_CONVERT}a.pt',
    'a.pt: unknown content, or a truncated checkpoint; e',
    stage.write('a.pt', 'no weights'),
  ),
  Row('weights that are a video', f'{_CONVERT}a.avi', 'a.avi: unknown content, or a truncated c'),
  Row(
    'weights that are a folder without any',
    f'{_CONVERT}videos',
    'videos: expected one checkpoint (*.index) in the folder; found none',
  ),
  Row(
    'weights that are the checkpoint of a run',
    f'{_CONVERT}run/checkpoints/ckpt-2',
    'run/checkpoints/ckpt-2: is a tf.train.Checkpoint, from which training resumes; expecte',
  ),
  Row(
    'weights that are a list of checkpoints',
    f'{_CONVERT}run/checkpoints/checkpoint',
    'run/checkpoints/checkpoint: is a list of checkpoints; expected one of the checkpoints',
  ),
  Row(
    'a Keras file cut off',
    f'{_CONVERT}a.weights.h5',
    'a.weights.h5: it cannot be read to the end (truncated or damaged)',
    stage.all_of(_keras(), stage.cut('a.weights.h5')),
  ),
  Row(
    'a Keras file of another network',
    f'{_CONVERT}a.keras',
    'a.keras: holds no weights of I3D',
    _other_architecture,
  ),
  Row(
    'a Keras file cut off in its archive',
    f'{_CONVERT}a.keras',
    'a.keras: it cannot be read to the end (truncated or damaged)',
    stage.all_of(_other_architecture, stage.cut('a.keras')),
  ),
  Row(
    'a Keras file of NaN',
    f'{_CONVERT}a.weights.h5',
    'a.weights.h5: expected finite numbers; layers/unit3d/conv/vars/0 holds 1 that are not',
    _keras(**{_FIRST: np.full((1, 1, 1, 1, 1), np.nan, np.float32)}),
  ),
  Row(
    'a Keras file of words',
    f'{_CONVERT}a.weights.h5',
    'a.weights.h5: expected numbers in layers/unit3d/conv/vars/0; found object',
    _keras(**{_FIRST: ['a', 'b']}),
  ),
  Row(
    'a Keras file of complex numbers',
    f'{_CONVERT}a.weights.h5',
    'a.weights.h5: expected numbers in layers/unit3d/conv/vars/0; found complex64',
    _keras(**{_FIRST: np.ones((1, 1, 1, 3, 1), np.complex64)}),
  ),
  Row(
    'a Keras file of another rank',
    f'{_CONVERT}a.weights.h5',
    'a.weights.h5: layers/unit3d/conv/vars/0 has the unexpected shape (3,)',
    _keras(**{_FIRST: np.ones(3, np.float32)}),
  ),
  Row(
    'weights of another width',
    f'{_TRAIN}a.weights.h5',
    'expected the channels of I3D, all scaled by one factor',
    _keras(),
  ),
  Row(
    'weights of another stream',
    f'{_TRAIN}a.weights.h5',
    'its first convolution takes 2 channels; expected 3 for --stream=rgb',
    _keras(**{_FIRST: np.ones((1, 1, 1, 2, 1), np.float32)}),
  ),
  Row(
    'a checkpoint cut off in its data',
    f'{_CONVERT}checkpoints/a.ckpt',
    'checkpoints/a.ckpt: its data cannot be read to the end (truncated or damaged)',
    stage.all_of(_checkpoint, stage.cut(_DATA)),
  ),
  Row(
    'a checkpoint cut off in its index',
    f'{_CONVERT}checkpoints/a.ckpt',
    'checkpoints/a.ckpt',
    stage.all_of(_checkpoint, stage.cut(_INDEX)),
  ),
  Row(
    'a checkpoint without its index',
    f'{_CONVERT}checkpoints/a.ckpt',
    'expected checkpoints/a.ckpt.index next to the data of the checkpoint; it is missing',
    stage.all_of(_checkpoint, stage.remove(_INDEX)),
  ),
  Row(
    'a pickle that is not of PyTorch',
    f'{_CONVERT}a.pt',
    'a.pt: not a complete PyTorch file (trunca',
    _pickle(collections.OrderedDict(a=1)),
  ),
  Row(
    'a pickle that would run a command',
    f'{_CONVERT}a.pt',
    'a.pt: refused: unpickling it would run posix.system; expected a state dict',
    _pickle(_Runs()),
  ),
  Row(
    'NumPy arrays of something else',
    f'{_CONVERT}a.pt',
    'a.pt: holds no weights of I3D, only x; expected',
    lambda folder: (np.savez(folder / 'a', x=1), (folder / 'a.npz').rename(folder / 'a.pt')),
  ),
)
