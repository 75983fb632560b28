"""Reads the state dicts of PyTorch without PyTorch, and without running code from the file.

`torch.save` pickles, and a pickle is a program: it may call any function of any
module. Here it may only build dicts and tensors; anything else is refused. Both
formats are supported: zip archives, and the stream of PyTorch before 1.6, in which the
I3D weights of 2017 and 2018 are published.
"""

import collections
from collections.abc import Iterable
import io
import math
import os
import pickle
import struct
from typing import Any, BinaryIO, Literal
import zipfile
import zlib

import numpy as np

_ByteOrder = Literal['<', '>']  # Little-endian, big-endian.
_LEGACY_MAGIC, _LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
# NumPy type of each storage class. NumPy has no bfloat16: u2 holds its bits.
_DTYPES = {
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
_WRAPPERS = ('state_dict', 'model_state_dict')  # Keys under which training scripts save it.

# What unpickling may raise if the pickle is incomplete or made by hand.
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
  """The file cannot be read; the message gives the reason, without the path."""


def read_state_dict(path: str | os.PathLike) -> dict[str, np.ndarray]:
  """Reads the tensors of a state dict that `torch.save` wrote.

  Args:
    path: the file. The state dict may be the entry 'state_dict' or
      'model_state_dict' of a dict whose other entries are ignored. The prefix
      'module.', which comes from training on several devices, is removed.

  Returns:
    Arrays by name; floating-point types are converted to float32.

  Raises:
    TorchFileError: the file is damaged, holds no state dict, or asks for functions
      or classes that no state dict needs.
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
        raise TorchFileError('expected a state dict; the file holds something else')
      return {
        str(name).removeprefix('module.'): value.array()
        for name, value in dict(state_dict).items()
        if isinstance(value, _Tensor)
      }
  except _DAMAGE as e:
    raise TorchFileError(f'not a complete PyTorch file (truncated or damaged): {e}') from e


class _Storage:
  """The values that one or more tensors share.

  Attributes:
    class_name: PyTorch's name of the storage class, a key of `_DTYPES`.
    count: number of values.
    values: [count], or None until they are read.
  """

  def __init__(self, class_name: str, count: int) -> None:
    self.class_name, self.count = class_name, count
    self.dtype = np.dtype(_DTYPES[class_name])
    self.values: np.ndarray | None = None

  def set_bytes(self, data: bytes, byte_order: _ByteOrder) -> None:
    """Sets the values from their bytes in a byte order, '<' or '>'."""
    if len(data) != self.count * self.dtype.itemsize:
      raise ValueError(f'expected {self.count * self.dtype.itemsize} bytes; found {len(data)}')
    values = np.frombuffer(data, self.dtype.newbyteorder(byte_order))
    if self.class_name == 'BFloat16Storage':  # The upper half of a float32.
      values = (values.astype(np.uint32) << 16).view(np.float32)
    self.values = values.astype(np.float32) if values.dtype.kind == 'f' else values


class _Tensor:
  """A view of a storage: shape, strides and offset, all in elements."""

  def __init__(
    self, storage: _Storage, offset: int, shape: Iterable[int], strides: Iterable[int]
  ) -> None:
    self.storage, self.offset = storage, int(offset)
    self.shape, self.strides = tuple(map(int, shape)), tuple(map(int, strides))

  def array(self) -> np.ndarray:
    """Copies the view to an array.

    Raises:
      ValueError: the view exceeds its storage.
    """
    values, shape, strides = self.storage.values, self.shape, self.strides
    if values is None:
      raise ValueError('a tensor whose storage is missing')
    # as_strided does not check bounds.
    if len(shape) != len(strides) or min((self.offset, *shape, *strides)) < 0:
      raise ValueError('a tensor with impossible extents')
    last = self.offset + sum((n - 1) * step for n, step in zip(shape, strides))
    size: int = math.prod(shape)
    if size > values.size or (size and last >= values.size):
      raise ValueError('a tensor that exceeds its storage')
    return np.lib.stride_tricks.as_strided(
      values[self.offset :], shape, [step * values.itemsize for step in strides]
    ).copy()


class _Unpickler(pickle.Unpickler):
  """Unpickles dicts, numbers, strings and tensors; refuses everything else.

  Attributes:
    storages: the storages that the pickle refers to, by key.
  """

  def __init__(self, file: BinaryIO) -> None:
    super().__init__(file, encoding='utf-8')  # For the strings of Python 2.
    self.storages: dict[str, _Storage] = {}

  def find_class(self, module: str, name: str) -> Any:
    """Returns a stand-in for a class or function that a state dict may use.

    Raises:
      TorchFileError: for any other class or function.
    """
    if (module, name) == ('collections', 'OrderedDict'):
      return collections.OrderedDict
    if module in ('torch', 'torch.cuda') and name in _DTYPES:
      return name  # A string can be neither called nor changed.
    if module == 'torch._utils' and name in ('_rebuild_tensor', '_rebuild_tensor_v2'):
      return self._tensor
    if (module, name) == ('torch._utils', '_rebuild_parameter'):
      return self._parameter
    raise TorchFileError(
      f'refused: unpickling it would run {module}.{name}; expected a state dict, as '
      'torch.save(model.state_dict(), path) writes it'
    )

  def persistent_load(self, pid: Any) -> tuple[_Storage, int]:
    """Returns the storage of a reference, and the offset of its first value."""
    kind, class_name, key, _, count, *views = pid
    if kind != 'storage':
      raise ValueError(f'unknown kind of reference: {kind!r}')
    storage = self.storages.setdefault(key, _Storage(class_name, count))
    if (storage.class_name, storage.count) != (class_name, count):
      raise ValueError(f'two storages with the key {key!r}')
    view = views[0] if views else None  # (key, offset, count) in the stream format.
    return storage, view[1] if view else 0

  def _tensor(
    self,
    storage_and_start: tuple[_Storage, int],
    offset: int,
    shape: Iterable[int],
    strides: Iterable[int],
    *_: object,
  ) -> _Tensor:
    storage, start = storage_and_start
    if not isinstance(storage, _Storage):
      raise ValueError('a tensor without storage')
    return _Tensor(storage, start + offset, shape, strides)

  def _parameter(self, tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


def _load_zip(file: BinaryIO) -> Any:
  """Loads the object in a zip archive of PyTorch 1.6 or later."""
  archive = zipfile.ZipFile(file)
  names = archive.namelist()
  pickle_name = next((name for name in names if name.split('/')[1:] == ['data.pkl']), None)
  if pickle_name is None:
    raise TorchFileError('expected a zip archive of PyTorch; it has no data.pkl')
  folder = pickle_name.removesuffix('data.pkl')
  order_name = f'{folder}byteorder'
  order = archive.read(order_name).decode() if order_name in names else 'little'
  unpickler = _Unpickler(io.BytesIO(archive.read(pickle_name)))
  root = unpickler.load()
  for key, storage in unpickler.storages.items():
    storage.set_bytes(archive.read(f'{folder}data/{key}'), '>' if order == 'big' else '<')
  return root


def _load_legacy(file: BinaryIO) -> Any:
  """Loads the object in a stream: pickles of magic, protocol, system, object, keys; storages."""
  if (_Unpickler(file).load(), _Unpickler(file).load()) != (_LEGACY_MAGIC, _LEGACY_PROTOCOL):
    raise TorchFileError('expected a pickle of PyTorch; it is another one')
  order: _ByteOrder = '<' if _Unpickler(file).load().get('little_endian', True) else '>'
  unpickler = _Unpickler(file)
  root = unpickler.load()
  for key in _Unpickler(file).load():
    storage = unpickler.storages[key]
    (count,) = struct.unpack(f'{order}q', file.read(8))
    if count != storage.count:
      raise ValueError(f'expected {storage.count} values; found {count}')
    storage.set_bytes(file.read(count * storage.dtype.itemsize), order)
  return root
