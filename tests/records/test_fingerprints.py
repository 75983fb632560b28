"""The hash of what records hold: it tells other videos and masks, and not how they are stored."""

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


def test_folder_number_of_files_and_flow_do_not_matter_to_rgb(same, tmp_path):
  sources, expected = same
  assert len(expected) == 64
  assert _hash(sources, tmp_path / 'cut', num_shards=2) == expected
  assert _hash(sources, tmp_path / 'flow', flow='dis') == expected


def test_other_flow_is_other_content_of_the_flow_stream(same, tmp_path):
  sources, expected = same
  found = {
    _hash(sources, tmp_path / name, 'flow', **how)
    for name, how in (
      ('a', {'flow': 'dis'}),
      ('b', {'flow': 'tvl1'}),
      ('c', {'flow': 'dis', 'flow_format': 'jpeg'}),
    )
  }
  assert len(found) == 3 and expected not in found


@pytest.mark.parametrize('change', [{'seed': 5}, {'masks': False}, {'label': 1}])
def test_other_videos_masks_and_labels_are_other_content(same, tmp_path, change):
  assert _hash(_sources(tmp_path / 'other', **change), tmp_path / 'new') != same[1]


def test_masks_that_cover_as_much_elsewhere_are_other_content(same, tmp_path):
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


def test_frames_that_are_stored_otherwise_are_other_content(same, tmp_path):
  assert _hash(same[0], tmp_path / 'new', jpeg_quality=50) != same[1]
