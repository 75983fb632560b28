"""Files as torch.save writes them, without PyTorch."""

import collections
import io
import pickle
import struct
import sys
import types
from unittest import mock
import zipfile

import numpy as np
import pytest

_STORAGES = {
  'float32': 'FloatStorage',
  'float64': 'DoubleStorage',
  'float16': 'HalfStorage',
  'int64': 'LongStorage',
  'uint8': 'ByteStorage',
  'bfloat16': 'BFloat16Storage',
}
_REBUILD = ('_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter')


def _torch_modules():
  """Modules with the names to which a pickle of PyTorch refers."""
  modules = {name: types.ModuleType(name) for name in ('torch', 'torch.cuda', 'torch._utils')}
  for module in ('torch', 'torch.cuda'):
    for name in _STORAGES.values():
      setattr(modules[module], name, type(name, (), {'__module__': module}))
  for name in _REBUILD:
    function = types.FunctionType((lambda *_: None).__code__, {}, name)
    function.__module__, function.__qualname__ = 'torch._utils', name
    setattr(modules['torch._utils'], name, function)
  return modules


class _Storage:
  def __init__(self, data, count, class_name, module='torch'):
    self.data, self.count, self.class_name, self.module = data, count, class_name, module


class Tensor:
  """A tensor that is pickled like a tensor of PyTorch: a view of an array.

  Args:
    array: the values.
    strides: of the view in elements; None for those of the array.
    offset: of the view in elements.
    shape: of the view; None for that of the array.
    bfloat16: whether to store the float32 values as bfloat16.
    rebuild: the function of torch._utils that rebuilds the tensor.
    cuda: whether the storage is on a GPU.
  """

  def __init__(
    self,
    array,
    *,
    strides=None,
    offset=0,
    shape=None,
    bfloat16=False,
    rebuild='_rebuild_tensor_v2',
    cuda=False,
  ):
    array = np.asarray(array)
    data = array.astype(array.dtype.newbyteorder('<')).tobytes()
    name = array.dtype.name
    if bfloat16:
      data, name = (array.view(np.uint32) >> 16).astype('<u2').tobytes(), 'bfloat16'
    self.storage = _Storage(data, array.size, _STORAGES[name], 'torch.cuda' if cuda else 'torch')
    self.offset, self.shape = offset, array.shape if shape is None else shape
    self.strides = strides or tuple(s // array.itemsize for s in array.strides)
    self.rebuild = rebuild

  def __reduce__(self):
    functions = sys.modules['torch._utils']
    if self.rebuild == '_rebuild_parameter':
      plain = Tensor.__new__(Tensor)
      plain.__dict__.update(self.__dict__, rebuild='_rebuild_tensor_v2')
      return functions._rebuild_parameter, (plain, True, collections.OrderedDict())
    arguments = (self.storage, self.offset, self.shape, self.strides)
    if self.rebuild == '_rebuild_tensor_v2':
      arguments += (False, collections.OrderedDict())
    return getattr(functions, self.rebuild), arguments


class _Pickler(pickle.Pickler):
  def __init__(self, file, legacy):
    super().__init__(file, protocol=2)
    self.legacy, self.storages = legacy, {}

  def persistent_id(self, obj):
    if not isinstance(obj, _Storage):
      return None
    key = str(
      list(self.storages.values()).index(obj)
      if obj in self.storages.values()
      else len(self.storages)
    )
    self.storages[key] = obj
    pid = ('storage', getattr(sys.modules[obj.module], obj.class_name), key, 'cuda:0', obj.count)
    return pid + (None,) if self.legacy else pid


def save_zip(path, obj):
  """Writes the zip archive of PyTorch 1.6 and later."""
  pickled = io.BytesIO()
  with mock.patch.dict(sys.modules, _torch_modules()):
    pickler = _Pickler(pickled, legacy=False)
    pickler.dump(obj)
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('archive/data.pkl', pickled.getvalue())
    archive.writestr('archive/byteorder', 'little')
    for key, storage in pickler.storages.items():
      archive.writestr(f'archive/data/{key}', storage.data)


def save_legacy(path, obj):
  """Writes the stream of earlier versions."""
  with open(path, 'wb') as f, mock.patch.dict(sys.modules, _torch_modules()):
    for head in (0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001, 'little_endian': True}):
      pickle.dump(head, f, protocol=2)
    pickler = _Pickler(f, legacy=True)
    pickler.dump(obj)
    pickle.dump(list(pickler.storages), f, protocol=2)
    for storage in pickler.storages.values():
      f.write(struct.pack('<q', storage.count) + storage.data)


both_formats = pytest.mark.parametrize('save', [save_zip, save_legacy], ids=['zip', 'legacy'])
