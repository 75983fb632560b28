"""Hashes of networks: equal for equal ones alone."""

import keras
import pytest

from i3d_tf.classifiers import fingerprints
from i3d_tf.classifiers import protocol


def test_files_are_hashed_wherever_they_are(tmp_path):
  for folder in ('a', 'b'):
    (tmp_path / folder / 'variables').mkdir(parents=True)
    (tmp_path / folder / 'saved_model.pb').write_bytes(b'graph')
    (tmp_path / folder / 'variables' / 'index').write_bytes(b'1')
  first, second = (fingerprints.of_files([tmp_path / name]) for name in 'ab')
  assert first == second
  (tmp_path / 'b' / 'variables' / 'index').write_bytes(b'2')
  assert fingerprints.of_files([tmp_path / 'b']) != first
  (tmp_path / 'b' / 'variables' / 'index').write_bytes(b'1')
  (tmp_path / 'b' / 'variables' / 'index').rename(tmp_path / 'b' / 'variables' / 'other')
  assert fingerprints.of_files([tmp_path / 'b']) != first


def test_a_missing_file_is_an_error(tmp_path):
  with pytest.raises(OSError):
    fingerprints.of_files([tmp_path / 'none'])


def test_variables_are_hashed_by_value():
  models = [keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)]) for _ in range(2)]
  assert fingerprints.of_variables(models[0].variables) != fingerprints.of_variables(
    models[1].variables
  )
  models[1].set_weights(models[0].get_weights())
  assert fingerprints.of_variables(models[0].variables) == fingerprints.of_variables(
    models[1].variables
  )


def test_what_a_classifier_answers_depends_on_its_clips_and_names_too():
  def made(content='x', size=32, names=('a', 'b')):
    return protocol.Classifier('net', names, protocol.ClipForm(size), len, (), content).fingerprint

  assert made() == made()
  assert len({made(), made(content='y'), made(size=64), made(names=('b', 'a'))}) == 4
