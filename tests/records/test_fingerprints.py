"""The hash of what records hold: it depends on videos and masks, not on files and folders."""

import dataclasses

import pytest

from i3d_tf.ingest import build
from i3d_tf.ingest import requests
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from tests import fakes

_SETTINGS = requests.EncodingSettings(short_side=24, num_shards=1)


def _sources(folder, seed=0, masks=True, label=0):
  return [
    fakes.source(
      folder,
      f'A/v_A_g0{n}_c01.avi',
      frames=fakes.moving(seed=seed + n),
      masks=fakes.moving_masks() if masks else None,
      label=label * n,
    )
    for n in (1, 2)
  ]


def _hash(sources, output, stream='rgb', **settings):
  build.build(sources, ['A', 'B', 'C'], output, dataclasses.replace(_SETTINGS, **settings))
  return fingerprints.content_hash(folders.open_folder(output), stream)


@pytest.fixture(name='same')
def _same(tmp_path):
  sources = _sources(tmp_path)
  return sources, _hash(sources, tmp_path / 'records')


def test_content_hash_of_rgb_ignores_folder_number_of_files_and_flow(same, tmp_path):
  sources, expected = same
  assert len(expected) == 64
  assert _hash(sources, tmp_path / 'cut', num_shards=2) == expected
  assert _hash(sources, tmp_path / 'flow', flow='dis') == expected


def test_content_hash_of_flow_depends_on_the_flow(same, tmp_path):
  sources, expected = same
  hashes = {
    _hash(sources, tmp_path / name, 'flow', **how)
    for name, how in (
      ('a', {'flow': 'dis'}),
      ('b', {'flow': 'tvl1'}),
      ('c', {'flow': 'dis', 'flow_format': 'jpeg'}),
    )
  }
  assert len(hashes) == 3 and expected not in hashes


@pytest.mark.parametrize('change', [{'seed': 5}, {'masks': False}, {'label': 1}])
def test_content_hash_depends_on_videos_masks_and_labels(same, tmp_path, change):
  assert _hash(_sources(tmp_path / 'other', **change), tmp_path / 'new') != same[1]


def test_content_hash_depends_on_where_masks_are(same, tmp_path):
  sources = [
    fakes.source(
      tmp_path / 'other',
      f'A/v_A_g0{n}_c01.avi',
      frames=fakes.moving(seed=n),
      masks=fakes.moving_masks()[:, ::-1],
    )
    for n in (1, 2)
  ]
  assert _hash(sources, tmp_path / 'new') != same[1]


def test_content_hash_depends_on_how_frames_are_stored(same, tmp_path):
  assert _hash(same[0], tmp_path / 'new', jpeg_quality=50) != same[1]
