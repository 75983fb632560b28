"""ONNX files are those of the graph that was described, and I3D as one is I3D."""

import numpy as np
import pytest

from tests import networks
from tools.benchmarks.support import onnx_graph

onnxruntime = pytest.importorskip('onnxruntime', reason='needs onnxruntime')


def _session(path):
  return onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])


def test_a_graph_computes_what_was_added_to_it(tmp_path):
  graph = onnx_graph.Graph()
  factors = np.array([1.5, -2, 300], np.float32)
  product = graph.add('Mul', 'clips', graph.constant(factors))
  total = graph.add('ReduceMean', product, axes=(1,), keepdims=1)
  graph.save(tmp_path / 'a.onnx', ('b', 2, 3), total, ('b', 1, 3))
  session = _session(tmp_path / 'a.onnx')
  assert [(i.name, i.shape) for i in session.get_inputs()] == [('clips', ['b', 2, 3])]
  assert [(o.name, o.shape) for o in session.get_outputs()] == [('logits', ['b', 1, 3])]
  values = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
  (found,) = session.run(None, {'clips': values})
  np.testing.assert_allclose(found, (values * factors).mean(1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize('stream, frames', [('rgb', 9), ('rgb', 22), ('flow', 12)])
def test_i3d_as_onnx_is_i3d(tmp_path, stream, frames):
  model = networks.network(stream).model
  onnx_graph.save_i3d(model, tmp_path / 'i3d.onnx')
  shape = (2, frames, 32, 32, model.channels)
  clips = np.random.default_rng(frames).uniform(-1, 1, shape).astype(np.float32)
  (found,) = _session(tmp_path / 'i3d.onnx').run(None, {'clips': clips.transpose(0, 4, 1, 2, 3)})
  expected = model(clips).numpy()
  assert np.abs(expected).max() > 0.5
  np.testing.assert_allclose(found, expected, atol=1e-5)
