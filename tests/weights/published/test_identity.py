"""Which release the tensors of a file are, by the tensors alone."""

import dataclasses
import hashlib

import numpy as np
import pytest

from i3d_tf.model import inception_i3d
from i3d_tf.weights import assign
from i3d_tf.weights import readers
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import releases
from tests import fakes


@pytest.fixture(scope='module')
def written(tmp_path_factory):
  """A small network's file of weights, and its weights as .npz by the original names."""
  folder = tmp_path_factory.mktemp('rgb_imagenet')
  model = inception_i3d.InceptionI3D(num_classes=3, width=0.25, frame_size=32)
  model.save_weights(folder / 'a.weights.h5')
  arrays = {
    name: variable.numpy() for name, variable in assign.variables_by_original_name(model).items()
  }
  np.savez(folder / 'a.npz', **arrays)
  return folder


def test_the_container_makes_no_difference(written):
  keras_file, npz = readers.read(written / 'a.weights.h5'), readers.read(written / 'a.npz')
  assert keras_file.kind != npz.kind
  assert identity.fingerprint(keras_file) == identity.fingerprint(npz)


def test_one_changed_number_is_another_network(written):
  weights = readers.read(written / 'a.npz')
  name = next(iter(weights.arrays))
  changed = weights.arrays[name].copy()
  changed.flat[7] = np.nextafter(changed.flat[7], 2, dtype=np.float32)
  other = dataclasses.replace(weights, arrays={**weights.arrays, name: changed})
  assert identity.fingerprint(other) != identity.fingerprint(weights)


def test_a_folder_is_not_believed(written):
  weights = readers.read(written / 'a.npz')
  assert identity.release_of(weights) is None
  said = identity.describe(weights)
  # pytest numbers its folders: rgb_imagenet0 is not the name itself.
  assert said.endswith('the tensors are of no release that is known here')
  claimed = dataclasses.replace(weights, path='models/rgb_imagenet/model.ckpt')
  assert identity.describe(claimed).endswith(', although the path says rgb_imagenet')


def test_a_known_fingerprint_is_its_release(written, monkeypatch):
  weights = readers.read(written / 'a.npz')
  release = dataclasses.replace(
    releases.RELEASES['flow_scratch'], tensors=identity.fingerprint(weights)
  )
  monkeypatch.setitem(releases.RELEASES, 'flow_scratch', release)
  assert identity.release_of(weights) == release
  assert "those of DeepMind's flow_scratch" in identity.describe(weights)


def test_checksums_are_gits_and_sha256(tmp_path):
  (tmp_path / 'a').write_bytes(b'hello\n')
  # git hash-object of "hello" and a line feed.
  assert identity.git_blob(tmp_path / 'a') == 'ce013625030ba8dba906f756967f9e9ca394464a'
  assert identity.sha256(tmp_path / 'a') == hashlib.sha256(b'hello\n').hexdigest()


def test_the_real_file_is_recognized():
  weights = readers.read(fakes.shared('weights', 'rgb_scratch'))
  release = identity.release_of(weights)
  assert release is not None and release.name == 'rgb_scratch'
  index = fakes.shared('weights', 'rgb_scratch', 'model.ckpt.index')
  assert identity.git_blob(index) == release.files[0].git_blob


@pytest.mark.parametrize(
  'name, scope',
  [
    ('rgb_imagenet', 'RGB/inception_i3d/'),
    ('flow_imagenet', 'Flow/inception_i3d/'),
    ('rgb_scratch_kin600', ''),
  ],
)
def test_fingerprints_follow_from_the_published_indices(name, scope):
  """The CRC-32Cs there are masked, as in a TFRecord."""
  crcs = {}
  with open(fakes.shared('reference', f'index_{name}.txt'), encoding='utf-8') as f:
    for line in f:
      variable, *_, masked = line.split('\t')
      if not line.startswith('#') and not variable.endswith('/Momentum'):
        rotated = (int(masked, 16) - 0xA282EAD8) % 2**32
        crcs[variable.removeprefix(scope)] = (rotated >> 17 | rotated << 15) % 2**32
  assert len(crcs) == 230
  lines = ''.join(f'{variable} {crcs[variable]:08x}\n' for variable in sorted(crcs))
  assert releases.RELEASES[name].tensors == hashlib.sha256(lines.encode()).hexdigest()
