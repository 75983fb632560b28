"""Writes a small ONNX file without the package onnx: the mean of each channel as logits.

The messages and their numbers are those of onnx.proto (ONNX 1.8, operator set 13).
"""

_FLOAT, _INT, _INTS = 1, 2, 7


def _varint(value):
  out = bytearray()
  while value > 127:
    out.append(value & 127 | 128)
    value >>= 7
  return bytes(out + bytes([value]))


def _field(number, value):
  """One field: a number, a text or a message."""
  if isinstance(value, int):
    return _varint(number << 3) + _varint(value)
  data = value.encode() if isinstance(value, str) else value
  return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name, shape):
  dims = b''.join(_field(1, _field(1, n) if isinstance(n, int) else _field(2, n)) for n in shape)
  return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dims)))


def save_channel_means(path, shape, axes):
  """Writes the file.

  Args:
    path: of the file.
    shape: of the input `clips`; a text is a free extent.
    axes: over which the mean is taken.
  """
  attributes = _field(
    5, _field(1, 'axes') + b''.join(_field(8, axis) for axis in axes) + _field(20, _INTS)
  ) + _field(5, _field(1, 'keepdims') + _field(3, 0) + _field(20, _INT))
  node = _field(1, 'clips') + _field(2, 'logits') + _field(4, 'ReduceMean') + attributes
  outputs = [n for axis, n in enumerate(shape) if axis not in axes]
  graph = (
    _field(1, node)
    + _field(2, 'means')
    + _field(11, _tensor('clips', shape))
    + _field(12, _tensor('logits', outputs))
  )
  model = _field(1, 7) + _field(8, _field(1, '') + _field(2, 13)) + _field(7, graph)
  with open(path, 'wb') as f:
    f.write(model)
