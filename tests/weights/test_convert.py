"""Conversion of weights to Keras files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.model import inception_i3d
from i3d_tf.weights import arrays
from i3d_tf.weights import assign
from i3d_tf.weights import convert
from i3d_tf.weights import readers
from tests import commands


def _checkpoint(prefix, model):
  variables = {
    f'Flow/inception_i3d/{name}': v.numpy()
    for name, v in assign.variables_by_original_name(model).items()
  }
  tf.raw_ops.SaveV2(
    prefix=str(prefix),
    tensor_names=list(variables),
    tensors=list(variables.values()),
    shape_and_slices=[''] * len(variables),
  )


@pytest.fixture(scope='module')
def source(tmp_path_factory):
  """A folder with flow.ckpt, of the full size and 7 classes, and its model."""
  folder = tmp_path_factory.mktemp('convert')
  model = inception_i3d.InceptionI3D(7, channels=2, seed=1)
  _checkpoint(folder / 'flow.ckpt', model)
  return folder, model


def _assert_equal(actual, expected, names):
  actual, expected = map(assign.variables_by_original_name, (actual, expected))
  for name in names:
    np.testing.assert_array_equal(actual[name].numpy(), expected[name].numpy(), name)


def test_command_converts_and_reports_what_it_took(source):
  folder, model = source
  out, _ = commands.run(
    'tools.convert_weights', '--weights=flow.ckpt', '--output=new/flow.weights.h5', cwd=folder
  )
  assert (
    "flow.ckpt: DeepMind's I3D checkpoint (flow, 7 classes): 230 of the network's 230 "
    'variables set' in out
  )
  assert 'new/flow.weights.h5: written' in out
  assert [path.name for path in (folder / 'new').iterdir()] == ['flow.weights.h5']
  loaded = inception_i3d.InceptionI3D(7, channels=2)
  loaded.load_weights(folder / 'new/flow.weights.h5')
  _assert_equal(loaded, model, assign.variables_by_original_name(model))


def test_convert_writes_a_new_head_to_a_keras_file(source):
  folder, model = source
  description = convert.convert(
    str(folder / 'flow.ckpt'), str(folder / 'new.keras'), num_classes=3, new_head=True
  )
  assert 'left as initialized: the logits' in description
  loaded = keras.models.load_model(folder / 'new.keras')
  names = assign.variables_by_original_name(model)
  _assert_equal(loaded, model, [name for name in names if not name.startswith('Logits')])
  seeded = inception_i3d.InceptionI3D(3, channels=2, seed=0)
  _assert_equal(loaded, seeded, [name for name in names if name.startswith('Logits')])


@pytest.mark.parametrize(
  'arguments, message',
  [
    ({'output': 'a.h5'}, 'the output must end in .weights.h5 or .keras; received a.h5'),
    ({'channels': 3}, 'takes 2 channels, flow; expected 3 channels, rgb'),
    ({'num_classes': 3}, 'has 7 classes; expected 3'),
  ],
)
def test_convert_rejects_what_does_not_fit_and_writes_nothing(source, arguments, message):
  folder, _ = source
  arguments = {'output': str(folder / 'bad/a.keras'), **arguments}
  with pytest.raises(errors.UserError) as e:
    convert.convert(str(folder / 'flow.ckpt'), **arguments)
  assert message in str(e.value)
  assert not (folder / 'bad').exists()


def test_convert_needs_the_number_of_classes_for_weights_of_images(monkeypatch):
  images = arrays.Weights('a.ckpt', 'images', {}, of_images=True)
  monkeypatch.setattr(readers, 'read', lambda path: images)
  with pytest.raises(errors.UserError, match=r'a\.ckpt: has no logits, .* expected num_classes'):
    convert.convert('a.ckpt', 'a.keras')
