"""Which kind of classifier a source is."""

import json
import zipfile

import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import functions
from i3d_tf.classifiers import i3d
from i3d_tf.classifiers import keras_files
from i3d_tf.classifiers import kinds
from i3d_tf.classifiers import onnx_files
from i3d_tf.classifiers import saved_models
from i3d_tf.common import errors


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


def _make(folder, name):
  """Writes what decides the kind of a source, and nothing else."""
  path = folder / name
  path.parent.mkdir(exist_ok=True)
  if path.suffix == '.keras':
    with zipfile.ZipFile(path, 'w') as archive:
      archive.writestr('config.json', json.dumps({'class_name': path.stem}))
  else:
    path.write_text('')


@pytest.mark.parametrize(
  'source, made',
  [
    ('a.module:name', None),
    ('saved', 'saved/saved_model.pb'),
    ('Functional.keras', 'Functional.keras'),
    ('a.onnx', 'a.onnx'),
  ],
)
def test_precision_is_refused_of_networks_that_have_their_own(tmp_path, monkeypatch, source, made):
  monkeypatch.chdir(tmp_path)
  if made is not None:
    _make(tmp_path, made)
  kinds.check(discovery.ClassifierOptions(source, size=8))
  for precision in ('float32', 'mixed_bfloat16'):
    with pytest.raises(errors.UserError, match=f'{source}: has its own precision; received --prec'):
      kinds.check(discovery.ClassifierOptions(source, precision=precision))


@pytest.mark.parametrize(
  'source, made',
  [
    ('run', 'run/run.json'),
    ('InceptionI3D.keras', 'InceptionI3D.keras'),
    ('model.ckpt', 'model.ckpt.index'),
    ('rgb_scratch', None),
  ],
)
def test_i3d_takes_a_precision_and_says_the_rest_itself(tmp_path, monkeypatch, source, made):
  monkeypatch.chdir(tmp_path)
  if made is not None:
    _make(tmp_path, made)
  kinds.check(discovery.ClassifierOptions(source, precision='mixed_bfloat16'))
  with pytest.raises(errors.UserError, match='says itself what it takes; .* --classifier_range'):
    kinds.check(discovery.ClassifierOptions(source, value_range=(0, 1)))


def test_a_run_knows_its_classes_and_weights_may_not(tmp_path):
  _make(tmp_path, 'run.json')
  with pytest.raises(errors.UserError, match='says itself what it takes; received --labels'):
    kinds.check(discovery.ClassifierOptions(str(tmp_path), labels='ucf101'))
  kinds.check(discovery.ClassifierOptions('rgb_scratch', labels='ucf101'))


def test_a_damaged_keras_file_is_for_its_opener_to_refuse(tmp_path):
  for content in (b'', b'PK', b'nothing'):
    (tmp_path / 'a.keras').write_bytes(content)
    kinds.check(discovery.ClassifierOptions(str(tmp_path / 'a.keras'), size=8))


def test_a_module_of_tf_hub_is_read_for_its_weights(tmp_path, monkeypatch):
  for file in ('saved_model.pb', 'tfhub_module.pb'):
    (tmp_path / file).write_text('')
  monkeypatch.setattr(i3d, 'of_weights', lambda *arguments: arguments)
  options = discovery.ClassifierOptions(str(tmp_path), precision='mixed_bfloat16')
  assert kinds.open_classifier(options) == (str(tmp_path), None, 'mixed_bfloat16')
  kinds.check(options)
  said = discovery.ClassifierOptions(str(tmp_path), frames=16)
  with pytest.raises(errors.UserError, match='says itself what it takes'):
    kinds.check(said)
