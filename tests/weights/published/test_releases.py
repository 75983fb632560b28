"""The table of releases: every file has a checksum and is at a commit that does not move."""

import re

import pytest

from i3d_tf.weights.published import releases


@pytest.mark.parametrize('release', releases.RELEASES.values(), ids=str)
def test_every_file_is_pinned(release):
  assert release.files
  for file in release.files:
    assert file.git_blob is not None or file.sha256 is not None
    if file.git_blob is not None:
      assert re.fullmatch('[0-9a-f]{40}', file.git_blob)
      assert re.search('/[0-9a-f]{40}/data/', file.url)
    if file.sha256 is not None:
      assert re.fullmatch('[0-9a-f]{64}', file.sha256)


def test_names_are_what_users_type():
  assert list(releases.RELEASES) == [
    'rgb_imagenet',
    'rgb_scratch',
    'flow_imagenet',
    'flow_scratch',
    'rgb_scratch_kin600',
    'inception_v1',
  ]
  assert releases.DEFAULT in releases.RELEASES
  checksums = [f.git_blob for r in releases.RELEASES.values() for f in r.files if f.git_blob]
  assert len(set(checksums)) == len(checksums)


def test_only_deepminds_networks_of_kinetics_have_logits():
  for name, release in releases.RELEASES.items():
    assert release.channels == (2 if name.startswith('flow') else 3)
    assert release.num_classes == {'inception_v1': None, 'rgb_scratch_kin600': 600}.get(name, 400)
