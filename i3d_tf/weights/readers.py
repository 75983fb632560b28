"""Published weights to Keras weights: DeepMind's, TF-Slim's, PyTorch ports', our own.

    model = InceptionI3D(num_classes=400)
    print(weights.load(model, 'rgb_imagenet/model.ckpt'))    # says what was taken

What a file holds is found from its content. Each kind of file is a table from its
names to DeepMind's (`i3d_tf.weights.variable_names`); every variable of the file must be in
the table, and every variable of the network must get its value.
"""

import collections
import dataclasses
import glob
import io
import os
import re
import zipfile
import zlib

import h5py
import numpy as np

from i3d_tf.common import errors
from i3d_tf.model import layers
from i3d_tf.model import inception_i3d
from i3d_tf.weights import torch_files
from i3d_tf.weights import variable_names

# TensorFlow is imported where a checkpoint is read: the network, whose variables
# this module names, runs without it on Keras's other backends.

STREAMS = {3: 'rgb', 2: 'flow'}  # channels of the input: stream

_EXPECTED = ('a TensorFlow checkpoint of DeepMind (by its prefix, rgb_imagenet/model.ckpt) or of '
             'TF-Slim\'s Inception-v1, a .pt or .pth file of a PyTorch port, or a .keras or '
             '.weights.h5 file of this project')
_TABLE_MAGIC = bytes.fromhex('57fb808b247547db')  # the last bytes of TensorFlow's tables
_HDF5_MAGIC = b'\x89HDF\r\n\x1a\n'


class WeightsError(errors.UserError):
  """A file of weights cannot be used; the message names it and says why."""


def load(model, path, new_head=False):
  """Gives a network the weights of a file, all of them or none.

  Args:
    model: an `i3d_tf.model.inception_i3d.InceptionI3D`.
    path: prefix, folder or file of a TensorFlow checkpoint, or a PyTorch or Keras
      file.
    new_head: leaves the logits as they are, for another number of classes.

  Returns:
    What was taken and what was not, in one or two lines.

  Raises:
    WeightsError: the file is missing, damaged or of an unknown kind, does not fit
      the network, or has variables too few or too many.
  """
  return read(path).assign(model, new_head)


@dataclasses.dataclass(frozen=True)
class Weights:
  """What a file holds.

  Attributes:
    path: where it was read.
    kind: in words, what kind of file it is.
    arrays: dict from original name to float32 array: kernels [kt, kh, kw, in, out],
      all others [C]. Without the head if the file has none.
    ignored: in words, what the file holds beside them.
    of_images: whether it is a network of images, whose head never fits.
  """

  path: str
  kind: str
  arrays: dict
  ignored: tuple = ()
  of_images: bool = False

  @property
  def channels(self):
    return self.arrays[variable_names.CONV1].shape[3]

  @property
  def num_classes(self):
    """Number of logits; None without a head."""
    return len(self.arrays[variable_names.HEAD[1]]) if variable_names.HEAD[1] in self.arrays else None

  def assign(self, model, new_head=False):
    """Gives a network these weights: `load`, for a file that is already read."""
    variables = variables_by_original_name(model)
    left_new = set(variable_names.HEAD) if new_head or self.of_images else set()
    taken = {name: variable for name, variable in variables.items() if name not in left_new}
    if not left_new and self.num_classes is None:
      raise WeightsError(f'{self.path}: has no logits. For logits to be learned anew, pass '
                         'new_head (--new_head)')
    unused = sorted(set(self.arrays) - set(taken) - left_new)
    if unused:
      raise WeightsError(f'{self.path}: the network has no {_some(unused)}')
    self._check_shapes(taken)
    for name, variable in taken.items():
      variable.assign(self.arrays[name])
    return self._describe(len(taken), len(variables), new_head)

  def _check_shapes(self, variables):
    """Raises WeightsError unless the arrays fit these variables."""
    channels = variables[variable_names.CONV1].shape[3]
    if channels != self.channels:
      raise WeightsError(
          f'{self.path}: its first convolution takes {_channels(self.channels)}; expected '
          f'{_channels(channels)}')
    wrong = [name for name, variable in variables.items()
             if self.arrays[name].shape != tuple(variable.shape)]
    if wrong and set(wrong) <= set(variable_names.HEAD):
      expected = variables[variable_names.HEAD[1]].shape[0]
      raise WeightsError(
          f'{self.path}: has {self.num_classes} classes; expected {expected}. For {expected} '
          'classes to be learned anew, pass new_head (--new_head)')
    if wrong:
      shape = tuple(variables[wrong[0]].shape)
      raise WeightsError(
          f'{self.path}: {wrong[0]} has the shape {self.arrays[wrong[0]].shape}; expected '
          f'{shape}{_more(wrong[1:], "like it")}. Published weights fit a network of width 1')

  def _describe(self, taken, total, new_head):
    stream = STREAMS.get(self.channels, f'{self.channels} channels')
    classes = 'no classes' if self.num_classes is None else f'{self.num_classes} classes'
    line = (f'{self.path}: {self.kind} ({stream}, {classes}): '
            f'{taken} of the network\'s {total} variables set')
    ignored = list(self.ignored)
    if new_head and self.num_classes is not None:
      ignored.append('its logits')
    rest = [f'not taken: {", ".join(ignored)}'] if ignored else []
    if taken < total:
      rest.append(f'left as initialised: the logits ({total - taken} variables)')
    return '\n'.join([line, '; '.join(rest)] if rest else [line])


def variables_by_original_name(model):
  """The variables of an `InceptionI3D` by their names in DeepMind's checkpoints.

  Args:
    model: an `i3d_tf.model.inception_i3d.InceptionI3D`.

  Returns:
    A dict from the name without its scope, such as
    'Mixed_3b/Branch_1/Conv3d_0b_3x3/conv_3d/w', to the `keras.Variable`.
    Kernels have the checkpoint's shape [kt, kh, kw, in, out]; batch-norm
    variables are [C] here and [C] or [1, 1, 1, 1, C] in checkpoints.
  """
  variables = {}

  def add_unit(name, unit):
    name = variable_names.TYPO.get(name, name)
    variables[f'{name}/conv_3d/w'] = unit.conv.kernel
    for leaf in ('beta', 'moving_mean', 'moving_variance'):
      variables[f'{name}/batch_norm/{leaf}'] = getattr(unit.batch_norm, leaf)

  for layer in model.layers:
    if isinstance(layer, layers.Unit3D):
      add_unit(layer.name, layer)
    elif isinstance(layer, layers.Mixed):
      for branch in layer.branches:
        for unit in branch:
          if isinstance(unit, layers.Unit3D):
            branch_name, unit_name = unit.name.split('_Conv3d_')
            add_unit(f'{layer.name}/{branch_name}/Conv3d_{unit_name}', unit)
    elif isinstance(layer, inception_i3d.Head):
      variables['Logits/Conv3d_0c_1x1/conv_3d/w'] = layer.conv.kernel
      variables['Logits/Conv3d_0c_1x1/conv_3d/b'] = layer.conv.bias
  return variables


# === Files ===


def read(path):
  """Reads a file of weights of any kind: a `Weights`.

  Raises:
    WeightsError: the file is missing, damaged or of an unknown kind, or has
      variables too few or too many.
  """
  path = os.fspath(path)
  place = _only_checkpoint(path) if os.path.isdir(path) else path
  prefix = re.sub(r'\.(index|meta|data-\d{5}-of-\d{5})$', '', place)
  if os.path.isfile(f'{prefix}.index'):
    return _read_checkpoint(path, prefix)
  if glob.glob(f'{glob.escape(prefix)}.data-*'):
    raise WeightsError(f'{path}: expected {prefix}.index beside the data of the checkpoint; '
                       'there is none')
  if not os.path.isfile(place):
    raise WeightsError(f'{path}: no such file; expected {_EXPECTED}')

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
    raise WeightsError(f'{path}: is a list of checkpoints; expected one of the checkpoints, '
                       'such as model.ckpt beside it')
  raise WeightsError(f'{path}: unknown content, or a truncated checkpoint; expected {_EXPECTED}')


def _only_checkpoint(folder):
  # Not by the text file `checkpoint`, which names paths of whoever published it.
  prefixes = sorted(name.removesuffix('.index') for name in os.listdir(folder)
                    if name.endswith('.index'))
  if len(prefixes) != 1:
    found = f'there are {", ".join(prefixes)}' if prefixes else 'there is none'
    raise WeightsError(f'{folder}: expected one checkpoint (*.index) in the folder; {found}')
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
    raise WeightsError(f'{path}: is a tf.train.Checkpoint, as training keeps it to go on; '
                       f'expected {_EXPECTED}')
  for conv1, kind in ((variable_names.CONV1, variable_names.deepmind),
                      ('Conv2d_1a_7x7/weights', variable_names.slim)):
    scopes = [name.removesuffix(conv1) for name in names if re.search(f'(^|/){conv1}$', name)]
    if scopes:
      return _translate(path, kind(scopes[0]), names, get)
  raise _unknown(path, names)


def _read_zip(path):
  try:
    with zipfile.ZipFile(path) as archive:
      keras_file = (archive.read('model.weights.h5')
                    if 'model.weights.h5' in archive.namelist() else None)
  except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
          ValueError) as e:
    raise _damaged(path, e) from e
  return _read_torch(path) if keras_file is None else _read_keras(path, io.BytesIO(keras_file))


def _read_keras(path, place):
  arrays = {}
  try:
    with h5py.File(place) as file:
      file.visititems(lambda name, item: arrays.update({name: item[()]})
                      if isinstance(item, h5py.Dataset) else None)
  except (LookupError, OSError, RuntimeError, TypeError, ValueError) as e:
    raise _damaged(path, e) from e
  kind = variable_names.keras_file()
  if next(iter(kind.names)) not in arrays:
    raise _unknown(path, arrays)
  return _translate(path, kind, arrays, arrays.get)


def _read_torch(path):
  try:
    arrays = torch_files.read_state_dict(path)
  except torch_files.TorchFileError as e:
    raise WeightsError(f'{path}: {e}') from e
  for kind in (variable_names.piergiaj(), variable_names.hassony()):
    if next(iter(kind.names)) in arrays:
      return _translate(path, kind, arrays, arrays.get)
  raise _unknown(path, arrays)


def _translate(path, kind, names, get):
  """The variables of a file as `Weights`.

  Args:
    path: for messages.
    kind: a `variable_names.Kind`.
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
    raise WeightsError(f'{path}: {kind.description} with variables that I3D does not have: '
                       f'{_some(unused)}')
  missing = [name for name in kind.names if name not in set(names)]
  if missing and not {kind.names[name][0] for name in missing} == set(variable_names.HEAD):
    raise WeightsError(f'{path}: {kind.description} without {_some(missing)}')

  arrays = {}
  for name, (original, convert) in kind.names.items():
    if name not in missing:
      arrays[original] = _converted(path, name, original, get(name), convert)
  _fold_scales(arrays)
  ignored = tuple(label if count == 1 else f'{label} ({count} variables)'
                  for label, count in counts.items())
  return Weights(path, kind.description, arrays, ignored, kind.of_images)


def _converted(path, name, original, array, convert):
  """An array of a file as ours of the name `original`."""
  array = np.asarray(array)
  if array.dtype.kind not in 'fiuV':  # V: bfloat16
    raise WeightsError(f'{path}: expected numbers as {name}; found {array.dtype}')
  try:
    found = convert(array).astype(np.float32)
  except (IndexError, ValueError) as e:  # what it expects has other axes
    raise WeightsError(f'{path}: {name} has the unexpected shape {array.shape}') from e
  if found.ndim != (5 if original.endswith('/w') else 1):
    raise WeightsError(f'{path}: {name} has the unexpected shape {array.shape}')
  if not np.isfinite(found).all():
    raise WeightsError(f'{path}: expected finite numbers; {name} holds '
                       f'{np.count_nonzero(~np.isfinite(found))} that are not')
  return found


def _fold_scales(arrays):
  """Moves batch norm's gamma, which I3D does not have, into the kernel before it.

  gamma * (K x - mean) / sqrt(variance + eps) is ((gamma K) x - gamma mean) / sqrt(...),
  so this is exact wherever the moving statistics are used.
  """
  for name in [name for name in arrays if name.endswith('/batch_norm/gamma')]:
    gamma = arrays.pop(name)
    unit = name.removesuffix('/batch_norm/gamma')
    if (gamma != 1).any():
      arrays[f'{unit}/conv_3d/w'] *= gamma
      arrays[f'{unit}/batch_norm/moving_mean'] *= gamma


# === Messages ===


def _channels(count):
  return f'{count} channels' + (f', {STREAMS[count]}' if count in STREAMS else '')


def _some(names):
  return ', '.join(names[:3]) + _more(names[3:])


def _more(names, how=''):
  return f' and {len(names)} more {how}'.rstrip() if names else ''


def _damaged(path, error, part='it'):
  reason = str(error).splitlines()[0] if str(error) else type(error).__name__
  return WeightsError(f'{path}: {part} cannot be read to the end (truncated or damaged): {reason}')


def _unknown(path, names):
  names = sorted(names)
  return WeightsError(f'{path}: holds no weights of I3D, but '
                      f'{_some(names) if names else "nothing"}; expected {_EXPECTED}')
