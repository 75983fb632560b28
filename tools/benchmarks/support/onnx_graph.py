"""Writes ONNX files, that of I3D among them, without the package onnx.

The messages and their numbers are those of onnx.proto (ONNX 1.8, operator set 13).
"""

from collections.abc import Sequence
import os

import keras
from keras import ops
import numpy as np

from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.model import layers

_IR_VERSION, _OPERATOR_SET = 7, 13
_FLOAT = 1  # TensorProto.FLOAT
_INT_ATTRIBUTE, _TEXT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 3, 7  # AttributeProto.AttributeType

Extent = int | str  # A text is the name of a free extent.


class Graph:
  """A graph of float32 tensors, written node by node."""

  def __init__(self) -> None:
    self._nodes, self._constants, self._count = b'', b'', 0

  def add(self, operator: str, *inputs: str, **attributes: int | str | Sequence[int]) -> str:
    """Adds a node with one output; returns the name of the output."""
    output = self._name(operator)
    self._nodes += _field(
      1,
      b''.join(_field(1, name) for name in inputs)
      + _field(2, output)
      + _field(4, operator)
      + b''.join(_field(5, _attribute(name, value)) for name, value in attributes.items()),
    )
    return output

  def constant(self, values: np.ndarray) -> str:
    """Adds a tensor that is always the same; returns its name."""
    name = self._name('constant')
    dims = b''.join(_field(1, n) for n in values.shape)
    data = values.astype('<f4').tobytes()
    self._constants += _field(5, dims + _field(2, _FLOAT) + _field(8, name) + _field(9, data))
    return name

  def save(
    self, path: str | os.PathLike, clips: Sequence[Extent], output: str, logits: Sequence[Extent]
  ) -> None:
    """Writes the file.

    Args:
      path: of the file.
      clips: extents of the input, which is called `clips`.
      output: what is given as `logits`: the name of a node's output.
      logits: its extents.
    """
    nodes = self._nodes + _field(1, _field(1, output) + _field(2, 'logits') + _field(4, 'Identity'))
    graph = (
      nodes
      + _field(2, 'graph')
      + self._constants
      + _field(11, _tensor('clips', clips))
      + _field(12, _tensor('logits', logits))
    )
    operators = _field(8, _field(1, '') + _field(2, _OPERATOR_SET))
    with open(path, 'wb') as f:
      f.write(_field(1, _IR_VERSION) + operators + _field(7, graph))

  def _name(self, kind: str) -> str:
    self._count += 1
    return f'{kind}_{self._count}'


def save_i3d(model: inception_i3d.InceptionI3D, path: str | os.PathLike) -> None:
  """Writes I3D as an ONNX file that takes float32 clips [B, C, T, H, W] and gives logits [B, N]."""
  graph, x = Graph(), 'clips'
  for name, kind, _ in architecture.LAYERS:
    layer = model.get_layer(name)
    if kind == 'mixed':
      x = graph.add('Concat', *(_branch(graph, x, part) for part in layer.branches), axis=1)
    else:
      x = _branch(graph, x, [layer])
  head = model.get_layer('Logits')
  x = graph.add('AveragePool', x, kernel_shape=(2, head.pool_size, head.pool_size))
  x = graph.add('Conv', x, _kernel(graph, head.conv), graph.constant(_array(head.conv.bias)))
  x = graph.add('ReduceMean', x, axes=(2, 3, 4), keepdims=0)
  size = model.frame_size
  graph.save(path, ('b', model.channels, 't', size, size), x, ('b', model.num_classes))


def _branch(graph: Graph, x: str, parts: Sequence[keras.layers.Layer]) -> str:
  """Adds units and pools, one after the other; their SAME padding is ONNX's SAME_UPPER."""
  for part in parts:
    if isinstance(part, layers.MaxPool3D):
      (time, space), (time_stride, space_stride) = part.window, part.strides
      x = graph.add(
        'MaxPool',
        x,
        kernel_shape=(time, space, space),
        strides=(time_stride, space_stride, space_stride),
        auto_pad='SAME_UPPER',
      )
      continue
    norm = part.batch_norm
    scale = 1 / np.sqrt(_array(norm.moving_variance) + norm.epsilon)
    shift = graph.constant(_array(norm.beta) - _array(norm.moving_mean) * scale)
    kernel = _kernel(graph, part.conv, scale)
    x = graph.add('Conv', x, kernel, shift, strides=part.conv.strides, auto_pad='SAME_UPPER')
    x = graph.add('Relu', x)
  return x


def _kernel(graph: Graph, conv: keras.layers.Conv3D, scale: np.ndarray | float = 1.0) -> str:
  """Adds the kernel of a convolution, its output channels scaled, in ONNX's order of axes."""
  return graph.constant((_array(conv.kernel) * scale).transpose(4, 3, 0, 1, 2))


def _array(variable: keras.Variable) -> np.ndarray:
  return ops.convert_to_numpy(variable).astype(np.float64)


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
  if isinstance(value, int):
    return _field(1, name) + _field(3, value) + _field(20, _INT_ATTRIBUTE)
  if isinstance(value, str):
    return _field(1, name) + _field(4, value) + _field(20, _TEXT_ATTRIBUTE)
  return _field(1, name) + b''.join(_field(8, n) for n in value) + _field(20, _INTS_ATTRIBUTE)


def _tensor(name: str, shape: Sequence[Extent]) -> bytes:
  dims = b''.join(_field(1, _field(1 if isinstance(n, int) else 2, n)) for n in shape)
  return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dims)))


def _varint(value: int) -> bytes:
  out = bytearray()
  while value > 127:
    out.append(value & 127 | 128)
    value >>= 7
  return bytes(out + bytes([value]))


def _field(number: int, value: int | str | bytes) -> bytes:
  """One field of a message: a number, a text or a message."""
  if isinstance(value, int):
    return _varint(number << 3) + _varint(value)
  data = value.encode() if isinstance(value, str) else value
  return _varint(number << 3 | 2) + _varint(len(data)) + data
