"""Writes a small ONNX file: the mean of each channel as logits."""

from tools.benchmarks.support import onnx_graph


def save_channel_means(path, shape, axes):
  """Writes the file.

  Args:
    path: of the file.
    shape: of the input `clips`; a text is a free extent.
    axes: over which the mean is taken.
  """
  graph = onnx_graph.Graph()
  means = graph.add('ReduceMean', 'clips', axes=axes, keepdims=0)
  graph.save(path, shape, means, [n for axis, n in enumerate(shape) if axis not in axes])
