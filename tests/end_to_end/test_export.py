"""The command export: published weights become a SavedModel or TFLite file that answers alike."""

import numpy as np
import pytest
import tensorflow as tf

from i3d_tf.model import inception_i3d
from tests import commands
from tests import networks


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
  """A folder with weights of full width and 5 classes, and the names of these."""
  folder = tmp_path_factory.mktemp('weights')
  model = inception_i3d.InceptionI3D(len(networks.CLASSES), dropout=0.0, seed=0)
  model.save_weights(str(folder / 'rgb.weights.h5'))
  (folder / 'labels.txt').write_text('\n'.join(networks.CLASSES))
  clip = np.random.default_rng(0).uniform(-1, 1, (1, 9, 224, 224, 3)).astype(np.float32)
  return folder, clip, model(clip, training=False).numpy()


def test_the_full_network_is_exported_with_its_names(weights):
  folder, clip, expected = weights
  out, err = commands.run(
    'i3d_tf.export', '--weights=rgb.weights.h5', '--output=models/i3d/1', cwd=folder
  )
  assert 'models/i3d/1: signatures serving_default, background, activity, clip, classes' in out
  assert 'labels.txt: class names' in err
  served = tf.saved_model.load(str(folder / 'models' / 'i3d' / '1')).signatures
  logits = served['clip'](clip=tf.constant(clip))['logits'].numpy()
  assert np.abs(logits - expected).max() <= 1e-5 * np.abs(expected).max()
  assert served['classes']()['classes'].numpy()[0] == networks.CLASSES[0].encode()


def test_the_full_network_becomes_tflite(weights):
  folder, clip, expected = weights
  commands.run(
    'i3d_tf.export',
    '--weights=rgb.weights.h5',
    '--output=i3d.tflite',
    '--format=tflite',
    '--frames=9',
    cwd=folder,
  )
  runner = tf.lite.Interpreter(str(folder / 'i3d.tflite')).get_signature_runner()
  logits = runner(clip=clip)['logits']
  assert np.abs(logits - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --output, the folder or file to make; it was not given'),
    (
      ('--output=a.tflite',),
      'expected --output to end in .tflite with --format=tflite, and only '
      'then; received a.tflite with saved_model',
    ),
    (('--output=a', '--flow_weights=b'), 'expected one network; received rgb.weights.h5, b'),
  ],
)
def test_bad_flags_are_one_line(weights, arguments, message):
  assert message in commands.error(
    'i3d_tf.export', '--weights=rgb.weights.h5', *arguments, cwd=weights[0]
  )
