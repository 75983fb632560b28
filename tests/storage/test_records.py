"""Records in an object store are the records that a folder would hold."""

import dataclasses
import json
import os

import fsspec
import pytest

from flags.shared import existing
from i3d_tf.common import errors
from i3d_tf.ingest import build
from i3d_tf.ingest import make_records
from i3d_tf.ingest import requests
from i3d_tf.inputs import read_records
from i3d_tf.inspection import inspect_folder
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.records import splits
from i3d_tf.storage import stores
from tests import fakes
from tests.ingest import data_sources

_URL = 'memory://bucket/records'
_NAMES = ['A', 'B']
_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=3)
_LISTS = {'trainlist01.txt': b'A/v_A_g00_c01.avi 1\n', 'testlist01.txt': b'B/v_B_g01_c01.avi 2\n'}
_SHARD = 'videos-00001-of-00003'


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
  """fsspec's store in memory, empty, and an empty cache."""
  monkeypatch.setenv(stores.VARIABLE, str(tmp_path / 'cache'))
  store = fsspec.filesystem('memory')
  store.mkdirs('/bucket', exist_ok=True)
  yield store
  store.rm('/', recursive=True)


@pytest.fixture
def sources(tmp_path):
  return data_sources.write(tmp_path / 'sources')


def _build(sources, output):
  assert not build.build(sources, _NAMES, output, _SETTINGS, lists=_LISTS)
  return output


def _stored(memory):
  return {name: memory.cat_file(name) for name in memory.find('/bucket/records')}


def test_the_same_files_are_written_to_a_store_as_to_a_folder(memory, sources, tmp_path):
  _build(sources, str(tmp_path / 'local'))
  _build(sources, _URL)
  expected = {f'/bucket/records/{k}': v for k, v in fakes.contents(tmp_path / 'local').items()}
  assert _stored(memory) == expected and len(expected) == 14
  left = [name for _, _, names in os.walk(stores.local(_URL)) for name in names]
  assert not left, 'what was needed to write them is removed'


def test_records_are_read_from_a_store_as_from_a_folder(sources, tmp_path):
  local = folders.open_folder(_build(sources, str(tmp_path / 'local')))
  remote = folders.open_folder(_build(sources, f'{_URL}/'))
  assert (remote.url, remote.address) == (_URL, _URL)
  assert (local.url, local.address) == (None, str(tmp_path / 'local'))
  assert remote.entries == local.entries and remote.settings == local.settings
  assert fingerprints.content_hash(remote) == fingerprints.content_hash(local)
  for subset in ('train', 'test'):
    assert splits.load(remote, subset, 1) == splits.load(local, subset, 1)
  import tensorflow as tf

  positions = tf.data.Dataset.range(7).map(lambda n: (n, n))
  frames = [
    [record['frames'].numpy().tolist() for _, record in read_records.read(positions, s, s.entries)]
    for s in (local, remote)
  ]
  assert frames[0] == frames[1] and len(frames[0]) == 7


def test_the_manifest_is_complete_after_everything_else(memory, sources, monkeypatch):
  written = []
  put = type(memory).put_file

  def noting(self, lpath, rpath, **kwargs):
    put(self, lpath, rpath, **kwargs)
    written.append((os.path.basename(rpath), self.cat_file(rpath)))

  monkeypatch.setattr(type(memory), 'put_file', noting)
  _build(sources, _URL)
  complete = [
    json.loads(content)['complete'] for name, content in written if name == folders.MANIFEST
  ]
  assert complete == [False, True]
  assert written[-1][0] == folders.MANIFEST
  order = [name for name, _ in written if name.startswith(_SHARD)]
  assert order == [f'{_SHARD}.tfrecord', f'{_SHARD}.sources.json', f'{_SHARD}.csv']


def test_files_that_are_there_are_not_made_again(memory, sources, monkeypatch):
  _build(sources, _URL)
  before = _stored(memory)
  memory.rm_file(f'/bucket/records/{_SHARD}.csv')
  written = []
  put = type(memory).put_file
  monkeypatch.setattr(
    type(memory),
    'put_file',
    lambda self, lpath, rpath, **kw: (written.append(rpath), put(self, lpath, rpath, **kw)),
  )
  _build(sources, _URL)
  assert _stored(memory) == before
  assert {name for name in written if name.endswith('.tfrecord')} == {
    f'/bucket/records/{_SHARD}.tfrecord'
  }


def test_new_masks_are_stored_and_what_is_unchanged_is_copied_from_the_store(
  memory, sources, monkeypatch
):
  _build(sources, _URL)
  for source in sources:
    if source.masks is None:
      os.remove(source.file)  # its record is all that is left of it
  changed = next(source for source in sources if source.masks is not None)
  fakes.source(
    os.path.dirname(os.path.dirname(changed.masks)),
    os.path.relpath(changed.file, os.path.join(os.path.dirname(changed.masks), '..', 'videos')),
    label=changed.label,
    frames=fakes.moving(3 + sources.index(changed), seed=sources.index(changed)),
    masks=~fakes.moving_masks(3 + sources.index(changed)),
  )
  before = folders.open_folder(_URL)
  _build(sources, _URL)
  after = folders.open_folder(_URL)
  assert len(after.entries) == 7
  assert fingerprints.content_hash(before) != fingerprints.content_hash(after)
  coverage = {entry.path: entry.coverage for entry in after.entries}
  assert coverage[changed.path] > 0.5
  assert not inspect_folder.inspect(_URL).problems
  left = [name for _, _, names in os.walk(stores.local(_URL)) for name in names]
  assert not [name for name in left if name.startswith('.partial')]


def test_unfinished_records_are_refused_and_inspected(memory, sources):
  _build(sources, _URL)
  memory.pipe(
    f'/bucket/records/{folders.MANIFEST}',
    json.dumps({**folders.read_full_manifest(_URL), 'complete': False}).encode(),
  )
  memory.rm_file(f'/bucket/records/{_SHARD}.csv')
  with pytest.raises(schema.RecordError, match=f'{_URL}: these records are not finished'):
    folders.open_folder(_URL)
  problems = ' '.join(map(str, inspect_folder.inspect(_URL).problems))
  assert 'not finished' in problems and _SHARD in problems


def test_records_that_are_changed_while_they_are_fetched_are_refused(memory, sources, monkeypatch):
  _build(sources, _URL)
  get = type(memory).get_file

  def changing(self, rpath, lpath, **kwargs):
    get(self, rpath, lpath, **kwargs)
    if rpath.endswith(folders.MANIFEST):
      self.pipe(rpath, self.cat_file(rpath).replace(b'true', b'false'))

  monkeypatch.setattr(type(memory), 'get_file', changing)
  with pytest.raises(schema.RecordError, match='were changed just now'):
    folders.open_folder(_URL)


def test_a_file_that_is_damaged_in_the_store_is_refused_and_inspected(memory, sources):
  _build(sources, _URL)
  name = f'/bucket/records/{_SHARD}.tfrecord'
  content = bytearray(memory.cat_file(name))
  content[len(content) // 2] ^= 1
  memory.pipe(name, bytes(content))
  with pytest.raises(stores.StoreError, match=rf'{_SHARD}\.tfrecord: expected the SHA-256'):
    folders.open_folder(_URL)
  problems = [str(problem) for problem in inspect_folder.inspect(_URL).problems]
  assert problems and all(_SHARD in problem for problem in problems)


def test_a_store_that_fails_is_no_reason_to_make_records_again(memory, sources, monkeypatch):
  _build(sources, _URL)

  def failing(self, path, **kwargs):
    raise TimeoutError('no answer')

  monkeypatch.setattr(type(memory), 'cat_file', failing)
  monkeypatch.setattr(
    type(memory), 'put_file', lambda *_, **__: pytest.fail('nothing was to be written')
  )
  with pytest.raises(stores.StoreError, match='no answer'):
    _build(sources, _URL)
  with pytest.raises(stores.StoreError, match='no answer'):
    folders.open_folder(_URL)


def test_addresses_are_checked_with_the_flags(memory, sources):
  with pytest.raises(errors.UserError, match=r'expected a folder made by .* it has no manifest'):
    existing.check_records('--records', _URL)
  existing.check_output('--output', _URL)
  _build(sources, _URL)
  existing.check_records('--records', _URL)
  existing.check_input('--csv', f'{_URL}/labels.txt', 'a file')
  with pytest.raises(errors.UserError, match=r'nothing: expected a file \(--csv\); nothing is'):
    existing.check_input('--csv', 'memory://bucket/nothing', 'a file')
  with pytest.raises(errors.UserError, match=r'expected a folder \(--output\); it is a file'):
    existing.check_output('--output', f'{_URL}/labels.txt')


def _put(memory, folder, into):
  for name, content in fakes.contents(folder).items():
    memory.pipe(f'/bucket/{into}/{name}', content)


def test_videos_masks_and_lists_are_read_from_a_store(memory, sources, tmp_path):
  _put(memory, tmp_path / 'sources' / 'videos', 'videos')
  _put(memory, tmp_path / 'sources' / 'masks', 'masks')
  lines = [f'{s.path},{"AB"[s.label]},{"test" if s.label else "train"}' for s in sources[1:]]
  memory.pipe('/bucket/list.csv', '\n'.join(['path,label,split', *lines]).encode())
  request = requests.RecordsRequest(
    str(tmp_path / 'near'),
    str(tmp_path / 'sources' / 'videos'),
    None,
    str(tmp_path / 'list.csv'),
    requests.DataSetOptions(masks=str(tmp_path / 'sources' / 'masks')),
    _SETTINGS,
    workers=1,
  )
  with open(request.csv, 'wb') as f:
    f.write(memory.cat_file('/bucket/list.csv'))
  assert make_records.make_and_print(request) == 0
  far = dataclasses.replace(
    request,
    output=_URL,
    videos='memory://bucket/videos',
    csv='memory://bucket/list.csv',
    data_set=requests.DataSetOptions(masks='memory://bucket/masks'),
  )
  assert make_records.make_and_print(far) == 0
  assert folders.read_full_manifest(_URL) == folders.read_full_manifest(tmp_path / 'near')
  copied = {name for name in fakes.contents(stores.local(far.videos)) if not name.startswith('.')}
  assert copied == {source.path for source in sources[1:]}, 'only what the CSV file names'


def test_inputs_on_this_machine_are_left_as_they_are(tmp_path):
  request = requests.RecordsRequest(
    'o', 'v', 'l', None, requests.DataSetOptions('m', 'w', labels='n'), _SETTINGS
  )
  assert make_records.inputs_here(request) == request
