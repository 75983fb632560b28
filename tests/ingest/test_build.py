"""Video files to records: interrupted, damaged, called again."""

import dataclasses
import os

import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import build as build_lib
from i3d_tf.ingest import requests
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import ucf101
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


def _remove(folder, *names):
  for name in names:
    (folder / name).unlink()


def test_build_stores_every_video_once(sources, undisturbed):
  opened = folders.open_folder(str(undisturbed))
  assert opened.label_names == ('A', 'B')
  assert opened.settings == {
    'short_side': 48,
    'frame_rate': 25.0,
    'jpeg_quality': 95,
    'flow': None,
    'num_shards': 3,
    'seed': 0,
    'flow_format': 'png',
    'flow_jpeg_quality': 95,
    'flow_backend': 'opencv',
    'shared_groups': False,
    'videos': 7,
    'with_masks': 4,
    'kept_original': 0,
  }
  entries = {entry.path: entry for entry in opened.entries}
  assert len(opened.entries) == len(entries) == 7
  for n, source in enumerate(sources):
    entry = entries[source.path]
    assert (entry.label, entry.frames, entry.height, entry.width) == (n % 2, 3 + n, 48, 64)
    assert entry.has_person == (n % 3 != 0)
  assert {entry.shard for entry in opened.entries} == {
    f'videos-0000{n}-of-00003.tfrecord' for n in range(3)
  }


def test_build_orders_the_videos_by_the_seed(sources, undisturbed, tmp_path):
  build_lib.build(sources, _NAMES, str(tmp_path), dataclasses.replace(_SETTINGS, seed=1))
  order = lambda folder: [entry.path for entry in folders.open_folder(str(folder)).entries]
  assert sorted(order(tmp_path)) == sorted(order(undisturbed))
  assert order(tmp_path) != order(undisturbed)
  assert order(undisturbed) != [source.path for source in sources]


def test_build_accepts_more_shards_than_videos(sources, tmp_path):
  build_lib.build(sources[:1], _NAMES, str(tmp_path), _SETTINGS)
  assert len(folders.open_folder(str(tmp_path)).entries) == 1


def test_progress_counts_every_video_once_in_order(sources, tmp_path):
  seen = []
  build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS, lambda *done: seen.append(done))
  assert {total for _, total in seen} == {7}
  done = [count for count, _ in seen]
  assert done == sorted(done) and set(done) == set(range(8))


class _Killed(BaseException):
  pass


@pytest.mark.parametrize('stop', range(1, 8))
def test_build_resumes_with_the_records_of_an_uninterrupted_run(
  sources, undisturbed, tmp_path, stop
):
  def progress(done, _):
    if done == stop:
      raise _Killed()

  with pytest.raises(_Killed):
    build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS, progress)
  with pytest.raises(schema.RecordError, match=r'not finished; rerun make_tfrecords'):
    folders.open_folder(str(tmp_path))
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert fakes.contents(tmp_path) == fakes.contents(undisturbed)


_SHARD = 'videos-00001-of-00003'


@pytest.mark.parametrize(
  'damage',
  [
    lambda folder: _remove(folder, f'{_SHARD}.tfrecord', f'{_SHARD}.csv', f'{_SHARD}.sources.json'),
    lambda folder: _remove(folder, f'{_SHARD}.tfrecord'),
    lambda folder: _remove(folder, f'{_SHARD}.csv'),
    lambda folder: _remove(folder, f'{_SHARD}.sources.json'),
    lambda folder: (folder / f'{_SHARD}.tfrecord').write_bytes(b'half'),
    lambda folder: (folder / f'{_SHARD}.csv').write_text('path,label'),
  ],
  ids=['shard', 'shard but not its index', 'index', 'sources', 'end of shard', 'end of index'],
)
@pytest.mark.parametrize('complete', [True, False])
def test_build_remakes_what_was_lost_and_leaves_the_rest_alone(
  sources, undisturbed, tmp_path, damage, complete
):
  build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  damage(tmp_path)
  if not complete:
    folders.write_manifest(
      str(tmp_path), {**folders.read_manifest(str(tmp_path)), 'complete': False}
    )
  other = tmp_path / 'videos-00000-of-00003.tfrecord'
  before = other.stat().st_mtime_ns
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert fakes.contents(tmp_path) == fakes.contents(undisturbed)
  assert other.stat().st_mtime_ns == before


def test_build_remakes_records_of_an_earlier_version(sources, undisturbed, tmp_path):
  build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  manifest = folders.read_manifest(str(tmp_path))
  for name in ('flow_format', 'flow_jpeg_quality', 'kept_original'):
    del manifest['settings'][name]
  folders.write_manifest(str(tmp_path), manifest)
  for path in tmp_path.glob('*.sources.json'):
    path.unlink()
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert fakes.contents(tmp_path) == fakes.contents(undisturbed)


def test_build_logs_and_remakes_what_has_changed(tmp_path):
  sources = [fakes.source(tmp_path, f'A/{n}.avi', frames=fakes.moving(3, seed=n)) for n in range(4)]
  output, lines = str(tmp_path / 'records'), []
  build = lambda: build_lib.build(sources, _NAMES, output, _SETTINGS, log=lines.append)
  assert not build() and not lines
  fakes.write_video(sources[2].file, fakes.moving(5))
  assert not build()
  assert lines == [
    'sources of 1 video changed (video file, masks or verdict), such as A/2.avi; updating the '
    'files of records that hold them'
  ]
  assert {e.path: e.frames for e in folders.open_folder(output).entries}['A/2.avi'] == 5
  assert not build() and len(lines) == 1


def test_build_rejects_records_of_renamed_videos(sources, undisturbed):
  renamed = [*sources[:-1], dataclasses.replace(sources[-1], path='A/v_A_g99_c01.avi')]
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(renamed, _NAMES, str(undisturbed), _SETTINGS)
  assert str(error.value) == (
    f'{undisturbed}: these records were made from other videos; choose another folder or remove '
    'this one'
  )


# === UCF101's layout ===


@pytest.fixture(name='data_set')
def _data_set(tmp_path):
  """Arguments of `build_ucf101`; only one of the three videos has a mask file."""
  fakes.source(tmp_path, 'A/v_A_g01_c01.avi', frames=fakes.moving(3), masks=fakes.moving_masks(3))
  fakes.source(tmp_path, 'A/v_A_g02_c01.avi', frames=fakes.moving(3, seed=1))
  fakes.source(tmp_path, 'B/v_B_g01_c01.avi', frames=fakes.moving(3, seed=2))
  lists = tmp_path / 'lists'
  lists.mkdir()
  (lists / 'classInd.txt').write_text('1 A\r\n2 B\r\n')
  (lists / 'trainlist01.txt').write_text('A/v_A_g02_c01.avi 1\r\n')
  (lists / 'testlist01.txt').write_text('A/v_A_g01_c01.avi\r\nB/v_B_g01_c01.avi\r\n')
  return {
    'videos': str(tmp_path / 'videos'),
    'lists': str(lists),
    'masks': str(tmp_path / 'masks'),
    'output': str(tmp_path / 'records'),
  }


def test_build_ucf101_stores_lists_and_existing_masks(data_set):
  failures, without = build_lib.build_ucf101(settings=_SETTINGS, **data_set)
  assert not failures
  assert without == ['A/v_A_g02_c01.avi', 'B/v_B_g01_c01.avi']
  opened = folders.open_folder(data_set['output'])
  assert opened.label_names == ('A', 'B')
  assert {entry.path: (entry.label, entry.has_person) for entry in opened.entries} == {
    'A/v_A_g01_c01.avi': (0, True),
    'A/v_A_g02_c01.avi': (0, False),
    'B/v_B_g01_c01.avi': (1, False),
  }
  assert fakes.contents(os.path.join(data_set['output'], 'lists')) == fakes.contents(
    data_set['lists']
  )


def test_build_ucf101_reports_no_missing_masks_without_masks(data_set):
  _, without = build_lib.build_ucf101(settings=_SETTINGS, **{**data_set, 'masks': None})
  assert not without
  opened = folders.open_folder(data_set['output'])
  assert not any(entry.has_person for entry in opened.entries)


@pytest.mark.parametrize('what', ['videos', 'lists', 'masks'])
def test_build_ucf101_names_a_missing_folder_by_its_argument(data_set, what):
  missing = data_set[what] + 'x'
  with pytest.raises(errors.UserError) as error:
    build_lib.build_ucf101(settings=_SETTINGS, **{**data_set, what: missing})
  assert str(error.value) == f'`{what}` must be a folder; received {missing}'
  assert not os.path.exists(data_set['output'])


def test_build_ucf101_rejects_a_damaged_list_before_storing_anything(data_set):
  with open(os.path.join(data_set['lists'], 'testlist01.txt'), 'a') as f:
    f.write('C/v_C_g01_c01.avi\n')
  with pytest.raises(ucf101.ListError, match=r'testlist01\.txt:3: expected'):
    build_lib.build_ucf101(settings=_SETTINGS, **data_set)
  assert not os.path.exists(data_set['output'])
