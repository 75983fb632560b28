"""Reads published weights of any kind: DeepMind's, TF-Slim's, PyTorch ports', our own.

What a file holds is found from its content. Each kind of file is a table from its
names to DeepMind's (`variable_names`); every variable of the file must be in the table,
and every variable of the network must be in the file. TensorFlow is imported only where
one of its checkpoints is read.
"""

import collections
import glob
import io
import os
import re
import zipfile
import zlib

import h5py
import numpy as np

from i3d_tf.common import text
from i3d_tf.weights import arrays
from i3d_tf.weights import torch_files
from i3d_tf.weights import variable_names

_EXPECTED = (
  'a TensorFlow checkpoint of DeepMind (by its prefix, rgb_imagenet/model.ckpt) or of '
  "TF-Slim's Inception-v1, a .pt or .pth file of a PyTorch port, or a .keras or "
  '.weights.h5 file of this project'
)
_TABLE_MAGIC = bytes.fromhex('57fb808b247547db')  # the last bytes of TensorFlow's tables
_HDF5_MAGIC = b'\x89HDF\r\n\x1a\n'


def read(path):
  """Reads a file of weights of any kind: a `arrays.Weights`.

  Raises:
    arrays.WeightsError: the file is missing, damaged or of an unknown kind, or has
      variables too few or too many.
  """
  path = os.fspath(path)
  place = _only_checkpoint(path) if os.path.isdir(path) else path
  prefix = re.sub(r'\.(index|meta|data-\d{5}-of-\d{5})$', '', place)
  if os.path.isfile(f'{prefix}.index'):
    return _read_checkpoint(path, prefix)
  if glob.glob(f'{glob.escape(prefix)}.data-*'):
    raise arrays.WeightsError(
      f'{path}: expected {prefix}.index beside the data of the checkpoint; there is none'
    )
  if not os.path.isfile(place):
    raise arrays.WeightsError(f'{path}: no such file; expected {_EXPECTED}')

  with open(place, 'rb') as file:
    head = file.read(64)
    file.seek(-min(8, os.path.getsize(place)), os.SEEK_END)
    tail = file.read()
  if tail == _TABLE_MAGIC:  # the format before TensorFlow 0.12, which TF-Slim publishes
    return _read_checkpoint(path, place)
  if head.startswith(_HDF5_MAGIC):
    return _read_keras(path, place)
  if head.startswith(b'PK'):
    return _read_zip(path)
  if head.startswith(b'\x80'):
    return _read_torch(path)
  if head.startswith(b'model_checkpoint_path'):
    raise arrays.WeightsError(
      f'{path}: is a list of checkpoints; expected one of the checkpoints, '
      'such as model.ckpt beside it'
    )
  raise arrays.WeightsError(
    f'{path}: unknown content, or a truncated checkpoint; expected {_EXPECTED}'
  )


def _only_checkpoint(folder):
  # Not by the text file `checkpoint`, which names paths of whoever published it.
  prefixes = sorted(
    name.removesuffix('.index') for name in os.listdir(folder) if name.endswith('.index')
  )
  if len(prefixes) != 1:
    found = f'there are {", ".join(prefixes)}' if prefixes else 'there is none'
    raise arrays.WeightsError(f'{folder}: expected one checkpoint (*.index) in the folder; {found}')
  return os.path.join(folder, prefixes[0])


def _read_checkpoint(path, prefix):
  import tensorflow as tf  # pylint: disable=g-import-not-at-top

  def get(name):
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
      f'{path}: is a tf.train.Checkpoint, as training keeps it to go on; expected {_EXPECTED}'
    )
  for conv1, kind in (
    (variable_names.CONV1, variable_names.deepmind),
    ('Conv2d_1a_7x7/weights', variable_names.slim),
  ):
    scopes = [name.removesuffix(conv1) for name in names if re.search(f'(^|/){conv1}$', name)]
    if scopes:
      return _translate(path, kind(scopes[0]), names, get)
  raise _unknown(path, names)


def _read_zip(path):
  try:
    with zipfile.ZipFile(path) as archive:
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
  return _read_torch(path) if keras_file is None else _read_keras(path, io.BytesIO(keras_file))


def _read_keras(path, place):
  tensors = {}
  try:
    with h5py.File(place) as file:
      file.visititems(
        lambda name, item: (
          tensors.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
      )
  except (LookupError, OSError, RuntimeError, TypeError, ValueError) as e:
    raise _damaged(path, e) from e
  kind = variable_names.keras_file()
  if next(iter(kind.names)) not in tensors:
    raise _unknown(path, tensors)
  return _translate(path, kind, tensors, tensors.get)


def _read_torch(path):
  try:
    tensors = torch_files.read_state_dict(path)
  except torch_files.TorchFileError as e:
    raise arrays.WeightsError(f'{path}: {e}') from e
  for kind in (variable_names.piergiaj(), variable_names.hassony()):
    if next(iter(kind.names)) in tensors:
      return _translate(path, kind, tensors, tensors.get)
  raise _unknown(path, tensors)


def _translate(path, kind, names, get):
  """The variables of a file as `arrays.Weights`.

  Args:
    path: for messages.
    kind: a `variable_names.CheckpointFormat`.
    names: the variables of the file.
    get: function from such a name to its array.
  """
  counts, unused = collections.Counter(), []
  for name in sorted(set(names) - set(kind.names)):
    label = kind.ignored(name)
    if label is None:
      unused.append(name)
    else:
      counts[label] += 1
  if unused:
    raise arrays.WeightsError(
      f'{path}: {kind.description} with variables that I3D does not have: {text.some(unused)}'
    )
  missing = [name for name in kind.names if name not in set(names)]
  if missing and not {kind.names[name][0] for name in missing} == set(variable_names.HEAD):
    raise arrays.WeightsError(f'{path}: {kind.description} without {text.some(missing)}')

  tensors = {}
  for name, (original, convert) in kind.names.items():
    if name not in missing:
      tensors[original] = _converted(path, name, original, get(name), convert)
  _fold_scales(tensors)
  ignored = tuple(
    label if count == 1 else f'{label} ({count} variables)' for label, count in counts.items()
  )
  return arrays.Weights(path, kind.description, tensors, ignored, kind.of_images)


def _converted(path, name, original, array, convert):
  """An array of a file as ours of the name `original`."""
  array = np.asarray(array)
  if array.dtype.kind not in 'fiuV':  # V: bfloat16
    raise arrays.WeightsError(f'{path}: expected numbers as {name}; found {array.dtype}')
  try:
    found = convert(array).astype(np.float32)
  except (IndexError, ValueError) as e:  # what it expects has other axes
    raise arrays.WeightsError(f'{path}: {name} has the unexpected shape {array.shape}') from e
  if found.ndim != (5 if original.endswith('/w') else 1):
    raise arrays.WeightsError(f'{path}: {name} has the unexpected shape {array.shape}')
  if not np.isfinite(found).all():
    raise arrays.WeightsError(
      f'{path}: expected finite numbers; {name} holds '
      f'{np.count_nonzero(~np.isfinite(found))} that are not'
    )
  return found


def _fold_scales(tensors):
  """Moves batch norm's gamma, which I3D does not have, into the kernel before it.

  gamma * (K x - mean) / sqrt(variance + eps) is ((gamma K) x - gamma mean) / sqrt(...),
  so this is exact wherever the moving statistics are used.
  """
  for name in [name for name in tensors if name.endswith('/batch_norm/gamma')]:
    gamma = tensors.pop(name)
    unit = name.removesuffix('/batch_norm/gamma')
    if (gamma != 1).any():
      tensors[f'{unit}/conv_3d/w'] *= gamma
      tensors[f'{unit}/batch_norm/moving_mean'] *= gamma


def _damaged(path, error, part='it'):
  reason = str(error).splitlines()[0] if str(error) else type(error).__name__
  return arrays.WeightsError(
    f'{path}: {part} cannot be read to the end (truncated or damaged): {reason}'
  )


def _unknown(path, names):
  names = sorted(names)
  return arrays.WeightsError(
    f'{path}: holds no weights of I3D, but '
    f'{text.some(names) if names else "nothing"}; expected {_EXPECTED}'
  )
