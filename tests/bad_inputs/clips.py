"""Network input in .npy files."""

import numpy as np

from tests.bad_inputs import Row
from tests.bad_inputs import stage

_COMMAND = 'i3d_tf.predict --run_dir=run --npy=clip.npy'


def _save(shape, value=0.0, dtype=np.float32):
  return lambda folder: np.save(folder / 'clip.npy', np.full(shape, value, dtype))


def _header(text):
  return stage.write('clip.npy', b'\x93NUMPY\x01\x00v\x00' + text.encode().ljust(117) + b'\n')


def _objects(folder):
  np.save(folder / 'clip.npy', np.array([{'a': 1}], object), allow_pickle=True)


def _archive(folder):
  with open(folder / 'clip.npy', 'wb') as f:
    np.savez(f, clip=np.zeros((1, 9, 32, 32, 3), np.float32))


ROWS = (
  Row(
    'a clip that is no file',
    _COMMAND,
    'clip.npy: expected network input (--npy); no such file',
    stage.remove('clip.npy'),
  ),
  Row(
    'a clip that is a folder',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; [Err",
    stage.make_folder('clip.npy'),
  ),
  Row(
    'a clip of no bytes',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; found some",
    stage.write('clip.npy', ''),
  ),
  Row(
    'a clip of text',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; found somethin",
    stage.write('clip.npy', 'no array'),
  ),
  Row(
    'a clip cut off',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; Failed to read",
    stage.cut('clip.npy'),
  ),
  Row(
    'a clip cut off in its header',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; ",
    stage.cut('clip.npy', 0.0005),
  ),
  Row(
    'a clip whose header promises petabytes',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; Unable to allocate",
    _header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 9, 999999999, 999999, 3), }"),
  ),
  Row(
    'a clip whose header is no Python',
    _COMMAND,
    "clip.npy: expected an array in NumPy's form",
    _header("{'descr': '<f4', 'fortran_order': False, 'shape': (((("),
  ),
  Row(
    'a clip of objects, which are a pickle',
    _COMMAND,
    "clip.npy: expected an array in NumPy's format; Object arrays cannot be loaded",
    _objects,
  ),
  Row(
    'a clip that is an archive',
    _COMMAND,
    'of shape [1, T, H, W, C]; found several arrays',
    _archive,
  ),
  Row(
    'a clip without the batch axis',
    _COMMAND,
    'clip.npy: expected an array of shape [1, T, H, W, C]; found [9, 32, 32, 3]',
    _save((9, 32, 32, 3)),
  ),
  Row(
    'a clip of no pixels',
    _COMMAND,
    'of shape [1, T, H, W, C]; found [1, 9, 0, 32, 3]',
    _save((1, 9, 0, 32, 3)),
  ),
  Row(
    'a clip of 8 frames',
    _COMMAND,
    'clip.npy: expected at least 9 frames; found 8',
    _save((1, 8, 32, 32, 3)),
  ),
  Row(
    'a clip of flow for a network of RGB',
    _COMMAND,
    'clip.npy: expected a shape of [1, T, 32, 32, 3], as the network takes it; found [1, 9, 32',
    _save((1, 9, 32, 32, 2)),
  ),
  Row(
    'a clip of bytes',
    _COMMAND,
    'clip.npy: expected float32 in [-1, 1]; found uint8',
    _save((1, 9, 32, 32, 3), 0, np.uint8),
  ),
  Row(
    'a clip in 0 to 255',
    _COMMAND,
    'clip.npy: expected values in [-1, 1]; found 255.0 to 255.',
    _save((1, 9, 32, 32, 3), 255),
  ),
  Row(
    'a clip of NaN',
    _COMMAND,
    'clip.npy: expected values in [-1, 1]; found nan to nan',
    _save((1, 9, 32, 32, 3), np.nan),
  ),
)
