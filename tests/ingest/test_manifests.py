"""Manifests: which records are continued, how many shards there are, what is left out."""

import dataclasses
import os

import cv2
import numpy as np
import pytest

from i3d_tf.ingest import build as build_lib
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import manifests
from i3d_tf.ingest import requests
from i3d_tf.masks import coco_files
from i3d_tf.records import folders
from i3d_tf.records import schema
from tests import fakes
from tests.ingest import data_sources

_NAMES = ['A', 'B']
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=3)


@pytest.fixture(scope='module', name='sources')
def _sources(tmp_path_factory):
  return data_sources.write(tmp_path_factory.mktemp('sources'))


@pytest.fixture(scope='module', name='undisturbed')
def _undisturbed(sources, tmp_path_factory):
  folder = tmp_path_factory.mktemp('undisturbed')
  assert not build_lib.build(sources, _NAMES, str(folder), _SETTINGS)
  return folder


@pytest.mark.parametrize(
  'changes, which',
  [
    ({'short_side': 32}, 'short_side'),
    ({'frame_rate': 12.5}, 'frame_rate'),
    ({'jpeg_quality': 50}, 'jpeg_quality'),
    ({'flow': 'tvl1'}, 'flow'),
    ({'num_shards': 2}, 'num_shards'),
    ({'seed': 1}, 'seed'),
    ({'flow_format': 'jpeg'}, 'flow_format'),
    ({'flow_jpeg_quality': 80}, 'flow_jpeg_quality'),
    ({'seed': 1, 'short_side': 32}, 'short_side, seed'),
  ],
)
def test_build_rejects_records_of_other_settings(sources, undisturbed, changes, which):
  before = fakes.contents(undisturbed)
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(sources, _NAMES, str(undisturbed), dataclasses.replace(_SETTINGS, **changes))
  assert str(error.value) == (
    f'{undisturbed}: these records were made with other settings ({which}); choose another '
    'folder or remove this one'
  )
  assert fakes.contents(undisturbed) == before


def test_build_rejects_records_of_other_videos_or_classes_or_with_masks(sources, undisturbed):
  def message(*arguments):
    with pytest.raises(schema.RecordError) as error:
      build_lib.build(*arguments, str(undisturbed), _SETTINGS)
    return str(error.value)

  assert 'other settings (videos);' in message(sources[:2], _NAMES)
  without = [dataclasses.replace(source, masks=None) for source in sources]
  assert 'these records were made with masks; now ' in message(without, _NAMES)
  assert 'other settings (other classes);' in message(sources, ['A', 'C'])


def test_build_rejects_another_label_map(sources, tmp_path):
  (tmp_path / 'labels.txt').write_text('B\nA\n')
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert str(error.value) == (
    f'{tmp_path}/labels.txt: expected the 2 classes of the data set, from A to B; found 2 '
    'classes, or another order'
  )
  (tmp_path / 'labels.txt').write_text('A\nB\n')
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)


@pytest.mark.parametrize(
  'count, workers, fewest, expected',
  [(100, 1, 1, 7), (100, 8, 1, 16), (3, 8, 1, 3), (1, 1, 1, 1), (100, 1, 40, 40), (9, 1, 40, 9)],
)
def test_number_of_shards_fits_the_data_set(monkeypatch, count, workers, fewest, expected):
  monkeypatch.setattr(manifests, '_stored_size', lambda *_: 10e6)
  sources = [encode_video.VideoSource(f'A/{n}.avi', '', 0) for n in range(count)]
  settings = requests.EncodingSettings()
  assert manifests.number_of_shards(sources, settings, None, workers, fewest) == expected


def test_build_keeps_the_number_of_shards(tmp_path):
  sources = [fakes.source(tmp_path, f'A/{n}.avi', frames=fakes.moving(3)) for n in range(5)]
  settings = dataclasses.replace(_SETTINGS, num_shards=None)
  output = str(tmp_path / 'records')
  build_lib.build(sources, _NAMES, output, settings)
  before = fakes.contents(output)
  assert folders.open_folder(output).settings['num_shards'] == 2
  build_lib.build(sources, _NAMES, output, settings, workers=4)
  assert fakes.contents(output) == before


def test_stored_size_estimates_the_frames(tmp_path):
  noise = np.random.default_rng(0).integers(0, 256, (50, 24, 32, 3), np.uint8)
  source = fakes.source(tmp_path, frames=noise)
  estimate = manifests._stored_size(source, _SETTINGS)
  stored = encode_video.read_video(source, _NAMES, _SETTINGS)
  assert estimate == pytest.approx(sum(map(len, stored.frames)), rel=0.1)
  half = dataclasses.replace(source, start=1.0)
  assert manifests._stored_size(half, _SETTINGS) == pytest.approx(estimate / 2, rel=0.1)
  assert manifests._stored_size(dataclasses.replace(source, file='none'), _SETTINGS) is None


def test_stored_size_of_a_folder_of_frames_is_that_of_the_video(tmp_path):
  noise = np.random.default_rng(0).integers(0, 256, (50, 24, 32, 3), np.uint8)
  source = fakes.source(tmp_path, frames=noise)
  (tmp_path / 'v').mkdir()
  for index, frame in enumerate(noise):
    cv2.imwrite(str(tmp_path / 'v' / f'{index}.png'), frame[..., ::-1])
  folder = dataclasses.replace(source, file=str(tmp_path / 'v'))
  for of in ({}, {'start': 1.0}):
    estimate = manifests._stored_size(dataclasses.replace(folder, **of), _SETTINGS)
    expected = manifests._stored_size(dataclasses.replace(source, **of), _SETTINGS)
    assert estimate == pytest.approx(expected, rel=0.1)


def test_build_leaves_out_unusable_videos_with_their_reasons(tmp_path):
  broken = lambda path: os.path.join(tmp_path, 'videos', path)
  paths = [f'A/v_A_g{n:02d}_c01.avi' for n in range(9)]
  sources = [fakes.source(tmp_path, path, masks=fakes.moving_masks()) for path in paths]
  noise = np.random.default_rng(0).integers(0, 256, (20, 24, 32, 3), np.uint8)
  fakes.write_video(sources[2].file, noise)
  with open(sources[2].file, 'rb+') as f:
    f.truncate(os.path.getsize(f.name) // 2)
  os.remove(broken(paths[0]))
  open(broken(paths[1]), 'w').close()
  with open(broken(paths[3]), 'w') as f:
    f.write('not found')
  coco_files.write(sources[4].masks, fakes.moving_masks(4), video='')
  with open(sources[5].masks, 'w') as f:
    f.write('{}')
  sources[6] = dataclasses.replace(sources[6], masks=os.path.join(tmp_path, 'none.json'))

  output = str(tmp_path / 'records')
  failures = build_lib.build(sources, _NAMES, output, _SETTINGS)
  assert [failure.path for failure in failures] == paths[:7]
  reasons = [failure.reason for failure in failures]
  assert reasons[:2] == [
    f'{sources[0].file}: no such video file',
    f'{sources[1].file}: the file is empty',
  ]
  assert reasons[2].startswith(f'{sources[2].file}: expected frames to the end; ')
  assert reasons[3] == (
    f'{sources[3].file}: expected a video file; FFmpeg finds no video stream in it'
  )
  assert reasons[4].endswith(f'as many as {sources[4].file} has frames; found 4')
  assert reasons[5].startswith(f'{sources[5].masks}: expected a COCO dataset of person masks')
  assert reasons[6] == f'{sources[6].masks}: no such mask file'
  assert sorted(entry.path for entry in folders.open_folder(output).entries) == paths[7:]
  # Called again, it reports the same.
  assert build_lib.build(sources, _NAMES, output, _SETTINGS) == failures


def test_build_reports_a_data_set_without_usable_videos(tmp_path):
  source = encode_video.VideoSource('A/v.avi', str(tmp_path / 'v.avi'), 0)
  failures = build_lib.build([source], _NAMES, str(tmp_path / 'records'), _SETTINGS)
  assert failures == [manifests.RecordFailure('A/v.avi', f'{source.file}: no such video file')]
  assert not folders.open_folder(str(tmp_path / 'records')).entries
