"""Video files to records: a data set that is stopped, damaged, called again."""

import dataclasses
import os

import numpy as np
import pytest

from i3d_tf.common import errors
from i3d_tf.ingest import build as build_lib
from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.masks import coco_files
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import ucf101
from tests import fakes

_NAMES = ['A', 'B']
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=3)


# === A data set ===


@pytest.fixture(scope='module', name='sources')
def _sources(tmp_path_factory):
  """Seven videos, some with masks."""
  folder = tmp_path_factory.mktemp('sources')
  return [
    fakes.source(
      folder,
      f'{"AB"[n % 2]}/v_{"AB"[n % 2]}_g{n:02d}_c01.avi',
      label=n % 2,
      frames=fakes.moving(3 + n, seed=n),
      masks=fakes.moving_masks(3 + n) if n % 3 else None,
    )
    for n in range(7)
  ]


@pytest.fixture(scope='module', name='undisturbed')
def _undisturbed(sources, tmp_path_factory):
  folder = tmp_path_factory.mktemp('undisturbed')
  assert not build_lib.build(sources, _NAMES, str(folder), _SETTINGS)
  return folder


def _remove(folder, *names):
  for name in names:
    (folder / name).unlink()


def test_every_video_is_stored_once_and_can_be_opened(sources, undisturbed):
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


def test_the_seed_orders_the_videos(sources, undisturbed, tmp_path):
  build_lib.build(sources, _NAMES, str(tmp_path), dataclasses.replace(_SETTINGS, seed=1))
  order = lambda folder: [entry.path for entry in folders.open_folder(str(folder)).entries]
  assert sorted(order(tmp_path)) == sorted(order(undisturbed))
  assert order(tmp_path) != order(undisturbed)
  assert order(undisturbed) != [source.path for source in sources]


def test_more_shards_than_videos_do_no_harm(sources, tmp_path):
  build_lib.build(sources[:1], _NAMES, str(tmp_path), _SETTINGS)
  assert len(folders.open_folder(str(tmp_path)).entries) == 1


def test_progress_counts_every_video_once_and_never_runs_back(sources, tmp_path):
  seen = []
  build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS, lambda *done: seen.append(done))
  assert {total for _, total in seen} == {7}
  done = [count for count, _ in seen]
  assert done == sorted(done) and set(done) == set(range(8))


class _Killed(BaseException):
  pass


@pytest.mark.parametrize('stop', range(1, 8))
def test_a_build_that_was_stopped_is_finished_as_if_it_had_not_been(
  sources, undisturbed, tmp_path, stop
):
  def progress(done, _):
    if done == stop:
      raise _Killed()

  with pytest.raises(_Killed):
    build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS, progress)
  with pytest.raises(schema.RecordError, match='not finished; call make_tfrecords again'):
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
def test_what_was_lost_is_made_anew_and_the_rest_is_left_alone(
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
def test_records_made_with_other_settings_are_refused_and_left_alone(
  sources, undisturbed, changes, which
):
  before = fakes.contents(undisturbed)
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(sources, _NAMES, str(undisturbed), dataclasses.replace(_SETTINGS, **changes))
  assert str(error.value) == (
    f'{undisturbed}: these records were made with other settings ({which}); choose another '
    'folder or remove this one'
  )
  assert fakes.contents(undisturbed) == before


def test_records_of_more_videos_masks_or_other_classes_are_refused(sources, undisturbed):
  def message(*arguments):
    with pytest.raises(schema.RecordError) as error:
      build_lib.build(*arguments, str(undisturbed), _SETTINGS)
    return str(error.value)

  assert 'other settings (videos);' in message(sources[:2], _NAMES)
  without = [dataclasses.replace(source, masks=None) for source in sources]
  assert 'these records were made with masks, of ' in message(without, _NAMES)
  assert 'other settings (other classes);' in message(sources, ['A', 'C'])


def test_a_label_map_that_is_there_is_not_given_another_meaning(sources, tmp_path):
  (tmp_path / 'labels.txt').write_text('B\nA\n')
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert str(error.value) == (
    f'{tmp_path}/labels.txt: expected the 2 classes of the data set, from A to B; found 2 '
    'classes, or another order'
  )
  (tmp_path / 'labels.txt').write_text('A\nB\n')
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)


def test_records_of_an_earlier_version_are_made_anew(sources, undisturbed, tmp_path):
  build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  manifest = folders.read_manifest(str(tmp_path))
  for name in ('flow_format', 'flow_jpeg_quality', 'kept_original'):
    del manifest['settings'][name]
  folders.write_manifest(str(tmp_path), manifest)
  for path in tmp_path.glob('*.sources.json'):
    path.unlink()
  assert not build_lib.build(sources, _NAMES, str(tmp_path), _SETTINGS)
  assert fakes.contents(tmp_path) == fakes.contents(undisturbed)


def test_what_has_changed_is_told_and_made_anew(tmp_path):
  sources = [fakes.source(tmp_path, f'A/{n}.avi', frames=fakes.moving(3, seed=n)) for n in range(4)]
  output, told = str(tmp_path / 'records'), []
  build = lambda: build_lib.build(sources, _NAMES, output, _SETTINGS, tell=told.append)
  assert not build() and not told
  fakes.write_video(sources[2].file, fakes.moving(5))
  assert not build()
  assert told == [
    '1 videos are not stored as they (or their masks, verdicts) now are, such as '
    'A/2.avi: the files of records that hold them are brought up to date'
  ]
  assert {e.path: e.frames for e in folders.open_folder(output).entries}['A/2.avi'] == 5
  assert not build() and len(told) == 1


@pytest.mark.parametrize(
  'count, workers, expected', [(100, 1, 7), (100, 8, 16), (3, 8, 3), (1, 1, 1)]
)
def test_the_number_of_files_fits_the_data_set(monkeypatch, count, workers, expected):
  monkeypatch.setattr(build_lib, '_stored_size', lambda *_: 10e6)
  sources = [encode_video.VideoSource(f'A/{n}.avi', '', 0) for n in range(count)]
  assert build_lib.number_of_shards(sources, requests.EncodingSettings(), workers) == expected


def test_the_number_of_files_stays_once_it_was_chosen(tmp_path):
  sources = [fakes.source(tmp_path, f'A/{n}.avi', frames=fakes.moving(3)) for n in range(5)]
  settings = dataclasses.replace(_SETTINGS, num_shards=None)
  output = str(tmp_path / 'records')
  build_lib.build(sources, _NAMES, output, settings)
  before = fakes.contents(output)
  assert folders.open_folder(output).settings['num_shards'] == 2
  build_lib.build(sources, _NAMES, output, settings, workers=4)
  assert fakes.contents(output) == before


def test_the_size_of_a_video_is_estimated(tmp_path):
  noise = np.random.default_rng(0).integers(0, 256, (50, 24, 32, 3), np.uint8)
  source = fakes.source(tmp_path, frames=noise)
  estimate = build_lib._stored_size(source, _SETTINGS)
  stored = encode_video.read_video(source, _NAMES, _SETTINGS)
  assert estimate == pytest.approx(sum(map(len, stored.frames)), rel=0.1)
  half = dataclasses.replace(source, start=1.0)
  assert build_lib._stored_size(half, _SETTINGS) == pytest.approx(estimate / 2, rel=0.1)
  assert build_lib._stored_size(dataclasses.replace(source, file='none'), _SETTINGS) is None


def test_records_of_other_videos_are_refused(sources, undisturbed):
  renamed = [*sources[:-1], dataclasses.replace(sources[-1], path='A/v_A_g99_c01.avi')]
  with pytest.raises(schema.RecordError) as error:
    build_lib.build(renamed, _NAMES, str(undisturbed), _SETTINGS)
  assert str(error.value) == (
    f'{undisturbed}: these records were made from other videos; choose another folder or remove '
    'this one'
  )


def test_what_cannot_be_used_is_left_out_with_its_reason_and_the_rest_is_stored(tmp_path):
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
  assert reasons[2].startswith(f'{sources[2].file}: expected 20 frames; only ')
  assert reasons[3] == (
    f'{sources[3].file}: expected a video file; FFmpeg finds no video stream in it'
  )
  assert reasons[4].endswith(f'as many as {sources[4].file} has frames; found 4')
  assert reasons[5].startswith(f'{sources[5].masks}: expected a COCO dataset of person masks')
  assert reasons[6] == f'{sources[6].masks}: no such mask file'
  assert sorted(entry.path for entry in folders.open_folder(output).entries) == paths[7:]
  # Called again, it still tells.
  assert build_lib.build(sources, _NAMES, output, _SETTINGS) == failures


def test_a_data_set_of_which_nothing_can_be_used_tells_so(tmp_path):
  source = encode_video.VideoSource('A/v.avi', str(tmp_path / 'v.avi'), 0)
  failures = build_lib.build([source], _NAMES, str(tmp_path / 'records'), _SETTINGS)
  assert failures == [build_lib.RecordFailure('A/v.avi', f'{source.file}: no such video file')]
  assert not folders.open_folder(str(tmp_path / 'records')).entries


# === UCF101's layout ===


@pytest.fixture(name='data_set')
def _data_set(tmp_path):
  """Folders of videos, lists and masks; only one of the three videos has a mask file."""
  fakes.source(tmp_path, 'A/v_A_g01_c01.avi', frames=fakes.moving(3), masks=fakes.moving_masks(3))
  fakes.source(tmp_path, 'A/v_A_g02_c01.avi', frames=fakes.moving(3))
  fakes.source(tmp_path, 'B/v_B_g01_c01.avi', frames=fakes.moving(3))
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


def test_a_data_set_is_stored_with_its_lists_and_the_masks_that_are_there(data_set):
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


def test_without_masks_nothing_is_said_to_lack_them(data_set):
  _, without = build_lib.build_ucf101(settings=_SETTINGS, **{**data_set, 'masks': None})
  assert not without
  opened = folders.open_folder(data_set['output'])
  assert not any(entry.has_person for entry in opened.entries)


@pytest.mark.parametrize('what', ['videos', 'lists', 'masks'])
def test_a_folder_that_is_not_there_is_named_with_its_argument(data_set, what):
  missing = data_set[what] + 'x'
  with pytest.raises(errors.UserError) as error:
    build_lib.build_ucf101(settings=_SETTINGS, **{**data_set, what: missing})
  assert str(error.value) == f'`{what}` must be a folder; received {missing}'
  assert not os.path.exists(data_set['output'])


def test_a_damaged_list_is_refused_before_anything_is_stored(data_set):
  with open(os.path.join(data_set['lists'], 'testlist01.txt'), 'a') as f:
    f.write('C/v_C_g01_c01.avi\n')
  with pytest.raises(ucf101.ListError, match=r'testlist01\.txt:3: expected'):
    build_lib.build_ucf101(settings=_SETTINGS, **data_set)
  assert not os.path.exists(data_set['output'])
