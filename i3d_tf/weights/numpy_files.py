"""Reads dictionaries of NumPy arrays: .npz files, and pickles without running code from them.

A pickle is a program: it may call any function of any module. Here it may only build
dictionaries and arrays; anything else is refused.
"""

from collections.abc import Iterator, Mapping
import io
import pickle
from typing import Any
import zipfile
import zlib

import numpy as np

# What reading may raise if the file is incomplete or made by hand.
_DAMAGE = (
  pickle.UnpicklingError,
  zipfile.BadZipFile,
  zlib.error,
  EOFError,
  AttributeError,
  ImportError,
  LookupError,
  MemoryError,
  NotImplementedError,
  OverflowError,
  RecursionError,
  TypeError,
  UnicodeError,
  ValueError,
)


class NumpyFileError(Exception):
  """The file cannot be read; the message gives the reason, without the path."""


def is_numpy_pickle(head: bytes) -> bool:
  """Whether a pickle, of which these are the first bytes, mentions NumPy before anything else."""
  return head.startswith(b'\x80') and b'numpy' in head and b'torch' not in head


def read_pickle(path: str) -> dict[str, np.ndarray]:
  """Reads a pickle of nested dictionaries of arrays.

  Args:
    path: the file.

  Returns:
    The arrays by the names of the dictionaries, joined with '/'.

  Raises:
    NumpyFileError: it is damaged, or holds anything but dictionaries, strings and arrays.
  """
  with open(path, 'rb') as f:
    content = f.read()
  try:
    return dict(_flat(_Unpickler(io.BytesIO(content)).load()))
  except _DAMAGE as e:
    raise NumpyFileError(_reason(e)) from e


def read_npz(path: str) -> dict[str, np.ndarray]:
  """Reads the arrays of an .npz file; as `read_pickle`."""
  try:
    with np.load(path, allow_pickle=False) as file:
      return {name: file[name] for name in file.files}
  except _DAMAGE as e:
    raise NumpyFileError(_reason(e)) from e


def _reason(error: Exception) -> str:
  return str(error).splitlines()[0] if str(error) else type(error).__name__


def _flat(tree: Any, prefix: str = '') -> Iterator[tuple[str, np.ndarray]]:
  if not isinstance(tree, Mapping):
    raise pickle.UnpicklingError(f'expected a dictionary of arrays; found {type(tree).__name__}')
  for name, item in tree.items():
    if isinstance(item, _Array):
      yield f'{prefix}{name}', item.array
    else:
      yield from _flat(item, f'{prefix}{name}/')


class _DType:
  """What stands for numpy.dtype: its code, and its byte order from the state."""

  def __init__(self, code: str, *flags: Any) -> None:
    del flags
    self.dtype = np.dtype(code)
    if self.dtype.hasobject:
      raise pickle.UnpicklingError(f'expected numbers; found an array of {code}')

  def __setstate__(self, state: tuple[Any, ...]) -> None:
    if state[1] == '>':
      self.dtype = self.dtype.newbyteorder('>')


class _Array:
  """What stands for numpy.ndarray."""

  def __init__(self, *arguments: Any) -> None:
    del arguments
    self.array = np.zeros(0)

  def __setstate__(self, state: tuple[Any, ...]) -> None:
    _, shape, dtype, is_fortran, content = state
    flat = np.frombuffer(content, dtype.dtype)
    self.array = flat.reshape(shape, order='F' if is_fortran else 'C')


class _Unpickler(pickle.Unpickler):
  def find_class(self, module: str, name: str) -> Any:
    known = {'_reconstruct': _Array, 'ndarray': _Array, 'dtype': _DType}
    if module.split('.')[0] == 'numpy' and name in known:
      return known[name]
    if (module, name) == ('_codecs', 'encode'):  # bytes, in pickles of Python 2
      return lambda text, encoding: text.encode('latin1')
    raise pickle.UnpicklingError(f'expected NumPy arrays alone; it calls {module}.{name}')
