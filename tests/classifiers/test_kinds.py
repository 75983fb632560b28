"""Which kind of classifier a source is."""

import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import functions
from i3d_tf.classifiers import i3d
from i3d_tf.classifiers import keras_files
from i3d_tf.classifiers import kinds
from i3d_tf.classifiers import onnx_files
from i3d_tf.classifiers import saved_models


@pytest.mark.parametrize(
  'source, content, module, opener',
  [
    ('a.module:name', None, functions, 'open_function'),
    ('run', 'run/run.json', i3d, 'of_run'),
    ('saved', 'saved/saved_model.pb', saved_models, 'open_saved_model'),
    ('a.keras', 'a.keras', keras_files, 'open_keras_file'),
    ('a.onnx', 'a.onnx', onnx_files, 'open_onnx_file'),
    ('model.ckpt', 'model.ckpt.index', i3d, 'of_weights'),
    ('a:b', 'a:b', i3d, 'of_weights'),
  ],
)
def test_content_decides_the_kind(tmp_path, monkeypatch, source, content, module, opener):
  monkeypatch.chdir(tmp_path)
  if content is not None:
    (tmp_path / content).parent.mkdir(exist_ok=True)
    (tmp_path / content).write_text('')
  monkeypatch.setattr(module, opener, lambda *arguments: (opener, arguments))
  options = discovery.ClassifierOptions(source)
  opened, arguments = kinds.open_classifier(options)
  assert opened == opener
  assert arguments[0] in (source, options)
