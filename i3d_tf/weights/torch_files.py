"""PyTorch's files of tensors, read without PyTorch and without running what they say.

`torch.save` pickles, and a pickle is a program: it may call any function of any
module. Here it may only build dicts and tensors; whatever else it asks for ends
the reading. Both formats are read: zip archives, and the stream of PyTorch before
1.6 that the I3D weights of 2017 and 2018 have.
"""

import collections
import io
import math
import pickle
import struct
import zipfile
import zlib

import numpy as np

_LEGACY_MAGIC, _LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {  # storage class: numpy type; numpy has no bfloat16, these are its bits
  'FloatStorage': 'f4',
  'DoubleStorage': 'f8',
  'HalfStorage': 'f2',
  'BFloat16Storage': 'u2',
  'LongStorage': 'i8',
  'IntStorage': 'i4',
  'ShortStorage': 'i2',
  'CharStorage': 'i1',
  'ByteStorage': 'u1',
  'BoolStorage': '?',
}
_WRAPPERS = ('state_dict', 'model_state_dict')  # keys under which training scripts save it

# What unpickling bytes that are no whole pickle, or one made by hand, may raise.
_DAMAGE = (
  pickle.UnpicklingError,
  zipfile.BadZipFile,
  zlib.error,
  struct.error,
  EOFError,
  AttributeError,
  ImportError,
  LookupError,
  MemoryError,
  NotImplementedError,
  OverflowError,
  RecursionError,
  TypeError,
  ValueError,
)


class TorchFileError(Exception):
  """The file cannot be read; the message says why, without the path."""


def read_state_dict(path):
  """The tensors of a state dict that `torch.save` wrote.

  Args:
    path: the file. The state dict may lie under 'state_dict' or
      'model_state_dict', beside other things, which are left out; the prefix
      'module.', which training on several devices leaves, is taken off.

  Returns:
    A dict from name to numpy array; floating types are float32.

  Raises:
    TorchFileError: damaged, no state dict, or it asks for functions or classes
      that no state dict needs.
  """
  try:
    with open(path, 'rb') as file:
      is_zip = file.read(2) == b'PK'
      file.seek(0)
      root = _load_zip(file) if is_zip else _load_legacy(file)
      state_dict = next(
        (
          root[key]
          for key in _WRAPPERS
          if isinstance(root, dict) and isinstance(root.get(key), dict)
        ),
        root,
      )
      if not isinstance(state_dict, dict):
        raise TorchFileError('holds no state dict')
      return {
        str(name).removeprefix('module.'): value.array()
        for name, value in dict(state_dict).items()
        if isinstance(value, _Tensor)
      }
  except _DAMAGE as e:
    raise TorchFileError(f'no whole PyTorch file (truncated or damaged): {e}') from e


class _Storage:
  """The values behind one or more tensors; `values` is set once they are read."""

  def __init__(self, class_name, count):
    self.class_name, self.count = class_name, count
    self.dtype = np.dtype(_DTYPES[class_name])
    self.values = None

  def set_bytes(self, data, byte_order):
    if len(data) != self.count * self.dtype.itemsize:
      raise ValueError(f'expected {self.count * self.dtype.itemsize} bytes; found {len(data)}')
    values = np.frombuffer(data, self.dtype.newbyteorder(byte_order))
    if self.class_name == 'BFloat16Storage':  # the upper half of a float32
      values = (values.astype(np.uint32) << 16).view(np.float32)
    self.values = values.astype(np.float32) if values.dtype.kind == 'f' else values


class _Tensor:
  """A view of a storage: shape and strides in elements, from an offset on."""

  def __init__(self, storage, offset, shape, strides):
    self.storage, self.offset = storage, int(offset)
    self.shape, self.strides = tuple(map(int, shape)), tuple(map(int, strides))

  def array(self):
    values, shape, strides = self.storage.values, self.shape, self.strides
    # as_strided reads any memory that it is told to.
    if len(shape) != len(strides) or min((self.offset, *shape, *strides)) < 0:
      raise ValueError('a tensor with impossible extents')
    last = self.offset + sum((n - 1) * step for n, step in zip(shape, strides))
    if math.prod(shape) > values.size or (math.prod(shape) and last >= values.size):
      raise ValueError('a tensor that exceeds its storage')
    return np.lib.stride_tricks.as_strided(
      values[self.offset :], shape, [step * values.itemsize for step in strides]
    ).copy()


class _Unpickler(pickle.Unpickler):
  """Unpickles dicts, numbers, strings and tensors; refuses everything else.

  Attributes:
    storages: dict from key to `_Storage`, those that the pickle names.
  """

  def __init__(self, file):
    super().__init__(file, encoding='utf-8')  # for the strings of Python 2
    self.storages = {}

  def find_class(self, module, name):
    if (module, name) == ('collections', 'OrderedDict'):
      return collections.OrderedDict
    if module in ('torch', 'torch.cuda') and name in _DTYPES:
      return name  # a string can be neither called nor changed
    if module == 'torch._utils' and name in ('_rebuild_tensor', '_rebuild_tensor_v2'):
      return self._tensor
    if (module, name) == ('torch._utils', '_rebuild_parameter'):
      return self._parameter
    raise TorchFileError(
      f'refused: unpickling it would run {module}.{name}; expected a state dict, as '
      'torch.save(model.state_dict(), path) writes it'
    )

  def persistent_load(self, pid):
    """A storage and where in it to begin."""
    kind, class_name, key, _, count, *views = pid
    if kind != 'storage':
      raise ValueError(f'unknown kind of reference: {kind!r}')
    storage = self.storages.setdefault(key, _Storage(class_name, count))
    if (storage.class_name, storage.count) != (class_name, count):
      raise ValueError(f'two storages of the name {key!r}')
    view = views[0] if views else None  # (key, offset, count) in the stream format
    return storage, view[1] if view else 0

  def _tensor(self, storage_and_start, offset, shape, strides, *_):
    storage, start = storage_and_start
    if not isinstance(storage, _Storage):
      raise ValueError('a tensor without storage')
    return _Tensor(storage, start + offset, shape, strides)

  def _parameter(self, tensor, *_):
    return tensor


def _load_zip(file):
  archive = zipfile.ZipFile(file)
  names = archive.namelist()
  pickle_name = next((name for name in names if name.split('/')[1:] == ['data.pkl']), None)
  if pickle_name is None:
    raise TorchFileError('a zip archive, but not of PyTorch')
  folder = pickle_name.removesuffix('data.pkl')
  order_name = f'{folder}byteorder'
  order = archive.read(order_name).decode() if order_name in names else 'little'
  unpickler = _Unpickler(io.BytesIO(archive.read(pickle_name)))
  root = unpickler.load()
  for key, storage in unpickler.storages.items():
    storage.set_bytes(archive.read(f'{folder}data/{key}'), '>' if order == 'big' else '<')
  return root


def _load_legacy(file):
  """Five pickles (magic, protocol, system, the object, keys), then the storages."""
  if (_Unpickler(file).load(), _Unpickler(file).load()) != (_LEGACY_MAGIC, _LEGACY_PROTOCOL):
    raise TorchFileError('a pickle, but not of PyTorch')
  order = '<' if _Unpickler(file).load().get('little_endian', True) else '>'
  unpickler = _Unpickler(file)
  root = unpickler.load()
  for key in _Unpickler(file).load():
    storage = unpickler.storages[key]
    (count,) = struct.unpack(f'{order}q', file.read(8))
    if count != storage.count:
      raise ValueError(f'expected {storage.count} values; found {count}')
    storage.set_bytes(file.read(count * storage.dtype.itemsize), order)
  return root
