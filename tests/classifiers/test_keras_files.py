""".keras files as classifiers: this project's networks and others."""

import keras
import numpy as np
import pytest

from i3d_tf.classifiers import discovery
from i3d_tf.classifiers import keras_files
from i3d_tf.common import errors
from i3d_tf.model import inception_i3d
from i3d_tf.weights.published import label_maps
from tests import checkpoints


def _open(path, **said):
  return keras_files.open_keras_file(discovery.ClassifierOptions(str(path), **said))


def test_network_of_this_project_needs_nothing_said(tmp_path):
  model = checkpoints.narrow(3)
  model.save(tmp_path / 'a.keras')
  label_maps.write(label_maps.next_to(tmp_path / 'a.keras'), ['x', 'y', 'z'])
  classifier = _open(tmp_path / 'a.keras')
  assert classifier.class_names == ('x', 'y', 'z')
  clips = np.random.default_rng(0).uniform(-1, 1, (1, 9, 224, 224, 3)).astype(np.float32)
  np.testing.assert_allclose(classifier.logits(clips), model(clips).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('saved', ['float32', 'mixed_bfloat16'])
def test_network_of_this_project_computes_in_the_precision_asked_for(tmp_path, saved):
  model = inception_i3d.InceptionI3D(3, frame_size=32, width=0.125, seed=1, dtype=saved)
  model.save(tmp_path / 'a.keras')
  clips = np.random.default_rng(0).uniform(-1, 1, (2, 9, 32, 32, 3)).astype(np.float32)
  exact = inception_i3d.InceptionI3D(3, frame_size=32, width=0.125)
  exact.set_weights(model.get_weights())
  by_default = _open(tmp_path / 'a.keras')
  np.testing.assert_allclose(by_default.logits(clips), exact(clips).numpy(), rtol=1e-5, atol=1e-6)
  other = _open(tmp_path / 'a.keras', precision='mixed_bfloat16')
  difference = np.abs(other.logits(clips) - by_default.logits(clips)).max()
  assert 0 < difference < 0.1 * np.abs(exact(clips).numpy()).max()
  assert other.fingerprint != by_default.fingerprint


def test_another_network_of_another_layout(tmp_path):
  clips = keras.Input((3, 8, 16, 16))
  pooled = keras.layers.GlobalAveragePooling3D(data_format='channels_first')(clips)
  model = keras.Model(clips, keras.layers.Dense(4, activation='softmax')(pooled))
  model.save(tmp_path / 'a.keras')
  classifier = _open(tmp_path / 'a.keras', value_range=(0, 1))
  assert (classifier.form.layout, classifier.form.frames, classifier.form.size) == ('BCTHW', 8, 16)
  assert isinstance(classifier.network, keras.Model)
  values = np.random.default_rng(0).uniform(-1, 1, (2, 8, 16, 16, 3)).astype(np.float32)
  exps = np.exp(classifier.logits(values))
  expected = model((values.transpose(0, 4, 1, 2, 3) + 1) / 2).numpy()
  np.testing.assert_allclose(exps / exps.sum(1, keepdims=True), expected, atol=1e-5)


def test_a_network_of_bytes_gives_no_gradients(tmp_path):
  clips = keras.Input((8, 16, 16, 3), dtype='uint8')
  pooled = keras.layers.GlobalAveragePooling3D()(keras.layers.Rescaling(1 / 255)(clips))
  keras.Model(clips, keras.layers.Dense(4)(pooled)).save(tmp_path / 'a.keras')
  classifier = _open(tmp_path / 'a.keras')
  assert classifier.network is None and classifier.form.high == 255


def test_unusable_files_are_one_line(tmp_path):
  (tmp_path / 'a.keras').write_text('nothing')
  with pytest.raises(errors.UserError, match=r'a\.keras: expected a \.keras file'):
    _open(tmp_path / 'a.keras')
  images = keras.Input((16, 16, 3))
  keras.Model(images, keras.layers.GlobalAveragePooling2D()(images)).save(tmp_path / 'b.keras')
  with pytest.raises(errors.UserError, match='expected an input of 5 axes'):
    _open(tmp_path / 'b.keras', value_range=(0, 1))
  clips = keras.Input((8, 16, 16, 3))
  keras.Model(clips, keras.layers.Lambda(lambda x: x[:, 0, 0, 0])(clips)).save(tmp_path / 'c.keras')
  with pytest.raises(errors.UserError, match=r'c\.keras: expected a \.keras file; .*unsafe'):
    _open(tmp_path / 'c.keras', value_range=(0, 1))
