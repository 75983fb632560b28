"""ONNX files as classifiers."""

import sys

import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import onnx_files
from i3d_tf.common import errors
from tests.classifiers import onnx_save

pytest.importorskip('onnxruntime', reason='needs onnxruntime')


def _open(path, **said):
  return onnx_files.open_onnx_file(discovery.ClassifierOptions(str(path), **said))


@pytest.mark.parametrize(
  'shape, axes',
  [(('batch', 3, 8, 16, 16), (2, 3, 4)), ((2, 8, 16, 16, 3), (1, 2, 3))],
  ids=['free batch, channels first', 'fixed batch, channels last'],
)
def test_answers_are_those_of_the_file(tmp_path, shape, axes):
  onnx_save.save_channel_means(tmp_path / 'a.onnx', shape, axes)
  classifier = _open(tmp_path / 'a.onnx', value_range=(0, 1))
  assert (classifier.form.frames, classifier.form.size) == (8, 16)
  assert classifier.class_names == ('class 0', 'class 1', 'class 2')
  clips = np.random.default_rng(0).uniform(-1, 1, (3, 8, 16, 16, 3)).astype(np.float32)
  np.testing.assert_allclose(
    classifier.logits(clips), (clips.mean(axis=(1, 2, 3)) + 1) / 2, atol=1e-6
  )


def test_unusable_files_are_one_line(tmp_path, monkeypatch):
  (tmp_path / 'a.onnx').write_text('nothing')
  with pytest.raises(errors.UserError, match=r'a\.onnx: expected an ONNX file'):
    _open(tmp_path / 'a.onnx')
  onnx_save.save_channel_means(tmp_path / 'a.onnx', ('b', 3, 8, 16, 16), (2, 3, 4))
  with pytest.raises(errors.UserError, match='expected --classifier_range'):
    _open(tmp_path / 'a.onnx')
  onnx_save.save_channel_means(tmp_path / 'b.onnx', ('b', 3, 8, 16, 16), (3, 4))
  with pytest.raises(errors.UserError, match=r'expected an output \[B, N\] of logits'):
    _open(tmp_path / 'b.onnx')
  monkeypatch.setitem(sys.modules, 'onnxruntime', None)
  with pytest.raises(errors.UserError, match=r'expected onnxruntime, .* not installed'):
    _open(tmp_path / 'a.onnx')
