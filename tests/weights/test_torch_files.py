"""PyTorch's files: read without PyTorch, and without running code from them."""

import collections
import os
import pickle
import zipfile

import numpy as np
import pytest

from i3d_tf.weights import arrays
from i3d_tf.weights import readers
from i3d_tf.weights import torch_files
from tests import torch_save

# === Tensors ===


@torch_save.both_formats
def test_read_state_dict_returns_tensors_of_all_kinds(tmp_path, save):
  values = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8
  save(
    tmp_path / 'a.pt',
    collections.OrderedDict(
      plain=torch_save.Tensor(values),
      first_version=torch_save.Tensor(values, rebuild='_rebuild_tensor', cuda=True),
      parameter=torch_save.Tensor(values, rebuild='_rebuild_parameter'),
      transposed=torch_save.Tensor(values, shape=(4, 3, 2), strides=(1, 4, 12)),
      part=torch_save.Tensor(values, offset=5, shape=(2, 3), strides=(8, 2)),
      double=torch_save.Tensor(values.astype(np.float64)),
      half=torch_save.Tensor(values.astype(np.float16)),
      brain=torch_save.Tensor(values, bfloat16=True),
      count=torch_save.Tensor(np.int64(7)),
      bytes=torch_save.Tensor(np.arange(3, dtype=np.uint8)),
      empty=torch_save.Tensor(np.zeros((0, 3), np.float32)),
    ),
  )
  tensors = torch_files.read_state_dict(tmp_path / 'a.pt')
  for name in ('plain', 'first_version', 'parameter', 'double', 'half', 'brain'):
    assert tensors[name].dtype == np.float32
    np.testing.assert_array_equal(tensors[name], values, name)
  np.testing.assert_array_equal(tensors['transposed'], values.T)
  np.testing.assert_array_equal(tensors['part'], values.reshape(-1)[[[5, 7, 9], [13, 15, 17]]])
  assert tensors['count'] == 7 and tensors['count'].dtype == np.int64
  assert tensors['bytes'].tolist() == [0, 1, 2] and tensors['empty'].shape == (0, 3)


@torch_save.both_formats
def test_read_state_dict_supports_shared_storages(tmp_path, save):
  one = torch_save.Tensor(np.arange(6, dtype=np.float32))
  other = torch_save.Tensor(np.arange(2, dtype=np.float32), offset=4)
  other.storage = one.storage
  save(tmp_path / 'a.pt', {'one': one, 'other': other})
  tensors = torch_files.read_state_dict(tmp_path / 'a.pt')
  assert tensors['one'].tolist() == [0, 1, 2, 3, 4, 5] and tensors['other'].tolist() == [4, 5]


@pytest.mark.parametrize('key', ['state_dict', 'model_state_dict'])
def test_read_state_dict_removes_wrapper_and_prefix(tmp_path, key):
  torch_save.save_zip(
    tmp_path / 'a.pt',
    {
      'epoch': 3,
      'best': 0.5,
      'args': None,
      'optimizer': {'step': torch_save.Tensor(np.float32(1))},
      key: {'module.a.weight': torch_save.Tensor(np.float32([1, 2]))},
    },
  )
  tensors = torch_files.read_state_dict(tmp_path / 'a.pt')
  assert list(tensors) == ['a.weight'] and tensors['a.weight'].tolist() == [1, 2]


# === Files that are refused ===


class _Call:
  def __init__(self, function, *arguments):
    self.call = function, arguments

  def __reduce__(self):
    return self.call


@torch_save.both_formats
@pytest.mark.parametrize(
  'call, name',
  [
    (_Call(os.system, 'touch ran'), 'posix.system'),
    (_Call(eval, 'open("ran", "w")'), '__builtin__.eval'),
    (_Call(getattr, 'text', 'format'), '__builtin__.getattr'),
  ],
  ids=['system', 'eval', 'getattr'],
)
def test_read_rejects_files_that_would_run_code(tmp_path, monkeypatch, save, call, name):
  monkeypatch.chdir(tmp_path)
  save('a.pt', {'a': call})
  with pytest.raises(arrays.WeightsError) as e:
    readers.read('a.pt')
  assert str(e.value).startswith(
    f'a.pt: refused: unpickling it would run {name}; expected a state dict'
  )
  assert os.listdir() == ['a.pt']


def test_read_state_dict_rejects_dotted_names(tmp_path):
  # Protocol 4 allows `attribute.of.attribute`, and torch._utils imports sys.
  pickled = b'\x80\x04\x8c\x0ctorch._utils\x8c\x0bsys.modules\x93.'
  with zipfile.ZipFile(tmp_path / 'a.pt', 'w') as archive:
    archive.writestr('archive/data.pkl', pickled)
  with pytest.raises(torch_files.TorchFileError, match=r'would run torch\._utils\.sys\.modules'):
    torch_files.read_state_dict(tmp_path / 'a.pt')


@pytest.mark.parametrize(
  'tensor',
  [
    torch_save.Tensor(np.zeros(4, np.float32), shape=(5,), strides=(1,)),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1000000,)),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(2,), strides=(-1,)),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1,), offset=-1),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(2,), strides=(1,), offset=3),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(1 << 40,), strides=(0,)),
    torch_save.Tensor(np.zeros(4, np.float32), shape=(2, 2), strides=(1,)),
  ],
  ids=['longer', 'far', 'backwards', 'before', 'after', 'huge', 'ranks'],
)
def test_read_state_dict_rejects_tensors_that_exceed_storage(tmp_path, tensor):
  torch_save.save_zip(tmp_path / 'a.pt', {'a': tensor})
  with pytest.raises(torch_files.TorchFileError, match=r'truncated or damaged.*: a tensor'):
    torch_files.read_state_dict(tmp_path / 'a.pt')


@torch_save.both_formats
def test_read_state_dict_detects_truncation_anywhere(tmp_path, save):
  save(
    tmp_path / 'a.pt',
    {f'tensor{n}': torch_save.Tensor(np.arange(9, dtype=np.float32)) for n in range(3)},
  )
  complete = (tmp_path / 'a.pt').read_bytes()
  for length in range(2, len(complete), 7):
    (tmp_path / 'b.pt').write_bytes(complete[:length])
    with pytest.raises(torch_files.TorchFileError, match='truncated or damaged'):
      torch_files.read_state_dict(tmp_path / 'b.pt')


@pytest.mark.parametrize(
  'obj, message',
  [
    ([1, 2], 'expected a state dict; the file holds something else'),
    (torch_save.Tensor(np.float32([1])), 'expected a state dict; the file holds something else'),
  ],
)
def test_read_state_dict_rejects_other_objects(tmp_path, obj, message):
  torch_save.save_legacy(tmp_path / 'a.pt', obj)
  with pytest.raises(torch_files.TorchFileError, match=message):
    torch_files.read_state_dict(tmp_path / 'a.pt')


def test_read_state_dict_rejects_other_pickles(tmp_path):
  (tmp_path / 'a.pt').write_bytes(pickle.dumps(1, 2) + pickle.dumps(2, 2))
  with pytest.raises(
    torch_files.TorchFileError, match='expected a pickle of PyTorch; it is another one'
  ):
    torch_files.read_state_dict(tmp_path / 'a.pt')
