"""Runs and weights of I3D as classifiers."""

import numpy as np
import pytest

from i3d_tf.classifiers import i3d
from i3d_tf.common import errors
from i3d_tf.training import loop
from i3d_tf.training import runs
from tests import checkpoints
from tests import tiny


def test_weights_answer_as_their_network(tmp_path):
  model = checkpoints.narrow(3, channels=2)
  path = checkpoints.save(
    tmp_path / 'model.ckpt', checkpoints.published(model, 'Flow/inception_i3d/')
  )
  classifier = i3d.of_weights(path)
  assert (classifier.form.channels, classifier.form.size) == (2, 224)
  assert classifier.class_names == ('class 0', 'class 1', 'class 2')
  assert any('no label map of 3 classes found near' in note for note in classifier.notes)
  clips = np.random.default_rng(0).uniform(-1, 1, (1, 9, 224, 224, 2)).astype(np.float32)
  np.testing.assert_allclose(classifier.logits(clips), model(clips).numpy(), rtol=1e-5, atol=1e-6)
  short = classifier.logits(clips[:, :3])  # Looped to the 9 frames that the network needs.
  looped = model(clips[:, [0, 1, 2] * 3]).numpy()
  np.testing.assert_allclose(short, looped, rtol=1e-5, atol=1e-6)


def test_weights_without_logits_are_refused(tmp_path):
  variables = checkpoints.published(checkpoints.narrow(3), '')
  kept = {name: value for name, value in variables.items() if 'Logits' not in name}
  path = checkpoints.save(tmp_path / 'model.ckpt', kept)
  with pytest.raises(errors.UserError, match='expected weights with logits; it has none'):
    i3d.of_weights(path)


def test_run_answers_as_its_last_checkpoint(tmp_path):
  run = tiny.run(tiny.make_records(tmp_path), steps=1)
  run_dir = str(tmp_path / 'run')
  runs.start(run_dir, run)
  loop.train(run_dir, run)
  classifier = i3d.of_run(run_dir)
  assert classifier.class_names == tuple(run.label_names)
  size = run.clips.frame_size
  logits = classifier.logits(np.zeros((2, 9, size, size, 3), np.float32))
  assert logits.shape == (2, len(run.label_names))
  with pytest.raises(errors.UserError):
    i3d.of_run(str(tmp_path / 'nowhere'))
