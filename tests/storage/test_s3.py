"""Records on a real S3 server: what users do, failures of the server and the network, kills.

I3D_KILLS=100 kills 100 writers and 100 readers.
"""

import os
import time
import urllib.request

import pytest

from i3d_tf.ingest import build
from i3d_tf.records import fingerprints
from i3d_tf.records import folders
from i3d_tf.records import schema
from i3d_tf.storage import objects
from i3d_tf.storage import stores
from tests import commands
from tests import fakes
from tests.ingest import data_sources
from tests.storage import s3

_URL = 's3://data/records'
_KILLS = int(os.environ.get('I3D_KILLS', '6'))


@pytest.fixture(scope='module', name='port')
def _port():
  with s3.server() as port:
    yield port


def _post(port, action, data=b''):
  """Asks moto for something that a real server would not do."""
  url = f'http://127.0.0.1:{port}/moto-api/{action}'
  urllib.request.urlopen(
    urllib.request.Request(url, data, {'Content-Type': 'text/plain'}, method='POST')
  ).close()


@pytest.fixture(autouse=True)
def bucket(port, tmp_path, monkeypatch):
  """An empty bucket called data, in this process's environment."""
  for name, value in s3.environment(port, tmp_path / 'cache').items():
    monkeypatch.setenv(name, value)
  _post(port, 'reset')
  s3.client().create_bucket(Bucket='data')
  s3.forget_clients()
  yield
  s3.forget_clients()


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
  return data_sources.write(tmp_path_factory.mktemp('sources'))


@pytest.fixture(scope='module')
def undisturbed(sources, tmp_path_factory):
  folder = str(tmp_path_factory.mktemp('undisturbed'))
  build.build(sources, s3.NAMES, folder, s3.SETTINGS, lists=s3.LISTS)
  return folder


def _write(sources):
  build.build(sources, s3.NAMES, _URL, s3.SETTINGS, lists=s3.LISTS)


def test_commands_make_inspect_and_train_on_records_in_a_store(tmp_path):
  from i3d_tf.demo import plan
  from i3d_tf.demo import writing
  from i3d_tf.training import runs
  from tests import tiny

  writing.write_videos(
    plan.DemoSettings(num_groups=3, clips_per_group=1, num_frames=10, height=48, width=64), tmp_path
  )
  for folder in ('videos', 'masks'):
    for name, content in fakes.contents(tmp_path / folder).items():
      s3.client().put_object(Bucket='data', Key=f'{folder}/{name}', Body=content)
  make = ('--lists=lists', '--short_side=37', '--shards=2')
  far = ('--videos=s3://data/videos', '--masks=s3://data/masks', f'--output={_URL}', '--workers=2')
  commands.run('tools.make_tfrecords', *make, *far, cwd=tmp_path)
  near = ('--videos=videos', '--masks=masks', '--output=records', '--workers=1')
  commands.run('tools.make_tfrecords', *make, *near, cwd=tmp_path)
  local = folders.open_folder(tmp_path / 'records')
  assert folders.read_full_manifest(_URL) == folders.read_full_manifest(local.folder)

  out, _ = commands.run('tools.inspect_tfrecords', f'--records={_URL}', cwd=tmp_path)
  assert 'Nothing needs attention' in out
  flags = (*tiny.FLAGS, '--steps=2', '--mask=background', '--run_dir=run')
  out, _ = commands.run('i3d_tf.train', *flags, f'--records={_URL}', cwd=tmp_path)
  assert 'background' in out
  data = runs.load(tmp_path / 'run').data
  assert data.records == _URL and data.content == fingerprints.content_hash(local)


def test_wrong_credentials_and_missing_buckets_are_one_line(port, tmp_path, monkeypatch):
  line = commands.error('tools.inspect_tfrecords', '--records=s3://nowhere/r', cwd=tmp_path)
  assert line.startswith('s3://nowhere/r') and 'expected a bucket of that name' in line
  videos = tmp_path / 'videos'
  videos.mkdir()
  make = ('tools.make_tfrecords', f'--videos={videos}', '--output=s3://nowhere/r')
  assert 'expected a bucket of that name' in commands.error(*make, cwd=tmp_path)
  none = commands.error('i3d_tf.train', f'--records={_URL}', cwd=tmp_path)
  assert none == (
    f'{_URL}: expected a folder made by make_tfrecords (--records); it has no manifest.json'
  )
  _post(port, 'reset-auth', b'0')  # from now on, the server checks who asks
  try:
    denied = commands.error('i3d_tf.train', f'--records={_URL}', cwd=tmp_path)
    assert 'expected credentials that the store accepts' in denied and denied.startswith(_URL)
  finally:
    _post(port, 'reset-auth', b'inf')
  monkeypatch.delenv('AWS_ACCESS_KEY_ID')
  monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', str(tmp_path / 'none'))
  monkeypatch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
  denied = commands.error('i3d_tf.train', f'--records={_URL}', cwd=tmp_path)
  assert 'expected credentials that the store accepts' in denied


def test_a_server_that_is_not_there_is_one_line(tmp_path, monkeypatch):
  monkeypatch.setenv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1')
  monkeypatch.setenv('AWS_MAX_ATTEMPTS', '1')
  line = commands.error('i3d_tf.train', f'--records={_URL}', cwd=tmp_path)
  assert line.startswith(_URL) and 'Could not connect to the endpoint URL' in line


def test_connections_that_break_are_retried(port, sources, undisturbed, monkeypatch):
  with s3.broken(port, answer=300, times=8) as proxy:
    monkeypatch.setenv('AWS_ENDPOINT_URL', f'http://127.0.0.1:{proxy}')
    s3.forget_clients()
    _write(sources)
    assert s3.contents('data', 'records') == fakes.contents(undisturbed)
  with s3.broken(port, answer=2000, times=8) as proxy:
    monkeypatch.setenv('AWS_ENDPOINT_URL', f'http://127.0.0.1:{proxy}')
    s3.forget_clients()
    opened = folders.open_folder(_URL)
  assert fingerprints.content_hash(opened) == fingerprints.content_hash(
    folders.open_folder(undisturbed)
  )


def test_a_server_that_never_answers_is_one_line_after_the_clients_time(port, monkeypatch):
  import s3fs

  monkeypatch.setattr(s3fs.S3FileSystem, 'read_timeout', 0.2)
  monkeypatch.setattr(s3fs.S3FileSystem, 'retries', 2)
  monkeypatch.setenv('AWS_MAX_ATTEMPTS', '1')
  with s3.broken(port, answer=None, times=100) as proxy:
    monkeypatch.setenv('AWS_ENDPOINT_URL', f'http://127.0.0.1:{proxy}')
    s3.forget_clients()
    with pytest.raises(stores.StoreError, match=rf'^{_URL}/a: .*also after retries; .*[Tt]imeout'):
      objects.read_text(f'{_URL}/a')


def _duration(function, *arguments):
  """How long a process takes that is not killed, in seconds."""
  start = time.monotonic()
  assert not s3.killed_after(300, function, *arguments)
  return time.monotonic() - start


def test_writers_that_are_killed_leave_nothing_that_looks_whole(
  port, sources, undisturbed, tmp_path
):
  expected = fakes.contents(undisturbed)
  arguments = (s3.environment(port, tmp_path / 'cache'), sources, _URL)
  _duration(s3.write, *arguments)  # the first process also waits for imports
  _remove_all()
  longest = _duration(s3.write, *arguments)
  killed = 0
  for number, seconds in enumerate(s3.moments(_KILLS, longest, seed=0)):
    if number % 3 == 0 or s3.contents('data', 'records') == expected:
      _remove_all()  # up to three kills, then an undisturbed call
    killed += s3.killed_after(seconds, s3.write, *arguments)
    there = s3.contents('data', 'records')
    changed = [name for name, content in there.items() if content != expected[name]]
    wrong = [name for name in changed if name != folders.MANIFEST]
    assert not wrong, f'after a kill at {seconds:.3f} s'
    try:
      opened = folders.open_folder(_URL)
    except schema.RecordError as e:
      assert 'not finished' in str(e) or 'no manifest' in str(e)
    else:
      assert there == expected and len(opened.entries) == len(sources)
    if number % 3 == 2 or number == _KILLS - 1:
      s3.killed_after(300, s3.write, *arguments)
      assert s3.contents('data', 'records') == expected
  print(f'{killed} of {_KILLS} writers were killed before their end, within {longest:.2f} s')
  assert killed


def _remove_all():
  client = s3.client()
  for name in s3.contents('data', 'records'):
    client.delete_object(Bucket='data', Key=f'records/{name}')


def test_readers_that_are_killed_leave_nothing_that_looks_whole(
  port, sources, undisturbed, tmp_path, monkeypatch
):
  _write(sources)
  expected = fakes.contents(undisturbed)
  content = fingerprints.content_hash(folders.open_folder(undisturbed))
  longest = _duration(s3.read, s3.environment(port, tmp_path / 'first'), _URL)
  killed = 0
  for number, seconds in enumerate(s3.moments(_KILLS, longest, seed=1)):
    cache = tmp_path / f'cache{number // 3}'  # up to three kills, then an undisturbed call
    killed += s3.killed_after(seconds, s3.read, s3.environment(port, cache), _URL)
    monkeypatch.setenv(stores.VARIABLE, str(cache))
    for name, found in fakes.contents(stores.local(_URL)).items():
      if not os.path.basename(name).startswith('.'):
        assert found == expected[name], f'after a kill at {seconds:.3f} s'
    if number % 3 == 2 or number == _KILLS - 1:
      assert fingerprints.content_hash(folders.open_folder(_URL)) == content
  print(f'{killed} of {_KILLS} readers were killed before their end, within {longest:.2f} s')
  assert killed
